package cpu

import (
	"bytes"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// columnPrograms makes random programs that reduce along columns.
type columnPrograms struct{ programs }

// program returns a program on shape, of dtype dt or Float32, with reductions over its
// first axes and with operations before and after them.
func (r *columnPrograms) program(shape tensor.Dims, axes int, dt tensor.DType) *backend.Program {
	r.p = &backend.Program{Shape: shape, Axes: axes, Columns: true}
	r.p.In = []tensor.Spec{
		{DType: dt, Shape: shape}, {DType: tensor.Float32, Shape: shape}, {DType: tensor.Float32, Shape: shape.From(axes)},
		{DType: tensor.Float32, Shape: shape.From(axes).With(-1, 1)}, tensor.S(tensor.Float32),
	}
	full, columns := []int{1}, []int{2, 4}
	one := func(list []int) int { return list[r.IntN(len(list))] }
	add := func(list *[]int, c backend.Instr) {
		first := r.p.Values()
		r.p.Code = append(r.p.Code, c)
		for i := range c.Outs() {
			if c.DType(i) == tensor.Float32 {
				*list = append(*list, first+i)
			}
		}
	}
	if dt == tensor.Float32 {
		full = append(full, 0)
	} else {
		add(&full, backend.Instr{Op: ops.CastOp{To: tensor.Float32}, Args: []int{0}, Out: tensor.Float32})
	}
	over := ops.Reduction{}
	for i := range axes {
		over.Axes = over.Axes.Append(i)
	}
	for range 3 + r.IntN(10) {
		switch n := r.IntN(8); {
		case n < 2:
			add(&full, backend.Instr{Op: r.pick(unaries), Args: []int{one(full)}, Out: tensor.Float32})
		case n < 4: // with a column's inputs, too
			add(&full, backend.Instr{Op: r.pick(binaries), Args: []int{one(full), one(append([]int{2, 3, 4}, full...))}, Out: tensor.Float32})
		case n < 6:
			op := []ops.Reducing{ops.ReduceSumOp{Reduction: over}, ops.ReduceMeanOp{Reduction: over}, ops.ReduceMaxOp{Reduction: over}, ops.ReduceMinOp{Reduction: over}, ops.MomentsOp{Reduction: over}}[r.IntN(5)]
			c := backend.Instr{Op: op, Args: []int{one(full)}, Out: tensor.Float32, Row: true}
			if _, ok := op.(ops.MomentsOp); ok {
				c.More = []tensor.DType{tensor.Float32}
			}
			add(&columns, c)
		default:
			add(&columns, backend.Instr{Op: r.pick(binaries), Args: []int{one(columns), one(columns)}, Out: tensor.Float32, Row: true})
		}
	}
	over2 := backend.Instr{Op: ops.ReduceSumOp{Reduction: over}, Args: []int{one(full)}, Out: tensor.Float32, Row: true}
	add(&columns, over2)
	r.p.Results = []int{r.p.Values() - 1}
	for _, list := range [][]int{full[1:], columns[2:]} {
		for range r.IntN(3) {
			if v := one(append(list, r.p.Values()-1)); v >= len(r.p.In) {
				r.p.Results = append(r.p.Results, v)
			}
		}
	}
	return r.p
}

func TestColumnPrograms(t *testing.T) {
	shapes := []struct {
		shape tensor.Dims
		axes  int
	}{
		{tensor.D(7, 5), 1}, {tensor.D(1, 9), 1}, {tensor.D(300, 1), 1}, {tensor.D(129, 10), 1}, {tensor.D(3, 5, 4, 16), 3}, {tensor.D(37, 41, 3), 2},
		{tensor.D(5, 1, 300), 1}, {tensor.D(40, 1000), 1}, {tensor.D(9, 4096), 1}, {tensor.D(33, 3, 401), 2}, {tensor.D(5000, 7), 1},
	}
	seeds := uint64(150)
	if testing.Short() {
		seeds = 33
	}
	impltest.All(t, "kern", func(t *testing.T) {
		for i := range seeds {
			r := &columnPrograms{programs{Rand: rand.New(rand.NewPCG(i, 31))}}
			s := shapes[i%uint64(len(shapes))]
			p := r.program(s.shape, s.axes, []tensor.DType{tensor.Float32, tensor.Float32, tensor.BFloat16, tensor.Float16}[r.IntN(4)])
			check(t, p, r.inputs(p.In), 8192)
			if t.Failed() {
				t.Fatalf("program %d: %v", i, p)
			}
		}
	})
}

// TestMoments compares mean and variance of floats that are large beside their distance
// from each other with those in float64, along columns and rows.
func TestMoments(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 32))
		means := []float64{0, 1, -300, 1e4}
		if testing.Short() {
			means = means[2:3]
		}
		for _, c := range []struct {
			shape tensor.Dims
			over  ops.Reduction
		}{
			{tensor.D(128, 64), ops.Reduction{Axes: tensor.D(0)}}, {tensor.D(50, 31, 33, 3), ops.Reduction{Axes: tensor.D(0, 1, 2)}},
			{tensor.D(40000, 10), ops.Reduction{Axes: tensor.D(0)}}, {tensor.D(70, 3000), ops.Reduction{Axes: tensor.D(0)}},
			{tensor.D(20, 1000), ops.Reduction{Axes: tensor.D(1), KeepDims: true}}, {tensor.D(3, 5, 999), ops.Reduction{Axes: tensor.D(1, 2), KeepDims: true}},
		} {
			for _, mean := range means {
				for _, drift := range []float64{0, 5} { // so that pieces have other means
					x := ops.NewArray(tensor.Spec{DType: tensor.Float32, Shape: c.shape})
					for i := range x.V {
						x.V[i] = optest.Round(tensor.Float32, mean+r.NormFloat64()+drift*float64(i)/float64(len(x.V)))
					}
					op := ops.MomentsOp{Reduction: c.over}
					check(t, op, []ops.Array{x}, 8)
					p := backend.ProgramOf(op, must(op.Infer([]tensor.Spec{x.Spec})), []tensor.Spec{x.Spec})
					check(t, p, []ops.Array{x}, 8)
				}
			}
		}
	})
}

