package cpu

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/backend/backendtest"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// The operations of random programs, by what they take and give. None raises errors
// of its inputs much.
var (
	unaries     = []graph.Op{ops.NegOp{}, ops.AbsOp{}, ops.TanhOp{}, ops.SigmoidOp{}, ops.ReluOp{}, ops.SoftplusOp{}, ops.ClipOp{Lo: -0.5, Hi: 0.75}, ops.LeakyReluOp{Alpha: 0.25}, ops.SinOp{}}
	binaries    = []graph.Op{ops.AddOp{}, ops.SubOp{}, ops.MulOp{}, ops.MaximumOp{}, ops.MinimumOp{}, ops.ReluGradOp{}, ops.TanhGradOp{}}
	comparisons = []graph.Op{ops.LessOp{}, ops.GreaterEqualOp{}, ops.NotEqualOp{}}
	logicals    = []graph.Op{ops.AndOp{}, ops.OrOp{}, ops.XorOp{}}
)

// programs makes random programs.
type programs struct {
	*rand.Rand
	p *backend.Program
}

func (r *programs) pick(list []graph.Op) graph.Op { return list[r.IntN(len(list))] }

// program returns a random program on a shape. Its first input has spec first,
// unless that is Invalid.
func (r *programs) program(shape tensor.Dims, first tensor.Spec) *backend.Program {
	r.p = &backend.Program{Shape: shape}
	if first.DType != tensor.Invalid {
		r.p.In = append(r.p.In, first)
	}
	for range 1 + r.IntN(4) {
		r.p.In = append(r.p.In, tensor.Spec{DType: r.dtype(), Shape: r.part(shape)})
	}
	r.p.In = append(r.p.In, tensor.Spec{DType: tensor.Float32, Shape: r.part(shape)})
	for v, s := range r.p.In { // what is no float32 is loaded by a cast
		if s.DType != tensor.Float32 && s.DType != tensor.Bool {
			r.emit(ops.CastOp{To: tensor.Float32}, tensor.Float32, v)
		} else if s.DType == tensor.Float32 && s.Shape != shape && r.IntN(3) == 0 {
			r.emit(ops.BroadcastOp{Shape: shape}, tensor.Float32, v)
		}
	}
	for range 1 + r.IntN(12) {
		r.instruction()
	}
	r.p.Results = []int{len(r.p.In) + len(r.p.Code) - 1}
	for range r.IntN(3) {
		if v := len(r.p.In) + r.IntN(len(r.p.Code)); !slices.Contains(r.p.Results, v) {
			r.p.Results = append(r.p.Results, v)
		}
	}
	return r.p
}

func (r *programs) dtype() tensor.DType {
	list := []tensor.DType{tensor.Float32, tensor.Float32, tensor.Bool, tensor.Uint8, tensor.Int32, tensor.Float16, tensor.BFloat16}
	return list[r.IntN(len(list))]
}

// part returns a shape that broadcasts to shape.
func (r *programs) part(shape tensor.Dims) tensor.Dims {
	if r.IntN(2) == 0 {
		return shape
	}
	s := shape.From(r.IntN(shape.Rank() + 1))
	for i := range s.Rank() {
		if r.IntN(3) == 0 {
			s = s.With(i, 1)
		}
	}
	return s
}

// value returns a random value of a dtype, or -1.
func (r *programs) value(dt tensor.DType) int {
	var list []int
	for v := range len(r.p.In) + len(r.p.Code) {
		if r.p.DType(v) == dt {
			list = append(list, v)
		}
	}
	if list == nil {
		return -1
	}
	return list[r.IntN(len(list))]
}

// floatInput returns a random float32 input.
func (r *programs) floatInput() int {
	for {
		if v := r.IntN(len(r.p.In)); r.p.In[v].DType == tensor.Float32 {
			return v
		}
	}
}

func (r *programs) emit(op graph.Op, out tensor.DType, args ...int) {
	r.p.Code = append(r.p.Code, backend.Instr{Op: op, Args: args, Out: out})
}

