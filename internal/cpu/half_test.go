package cpu

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// The operations of random programs on halves. Of vectorOnly the implementations choose
// the last bit; the others give the numbers of the references.
var (
	halfUnaries = []graph.Op{ops.ReluOp{}, ops.NegOp{}, ops.AbsOp{}, ops.SignOp{}, ops.SquareOp{}, ops.FloorOp{}}
	vectorOnly  = []graph.Op{ops.ExpOp{}, ops.TanhOp{}, ops.GeluOp{}, ops.SigmoidOp{}, ops.SiluOp{}, ops.GeluTanhOp{}, ops.SoftplusOp{}, ops.ClipOp{Lo: -0.3, Hi: 0.7}, ops.LeakyReluOp{Alpha: 0.3},
		ops.EluOp{Alpha: 0.3}, ops.SeluOp{}, ops.ErfOp{}, ops.SqrtOp{}, ops.RsqrtOp{}, ops.LogOp{}, ops.SoftsignOp{}}
	halfBinaries = []graph.Op{ops.AddOp{}, ops.SubOp{}, ops.MulOp{}, ops.DivOp{}, ops.MaximumOp{}, ops.MinimumOp{}, ops.ReluGradOp{}}
	vectorGrads  = []graph.Op{ops.EluGradOp{Alpha: 0.3}, ops.LeakyReluGradOp{Alpha: 0.3}, ops.TanhGradOp{}, ops.SigmoidGradOp{}}
	floatDTypes  = []tensor.DType{tensor.Float32, tensor.BFloat16, tensor.Float16}
)

// halfPrograms makes random programs of values in float32, bfloat16 and float16.
type halfPrograms struct {
	*rand.Rand
	p      *backend.Program
	vector bool // with operations whose last bit the implementations choose
}

func newHalfProgram(seed uint64, shape tensor.Dims, vector bool) *backend.Program {
	r := &halfPrograms{rand.New(rand.NewPCG(seed, 11)), &backend.Program{Shape: shape}, vector}
	if n := shape.Rank(); n > 0 && r.IntN(2) == 0 {
		axes := 1 + r.IntN(n)
		if cols := shape.From(n - axes).Size(); cols > 1 && cols <= maxRow {
			r.p.Axes = axes
		}
	}
	plain := &programs{Rand: r.Rand}
	for i := range 2 + r.IntN(4) {
		dt := floatDTypes[(i+int(seed))%3]
		if r.IntN(8) == 0 {
			dt = []tensor.DType{tensor.Bool, tensor.Uint8}[r.IntN(2)]
		}
		r.p.In = append(r.p.In, tensor.Spec{DType: dt, Shape: plain.part(shape)})
	}
	for range 2 + r.IntN(14) {
		r.instruction()
	}
	r.p.Results = []int{len(r.p.In) + len(r.p.Code) - 1}
	for range r.IntN(4) {
		if v := len(r.p.In) + r.IntN(len(r.p.Code)); !slices.Contains(r.p.Results, v) {
			r.p.Results = append(r.p.Results, v)
		}
	}
	return r.p
}

// value returns a random value of a dtype, new ones rather, or -1. A row's is one that
// has one element for each row.
func (r *halfPrograms) value(dt tensor.DType, row bool) int {
	var list []int
	for v := range len(r.p.In) + len(r.p.Code) {
		if r.p.DType(v) == dt && (!row || r.fitsRow(v)) {
			list = append(list, v)
		}
	}
	if list == nil {
		return -1
	}
	if r.IntN(2) == 0 {
		return list[len(list)-1]
	}
	return list[r.IntN(len(list))]
}

func (r *halfPrograms) fitsRow(v int) bool {
	if v >= len(r.p.In) {
		_, full := r.p.Code[v-len(r.p.In)].Op.(ops.FullOp)
		return full || r.p.Row(v)
	}
	_, err := ops.Broadcast(r.p.In[v].Shape, r.p.RowShape())
	s, _ := ops.Broadcast(r.p.In[v].Shape, r.p.RowShape())
	return err == nil && s == r.p.RowShape() && r.p.In[v].Shape.Rank() <= r.p.Shape.Rank()
}