func must(specs []tensor.Spec, err error) []tensor.Spec {
	if err != nil {
		panic(err)
	}
	return specs
}

// TestColumnBits runs a program of columns with 1 to 8 processors: the pieces depend on
// the shape alone.
func TestColumnBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	seeds := uint64(20)
	if testing.Short() {
		seeds = 4
	}
	for i := range seeds {
		r := &columnPrograms{programs{Rand: rand.New(rand.NewPCG(i, 33))}}
		p := r.program(tensor.D(700, 11, 33), 2, tensor.Float32)
		in := (&halfPrograms{Rand: r.Rand}).values(p.In, false)
		specs, _ := p.Infer(nil)
		var want []backend.Buf
		for _, procs := range []int{1, 2, 3, 8} {
			runtime.GOMAXPROCS(procs)
			got := buffers(specs)
			k := Kernels{}.Kernel(p, specs, p.In)
			k.Run(got, in)
			k.Run(got, in)
			if want == nil {
				want = got
			}
			for res := range got {
				if !bytes.Equal(got[res].Mem, want[res].Mem) {
					t.Errorf("program %d %v: result %d with GOMAXPROCS %d differs", i, p, res, procs)
				}
			}
			if n := testing.AllocsPerRun(5, func() { k.Run(got, in) }); procs == 1 && n > 0 {
				t.Errorf("program %d: %v allocations", i, n)
			}
		}
	}
}

// TestColumnSpecials has columns with infinities, NaN and numbers that overflow a sum.
func TestColumnSpecials(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	columns := [][]float64{{1, 2, 3, 4}, {inf, 1, 2, 3}, {1, 2, inf, 3}, {-inf, inf, 1, 2}, {1, nan, 2, 3}, {5, 5, 5, 5}, {0, 0, 0, 0}}
	x := ops.NewArray(tensor.S(tensor.Float32, 4, len(columns)))
	for j, c := range columns {
		for i, v := range c {
			x.V[i*len(columns)+j] = v
		}
	}
	for _, op := range []ops.Reducing{
		ops.ReduceSumOp{Reduction: ops.Reduction{Axes: tensor.D(0)}}, ops.ReduceMeanOp{Reduction: ops.Reduction{Axes: tensor.D(0)}},
		ops.ReduceMaxOp{Reduction: ops.Reduction{Axes: tensor.D(0)}}, ops.ReduceMinOp{Reduction: ops.Reduction{Axes: tensor.D(0)}},
		ops.MomentsOp{Reduction: ops.Reduction{Axes: tensor.D(0)}},
	} {
		check(t, backend.ProgramOf(op, must(op.Infer([]tensor.Spec{x.Spec})), []tensor.Spec{x.Spec}), []ops.Array{x}, 1)
	}
}