func (r *programs) instruction() {
	f, b := tensor.Float32, tensor.Bool
	flag := r.value(b)
	switch n := r.IntN(10); {
	case n < 3:
		r.emit(r.pick(unaries), f, r.value(f))
	case n < 6:
		r.emit(r.pick(binaries), f, r.value(f), r.value(f))
	case n == 6:
		// Of inputs alone: between results, rounding could turn the answer.
		r.emit(r.pick(comparisons), b, r.floatInput(), r.floatInput())
	case n == 7:
		full := ops.FullOp{Spec: tensor.S(f), Bits: math.Float64bits(float64(r.IntN(9)-4) / 4)}
		r.emit(full, f)
		r.emit(ops.MulOp{}, f, r.value(f), len(r.p.In)+len(r.p.Code)-1)
	case flag >= 0 && n == 8:
		r.emit(ops.WhereOp{}, f, flag, r.value(f), r.value(f))
	case flag >= 0:
		r.emit(r.pick(logicals), b, flag, r.value(b))
	default:
		r.emit(ops.NegOp{}, f, r.value(f))
	}
}

// inputs returns small random values.
func (r *programs) inputs(specs []tensor.Spec) []ops.Array {
	var in []ops.Array
	for _, s := range specs {
		a := ops.NewArray(s)
		for i := range a.V {
			a.V[i] = 2*r.Float64() - 1
			switch {
			case s.DType == tensor.Bool:
				a.V[i] = float64(r.IntN(2))
			case s.DType.IsInt():
				a.V[i] = float64(r.IntN(4))
			}
			a.V[i] = optest.Round(s.DType, a.V[i])
		}
		in = append(in, a)
	}
	return in
}

// check compares a kernel with the reference of its operation, and its bits under
// one thread with those under more.
func check(t *testing.T, op graph.Op, in []ops.Array, abs float64) {
	t.Helper()
	c := optest.Case{Name: graph.Describe(op), Op: op, In: in, Ulps: 64, Abs: abs}
	for _, a := range in {
		c.Name += " " + a.Spec.String()
	}
	specs, outs := backendtest.Specs(c)
	k := Kernels{}.Kernel(op, outs, specs)
	if k == nil {
		t.Fatalf("%s: no kernel", c.Name)
	}
	r := backendtest.NewRunner(c)
	par.SetThreads(1)
	r.Run(k)
	alone := r.Results()
	par.SetThreads(0)
	r.Run(k)
	for i, b := range r.Results() {
		if !bytes.Equal(b, alone[i]) {
			t.Errorf("%s: result %d differs from that of one thread", c.Name, i)
		}
	}
	if err := c.Check(r.Arrays()); err != nil {
		t.Error(err)
	}
	if err := r.CheckMemory(); err != nil {
		t.Errorf("%s: %v", c.Name, err)
	}
}

var programShapes = []tensor.Dims{
	tensor.D(), tensor.D(1), tensor.D(7), tensor.D(1023), tensor.D(1025), tensor.D(3, 5), tensor.D(37, 41), tensor.D(129, 10),
	tensor.D(2, 3, 4, 5), tensor.D(0, 4), tensor.D(5, 1, 300), tensor.D(40, 1000), tensor.D(16, 1024), tensor.D(33, 3, 401),
}

func TestPrograms(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for i := range uint64(impltest.Draws(200)) {
			r := &programs{Rand: rand.New(rand.NewPCG(i, 1))}
			p := r.program(programShapes[i%uint64(len(programShapes))], tensor.Spec{})
			check(t, p, r.inputs(p.In), 4096)
		}
	})
}

func TestFusedProducts(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		for i := range uint64(impltest.Draws(100)) {
			r := &programs{Rand: rand.New(rand.NewPCG(i, 2))}
			op, in := r.product()
			check(t, op, r.inputs(in), 8192)
		}
	})
}

