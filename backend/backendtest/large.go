package backendtest

import (
	"fmt"
	"math"
	"reflect"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Large returns cases of such sizes that devices divide them.
func Large() []optest.Case {
	f, d := tensor.Float32, tensor.D
	over := func(axes ...int) ops.Reduction { return ops.Reduction{Axes: d(axes...)} }
	x := func(dims ...int) ops.Array { return numbers(tensor.S(f, dims...)) }
	var l largeCases
	for _, r := range []struct {
		shape []int
		r     ops.Reduction
	}{
		{[]int{100003}, over(0)}, {[]int{700, 90}, over(0)}, {[]int{3, 50021}, over(1)}, {[]int{40001, 3}, over(0)},
		{[]int{5, 9, 2003}, over(1)}, {[]int{33, 7, 19, 11}, over(0, 2)}, {[]int{3, 11000, 2}, over(1)}, {[]int{2, 30011}, over(0)},
		{[]int{6, 40, 3, 70}, over(1, 3)}, {[]int{50, 3, 300}, over(0, 2)}, {[]int{2, 3, 4, 5, 6}, over(0, 2, 4)},
	} {
		for _, dt := range []tensor.DType{f, tensor.Float64, tensor.BFloat16, tensor.Int32} {
			in := numbers(tensor.S(dt, r.shape...))
			n := float64(r.r.Count(in.Shape))
			l.add(ops.ReduceSumOp{Reduction: r.r}, 2, n, in)
			l.add(ops.ReduceMaxOp{Reduction: r.r}, 0, 0, in)
		}
		l.add(ops.ReduceMeanOp{Reduction: r.r}, 2, 4, x(r.shape...))
		flags := numbers(tensor.S(tensor.Bool, r.shape...))
		l.add(ops.AnyOp{Reduction: r.r}, 0, 0, flags)
		l.add(ops.AllOp{Reduction: r.r}, 0, 0, flags)
	}
	for _, dt := range []tensor.DType{tensor.Int8, tensor.Float16, f, tensor.Float64} {
		in := func(dims ...int) ops.Array { return numbers(tensor.S(dt, dims...)) }
		l.add(ops.TransposeOp{Perm: d(1, 0)}, 0, 0, in(301, 257))
		l.add(ops.TransposeOp{Perm: d(0, 2, 1)}, 0, 0, in(5, 130, 77))
		l.add(ops.TransposeOp{Perm: d(0, 2, 1, 3)}, 0, 0, in(4, 33, 12, 24))
		l.add(ops.TransposeOp{Perm: d(2, 0, 1)}, 0, 0, in(30, 40, 50))
		l.add(ops.TransposeOp{Perm: d(3, 2, 1, 0)}, 0, 0, in(17, 13, 19, 11))
		l.add(ops.SliceOp{Start: d(290, 3), Size: d(290, 120), Step: d(-1, 2)}, 0, 0, in(291, 255))
		l.add(ops.SliceOp{Start: d(7, 3), Size: d(250, 200), Step: d(1, 1)}, 0, 0, in(291, 255))
		l.add(ops.SliceGradOp{Shape: d(291, 255), Start: d(290, 3), Step: d(-1, 2)}, 0, 0, in(290, 120))
		l.add(ops.PadOp{Before: d(3, 1, 0), After: d(2, 0, 5), Value: 2}, 0, 0, in(40, 30, 20))
		l.add(ops.BroadcastOp{Shape: d(40, 30, 50)}, 0, 0, in(30, 1))
		l.add(ops.ConcatOp{Axis: 1}, 0, 0, in(100, 20, 15), in(100, 31, 15), in(100, 1, 15))
		l.add(ops.TriluOp{Upper: true, K: 3}, 0, 0, in(3, 111, 121))
		l.add(ops.CumSumOp{Axis: 0}, 2, 50, in(50, 1001))
		l.add(ops.CumSumOp{Axis: 1, Reverse: true}, 2, 100, in(400, 100))
		l.add(ops.ArgMaxOp{Axis: 1}, 0, 0, in(50, 1001))
		l.add(ops.ArgMinOp{Axis: 0}, 0, 0, in(50, 1001))
		l.add(ops.TopKOp{K: 7}, 0, 0, in(50, 1001))
		l.add(ops.TopKOp{K: 700}, 0, 0, in(20, 1001))
		l.add(ops.GatherOp{Axis: 0}, 0, 0, in(1000, 65), indices(tensor.Int64, 1010, 600))
		l.add(ops.GatherOp{Axis: 1}, 0, 0, in(70, 100), indices(tensor.Uint16, 101, 500))
		l.add(ops.ScatterAddOp{Axis: 0, Size: 300}, 2, 50, indices(tensor.Int32, 310, 900), in(900, 65))
		l.add(ops.ScatterAddOp{Axis: 1, Size: 30}, 2, 50, indices(tensor.Int32, 31, 90), in(40, 90, 9))
		l.add(ops.GatherAlongOp{Axis: 1}, 0, 0, in(200, 150), indices(tensor.Int64, 151, 200, 170))
		l.add(ops.GatherAlongOp{Axis: 0}, 0, 0, in(200, 150), indices(tensor.Int64, 201, 170, 150))
		l.add(ops.ScatterAlongOp{Axis: 1, Size: 150}, 2, 50, indices(tensor.Int64, 151, 200, 170), in(200, 170))
		l.add(ops.ScatterAlongOp{Axis: 0, Size: 150}, 2, 50, indices(tensor.Int64, 151, 170, 200), in(170, 200))
		l.add(ops.OneHotOp{Depth: 101, DType: dt}, 0, 0, indices(tensor.Int64, 103, 700))
		l.add(ops.IotaOp{Spec: tensor.S(dt, 200, 100), Axis: 0}, 0.5, 0)
		l.add(ops.AddOp{}, 0.5, 0, in(300, 101), in(101))
		l.add(ops.MatMulOp{}, 2, 2000, in(150, 200), in(200, 90))
		l.add(ops.BernoulliOp{Spec: tensor.S(dt, 40003), P: 0.25}, 0, 0, seed())
		for _, to := range []tensor.DType{tensor.Int64, tensor.Uint8, f, tensor.Float64, tensor.BFloat16, tensor.Bool} {
			l.add(ops.CastOp{To: to}, 0.5, 0, in(40003))
		}
		if !dt.IsFloat() {
			continue
		}
		for axis := range 2 {
			l.add(ops.SoftmaxOp{Axis: axis}, 8, 0, in(200, 300))
			l.add(ops.LogSoftmaxGradOp{Axis: axis}, 8, 1000, in(200, 300), in(200, 300))
		}
		l.add(ops.SparseSoftmaxCrossEntropyOp{}, 4, 16, in(9000, 10), indices(tensor.Int64, 11, 9000))
		l.add(ops.SparseSoftmaxCrossEntropyGradOp{}, 4, 16, in(9000, 10), indices(tensor.Uint8, 11, 9000), in(9000))
		l.add(ops.DropoutOp{Rate: 0.4, Stream: 3}, 2, 0, in(40003), seed())
		if dt.Size() >= 4 {
			l.add(ops.RandomUniformOp{Spec: tensor.S(dt, 40003)}, 0, 0, seed())
			l.add(ops.RandomNormalOp{Spec: tensor.S(dt, 40003)}, 4, 4, seed())
		}
		w := in(40003)
		l.add(ops.ApplyAdamOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, 4, 4,
			w, w, positive(tensor.S(dt, 40003)), w, numbers(tensor.S(dt)), numbers(tensor.S(dt)))
	}
	return l
}

type largeCases []optest.Case

func (l *largeCases) add(op graph.Op, ulps, abs float64, in ...ops.Array) {
	name := fmt.Sprintf("large %s %s", reflect.TypeOf(op).Name(), graph.Describe(op))
	for _, a := range in {
		name += " " + a.Spec.String()
	}
	*l = append(*l, optest.Case{Name: name, Op: op, In: in, Ulps: ulps, Abs: abs, NoGrad: true})
}

// numbers returns values between -3 and 3 in no order.
func numbers(s tensor.Spec) ops.Array {
	a := ops.NewArray(s)
	for i := range a.V {
		v := math.Sin(float64(i)*12.9898) * 43758.5453
		v = 6*(v-math.Floor(v)) - 3
		switch {
		case s.DType == tensor.Bool:
			v = float64(int(math.Abs(v)) & 1)
		case s.DType.IsUnsigned():
			v = math.Floor(math.Abs(v))
		case s.DType.IsInt():
			v = math.Floor(v)
		}
		a.V[i] = optest.Round(s.DType, v)
	}
	return a
}

// positive returns the absolute values of [numbers].
func positive(s tensor.Spec) ops.Array {
	a := numbers(s)
	for i, v := range a.V {
		a.V[i] = math.Abs(v)
	}
	return a
}

// indices returns integers from 0 to n-1.
func indices(dt tensor.DType, n int, dims ...int) ops.Array {
	a := ops.NewArray(tensor.S(dt, dims...))
	for i := range a.V {
		a.V[i] = float64(i * 7919 % n)
	}
	return a
}

func seed() ops.Array {
	return ops.Array{Spec: tensor.S(tensor.Uint64, 2), V: []float64{0x1234567890ABC, 3}}
}
