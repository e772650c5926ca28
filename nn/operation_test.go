package nn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/tensor"
)

// TestArithmetic computes with symbols, numbers and tensors, in the dtypes that Keras has.
func TestArithmetic(t *testing.T) {
	row, _ := tensor.FromSlice([]float32{10, 20, 30}, 3)
	for name, c := range map[string]struct {
		of   func(x, n *nn.Symbol) *nn.Symbol
		want tensor.DType
		v    []float64
	}{
		"x+1":            {func(x, _ *nn.Symbol) *nn.Symbol { return x.Add(1) }, tensor.Float32, []float64{2, 3, 4}},
		"1-x":            {func(x, _ *nn.Symbol) *nn.Symbol { return nn.Num(1).Sub(x) }, tensor.Float32, []float64{0, -1, -2}},
		"x+n":            {func(x, n *nn.Symbol) *nn.Symbol { return x.Add(n) }, tensor.Float32, []float64{5, 3, 9}},
		"n*2":            {func(_, n *nn.Symbol) *nn.Symbol { return n.Mul(2) }, tensor.Int32, []float64{8, 2, 12}},
		"n*0.5":          {func(_, n *nn.Symbol) *nn.Symbol { return n.Mul(0.5) }, tensor.Float32, []float64{2, 0.5, 3}},
		"n/4":            {func(_, n *nn.Symbol) *nn.Symbol { return n.Div(4) }, tensor.Float32, []float64{1, 0.25, 1.5}},
		"-n//4":          {func(_, n *nn.Symbol) *nn.Symbol { return n.Neg().FloorDiv(4) }, tensor.Int32, []float64{-1, -1, -2}},
		"-n%4":           {func(_, n *nn.Symbol) *nn.Symbol { return n.Neg().Mod(4) }, tensor.Int32, []float64{0, 3, 2}},
		"x**2":           {func(x, _ *nn.Symbol) *nn.Symbol { return x.Pow(2) }, tensor.Float32, []float64{1, 4, 9}},
		"x+row":          {func(x, _ *nn.Symbol) *nn.Symbol { return x.Add(row) }, tensor.Float32, []float64{11, 22, 33}},
		"row-x":          {func(x, _ *nn.Symbol) *nn.Symbol { return nn.Num(row).Sub(x) }, tensor.Float32, []float64{9, 18, 27}},
		"n>2":            {func(_, n *nn.Symbol) *nn.Symbol { return n.Greater(2) }, tensor.Bool, []float64{1, 0, 1}},
		"x!=n":           {func(x, n *nn.Symbol) *nn.Symbol { return x.NotEqual(n).Cast(tensor.Int32) }, tensor.Int32, []float64{1, 1, 1}},
		"x[:,1:]":        {func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.All, nn.From(1)) }, tensor.Float32, []float64{2, 3}},
		"x[:,::-1]":      {func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.All, nn.All.By(-1)) }, tensor.Float32, []float64{3, 2, 1}},
		"x[:,-1]":        {func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.All, nn.At(-1)) }, tensor.Float32, []float64{3}},
		"x[:,:-1,None]":  {func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.All, nn.To(-1), nn.NewAxis) }, tensor.Float32, []float64{1, 2}},
		"x[...,0:2]":     {func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.Ellipsis, nn.Between(0, 2)) }, tensor.Float32, []float64{1, 2}},
		"half precision": {func(x, _ *nn.Symbol) *nn.Symbol { return x.Cast(tensor.Float16).Add(0.5) }, tensor.Float16, []float64{1.5, 2.5, 3.5}},
	} {
		x, n := nn.Apply(nn.Input(3)), nn.Apply(nn.Input(3, tensor.Int32))
		net := nn.Functional(symbols(x, n), symbols(c.of(x, n)))
		a, _ := tensor.FromSlice([]float32{1, 2, 3}, 1, 3)
		b, _ := tensor.FromSlice([]int32{4, 1, 6}, 1, 3)
		net.BuildAll(nn.NewBuilder(1), []tensor.Spec{a.Spec(), b.Spec()})
		g := graph.New()
		out := net.CallAll(nn.NewCtx(g, nil), []*graph.Node{g.Input("a", a.Spec()), g.Input("b", b.Spec())})
		if got := nntest.Run(g, out, a, b)[0]; got.DType != c.want || !slices.Equal(got.V, c.v) {
			t.Errorf("%s is %v %v, want %v %v", name, got.DType, got.V, c.want, c.v)
		}
	}
}

// TestArithmeticMistakes wants mistakes told when built, with the user's line.
func TestArithmeticMistakes(t *testing.T) {
	for want, of := range map[string]func(x, y *nn.Symbol) *nn.Symbol{
		"operand 1 is a, a string: want a symbol":         func(x, _ *nn.Symbol) *nn.Symbol { return x.Add("a") },
		"operand 1 is <nil>, a <nil>":                     func(x, _ *nn.Symbol) *nn.Symbol { return x.Mul(nil) },
		"operand 1 is 1, a int32":                         func(x, _ *nn.Symbol) *nn.Symbol { return x.Mul(int32(1)) },
		"are float32[1 3] and float32[1 3 2]":             func(x, y *nn.Symbol) *nn.Symbol { return x.Add(y) },
		"index 3 on axis 1 of x float32[1 3]: want -3 to": func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.All, nn.At(3)) },
		"the first index of x float32[1 3] is not nn.All": func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.To(1)) },
		"3 indices and 0 ellipses of x float32[1 3]":      func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.All, nn.All, nn.All) },
		"step 0: want one other than 0":                   func(x, _ *nn.Symbol) *nn.Symbol { return x.Slice(nn.All, nn.All.By(0)) },
		"applied to nothing":                              func(x, _ *nn.Symbol) *nn.Symbol { return nn.Num(1).Add(2) },
		"input 0 of Add is nil":                           func(x, _ *nn.Symbol) *nn.Symbol { return (*nn.Symbol)(nil).Add(1) },
	} {
		x, y := nn.Apply(nn.Input(3)), nn.Apply(nn.Input(3, 2))
		err := graph.Catch(func() {
			net := nn.Functional(symbols(x, y), symbols(of(x, y)))
			net.BuildAll(nn.NewBuilder(1), []tensor.Spec{f32(1, 3), f32(1, 3, 2)})
		})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "operation_test.go:") {
			t.Errorf("got error %v, want %q with its line", err, want)
		}
	}
}
