package loss_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/ops"
)

// TestRegisterFunction wants a name to stay with the function that it was registered for.
func TestRegisterFunction(t *testing.T) {
	squares := func(yTrue, yPred *graph.Node) *graph.Node { return ops.Square(ops.Sub(yTrue, yPred)) }
	distance := func(yTrue, yPred *graph.Node) *graph.Node { return ops.Abs(ops.Sub(yTrue, yPred)) }
	loss.Func("own_mse", squares).Register()
	loss.Func("own_mse", squares).Register()
	defer func() {
		if e := fmt.Sprint(recover()); !strings.HasPrefix(e, `Register: loss "Custom>own_mse": the name is registered for another function, of register_test.go:`) {
			t.Errorf("panic %s", e)
		}
	}()
	loss.Func("own_mse", distance).Register()
}
