package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestFusedGathers compares a Gather and its epilogue with the reference, and with the
// two done one after the other.
func TestFusedGathers(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for i := range uint64(impltest.Draws(100)) {
			r := &programs{Rand: rand.New(rand.NewPCG(i, 21))}
			shapes := []struct {
				x, index tensor.Dims
				axis     int
			}{
				{tensor.D(9, 37), tensor.D(11), 0}, {tensor.D(9), tensor.D(5, 3), 0}, {tensor.D(3, 4, 5), tensor.D(2, 6), 1},
				{tensor.D(50, 300), tensor.D(8, 20), 0}, {tensor.D(2, 3, 1), tensor.D(7), 1}, {tensor.D(4, 9), tensor.D(0), 0},
			}
			s := shapes[i%uint64(len(shapes))]
			op := &backend.Fused{Head: ops.GatherOp{Axis: s.axis}, Ins: 2, Bias: r.IntN(2) == 0, Act: backend.Act(r.IntN(2))}
			in := []tensor.Spec{{DType: tensor.Float32, Shape: s.x}, {DType: tensor.Int32, Shape: s.index}}
			out, err := op.Head.Infer(in)
			if err != nil {
				t.Fatal(err)
			}
			if op.Bias {
				in = append(in, tensor.S(tensor.Float32, out[0].Shape.At(-1)))
			}
			if r.IntN(4) > 0 {
				for op.After == nil || op.Home() < 0 {
					op.After = r.program(out[0].Shape, out[0])
				}
				in = append(in, op.After.In[1:]...)
			}
			check(t, op, r.inputs(in), 8192)
		}
		for i := range uint64(impltest.Draws(60)) {
			r := &halfPrograms{Rand: rand.New(rand.NewPCG(i, 22))}
			after := newHalfProgram(i, tensor.D(33, 40), true)
			acc := slices.IndexFunc(after.In, func(s tensor.Spec) bool { return isHalf(s.DType) && s.Shape == after.Shape })
			if acc < 0 || after.Axes > 0 {
				continue
			}
			op := &backend.Fused{Head: ops.GatherOp{}, Ins: 2, After: after, Acc: acc}
			if op.Home() < 0 {
				after.Results = append(after.Results, acc)
			}
			specs := append([]tensor.Spec{{DType: after.In[acc].DType, Shape: tensor.D(256, 40)}, tensor.S(tensor.Uint8, 33)}, slices.Delete(slices.Clone(after.In), acc, acc+1)...)
			in := r.values(specs, false)
			outs, _ := after.Infer(nil)
			got, rows := buffers(outs), buffers(after.In[acc:acc+1])
			Kernels{}.Kernel(op, outs, specs).Run(got, in)
			Kernels{}.Kernel(op.Head, after.In[acc:acc+1], specs[:2]).Run(rows, in[:2])
			for res, want := range oneByOne(after, slices.Insert(slices.Clone(in[2:]), acc, rows[0])) {
				if at := differ(got[res], want); at >= 0 {
					t.Fatalf("gather %d and %v: result %d at %d: got %v, one by one %v", i, after, res, at,
						got[res].Tensor().Float64s()[at], want.Tensor().Float64s()[at])
				}
			}
		}
	})
}

// TestHeads asks about products: programs do not compute in float64.
func TestHeads(t *testing.T) {
	for dt, want := range map[tensor.DType]bool{tensor.Float32: true, tensor.BFloat16: true, tensor.Float16: true, tensor.Float64: false, tensor.Int32: false} {
		x := tensor.S(dt, 4, 4)
		if got := (Kernels{}).Heads(ops.MatMulOp{}, []tensor.Spec{x}, []tensor.Spec{x, x}); got != want {
			t.Errorf("product of %v: head %v, want %v", dt, got, want)
		}
	}
}
