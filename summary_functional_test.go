package glia_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// TestSummaryOfGraph shows what layers are applied to, as Keras 3.15 does.
func TestSummaryOfGraph(t *testing.T) {
	inA, inB := nn.Input(3), nn.Input(2)
	inA.Name, inB.Name = "a", "b"
	a, b, i := nn.Apply(inA), nn.Apply(inB), nn.Apply(nn.Input(2))
	s := nn.Dense(2, nn.Name("s"))
	h := nn.Apply(s, nn.Apply(nn.Concatenate(nn.Name("c")), a, b))
	sub := nn.Functional([]*nn.Symbol{i}, []*nn.Symbol{nn.Apply(nn.Dense(2), i), nn.Apply(nn.Dense(5), i)})
	sub.Name = "sub"
	one := nn.ApplyAll(2, sub, h)
	two := nn.ApplyAll(2, sub, one[0])
	m := glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{one[0], nn.Apply(nn.Add(nn.Name("add")), one[1], two[1]), nn.Apply(s, two[1])})
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	want := `Model: "functional"
┏━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)     ┃ Output Shape           ┃ Param # ┃ Connected to         ┃
┡━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━┩
│ a (InputLayer)   │ (None, 3)              │       0 │ -                    │
│ b (InputLayer)   │ (None, 2)              │       0 │ -                    │
│ c (Concatenate)  │ (None, 5)              │       0 │ a[0][0], b[0][0]     │
│ s (Dense)        │ (None, 2)              │      12 │ c[0][0], sub[1][1]   │
│ sub (Functional) │ [(None, 2), (None, 5)] │      21 │ s[0][0], sub[0][0]   │
│ add (Add)        │ (None, 5)              │       0 │ sub[0][1], sub[1][1] │
└──────────────────┴────────────────────────┴─────────┴──────────────────────┘
`
	if got := m.Summary(); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestSummaryOfFunctionalChain has the columns of a Sequential, and its input.
func TestSummaryOfFunctionalChain(t *testing.T) {
	x := nn.Apply(nn.Input(5))
	m := glia.Functional([]*nn.Symbol{x}, []*nn.Symbol{nn.Apply(nn.Dense(2), x)})
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	want := `Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ Layer (type)             ┃ Output Shape ┃ Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ input_layer (InputLayer) │ (None, 5)    │       0 │
│ dense (Dense)            │ (None, 2)    │      12 │
└──────────────────────────┴──────────────┴─────────┘
`
	if got := m.Summary(); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A layer applied to thousands of others has no line of thousands of names.
func TestSummaryOfManyInputs(t *testing.T) {
	x := nn.Apply(nn.Input(1))
	m := glia.Functional([]*nn.Symbol{x}, []*nn.Symbol{nn.Apply(nn.Concatenate(), repeated(x, 5000)...)})
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	if s := m.Summary(); len(s) > 10_000 || !strings.Contains(s, "input_layer[0][0], input_layer[0][0], ") || !strings.Contains(s, "...") {
		t.Errorf("%d bytes, %.2000s", len(s), s)
	}
}

func repeated(x *nn.Symbol, n int) []*nn.Symbol {
	all := make([]*nn.Symbol, n)
	for i := range all {
		all[i] = x
	}
	return all
}
