package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// A sweep of Adafactor over matrices of one block and of many, vectors and a scalar, some
// of them held, beside another rule.
func TestAdafactorSweep(t *testing.T) {
	rule := ops.ApplyAdafactorOp{Eps1: 1e-3, Eps2: 1e-2, Threshold: 0.5}
	dtypes := []tensor.DType{tensor.Float32, tensor.Float64, tensor.BFloat16}
	if testing.Short() {
		dtypes = dtypes[:1]
	}
	for _, dt := range dtypes {
		r := &programs{Rand: rand.New(rand.NewPCG(7, 7))}
		for _, gated := range []bool{false, true} {
			s, all := &backend.Sweep{}, []ops.Array{}
			random := func(positive bool, dims ...int) {
				a := r.inputs([]tensor.Spec{tensor.S(dt, dims...)})[0]
				for i, x := range a.V {
					if positive {
						a.V[i] = optest.Round(dt, 0.5+math.Abs(x)/4)
					}
				}
				all = append(all, a)
			}
			add := func(op graph.Op, ins, outs int, scalars ...float64) {
				for _, x := range scalars {
					all = append(all, ops.Array{Spec: tensor.S(dt), V: []float64{x}})
				}
				if gated {
					op, ins = ops.ApplyIfOp{Op: op.(ops.Sweepable)}, ins+1
					all = append(all, ops.Array{Spec: tensor.S(tensor.Bool), V: []float64{float64(len(s.Ops) % 3)}})
				}
				s.Ops, s.Ins, s.Outs = append(s.Ops, op), append(s.Ins, ins), append(s.Outs, outs)
			}
			for _, dims := range [][]int{{7, 33}, {5}, {2, 3, 70, 1100}, {}, {1, 3000}, {700, 1}, {150, 300}} {
				random(false, dims...)
				if n := len(dims); n >= 2 {
					random(true, dims[:n-1]...)
					random(true, append(dims[:n-2:n-2], dims[n-1])...)
				}
				random(true, dims...)
				random(false, dims...)
				if len(dims) >= 2 {
					add(rule, 9, 4, 0.0078125, 0.75, 0.25, 0.015625)
				} else {
					add(rule, 7, 2, 0.0078125, 0.75, 0.25, 0.015625)
				}
				if gated { // sweeps of ApplyIf may mix rules
					random(false, dims...)
					random(false, dims...)
					add(ops.ApplySGDOp{}, 4, 1, 0.0078125, 0.015625)
				}
			}
			t.Run(fmt.Sprint(dt, gated), func(t *testing.T) {
				check(t, s, all, 256)
				checkInPlace(t, s, all)
			})
		}
	}
}

// The means round products before they add them, as kernels do: machines whose Go fuses
// multiply-adds would give other bits.
func TestAdafactorMeansRound(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	x, sums, want := tensor.New(tensor.Float32, 100), make([]float32, 100), make([]float32, 100)
	u := &factors[float32]{keep: 0.9, rest: 0.1}
	u.Eps1 = 1e-3
	means := tensor.Data[float32](x)
	for i := range means {
		means[i], sums[i] = r.Float32(), r.Float32()
		kept, mean := []float32{means[i] * u.keep}, []float32{(sums[i]/3 + 1e-3) * u.rest}
		kern.Add(want[i:i+1], kept, mean)
	}
	u.means(backend.Buf{Spec: x.Spec(), Mem: x.Bytes()}, make([]float32, 100), sums, 0, 100, 1, 3)
	for i, v := range means {
		if v != want[i] {
			t.Fatalf("mean %d is %v, want %v", i, v, want[i])
		}
	}
}

// A row and a column without gradients leave the weights finite, though the product of
// their means is 0 in float32.
func TestAdafactorZeros(t *testing.T) {
	rule := ops.ApplyAdafactorOp{Eps1: 1e-30, Eps2: 1e-3, Threshold: 1}
	array := func(v []float64, dims ...int) ops.Array {
		return ops.Array{Spec: tensor.S(tensor.Float32, dims...), V: v}
	}
	in := []ops.Array{
		array([]float64{1, 1, 1, 1}, 2, 2), array([]float64{0, 0}, 2), array([]float64{0, 0}, 2), array(make([]float64, 4), 2, 2),
		array([]float64{0, 0, 0, 1}, 2, 2), array([]float64{0.125}), array([]float64{0}), array([]float64{1}), array([]float64{0}),
	}
	var bufs []backend.Buf
	specs := []tensor.Spec{}
	for _, a := range in {
		bufs = append(bufs, backend.Buf{Spec: a.Spec, Mem: optest.ToTensor(a).Bytes()})
		specs = append(specs, a.Spec)
	}
	Kernels{}.Kernel(rule, specs[:4], specs).Run(bufs[:4], bufs)
	got := floats(bufs[0])
	// u is 1 where there is a gradient, and so is the size of w.
	for i, want := range []float32{1, 1, 1, 0.875} {
		if math.Abs(float64(got[i]-want)) > 1e-6 {
			t.Errorf("weights are %v: want 1, 1, 1, 0.875", got)
			break
		}
	}
}