// emit adds an instruction unless an argument is missing.
func (r *halfPrograms) emit(op graph.Op, out tensor.DType, row bool, args ...int) {
	if !slices.Contains(args, -1) {
		r.p.Code = append(r.p.Code, backend.Instr{Op: op, Args: args, Out: out, Row: row})
	}
}

func (r *halfPrograms) instruction() {
	before := len(r.p.Code)
	for len(r.p.Code) == before {
		r.try()
	}
}

func (r *halfPrograms) try() {
	dt := floatDTypes[r.IntN(3)]
	row := r.p.Axes > 0 && r.IntN(4) == 0
	pick := func(list []graph.Op) graph.Op { return list[r.IntN(len(list))] }
	switch n := r.IntN(16); {
	case n < 3:
		list := halfUnaries
		if r.vector && r.IntN(2) == 0 {
			list = vectorOnly
		}
		r.emit(pick(list), dt, row, r.value(dt, row))
	case n < 8:
		list := halfBinaries
		if r.vector && r.IntN(4) == 0 {
			list = vectorGrads
		}
		r.emit(pick(list), dt, row, r.value(dt, row), r.value(dt, row))
	case n < 10:
		from := floatDTypes[r.IntN(3)]
		if r.IntN(4) == 0 {
			from = []tensor.DType{tensor.Bool, tensor.Uint8}[r.IntN(2)]
		}
		if from != dt { // else there is no operation
			r.emit(ops.CastOp{To: dt}, dt, row, r.value(from, row))
		}
	case n == 10:
		r.emit(ops.LessOp{}, tensor.Bool, row, r.value(dt, row), r.value(dt, row))
	case n == 11:
		r.emit(ops.WhereOp{}, dt, row, r.value(tensor.Bool, row), r.value(dt, row), r.value(dt, row))
	case n == 12:
		r.emit(ops.FullOp{Spec: tensor.S(dt), Bits: math.Float64bits(r.NormFloat64())}, dt, false)
	case n == 13:
		if v := r.value(dt, false); v >= 0 && v < len(r.p.In) && r.p.In[v].Shape != r.p.Shape {
			r.emit(ops.BroadcastOp{Shape: r.p.Shape}, dt, false, v)
		}
	case r.p.Axes > 0:
		over := ops.Reduction{KeepDims: true}
		for i := range r.p.Axes {
			over.Axes = over.Axes.Append(r.p.Shape.Rank() - r.p.Axes + i)
		}
		v := r.value(dt, false)
		if v < 0 || r.p.Row(v) || v < len(r.p.In) && r.p.In[v].Shape != r.p.Shape {
			return
		}
		if v >= len(r.p.In) && isConst(r.p.Code[v-len(r.p.In)].Op) {
			return
		}
		op := []graph.Op{ops.ReduceMaxOp{Reduction: over}, ops.ReduceMinOp{Reduction: over}, ops.ReduceSumOp{Reduction: over}, ops.ReduceMeanOp{Reduction: over}}
		r.emit(op[r.IntN(4)], dt, true, v)
	}
}

// values returns memory with random numbers: most of a size that arithmetic on halves
// keeps finite, some that are special.
func (r *halfPrograms) values(specs []tensor.Spec, special bool) []backend.Buf {
	var bufs []backend.Buf
	for _, s := range specs {
		t := tensor.NewSpec(s)
		v := make([]float64, t.Len())
		for i := range v {
			v[i] = r.NormFloat64()
			switch {
			case s.DType == tensor.Bool:
				v[i] = float64(r.IntN(2))
			case s.DType == tensor.Uint8:
				v[i] = float64(r.IntN(256))
			case special && r.IntN(16) == 0:
				list := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 0x1p-133, -0x1p-24, 0x1p-140, 3.4e38, 65504, -0x1p-15}
				v[i] = list[r.IntN(len(list))]
			}
		}
		if err := t.SetFloat64s(v); err != nil {
			panic(err)
		}
		bufs = append(bufs, backend.Buf{Spec: s, Mem: t.Bytes()})
	}
	return bufs
}

