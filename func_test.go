package glia_test

import (
	"sync"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func call(t *testing.T, f *glia.Function, in ...*tensor.Tensor) []*tensor.Tensor {
	t.Helper()
	out, err := f.Call(in...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// cube returns Σx³ and its gradients: first 3x², then 6x.
func cube(in ...*graph.Node) []*graph.Node {
	x := in[0]
	y := ops.ReduceSum(ops.Mul(x, ops.Mul(x, x)))
	dx := autodiff.Grad(y, x)[0]
	return []*graph.Node{y, dx, autodiff.Grad(ops.ReduceSum(dx), x)[0]}
}

func TestFuncGradients(t *testing.T) {
	f := glia.Func(cube)
	for _, x := range []*tensor.Tensor{tensor.Of[float64](1, 2, -3), tensor.Of[float32](1, 2, -3), tensor.Of(0.5)} {
		v := x.Float64s()
		out := call(t, f, x)
		var sum float64
		for i, x := range v {
			sum += x * x * x
			near(t, "gradient", out[1].Float64s()[i], 3*x*x, 1e-6)
			near(t, "second gradient", out[2].Float64s()[i], 6*x, 1e-6)
		}
		near(t, "sum", out[0].Item(), sum, 1e-6)
		if out[1].Spec() != x.Spec() {
			t.Errorf("the gradient is %v, want %v", out[1].Spec(), x.Spec())
		}
	}
}

// TestFuncVariables counts calls in a variable and descends along a gradient.
func TestFuncVariables(t *testing.T) {
	w := graph.NewVar("w", tensor.Scalar(1.0))
	step := glia.Func(func(in ...*graph.Node) []*graph.Node {
		g := in[0].Graph()
		loss := ops.Square(ops.Sub(g.Value(w), in[0]))
		g.Update(w, ops.Sub(g.Value(w), ops.Scale(autodiff.Grad(loss, g.Value(w))[0], 0.25)))
		return []*graph.Node{loss}
	})
	for i, want := range []float64{16, 4, 1} {
		near(t, "loss", call(t, step, tensor.Scalar(5.0))[0].Item(), want, 1e-12)
		near(t, "w", w.Tensor().Item(), []float64{3, 4, 4.5}[i], 1e-12)
	}
}

func TestFuncConcurrently(t *testing.T) {
	f := glia.Func(cube)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			x := tensor.New(tensor.Float32, 10+g%3)
			tensor.Data[float32](x)[0] = float32(g)
			for range 20 {
				out, err := f.Call(x)
				if err != nil || out[0].Item() != float64(g*g*g) {
					t.Errorf("%d cubed: got %v, error %v", g, out, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestFuncOfView(t *testing.T) {
	x := tensor.Of[float32](1, 2, 3, 4, 5)
	odd, err := x.Slice(0, 0, 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	in := []*tensor.Tensor{odd}
	out := call(t, glia.Func(cube), in...)
	near(t, "1 + 27 + 125", out[0].Item(), 153, 0)
	if in[0] != odd {
		t.Error("Call changed the slice that it was given")
	}
}

// TestFuncSharedMemory refuses outputs that a run would overwrite before it has read them.
func TestFuncSharedMemory(t *testing.T) {
	f := glia.Func(func(in ...*graph.Node) []*graph.Node {
		return []*graph.Node{ops.Scale(in[0], 2), ops.Scale(in[0], 3)}
	})
	mem := []float32{1, 2, 3, 4, 5, 6}
	x, shifted, apart := tensor.Of(mem[:3]...), tensor.Of(mem[2:5]...), tensor.Of(mem[3:]...)
	y := tensor.New(tensor.Float32, 3)
	wants(t, "the input for a result", f.CallInto([]*tensor.Tensor{x, y}, x), `^glia: Func: plan: output 0 shares memory with input 0: want memory of its own`)
	wants(t, "a part of the input", f.CallInto([]*tensor.Tensor{y, shifted}, x), `output 1 shares memory with input 0`)
	wants(t, "a tensor for two results", f.CallInto([]*tensor.Tensor{y, y}, x), `output 1 shares memory with output 0`)
	if err := f.CallInto([]*tensor.Tensor{apart, y}, x); err != nil || mem[3] != 2 || mem[5] != 6 {
		t.Errorf("memory beside the input: %v, %v", mem, err)
	}
}

func TestFuncErrors(t *testing.T) {
	f := glia.Func(func(in ...*graph.Node) []*graph.Node {
		return []*graph.Node{ops.MatMul(in[0], in[1])}
	})
	_, err := f.Call(tensor.New(tensor.Float32, 32, 784), tensor.New(tensor.Float32, 512, 10))
	wants(t, "shapes", err, `^glia: Func: func_test.go:\d+: ops.MatMul: .*\[32 784\].*\[512 10\]`)
	_, err = f.Call(nil, nil)
	wants(t, "nil", err, `^glia: Func: input 0 is nil$`)
	x := tensor.New(tensor.Float32, 2, 2)
	wants(t, "no room for results", f.CallInto(nil, x, x), `^glia: Func: plan: 0 outputs: want 1$`)
	wants(t, "nil for a result", f.CallInto([]*tensor.Tensor{nil}, x, x), `output 0 is nil: want float32\[2 2\]`)
	_, err = glia.Func(nil).Call(x)
	wants(t, "nil for a function", err, `^glia: Func: the function is nil$`)
	wants(t, "results of another shape", f.CallInto([]*tensor.Tensor{tensor.New(tensor.Float32, 3, 3)}, x, x), `output 0 is float32\[3 3\]: want float32\[2 2\]`)
	_, err = glia.Func(func(...*graph.Node) []*graph.Node { return []*graph.Node{nil} }).Call(x)
	wants(t, "a result that is nil", err, `result 0 is nil`)
	var kept *graph.Node
	keep := glia.Func(func(in ...*graph.Node) []*graph.Node {
		if kept == nil {
			kept = in[0]
		}
		return []*graph.Node{kept}
	})
	call(t, keep, x)
	_, err = keep.Call(tensor.New(tensor.Float32, 3))
	wants(t, "a node of another graph", err, `another graph`)
}
