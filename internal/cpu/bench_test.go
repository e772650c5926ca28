package cpu

import (
	"fmt"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// bench runs the kernel of op on inputs of zeros.
func bench(b *testing.B, name string, op graph.Op, in ...tensor.Spec) {
	out, err := op.Infer(in)
	if err != nil {
		b.Fatal(err)
	}
	k := Kernels{}.Kernel(op, out, in)
	bufs := func(specs []tensor.Spec) (all []backend.Buf, size int) {
		for _, s := range specs {
			all = append(all, backend.Buf{Spec: s, Mem: tensor.NewSpec(s).Bytes()})
			size += s.Bytes()
		}
		return all, size
	}
	dst, written := bufs(out)
	src, read := bufs(in)
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(read + written))
		for b.Loop() {
			k.Run(dst, src)
		}
	})
}

func BenchmarkKernels(b *testing.B) {
	f32 := func(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }
	over := func(axes ...int) ops.Reduction { return ops.Reduction{Axes: tensor.D(axes...)} }
	rows := f32(128, 10)
	bench(b, "SoftmaxCrossEntropy", ops.SoftmaxCrossEntropyOp{}, rows, rows)
	bench(b, "SparseSoftmaxCrossEntropy", ops.SparseSoftmaxCrossEntropyOp{}, rows, tensor.S(tensor.Int64, 128))
	bench(b, "SparseSoftmaxCrossEntropyGrad", ops.SparseSoftmaxCrossEntropyGradOp{}, rows, tensor.S(tensor.Int64, 128), f32(128))
	bench(b, "ArgMax", ops.ArgMaxOp{Axis: 1}, rows)
	bench(b, "ReduceSum/f32/128x128/axis0", ops.ReduceSumOp{Reduction: over(0)}, f32(128, 128))
	bench(b, "ReduceSum/f32/128/axis0", ops.ReduceSumOp{Reduction: over(0)}, f32(128))
	bench(b, "ReduceSum/f64/128/axis0", ops.ReduceSumOp{Reduction: over(0)}, tensor.S(tensor.Float64, 128))
	bench(b, "ReduceSum/f32/1024x1024/axis0", ops.ReduceSumOp{Reduction: over(0)}, f32(1024, 1024))
	bench(b, "ReduceSum/f32/1024x1024/axis1", ops.ReduceSumOp{Reduction: over(1)}, f32(1024, 1024))
	bench(b, "ReduceSum/f32/1000000", ops.ReduceSumOp{Reduction: over(0)}, f32(1000000))
	bench(b, "Cast/f32-f64/128", ops.CastOp{To: tensor.Float64}, f32(128))
	bench(b, "Cast/bool-f64/128", ops.CastOp{To: tensor.Float64}, tensor.S(tensor.Bool, 128))
	bench(b, "Equal/i64/128", ops.EqualOp{}, tensor.S(tensor.Int64, 128), tensor.S(tensor.Int64, 128))
	bench(b, "Add/f64/scalar", ops.AddOp{}, tensor.S(tensor.Float64), tensor.S(tensor.Float64))
	bench(b, "Mul/f64/128", ops.MulOp{}, tensor.S(tensor.Float64, 128), tensor.S(tensor.Float64, 128))
	bench(b, "Transpose/128x784", ops.TransposeOp{Perm: tensor.D(1, 0)}, f32(128, 784))
	bench(b, "Transpose/1024x1024", ops.TransposeOp{Perm: tensor.D(1, 0)}, f32(1024, 1024))
	bench(b, "Transpose/heads", ops.TransposeOp{Perm: tensor.D(0, 2, 1, 3)}, f32(8, 128, 8, 64))
	bench(b, "ReduceSum/f32/50176x32/axis0", ops.ReduceSumOp{Reduction: over(0)}, f32(50176, 32))
	bench(b, "ReduceSum/f32/64x28x32x28/axes02", ops.ReduceSumOp{Reduction: over(0, 2)}, f32(64, 28, 32, 28))
	bench(b, "ReduceMax/bf16/512x768/axis1", ops.ReduceMaxOp{Reduction: over(1)}, tensor.S(tensor.BFloat16, 512, 768))
	bench(b, "ReduceSum/i64/100000", ops.ReduceSumOp{Reduction: over(0)}, tensor.S(tensor.Int64, 100000))
	bench(b, "Softmax/f32/1024x1000", ops.SoftmaxOp{Axis: 1}, f32(1024, 1000))
	bench(b, "Softmax/f32/1000x1024/axis0", ops.SoftmaxOp{}, f32(1000, 1024))
	bench(b, "Softmax/f64/128x10", ops.SoftmaxOp{Axis: 1}, tensor.S(tensor.Float64, 128, 10))
	bench(b, "CumSum/f32/512x512/axis0", ops.CumSumOp{}, f32(512, 512))
	bench(b, "TopK5/f32/128x1000", ops.TopKOp{K: 5}, f32(128, 1000))
	bench(b, "ScatterAdd/f32/5000x128", ops.ScatterAddOp{Size: 5000}, tensor.S(tensor.Int64, 2048), f32(2048, 128))
	bench(b, "OneHot/u8/128x10", ops.OneHotOp{Depth: 10, DType: tensor.Float32}, tensor.S(tensor.Uint8, 128))
	bench(b, "Dropout/f32/128x128", ops.DropoutOp{Rate: 0.1}, f32(128, 128), tensor.S(tensor.Uint64, 2))
	bench(b, "RandomNormal/100000", ops.RandomNormalOp{Spec: f32(100000)}, tensor.S(tensor.Uint64, 2))
	bench(b, "Cast/u8-f32/128x784", ops.CastOp{To: tensor.Float32}, tensor.S(tensor.Uint8, 128, 784))
	bench(b, "Cast/f32-i32/100000", ops.CastOp{To: tensor.Int32}, f32(100000))
	bench(b, "MatMul/bf16/256", ops.MatMulOp{}, tensor.S(tensor.BFloat16, 256, 256), tensor.S(tensor.BFloat16, 256, 256))
	bench(b, "MatMul/i32/256", ops.MatMulOp{}, tensor.S(tensor.Int32, 256, 256), tensor.S(tensor.Int32, 256, 256))
	bench(b, "Pad/32x28x28x32", ops.PadOp{Before: tensor.D(0, 1, 1, 0), After: tensor.D(0, 1, 1, 0)}, f32(32, 28, 28, 32))
	bench(b, "Broadcast/1000-512x1000", ops.BroadcastOp{Shape: tensor.D(512, 1000)}, f32(1000))
	bench(b, "Slice/512x1000", ops.SliceOp{Start: tensor.D(0, 500), Size: tensor.D(512, 500), Step: tensor.D(1, 1)}, f32(512, 1000))
	bench(b, "Add/i32/100000", ops.AddOp{}, tensor.S(tensor.Int32, 100000), tensor.S(tensor.Int32, 100000))
	bench(b, "Exp/bf16/100000", ops.ExpOp{}, tensor.S(tensor.BFloat16, 100000))
	bench(b, "Add/f16/100000", ops.AddOp{}, tensor.S(tensor.Float16, 100000), tensor.S(tensor.Float16, 100000))
	bench(b, "Exp/f64/100000", ops.ExpOp{}, tensor.S(tensor.Float64, 100000))
	bench(b, "Gather/1000x64", ops.GatherOp{Axis: 0}, f32(1000, 64), tensor.S(tensor.Int64, 512))

	var ins []tensor.Spec
	s := &backend.Sweep{}
	for _, p := range []tensor.Spec{f32(784, 128), f32(128), f32(128, 128), f32(128), f32(128, 10), f32(10)} {
		s.Ops = append(s.Ops, ops.ApplyAdamOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7})
		s.Ins, s.Outs = append(s.Ins, 6), append(s.Outs, 3)
		ins = append(ins, p, p, p, p, f32(), f32())
	}
	bench(b, fmt.Sprintf("Sweep/%d", len(s.Ops)), s, ins...)
}