func buffers(specs []tensor.Spec) []backend.Buf {
	var bufs []backend.Buf
	for _, s := range specs {
		bufs = append(bufs, backend.Buf{Spec: s, Mem: tensor.NewSpec(s).Bytes()})
	}
	return bufs
}

// oneByOne runs the instructions of p by the kernels of their operations, without a
// program.
func oneByOne(p *backend.Program, in []backend.Buf) []backend.Buf {
	vals := slices.Clone(in)
	run := func(op graph.Op, out tensor.Spec, args ...backend.Buf) backend.Buf {
		var specs []tensor.Spec
		for _, a := range args {
			specs = append(specs, a.Spec)
		}
		dst := buffers([]tensor.Spec{out})
		k := Kernels{}.Kernel(op, []tensor.Spec{out}, specs)
		if k == nil {
			panic(fmt.Sprintf("no kernel for %s of %v", op.Name(), specs))
		}
		k.Run(dst, args)
		return dst[0]
	}
	for _, c := range p.Code {
		shape := p.Shape
		if c.Row {
			shape = p.RowShape()
		}
		var args []backend.Buf
		for _, a := range c.Args {
			args = append(args, vals[a])
		}
		out := tensor.Spec{DType: c.Out, Shape: shape}
		if full, ok := c.Op.(ops.FullOp); ok {
			t := tensor.New(c.Out)
			if err := t.SetFloat64s([]float64{full.Value()}); err != nil {
				panic(err)
			}
			vals = append(vals, backend.Buf{Spec: t.Spec(), Mem: t.Bytes()})
			continue
		}
		if _, reduces := c.Op.(ops.Reducing); !reduces {
			for i, a := range args {
				if a.Shape != shape {
					args[i] = run(ops.BroadcastOp{Shape: shape}, tensor.Spec{DType: a.DType, Shape: shape}, a)
				}
			}
		}
		vals = append(vals, run(c.Op, out, args...))
	}
	var res []backend.Buf
	specs, _ := p.Infer(nil)
	for i, v := range p.Results {
		b := vals[v]
		if b.Shape != specs[i].Shape {
			b = run(ops.BroadcastOp{Shape: specs[i].Shape}, specs[i], b)
		}
		res = append(res, b)
	}
	return res
}

// differ returns the first element in which two buffers differ, or -1. NaNs are equal.
func differ(a, b backend.Buf) int {
	if bytes.Equal(a.Mem, b.Mem) {
		return -1
	}
	x, y := a.Tensor().Float64s(), b.Tensor().Float64s()
	size := a.DType.Size()
	for i := range x {
		if !bytes.Equal(a.Mem[i*size:][:size], b.Mem[i*size:][:size]) && !(x[i] != x[i] && y[i] != y[i]) {
			return i
		}
	}
	return -1
}

// TestHalfPrograms compares programs with their operations one by one, bit for bit, and
// their bits under one thread with those under more.
func TestHalfPrograms(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for i := range uint64(impltest.Draws(300)) {
			p := newHalfProgram(i, programShapes[i%uint64(len(programShapes))], true)
			r := &halfPrograms{Rand: rand.New(rand.NewPCG(i, 12))}
			in := r.values(p.In, i%2 == 0)
			specs, _ := p.Infer(nil)
			k := Kernels{}.Kernel(p, specs, p.In)
			got, alone := buffers(specs), buffers(specs)
			par.SetThreads(1)
			k.Run(alone, in)
			par.SetThreads(0)
			k.Run(got, in)
			for res, want := range oneByOne(p, in) {
				if at := differ(got[res], want); at >= 0 {
					t.Fatalf("program %d %v of %v: result %d at %d: got %v, one by one %v",
						i, p, p.In, res, at, got[res].Tensor().Float64s()[at], want.Tensor().Float64s()[at])
				}
				if !bytes.Equal(got[res].Mem, alone[res].Mem) {
					t.Errorf("program %d: result %d differs from that of one thread", i, res)
				}
			}
			if n := testing.AllocsPerRun(1, func() { k.Run(got, in) }); n > 0 && testing.AllocsPerRun(20, func() { k.Run(got, in) }) > 0 {
				t.Errorf("program %d %v allocates", i, p)
			}
		}
	})
}

