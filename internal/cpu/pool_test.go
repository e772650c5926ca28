package cpu

import (
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestPoolAllocates wants kernels of pooling, and those that sample between elements, once they ran,
// to take no more memory, also where they convert and where windows reach into the padding.
func TestPoolAllocates(t *testing.T) {
	x, size := tensor.D(2, 9, 8, 11), tensor.D(3, 3)
	w := ops.Window{Strides: tensor.D(2, 2), Dilations: tensor.D(1, 1), Low: tensor.D(1, 1), High: tensor.D(1, 1)}
	for _, dt := range []tensor.DType{tensor.Float32, tensor.Float16, tensor.Float64} {
		in := tensor.Spec{DType: dt, Shape: x}
		pooled, err := ops.MaxPoolOp{Window: w, Size: size, Index: true}.Infer([]tensor.Spec{in})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			op graph.Op
			in []tensor.Spec
		}{
			{ops.MaxPoolOp{Window: w, Size: size, Index: true}, []tensor.Spec{in}},
			{ops.MaxPoolGradOp{Window: w, Size: size, Places: ops.Places(x)}, pooled},
			{ops.AvgPoolOp{Window: w, Size: size}, []tensor.Spec{in}},
			{ops.MapCoordinatesOp{Sampling: ops.Sampling{Fill: ops.FillReflect}}, []tensor.Spec{in, tensor.S(tensor.Float32, 2, 2, 7, 5)}},
			{ops.AvgPoolGradOp{Window: w, Size: size, Places: ops.Places(x)}, pooled[:1]},
		} {
			out, err := c.op.Infer(c.in)
			if err != nil {
				t.Fatal(err)
			}
			bufs := func(specs []tensor.Spec) (all []backend.Buf) {
				for _, s := range specs {
					all = append(all, backend.Buf{Spec: s, Mem: tensor.NewSpec(s).Bytes()})
				}
				return all
			}
			k, to, from := Kernels{}.Kernel(c.op, out, c.in), bufs(out), bufs(c.in)
			if n := testing.AllocsPerRun(20, func() { k.Run(to, from) }); n != 0 {
				t.Errorf("%s of %v: %v allocations a run, want 0", c.op.Name(), dt, n)
			}
		}
	}
}
