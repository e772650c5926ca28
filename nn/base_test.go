package nn_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// gate is a layer of the user's, with a constructor.
type gate struct {
	nn.Base
	scale *graph.Var
}

func newGate(opts ...nn.LayerOption) *gate { return &gate{Base: nn.NewBase(opts...)} }

// newNamedGate is a constructor that goes by another.
func newNamedGate(opts ...nn.LayerOption) *gate {
	g := newGate(opts...)
	g.Set(nn.Name("named"))
	return g
}

func (l *gate) Build(b *nn.Builder, in tensor.Spec) {
	if in.Rank() != 2 {
		panic(graph.Errorf("gate: x is %v: want [batch features]", in))
	}
	l.scale = b.Param("scale", in.Shape.From(1), nn.Ones)
}

func (l *gate) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return ops.Mul(x, c.Value(l.scale)) }

// TestNewBase wants a layer of the user's to follow the options that nn's layers take.
func TestNewBase(t *testing.T) {
	l := newGate(nn.Name("given"), nn.Frozen, nn.MixedBFloat16)
	net := built(t, nn.Sequential(l), f32(4, 3))
	v := net.Vars()[0]
	if v.Path != "given/scale" || v.Trainable || v.Spec() != f32(3) {
		t.Errorf("the variable is %s %v, trained %v: want given/scale float32[3], not trained", v.Path, v.Spec(), v.Trainable)
	}
	g := graph.New()
	if y := net.Call(nn.NewCtx(g, nil), g.Input("x", f32(4, 3))); y.DType() != tensor.BFloat16 {
		t.Errorf("the output is %v, want bfloat16", y.Spec())
	}
	if l := newNamedGate(nn.Name("given"), nn.Frozen); l.Name != "named" || !bool(l.Frozen) {
		t.Errorf("named %q, frozen %v: want what the last option says", l.Name, l.Frozen)
	}
}

// TestWhere wants mistakes told with the line that calls the constructor, be it the user's
// or nn's.
func TestWhere(t *testing.T) {
	_, _, line, _ := runtime.Caller(0)
	for i, l := range []nn.Layer{
		newGate(),
		nn.Permute(1, 2, 3),
		func() nn.Layer { return newGate() }(),
		func() *gate { l := &gate{}; l.Base = nn.NewBase(); return l }(),
	} {
		err := graph.Catch(func() { nn.Sequential(l).Build(nn.NewBuilder(1), f32(4, 3, 2)) })
		if want := fmt.Sprintf("base_test.go:%d: layer ", line+2+i); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%d: error %v, want %s...", i, err, want)
		}
	}
	l := &gate{Base: nn.NewBase()} // in no constructor: nobody calls a test
	err := graph.Catch(func() { nn.Sequential(l).Build(nn.NewBuilder(1), f32(4, 3, 2)) })
	if want := fmt.Sprintf("base_test.go:%d: layer ", line+12); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s...", err, want)
	}
}