// TestHalfProgramReference compares programs of operations that float32 has room for with
// the reference, number for number. It does not divide: relu's zeros differ in sign.
func TestHalfProgramReference(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for i := range uint64(impltest.Draws(300)) {
			p := newHalfProgram(i, programShapes[i%uint64(len(programShapes))], false)
			if slices.ContainsFunc(p.Code, func(c backend.Instr) bool {
				switch c.Op.(type) { // whose sums have an order, in float32 and float64
				case ops.ReduceSumOp, ops.ReduceMeanOp, ops.DivOp:
					return true
				}
				return false
			}) {
				continue
			}
			r := &halfPrograms{Rand: rand.New(rand.NewPCG(i, 13))}
			in := r.values(p.In, i%2 == 0)
			specs, _ := p.Infer(nil)
			got, want := buffers(specs), buffers(specs)
			Kernels{}.Kernel(p, specs, p.In).Run(got, in)
			backend.Reference{}.Kernel(p, specs, p.In).Run(want, in)
			for res := range got {
				x, y := got[res].Tensor().Float64s(), want[res].Tensor().Float64s()
				for at := range x {
					if x[at] != y[at] && (x[at] == x[at] || y[at] == y[at]) {
						t.Fatalf("program %d %v of %v: result %d at %d: got %v, reference %v", i, p, p.In, res, at, x[at], y[at])
					}
				}
			}
		}
	})
}

// TestHalfInPlace gives results the memory of inputs, where that is allowed.
func TestHalfInPlace(t *testing.T) {
	tested := 0
	for i := range uint64(impltest.Draws(300)) {
		p := newHalfProgram(i, tensor.D(3, 11, 70), true)
		specs, _ := p.Infer(nil)
		for res := range specs {
			for j := range p.In {
				if p.In[j] != specs[res] || !p.Overwrites(res, j) {
					continue
				}
				tested++
				r := &halfPrograms{Rand: rand.New(rand.NewPCG(i, 14))}
				in := r.values(p.In, false)
				want, got := oneByOne(p, in), buffers(specs)
				got[res].Mem = in[j].Mem
				Kernels{}.Kernel(p, specs, p.In).Run(got, in)
				for n := range got {
					if at := differ(got[n], want[n]); at >= 0 {
						t.Errorf("program %d %v: result %d in the memory of input %d: result %d at %d differs", i, p, res, j, n, at)
					}
				}
			}
		}
	}
	if tested < 50 {
		t.Errorf("%d programs could run in place: want 50 or more", tested)
	}
}

