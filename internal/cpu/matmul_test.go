package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/backend/backendtest"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestNarrowMatMul compares products of 16-bit floats with the reference, at random
// shapes up to 300, batches that are shared by either side, and empty ones. They
// accumulate in float32 and round once: K+1 additions each err by at most 2^-24 of the
// magnitudes they add up.
func TestNarrowMatMul(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(21, 22))
		for range impltest.Draws(25) {
			for _, dt := range []tensor.DType{tensor.BFloat16, tensor.Float16} {
				op := ops.MatMulOp{TransA: r.IntN(2) == 0, TransB: r.IntN(2) == 0}
				a, b := narrowOperands(r, op, dt)
				checkNarrow(t, op, a, b)
			}
		}
	})
}

// narrowOperands draws operands of a product.
func narrowOperands(r *rand.Rand, op ops.MatMulOp, dt tensor.DType) (a, b ops.Array) {
	size := func() int {
		most := []int{300, 30, 10, 1}[r.IntN(4)]
		if r.IntN(30) == 0 {
			return 0
		}
		return 1 + r.IntN(most)
	}
	batch := [][2][]int{{}, {}, {{3}, {3}}, {{2, 3}, {1, 3}}, {{3}, {}}, {{}, {4}}, {{2, 1}, {1, 2}}}[r.IntN(7)]
	m, n, k := size(), size(), size()
	matrix := func(batch []int, rows, cols int, trans bool) ops.Array {
		if trans {
			rows, cols = cols, rows
		}
		x := ops.NewArray(tensor.S(dt, append(batch[:len(batch):len(batch)], rows, cols)...))
		for i := range x.V {
			x.V[i] = optest.Round(dt, r.NormFloat64())
		}
		return x
	}
	return matrix(batch[0], m, k, op.TransA), matrix(batch[1], k, n, op.TransB)
}

// checkNarrow compares a product with those of the values and of their magnitudes in
// float64.
func checkNarrow(t *testing.T, op ops.MatMulOp, a, b ops.Array) {
	t.Helper()
	name := fmt.Sprintf("%v %v transA=%v transB=%v", a.Spec, b.Spec, op.TransA, op.TransB)
	c := optest.Case{Name: name, Op: op, In: []ops.Array{a, b}}
	runner := backendtest.NewRunner(c)
	in, out := backendtest.Specs(c)
	runner.Run(Kernels{}.Kernel(op, out, in))
	if err := runner.CheckMemory(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got, want, mag := runner.Arrays()[0], inFloat64(op, a, b, false), inFloat64(op, a, b, true)
	_, _, _, k, _ := op.Dims(a.Spec, b.Spec)
	unit, least := 0x1p-8, 0x1p-126
	if a.DType == tensor.Float16 {
		unit, least = 0x1p-11, 0x1p-25
	}
	for i, v := range want.V {
		tol := mag.V[i]*float64(k+1)*0x1p-24 + math.Abs(v)*unit*(1+0x1p-8) + least*float64(k+1)
		if !(math.Abs(got.V[i]-v) <= tol) {
			t.Fatalf("%s: element %d: got %v, want %v ± %v", name, i, got.V[i], v, tol)
		}
	}
}

// inFloat64 is the reference's product of a and b, or of their magnitudes.
func inFloat64(op ops.MatMulOp, a, b ops.Array, magnitudes bool) ops.Array {
	in := []ops.Array{a, b}
	specs := make([]tensor.Spec, 2)
	for i, x := range in {
		w := ops.NewArray(tensor.Spec{DType: tensor.Float64, Shape: x.Shape})
		for j, v := range x.V {
			if magnitudes {
				v = math.Abs(v)
			}
			w.V[j] = v
		}
		in[i], specs[i] = w, w.Spec
	}
	out, err := op.Infer(specs)
	if err != nil {
		panic(err)
	}
	c := ops.NewArray(out[0])
	op.Ref([]ops.Array{c}, in)
	return c
}

// TestNarrowMatMulBias has a bias, of 16 bits or of 32, and ReLU before the rounding.
func TestNarrowMatMulBias(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(23, 24))
		for _, dt := range []tensor.DType{tensor.BFloat16, tensor.Float16} {
			for _, biasType := range []tensor.DType{dt, tensor.Float32} {
				a, b := ops.NewArray(tensor.S(dt, 37, 50)), ops.NewArray(tensor.S(dt, 50, 45))
				bias := ops.NewArray(tensor.S(biasType, 45))
				for _, x := range []ops.Array{a, b, bias} {
					for i := range x.V {
						x.V[i] = float64(r.IntN(15)-7) / 8 // sums are exact in float32
					}
				}
				op := &backend.Fused{Head: ops.MatMulOp{}, Ins: 2, Bias: true, Act: backend.ReluAct}
				got := evalArrays(op, tensor.S(dt, 37, 45), a, b, bias)
				want := inFloat64(ops.MatMulOp{}, a, b, false)
				for i, v := range want.V {
					v = optest.Round(dt, max(0, v+bias.V[i%45]))
					if got.V[i] != v {
						t.Fatalf("%v, bias %v: element %d: got %v, want %v", dt, biasType, i, got.V[i], v)
					}
				}
			}
		}
	})
}

// evalArrays runs the kernel of an operation with one result.
func evalArrays(op *backend.Fused, out tensor.Spec, in ...ops.Array) ops.Array {
	var specs []tensor.Spec
	var bufs []backend.Buf
	for _, a := range in {
		specs = append(specs, a.Spec)
		bufs = append(bufs, backend.Buf{Spec: a.Spec, Mem: optest.ToTensor(a).Bytes()})
	}
	y := tensor.NewSpec(out)
	dst := []backend.Buf{{Spec: out, Mem: y.Bytes()}}
	Kernels{}.Kernel(op, []tensor.Spec{out}, specs).Run(dst, bufs)
	return ops.Array{Spec: out, V: y.Float64s()}
}