// product returns a random product with an epilogue, and the specs of its inputs.
func (r *programs) product() (*backend.Fused, []tensor.Spec) {
	sizes := []int{1, 3, 10, 17, 64, 65, 128, 200}
	m, n, k := sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))]
	product := ops.MatMulOp{TransA: r.IntN(2) == 0, TransB: r.IntN(2) == 0}
	op := &backend.Fused{Head: product, Ins: 2, Bias: r.IntN(2) == 0, Act: backend.Act(r.IntN(2))}
	batches := [][2]tensor.Dims{{}, {}, {tensor.D(3), tensor.D(3)}, {tensor.D(3), tensor.D()}, {tensor.D(2, 1), tensor.D(2)}, {tensor.D(2), tensor.D(3, 1)}}
	batch := batches[r.IntN(len(batches))]
	a, b := batch[0].Append(m, k), batch[1].Append(k, n)
	if product.TransA {
		a = batch[0].Append(k, m)
	}
	if product.TransB {
		b = batch[1].Append(n, k)
	}
	in := []tensor.Spec{{DType: tensor.Float32, Shape: a}, {DType: tensor.Float32, Shape: b}}
	c, err := product.Infer(in)
	if err != nil {
		panic(err)
	}
	if op.Bias {
		in = append(in, tensor.S(tensor.Float32, n))
	}
	if r.IntN(4) == 0 {
		return op, in
	}
	for op.After == nil || op.Home() < 0 {
		op.After = r.program(c[0].Shape, c[0])
		op.Acc = 0
	}
	if r.IntN(2) == 0 { // the product among the other inputs
		op.Acc = r.IntN(len(op.After.In))
		op.After = swapInputs(op.After, 0, op.Acc)
	}
	rest := slices.Delete(slices.Clone(op.After.In), op.Acc, op.Acc+1)
	return op, append(in, rest...)
}

// swapInputs returns p with two inputs exchanged.
func swapInputs(p *backend.Program, i, j int) *backend.Program {
	p.In[i], p.In[j] = p.In[j], p.In[i]
	swap := func(list []int) {
		for k, v := range list {
			switch v {
			case i:
				list[k] = j
			case j:
				list[k] = i
			}
		}
	}
	for _, c := range p.Code {
		swap(c.Args)
	}
	swap(p.Results)
	return p
}

// TestProgramInPlace gives a result the memory of an input, where that is allowed.
func TestProgramInPlace(t *testing.T) {
	tested := 0
	for i := range uint64(impltest.Draws(100)) {
		r := &programs{Rand: rand.New(rand.NewPCG(i, 3))}
		p := r.program(tensor.D(3, 11, 700), tensor.Spec{})
		in := r.inputs(p.In)
		c := optest.Case{Name: p.String(), Op: p, In: in, Ulps: 64, Abs: 4096}
		specs, outs := backendtest.Specs(c)
		for res := range outs {
			for j := range specs {
				if specs[j] != outs[res] || !p.Overwrites(res, j) {
					continue
				}
				tested++
				bufs := func(specs []tensor.Spec) (all []backend.Buf) {
					for _, s := range specs {
						all = append(all, backend.Buf{Spec: s, Mem: tensor.NewSpec(s).Bytes()})
					}
					return all
				}
				src, dst := bufs(specs), bufs(outs)
				for n, a := range in {
					copy(src[n].Mem, optest.ToTensor(a).Bytes())
				}
				dst[res].Mem = src[j].Mem
				Kernels{}.Kernel(p, outs, specs).Run(dst, src)
				var got []ops.Array
				for _, b := range dst {
					got = append(got, ops.Array{Spec: b.Spec, V: b.Tensor().Float64s()})
				}
				if err := c.Check(got); err != nil {
					t.Errorf("result %d in the memory of input %d: %v", res, j, err)
				}
			}
		}
	}
	if want := impltest.Draws(50); tested < want {
		t.Errorf("%d programs could run in place: want %d or more", tested, want)
	}
}