// TestHalfGradients compares sweeps of float32 with gradients of a half type with sweeps
// whose gradients were widened before.
func TestHalfGradients(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for _, dt := range []tensor.DType{tensor.BFloat16, tensor.Float16} {
			for _, u := range []struct {
				op      graph.Op
				tensors int
				outs    int
				rates   int
			}{
				{ops.ApplySGDOp{}, 2, 1, 2},
				{ops.ApplyAdamOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7}, 4, 3, 2},
				{ops.ApplyLambOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7}, 4, 3, 4},
			} {
				r := &halfPrograms{Rand: rand.New(rand.NewPCG(9, 9))}
				s := &backend.Sweep{}
				var narrow, wide []tensor.Spec
				for _, shape := range []tensor.Dims{tensor.D(5), tensor.D(150, 300), tensor.D(0), tensor.D(40, 33)} {
					s.Ops, s.Ins, s.Outs = append(s.Ops, u.op), append(s.Ins, u.tensors+u.rates), append(s.Outs, u.outs)
					for i := range u.tensors + u.rates {
						spec := tensor.Spec{DType: tensor.Float32, Shape: shape}
						if i >= u.tensors {
							spec.Shape = tensor.Dims{}
						}
						wide = append(wide, spec)
						if i == u.tensors-1 {
							spec.DType = dt
						}
						narrow = append(narrow, spec)
					}
				}
				in := r.values(narrow, false)
				widened := slices.Clone(in)
				for i, b := range in {
					v := b.Tensor().Float64s()
					if narrow[i] == wide[i] && i%s.Ins[0] > 0 { // slots and rates above 0
						for j := range v {
							v[j] = 0.01 + math.Abs(v[j])/8
						}
						if err := b.Tensor().SetFloat64s(v); err != nil {
							t.Fatal(err)
						}
					}
					widened[i] = buffers(wide[i : i+1])[0]
					if err := widened[i].Tensor().SetFloat64s(b.Tensor().Float64s()); err != nil {
						t.Fatal(err)
					}
				}
				outs, err := s.Infer(narrow)
				if err != nil {
					t.Fatal(err)
				}
				got, want := buffers(outs), buffers(outs)
				k := Kernels{}.Kernel(s, outs, narrow)
				k.Run(got, in)
				Kernels{}.Kernel(s, outs, wide).Run(want, widened)
				for i := range got {
					if at := differ(got[i], want[i]); at >= 0 {
						t.Errorf("%v, gradients of %v: result %d at %d: got %v, want %v", s, dt, i, at, got[i].Tensor().Float64s()[at], want[i].Tensor().Float64s()[at])
					}
				}
				if n := testing.AllocsPerRun(5, func() { k.Run(got, in) }); n > 0 {
					t.Errorf("%v, gradients of %v: %v allocations", s, dt, n)
				}
			}
		}
	})
}

// TestHalfFusedProducts compares products of halves and their epilogues with the two
// done one after the other, bit for bit.
func TestHalfFusedProducts(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		tested := 0
		for i := range uint64(impltest.Draws(200)) {
			r := &halfPrograms{Rand: rand.New(rand.NewPCG(i, 15))}
			sizes := []int{1, 3, 10, 17, 64, 65, 128, 200}
			m, n, k := sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))]
			batch := []tensor.Dims{{}, {}, tensor.D(3)}[r.IntN(3)]
			after := newHalfProgram(i, batch.Append(m, n), true)
			acc := slices.IndexFunc(after.In, func(s tensor.Spec) bool { return isHalf(s.DType) && s.Shape == after.Shape })
			if acc < 0 || after.Axes > 0 {
				continue
			}
			product := ops.MatMulOp{TransB: r.IntN(2) == 0}
			op := &backend.Fused{Head: product, Ins: 2, After: after, Acc: acc}
			if op.Home() < 0 {
				after.Results = append(after.Results, acc)
			}
			tested++
			b := tensor.Spec{DType: after.In[acc].DType, Shape: batch.Append(k, n)}
			if product.TransB {
				b.Shape = batch.Append(n, k)
			}
			specs := append([]tensor.Spec{{DType: b.DType, Shape: batch.Append(m, k)}, b}, slices.Delete(slices.Clone(after.In), acc, acc+1)...)
			in := r.values(specs, false)
			outs, _ := after.Infer(nil)
			got := buffers(outs)
			Kernels{}.Kernel(op, outs, specs).Run(got, in)

			result := buffers(after.In[acc : acc+1])
			Kernels{}.Kernel(product, after.In[acc:acc+1], specs[:2]).Run(result, in[:2])
			args := slices.Insert(slices.Clone(in[2:]), acc, result[0])
			for res, want := range oneByOne(after, args) {
				if at := differ(got[res], want); at >= 0 {
					t.Fatalf("product %d of %v and %v: result %d at %d: got %v, one by one %v", i, specs[:2], after, res, at,
						got[res].Tensor().Float64s()[at], want.Tensor().Float64s()[at])
				}
			}
		}
		if want := impltest.Draws(30); tested < want {
			t.Errorf("%d products tested, want %d or more", tested, want)
		}
	})
}
