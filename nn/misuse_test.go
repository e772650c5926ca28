package nn_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// loose is a layer that maps cannot hold.
type loose struct{ _ []int }

func (loose) Build(*nn.Builder, tensor.Spec)            {}
func (loose) Call(_ *nn.Ctx, x *graph.Node) *graph.Node { return x }

// TestConstructorLines tells of mistakes with the line of the constructor.
func TestConstructorLines(t *testing.T) {
	for want, f := range map[string]func() *nn.Network{
		"nn.Lambda: the function is nil": func() *nn.Network { return nn.Sequential(nn.Lambda(nil)) },
		"nn.Network: output 1 of Dense: it has 1": func() *nn.Network {
			x := nn.Apply(nn.Input(3))
			return nn.Functional([]*nn.Symbol{x}, nn.ApplyAll(2, nn.Dense(1), x))
		},
		"nn: option 0 of a layer is nil": func() *nn.Network { return nn.Sequential(nn.Dense(3, nil)) },
		"nn: option 1 of a layer is nil": func() *nn.Network { return nn.Sequential(nn.Flatten(nn.Frozen, nil)) },
	} {
		var made int
		err := graph.Catch(func() {
			net := f()
			_, _, made, _ = runtime.Caller(0)
			net.Build(nn.NewBuilder(1), f32(5, 3))
		})
		var e *graph.Error
		if !errors.As(err, &e) || e.Text != want || !strings.HasPrefix(e.Where, "misuse_test.go:") || made > 0 && e.Where == fmt.Sprintf("misuse_test.go:%d", made+1) {
			t.Errorf("error %v, want the constructor's line and %s", err, want)
		}
	}
}

// TestTwoOptions wants two names or activations of a layer told when it is built, with its line,
// wherever options are set. Options that a constructor sets later are no mistake.
func TestTwoOptions(t *testing.T) {
	a, b := nn.Name("a"), nn.Name("b")
	_, _, line, _ := runtime.Caller(0)
	for i, l := range []nn.Layer{
		nn.Dense(3, nn.ReLU, nn.Softmax),
		nn.Dense(3, nn.Linear, nn.NoBias, nn.ReLU),
		nn.Dense(3, a, nn.ReLU, b),
		nn.Flatten(a, b),
		nn.Dropout(0.5, a, b),
		nn.PReLU(a, b),
		nn.BatchNormalization(a, b),
		nn.LayerNormalization(a, b),
		nn.GroupNormalization(1, a, b),
		nn.RMSNormalization(a, b),
		nn.UnitNormalization(a, b),
		nn.SpectralNormalization(nn.Dense(1), a, b),
		nn.Input(3, a, b),
		nn.ReLU.Layer(a, nn.Frozen, b),
		newAmplifier(3, a, b),
		newGate(a, b),
	} {
		want := `names "a" and "b": want one`
		if i < 2 {
			want = []string{"nn.Dense: activations relu and softmax: want one", "nn.Dense: activations linear and relu: want one"}[i]
		}
		err := graph.Catch(func() { nn.Sequential(l).Build(nn.NewBuilder(1), f32(4, 3)) })
		if at := fmt.Sprintf("misuse_test.go:%d: layer ", line+2+i); err == nil || !strings.HasPrefix(err.Error(), at) || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: error %v, want %s... %s", i, err, at, want)
		}
	}
	x := nn.Apply(nn.Input(3))
	for _, l := range []nn.Layer{nn.Concatenate(a, b), nn.Dot(a, b)} {
		net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{nn.Apply(l, x, x)})
		if err := graph.Catch(func() { net.Build(nn.NewBuilder(1), f32(4, 3)) }); err == nil || !strings.Contains(err.Error(), `names "a" and "b": want one`) {
			t.Errorf("%T: error %v", l, err)
		}
	}
	later := nn.Dense(3, a, nn.ReLU)
	later.Set(b)
	built(t, nn.Sequential(nn.Input(3, a).With(nn.Name("c")), later, newNamedGate(nn.Name("given"))), f32(4, 3))
}

// TestBadGraphs tells of mistakes when a network is built, with a *graph.Error.
func TestBadGraphs(t *testing.T) {
	x := nn.Apply(nn.Input(3))
	list := func(s ...*nn.Symbol) []*nn.Symbol { return s }
	graphOf := func(out *nn.Symbol) func() *nn.Network {
		return func() *nn.Network { return nn.Functional(list(x), list(out)) }
	}
	two := func() *nn.Network {
		i := nn.Apply(nn.Input(3))
		return nn.Functional(list(i), list(nn.Apply(nn.Dense(1), i), nn.Apply(nn.Dense(2), i)))
	}
	shared := nn.Input(3)
	a, b := nn.Apply(shared), nn.Apply(shared)
	for _, c := range []struct {
		name string
		net  func() *nn.Network
		want string
	}{
		{"empty symbol as input", func() *nn.Network { return nn.Functional(list(&nn.Symbol{}), list(x)) }, "nn.Functional: input 0 is nil"},
		{"empty symbol as output", graphOf(&nn.Symbol{}), "nn.Functional: output 0 is nil"},
		{"empty symbol applied", graphOf(nn.Apply(nn.Dense(1), &nn.Symbol{})), "nn.Apply: input 0 of Dense is nil"},
		{"nil applied", graphOf(nn.Apply(nn.Dense(1), x, nil)), "nn.Apply: input 1 of Dense is nil"},
		{"nil layer", graphOf(nn.Apply(nil, x)), "nn.Apply: the layer is nil"},
		{"nil network", graphOf(nn.Apply((*nn.Network)(nil), x)), "nn.Apply: the layer is nil"},
		{"nil in a chain", func() *nn.Network { return nn.Sequential((*nn.DenseLayer)(nil)) }, "nn.Sequential: layer 0 is nil"},
		{"a layer that maps cannot hold", graphOf(nn.Apply(loose{}, x)), "nn.Apply: a nn_test.loose cannot be told from another: want a pointer"},
		{"two inputs of a layer of one", graphOf(nn.Apply(nn.Dense(1), x, x)), "Dense is applied to 2 inputs: want 1"},
		{"an input applied", graphOf(nn.Apply(nn.Input(3), x)), "nn.Apply: an nn.Input applied to symbols"},
		{"another input", graphOf(nn.Apply(nn.Input(3))), "an output depends on an nn.Input that is not among the inputs"},
		{"an input twice", func() *nn.Network { return nn.Functional(list(a, b), list(nn.Apply(nn.Add(), a, b))) }, "inputs 0 and 1 are nn.Apply of one nn.Input: want one for each"},
		{"too many outputs", graphOf(nn.ApplyAll(3, two(), x)[2]), "nn.Network: output 2 of Functional: it has 2"},
		{"two outputs in a chain", func() *nn.Network { return nn.Sequential(two(), nn.Flatten()) }, "nn.Sequential: Functional has 2 outputs: want one, or nn.Functional"},
		{"no outputs", func() *nn.Network { nn.ApplyAll(0, two(), x); return nil }, "nn.ApplyAll: 0 outputs: want 1 or more"},
		{"Add", func() *nn.Network { two().Add(nn.Flatten()); return nil }, "the network is of the functional form: want nn.Apply"},
	} {
		err := graph.Catch(func() { c.net().Build(nn.NewBuilder(1), f32(5, 3)) })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
	}
}