func TestSweep(t *testing.T) {
	shapes := []tensor.Dims{tensor.D(7, 33), tensor.D(5), tensor.D(), tensor.D(150, 300), tensor.D(0)}
	rms := ops.ApplyRMSpropOp{Rho: 0.875, Eps: 1e-7, Centered: true, Momentum: 0.5}
	for _, dt := range []tensor.DType{tensor.Float32, tensor.Float64} {
		for _, u := range []struct {
			op            graph.Op
			tensors, outs int
			rates         int
		}{
			{ops.ApplySGDOp{}, 2, 1, 2}, {ops.ApplyMomentumOp{Momentum: 0.9, Nesterov: true}, 3, 2, 2},
			{ops.ApplyAdamOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7}, 4, 3, 2},
			{ops.ApplyAMSGradOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7}, 5, 4, 2}, {rms, 5, 4, 2},
			{ops.ApplyAdamaxOp{OneMinusBeta1: 0.1, Beta2: 0.999, Eps: 1e-7}, 4, 3, 2},
			{ops.ApplyNadamOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7}, 4, 3, 4},
			{ops.ApplyAdagradOp{Eps: 1e-7}, 3, 2, 2}, {ops.ApplyAdadeltaOp{Rho: 0.95, Eps: 1e-7}, 4, 3, 2},
			{ops.ApplyFtrlOp{Power: 0.5, L1: 0.5, Shrink: 0.1}, 4, 3, 3},
			{ops.ApplyLambOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7}, 4, 3, 4},
			{ops.ApplyScheduleFreeOp{Beta1: 0.9, OneMinusBeta2: 0.001, Eps: 1e-7}, 4, 3, 5},
			{ops.ApplyAverageOp{}, 2, 2, 2}, {ops.ApplyAverageOp{Fixed: true}, 2, 1, 1},
		} {
			r := &programs{Rand: rand.New(rand.NewPCG(7, 7))}
			s, all := &backend.Sweep{}, []ops.Array{}
			for _, shape := range shapes {
				s.Ops, s.Ins, s.Outs = append(s.Ops, u.op), append(s.Ins, u.tensors+u.rates), append(s.Outs, u.outs)
				for i := range u.tensors {
					a := r.inputs([]tensor.Spec{{DType: dt, Shape: shape}})[0]
					for j := range a.V {
						if i > 0 && i < u.tensors-1 { // slots such as v - a² > 0
							a.V[j] = optest.Round(dt, 2/float64(i)+math.Abs(a.V[j])/4)
						}
					}
					all = append(all, a)
				}
				for range u.rates {
					all = append(all, ops.Array{Spec: tensor.S(dt), V: []float64{0.0078125}})
				}
			}
			t.Run(fmt.Sprintf("%s/%v", u.op.Name(), dt), func(t *testing.T) {
				check(t, s, all, 64)
				checkInPlace(t, s, all)
			})
		}
	}
}

// checkInPlace runs a sweep over the memory of its inputs, as plans do.
func checkInPlace(t *testing.T, s *backend.Sweep, all []ops.Array) {
	c := optest.Case{Name: s.String(), Op: s, In: all, Ulps: 64, Abs: 64}
	specs, outs := backendtest.Specs(c)
	var in, out []backend.Buf
	for i, a := range all {
		in = append(in, backend.Buf{Spec: specs[i], Mem: optest.ToTensor(a).Bytes()})
	}
	at := 0
	for i, n := range s.Ins {
		out = append(out, in[at:at+s.Outs[i]]...)
		at += n
	}
	Kernels{}.Kernel(s, outs, specs).Run(out, in)
	var got []ops.Array
	for _, b := range out {
		got = append(got, ops.Array{Spec: b.Spec, V: b.Tensor().Float64s()})
	}
	if err := c.Check(got); err != nil {
		t.Errorf("in place: %v", err)
	}
}
