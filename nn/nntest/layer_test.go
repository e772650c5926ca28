package nntest

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// broken is a layer of three variables, one of which it uses well, one not at all, and one
// past a value whose gradient stops.
type broken struct {
	nn.Base
	good, unused, stopped *graph.Var
}

func (l *broken) Build(b *nn.Builder, in tensor.Spec) {
	l.good = b.Param("good", in.Shape.From(1), nn.Ones)
	l.unused = b.Param("unused", in.Shape.From(1), nn.Ones)
	l.stopped = b.Param("stopped", in.Shape.From(1), nn.Ones)
}

func (l *broken) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return ops.Mul(ops.Mul(x, c.Value(l.good)), ops.StopGradient(c.Value(l.stopped)))
}

// TestWrongGradients finds the two variables that a step of the whole layer hides.
func TestWrongGradients(t *testing.T) {
	wrong := Case{New: func() nn.Layer { return &broken{} }, Ins: []tensor.Spec{tensor.S(tensor.Float32, 3, 2)}, Outs: make([]tensor.Spec, 1)}.wrongGradients()
	if len(wrong) != 2 || !strings.Contains(wrong[0], "/unused, ") || !strings.Contains(wrong[1], "/stopped, ") {
		t.Errorf("found %q, want what is wrong with unused and stopped", wrong)
	}
}
