package optest

import (
	"math"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// The sets of dtypes that operations take.
var (
	floats  = []tensor.DType{tensor.Float64, tensor.Float32, tensor.Float16, tensor.BFloat16}
	wide    = []tensor.DType{tensor.Float64, tensor.Float32}
	numbers = append([]tensor.DType{tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64,
		tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64}, floats...)
	bools = []tensor.DType{tensor.Bool}
	all   = tensor.DTypes()
)

// d is a shape.
func d(dims ...int) tensor.Dims { return tensor.D(dims...) }

// table collects rows.
type table struct{ rows []row }

// rows returns the table.
func rows() []row {
	var t table
	t.elementwise()
	t.activations()
	t.binaries()
	t.choices()
	t.shapes()
	t.indexing()
	t.reductions()
	t.products()
	t.losses()
	t.alignments()
	t.randoms()
	t.sweeps()
	return t.rows
}

// add adds one row.
func (t *table) add(op graph.Op, dtypes []tensor.DType, ulps, abs float64, in ...input) {
	t.rows = append(t.rows, row{op: op, dtypes: dtypes, inputs: in, ulps: ulps, abs: abs})
}

// addNoGrad adds one row whose values have no gradient to check.
func (t *table) addNoGrad(op graph.Op, dtypes []tensor.DType, ulps, abs float64, in ...input) {
	t.add(op, dtypes, ulps, abs, in...)
	t.rows[len(t.rows)-1].noGrad = true
}

// unary adds an elementwise operation of one input on arrays of many sizes, and on
// special values.
func (t *table) unary(op graph.Op, dtypes []tensor.DType, v values, ulps, abs float64) {
	for _, s := range []tensor.Dims{d(), d(7), d(3, 5), d(0, 4), d(2, 3, 173)} {
		t.add(op, dtypes, ulps, abs, input{shape: s, v: v})
	}
	if dtypes[0].IsFloat() {
		t.addNoGrad(op, dtypes, ulps, abs, input{shape: d(13), v: special})
	}
}

// binary adds an elementwise operation of two inputs on shapes that broadcast.
func (t *table) binary(op graph.Op, dtypes []tensor.DType, a, b values, ulps, abs float64) {
	for _, s := range [][2]tensor.Dims{
		{d(), d()}, {d(3, 4), d(3, 4)}, {d(3, 4), d(4)}, {d(4), d(3, 4)}, {d(3, 1), d(1, 4)}, {d(), d(5)},
		{d(2, 1, 3), d(4, 1)}, {d(0, 3), d(3)}, {d(1, 3), d(0, 1)},
		{d(1031), d(1031)}, {d(37, 31), d(31)}, {d(37, 1), d(37, 31)}, {d(33, 34), d()}, {d(3, 1, 5, 1, 7), d(4, 5, 6, 1)},
	} {
		t.add(op, dtypes, ulps, abs, input{shape: s[0], v: a}, input{shape: s[1], v: b})
	}
}

func (t *table) elementwise() {
	for _, op := range []graph.Op{ops.NegOp{}, ops.AbsOp{}, ops.SignOp{}, ops.SquareOp{}} {
		t.unary(op, numbers, awayFromZero, 0.5, 0)
	}
	t.unary(ops.SqrtOp{}, floats, between(0.2, 4), 0.5, 0)
	t.unary(ops.RsqrtOp{}, floats, between(0.2, 4), 2, 0)
	t.unary(ops.ReciprocalOp{}, floats, awayFromZero, 0.5, 0)
	for _, op := range []graph.Op{ops.ExpOp{}, ops.Expm1Op{}, ops.Exp2Op{},
		ops.SinOp{}, ops.CosOp{}, ops.AtanOp{}, ops.SinhOp{}, ops.CoshOp{}, ops.AsinhOp{}, ops.ErfOp{}} {
		t.unary(op, floats, anyReal, 3, 0)
	}
	t.unary(ops.ErfcOp{}, floats, anyReal, 4, 0)
	t.unary(ops.TanOp{}, floats, between(-1.3, 1.3), 3, 0)
	for _, op := range []graph.Op{ops.LogOp{}, ops.Log1pOp{}, ops.Log2Op{}, ops.Log10Op{}} {
		t.unary(op, floats, between(0.2, 4), 3, 0)
	}
	for _, op := range []graph.Op{ops.AsinOp{}, ops.AcosOp{}, ops.AtanhOp{}} {
		t.unary(op, floats, between(-0.8, 0.8), 3, 0)
	}
	t.unary(ops.AcoshOp{}, floats, between(1.5, 4), 3, 0)
	for _, op := range []graph.Op{ops.FloorOp{}, ops.CeilOp{}, ops.RoundOp{}, ops.TruncOp{}} {
		t.unary(op, floats, offGrid, 0.5, 0)
		t.addNoGrad(op, floats, 0.5, 0, input{shape: d(9), v: list(-2.5, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2.5)})
	}
	for _, op := range []graph.Op{ops.IsNaNOp{}, ops.IsInfOp{}, ops.IsFiniteOp{}} {
		t.unary(op, floats, anyReal, 0, 0)
	}
	t.unary(ops.StopGradientOp{}, all, anyReal, 0, 0)
	t.rows[len(t.rows)-1].noGrad = true
}

func (t *table) activations() {
	t.unary(ops.ReluOp{}, floats, awayFromZero, 0.5, 0)
	t.unary(ops.LeakyReluOp{Alpha: 0.25}, floats, awayFromZero, 1, 0)
	t.unary(ops.LeakyReluOp{Alpha: -0.5}, floats, awayFromZero, 1, 0)
	t.unary(ops.EluOp{Alpha: 1.5}, floats, awayFromZero, 4, 0)
	t.unary(ops.EluOp{Alpha: -0.5}, floats, awayFromZero, 4, 0)
	for _, op := range []graph.Op{ops.SeluOp{}, ops.SigmoidOp{}, ops.TanhOp{}, ops.SoftplusOp{}, ops.SoftsignOp{}} {
		t.unary(op, floats, awayFromZero, 4, 0)
	}
	// The error of these is small beside x, not beside the result.
	for _, op := range []graph.Op{ops.SiluOp{}, ops.GeluOp{}, ops.GeluTanhOp{}} {
		t.unary(op, floats, anyReal, 4, 4)
	}
	t.unary(ops.ClipOp{Lo: -0.5, Hi: 1.25}, floats, offGrid, 0.5, 0)
	t.unary(ops.ClipOp{Lo: math.Inf(-1), Hi: 2}, floats, offGrid, 0.5, 0)
	t.add(ops.ClipOp{Lo: 2, Hi: 5}, numbers, 0.5, 0, input{shape: d(3, 7), v: upTo(9)})
	t.rows[len(t.rows)-1].noGrad = true // values on the bounds
	for _, op := range []graph.Op{ops.ReluGradOp{}, ops.LeakyReluGradOp{Alpha: 0.25}, ops.EluGradOp{Alpha: 1.5}} {
		t.binary(op, floats, awayFromZero, anyReal, 2, 2)
	}
	t.binary(ops.SigmoidGradOp{}, floats, between(0, 1), anyReal, 3, 0)
	t.binary(ops.TanhGradOp{}, floats, between(-1, 1), anyReal, 2, 2)
}

func (t *table) binaries() {
	for _, op := range []graph.Op{ops.AddOp{}, ops.SubOp{}, ops.MulOp{}} {
		t.binary(op, numbers, between(2, 5), between(0, 2), 0.5, 0)
	}
	t.binary(ops.DivOp{}, numbers, anyReal, awayFromZero, 0.5, 0)
	for _, op := range []graph.Op{ops.FloorDivOp{}, ops.ModOp{}, ops.FmodOp{}} {
		// Quotients stay away from integers: 0.3 to 0.9 more than one, in size.
		t.add(op, floats, 1, 1, input{shape: d(4), v: list(2.6, -3.5, 7.1, -0.9)}, input{shape: d(4), v: list(1, 1, -2, -1.5)})
		t.binary(op, numbers, anyReal, awayFromZero, 1, 1)
		t.noGradLast(14)
	}
	t.binary(ops.PowOp{}, numbers, between(0.3, 2), between(-2, 2), 2, 0)
	t.addNoGrad(ops.PowOp{}, floats, 1, 0, input{shape: d(8), v: list(0, 0, -2, -2, 0, 1, 4, math.Inf(1))},
		input{shape: d(8), v: list(0, 2, 2, 3, -1, math.Inf(1), 0.5, 0)})
	t.binary(ops.Atan2Op{}, floats, awayFromZero, awayFromZero, 3, 0)
	t.binary(ops.HypotOp{}, floats, awayFromZero, awayFromZero, 3, 0)
	t.binary(ops.LogaddexpOp{}, floats, anyReal, anyReal, 4, 4)
	for _, op := range []graph.Op{ops.MaximumOp{}, ops.MinimumOp{}} {
		t.binary(op, numbers, distinct, anyReal, 0, 0)
		t.addNoGrad(op, floats, 0, 0, input{shape: d(13, 1), v: special}, input{shape: d(13), v: special})
	}
	for _, op := range []graph.Op{ops.EqualOp{}, ops.NotEqualOp{}, ops.LessOp{}, ops.LessEqualOp{}, ops.GreaterOp{}, ops.GreaterEqualOp{}} {
		t.binary(op, all, upTo(3), upTo(3), 0, 0)
		t.addNoGrad(op, floats, 0, 0, input{shape: d(13, 1), v: special}, input{shape: d(13), v: special})
	}
	for _, op := range []graph.Op{ops.AndOp{}, ops.OrOp{}, ops.XorOp{}} {
		t.binary(op, bools, anyReal, anyReal, 0, 0)
	}
	t.unary(ops.NotOp{}, bools, anyReal, 0, 0)
}

// noGradLast marks the last n rows.
func (t *table) noGradLast(n int) {
	for i := range n {
		t.rows[len(t.rows)-1-i].noGrad = true
	}
}

func (t *table) choices() {
	for _, s := range [][3]tensor.Dims{
		{d(), d(), d()}, {d(3, 4), d(3, 4), d(3, 4)}, {d(3, 1), d(4), d()}, {d(4), d(3, 4), d(3, 1)},
		{d(0, 2), d(2), d(1, 1)}, {d(1033), d(1033), d(1033)}, {d(1033), d(1033), d()}, {d(29, 1), d(29, 37), d(37)},
	} {
		t.add(ops.WhereOp{}, all, 0, 0, input{s[0], anyReal, tensor.Bool}, input{shape: s[1], v: anyReal}, input{shape: s[2], v: anyReal})
	}
	for _, to := range all {
		t.add(ops.CastOp{To: to}, all, 0.5, 0, input{shape: d(3, 5), v: anyReal})
		t.noGradLast(1) // coarse dtypes round
		t.add(ops.CastOp{To: to}, all, 0.5, 0, input{shape: d(1057), v: between(-300, 300)})
		t.addNoGrad(ops.CastOp{To: to}, floats, 0.5, 0, input{shape: d(8), v: list(math.NaN(), math.Inf(1), math.Inf(-1), 1e6, -1e6, 2.5, -2.5, 0)})
	}
	t.add(ops.CastOp{To: tensor.Float32}, wide, 0.5, 0, input{shape: d(3, 4), v: anyReal})
	for _, s := range []tensor.Spec{tensor.S(0), tensor.S(0, 3), tensor.S(0, 0, 2), tensor.S(0, 3, 411)} {
		t.add(ops.FullOp{Spec: s, Bits: math.Float64bits(1)}, all, 0, 0)
		t.add(ops.FullOp{Spec: s, Bits: math.Float64bits(-2.5)}, floats, 0, 0)
	}
}

func (t *table) shapes() {
	move := func(op graph.Op, shape tensor.Dims) { t.add(op, all, 0, 0, input{shape: shape, v: anyReal}) }
	move(ops.ReshapeOp{Shape: d(6)}, d(2, 3))
	move(ops.ReshapeOp{Shape: d(4, 0)}, d(0, 7))
	move(ops.ReshapeOp{Shape: d()}, d(1, 1))
	move(ops.ReshapeOp{Shape: d(5, 211)}, d(1055))
	move(ops.BroadcastOp{Shape: d(2, 3)}, d(3))
	move(ops.BroadcastOp{Shape: d(2, 3)}, d())
	move(ops.BroadcastOp{Shape: d(4, 2, 3)}, d(2, 1))
	move(ops.BroadcastOp{Shape: d(0, 3)}, d(1, 3))
	move(ops.BroadcastOp{Shape: d(7, 5, 41)}, d(7, 1, 41))
	move(ops.TransposeOp{Perm: d(1, 0)}, d(3, 5))
	move(ops.TransposeOp{Perm: d(2, 0, 1)}, d(2, 3, 4))
	move(ops.TransposeOp{Perm: d(0, 2, 1)}, d(2, 0, 4))
	move(ops.TransposeOp{Perm: d(1, 0)}, d(67, 31))
	move(ops.TransposeOp{Perm: d(0, 2, 1, 3)}, d(3, 11, 7, 5))
	move(ops.TransposeOp{Perm: d(3, 1, 2, 0)}, d(5, 6, 7, 9))
	move(ops.SliceOp{Start: d(1), Size: d(3), Step: d(1)}, d(5))
	move(ops.SliceOp{Start: d(2, 1), Size: d(2, 2), Step: d(-2, 2)}, d(3, 4))
	move(ops.SliceOp{Start: d(0, 0), Size: d(0, 4), Step: d(1, 1)}, d(3, 4))
	move(ops.SliceOp{Start: d(30, 5), Size: d(30, 31), Step: d(-1, 3)}, d(31, 101))
	move(ops.SliceOp{}, d())
	move(ops.SliceGradOp{Shape: d(5), Start: d(1), Step: d(1)}, d(3))
	move(ops.SliceGradOp{Shape: d(3, 4), Start: d(2, 1), Step: d(-2, 2)}, d(2, 2))
	move(ops.SliceGradOp{Shape: d(31, 101), Start: d(30, 5), Step: d(-1, 3)}, d(30, 31))
	move(ops.PadOp{Before: d(1, 0), After: d(2, 3), Value: 1}, d(2, 3))
	move(ops.PadOp{Before: d(1), After: d(2)}, d(0))
	move(ops.PadOp{Before: d(3, 1), After: d(0, 2)}, d(31, 37))
	move(ops.TriluOp{Upper: true, K: 1}, d(3, 4))
	move(ops.TriluOp{K: 0}, d(2, 4, 3))
	move(ops.TriluOp{K: -2}, d(40, 31))
	move(ops.TriluOp{Upper: true, K: -20}, d(40, 31))
	for _, axis := range []int{0, 1} {
		t.add(ops.ConcatOp{Axis: axis}, all, 0, 0, input{shape: d(3, 2).With(axis, 1), v: anyReal}, input{shape: d(3, 2), v: anyReal}, input{shape: d(3, 2).With(axis, 0), v: anyReal})
	}
	t.add(ops.ConcatOp{Axis: 1}, all, 0, 0, input{shape: d(3, 17, 5), v: anyReal}, input{shape: d(3, 64, 5), v: anyReal})
	for _, s := range []tensor.Spec{tensor.S(0, 5), tensor.S(0, 3, 4), tensor.S(0, 40, 37), tensor.S(0, 0)} {
		for axis := range s.Rank() {
			t.add(ops.IotaOp{Spec: s, Axis: axis}, numbers, 0.5, 0)
		}
	}
}

func (t *table) indexing() {
	index := func(shape tensor.Dims, v values, dt tensor.DType) input { return input{shape, v, dt} }
	for _, dt := range []tensor.DType{tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Int8} {
		t.add(ops.GatherOp{Axis: 0}, all, 0, 0, input{shape: d(5, 3), v: anyReal}, index(d(4), upTo(5), dt))
	}
	signed := func(r *random, i, n int) float64 { return upTo(8)(r, i, n) - 4 } // -4 to 3
	t.add(ops.GatherOp{Axis: 1}, all, 0, 0, input{shape: d(3, 4, 2), v: anyReal}, index(d(2, 3), signed, tensor.Int64))
	t.add(ops.GatherOp{Axis: 0}, all, 0, 0, input{shape: d(4), v: anyReal}, index(d(), signed, tensor.Int64))
	t.add(ops.GatherOp{Axis: 1}, all, 0, 0, input{shape: d(2, 4), v: anyReal}, index(d(0), signed, tensor.Int64))
	t.add(ops.GatherOp{Axis: 0}, all, 0, 0, input{shape: d(50, 33), v: anyReal}, index(d(7, 9), upTo(50), tensor.Int32))
	t.addNoGrad(ops.GatherOp{Axis: 0}, all, 0, 0, input{shape: d(4, 2), v: anyReal}, index(d(5), list(4, -5, 1e6, -4, 3), tensor.Int64))
	t.addNoGrad(ops.GatherOp{Axis: 0}, floats, 0, 0, input{shape: d(0, 2), v: anyReal}, index(d(2), list(0, -1), tensor.Int64))

	t.add(ops.ScatterAddOp{Axis: 0, Size: 5}, floats, 2, 4, index(d(4), upTo(5), tensor.Int64), input{shape: d(4, 3), v: anyReal})
	t.add(ops.ScatterAddOp{Axis: 1, Size: 4}, floats, 2, 8, index(d(2, 3), signed, tensor.Int64), input{shape: d(3, 2, 3, 2), v: anyReal})
	t.add(ops.ScatterAddOp{Axis: 0, Size: 50}, wide, 2, 40, index(d(7, 9), upTo(50), tensor.Int32), input{shape: d(7, 9, 33), v: anyReal})
	t.addNoGrad(ops.ScatterAddOp{Axis: 0, Size: 4}, numbers, 2, 4, index(d(6), list(4, -5, 1e6, -4, 3, 3), tensor.Int64), input{shape: d(6, 2), v: upTo(5)})

	for axis := range 2 {
		t.add(ops.GatherAlongOp{Axis: axis}, all, 0, 0, input{shape: d(4, 4), v: anyReal}, index(d(4, 4).With(axis, 3), signed, tensor.Int64))
		t.add(ops.ScatterAlongOp{Axis: axis, Size: 4}, floats, 2, 8, index(d(4, 4).With(axis, 3), signed, tensor.Int64), input{shape: d(4, 4).With(axis, 3), v: anyReal})
	}
	t.add(ops.GatherAlongOp{Axis: 1}, all, 0, 0, input{shape: d(3, 20, 5), v: anyReal}, index(d(3, 71, 5), upTo(20), tensor.Int32))
	t.addNoGrad(ops.GatherAlongOp{Axis: 0}, all, 0, 0, input{shape: d(3, 2), v: anyReal}, index(d(2, 2), list(3, -4, 0, -3), tensor.Int64))
	t.addNoGrad(ops.ScatterAlongOp{Axis: 0, Size: 3}, numbers, 2, 4, index(d(3, 2), list(3, -4, 0, -3, 0, 2), tensor.Int64), input{shape: d(3, 2), v: upTo(4)})

	t.add(ops.OneHotOp{Depth: 4}, all, 0, 0, index(d(2, 3), list(0, 3, 2, -1, 4, 1), tensor.Int64))
	t.add(ops.OneHotOp{Depth: 10}, wide, 0, 0, index(d(131), upTo(10), tensor.Uint8))
	t.add(ops.OneHotOp{Depth: 0}, wide, 0, 0, index(d(3), upTo(10), tensor.Int32))

	edges := func(v ...float64) input { return input{shape: d(len(v)), v: list(v...)} }
	t.addNoGrad(ops.SearchSortedOp{}, numbers, 0, 0, edges(0, 1, 1, 2, 3, 5, 8), input{shape: d(3, 11), v: upTo(10)})
	t.addNoGrad(ops.SearchSortedOp{}, numbers, 0, 0, edges(), input{shape: d(3), v: anyReal})
	t.addNoGrad(ops.SearchSortedOp{}, floats, 0, 0, edges(-1, 0.25, 0.5), input{shape: d(13), v: special})
	t.addNoGrad(ops.SearchSortedOp{}, wide, 0, 0, edges(0.25, 0.5, 0.75), input{shape: d(173, 101), v: between(0, 1)})
}

func (t *table) reductions() {
	type where struct {
		shape tensor.Dims
		r     ops.Reduction
	}
	over := func(keep bool, axes ...int) ops.Reduction { return ops.Reduction{Axes: d(axes...), KeepDims: keep} }
	full := []where{
		{d(), over(false)}, {d(5), over(false, 0)}, {d(3, 4), over(false, 0)}, {d(3, 4), over(true, 1)}, {d(3, 4), over(true, 0, 1)},
		{d(2, 3, 4), over(false, 1)}, {d(2, 3, 4), over(true, 0, 2)}, {d(2, 3), over(false)}, {d(0, 4), over(false, 1)},
		{d(37, 53), over(false, 0)}, {d(37, 53), over(false, 1)}, {d(5, 17, 13), over(false, 1)}, {d(1999), over(false, 0)},
	}
	empty := []where{{d(0, 4), over(false, 0)}, {d(3, 0), over(true, 1)}}
	for _, w := range append(full, empty...) {
		n := float64(w.r.Count(w.shape))
		x := func(v values) input { return input{shape: w.shape, v: v} }
		t.add(ops.ReduceSumOp{Reduction: w.r}, numbers, 2, n, x(anyReal))
		t.add(ops.ReduceMeanOp{Reduction: w.r}, floats, 2, 4, x(anyReal))
		t.add(ops.ReduceProdOp{Reduction: w.r}, floats, 2+n, 0, x(between(0.8, 1.25)))
		t.add(ops.AnyOp{Reduction: w.r}, bools, 0, 0, x(between(-3, 1)))
		t.add(ops.AllOp{Reduction: w.r}, bools, 0, 0, x(between(-1, 3)))
	}
	t.add(ops.ReduceProdOp{Reduction: over(false, 1)}, numbers, 2, 0, input{shape: d(3, 4), v: list(1, 0, 2, 3, 0, 2, 0, 1, 2, 1, 3, 2)})
	for _, w := range full {
		x := input{shape: w.shape, v: distinct}
		t.add(ops.ReduceMaxOp{Reduction: w.r}, numbers, 0, 0, x)
		t.add(ops.ReduceMinOp{Reduction: w.r}, numbers, 0, 0, x)
	}
	t.addNoGrad(ops.ReduceMaxOp{Reduction: over(false, 1)}, floats, 0, 0, input{shape: d(13, 13), v: special})
	t.addNoGrad(ops.ReduceMinOp{Reduction: over(false, 0)}, floats, 0, 0, input{shape: d(3, 13), v: special})
	t.addNoGrad(ops.ReduceSumOp{Reduction: over(false, 0)}, floats, 1, 0, input{shape: d(3, 13), v: special})

	for _, s := range []tensor.Dims{d(), d(5), d(0, 4), d(3, 4), d(2, 173, 101)} {
		t.add(ops.ReduceSumSquareOp{}, floats, 16, 4, input{shape: s, v: anyReal})
	}
	t.addNoGrad(ops.ReduceSumSquareOp{}, floats, 1, 0, input{shape: d(13), v: special})

	lines := []struct {
		shape tensor.Dims
		axis  int
	}{{d(5), 0}, {d(3, 4), 0}, {d(3, 4), 1}, {d(2, 3, 4), 1}, {d(0, 4), 1}, {d(37, 53), 0}, {d(37, 53), 1}}
	for _, l := range lines {
		for _, v := range []values{distinct, upTo(3)} {
			t.add(ops.ArgMaxOp{Axis: l.axis}, numbers, 0, 0, input{shape: l.shape, v: v})
			t.add(ops.ArgMinOp{Axis: l.axis}, numbers, 0, 0, input{shape: l.shape, v: v})
		}
		for _, o := range []ops.CumSumOp{{}, {Exclusive: true}, {Reverse: true}, {Exclusive: true, Reverse: true}} {
			o.Axis = l.axis
			t.add(o, numbers, 2, float64(l.shape.At(l.axis)), input{shape: l.shape, v: anyReal})
		}
	}
	t.add(ops.ArgMaxOp{Axis: 1}, floats, 0, 0, input{shape: d(3, 13), v: special})
	t.add(ops.ArgMinOp{Axis: 0}, floats, 0, 0, input{shape: d(13, 3), v: special})
	t.add(ops.CumSumOp{Axis: 0}, floats, 0, 0, input{shape: d(0, 3), v: anyReal})

	for _, s := range []tensor.Dims{d(5), d(3, 7), d(0, 6), d(7, 151)} {
		for _, k := range []int{0, 1, 5} {
			t.add(ops.TopKOp{K: k}, numbers, 0, 0, input{shape: s, v: distinct})
			t.addNoGrad(ops.TopKOp{K: k}, numbers, 0, 0, input{shape: s, v: upTo(4)})
		}
	}
	t.addNoGrad(ops.TopKOp{K: 13}, floats, 0, 0, input{shape: d(2, 13), v: special})
}

func (t *table) products() {
	for _, s := range []struct {
		batchA, batchB tensor.Dims
		m, n, k        int
	}{
		{d(), d(), 3, 4, 5}, {d(), d(), 1, 1, 1}, {d(2), d(2), 2, 3, 2}, {d(2, 1), d(3), 2, 1, 3}, {d(3), d(), 1, 2, 4},
		{d(), d(), 3, 4, 0}, {d(), d(), 0, 4, 3}, {d(0), d(0), 2, 2, 2},
		{d(), d(), 37, 41, 53}, {d(), d(), 128, 10, 128}, {d(), d(), 1, 67, 301}, {d(), d(), 65, 1, 129}, {d(3), d(3), 17, 33, 16},
	} {
		for _, o := range []ops.MatMulOp{{}, {TransA: true}, {TransB: true}, {TransA: true, TransB: true}} {
			a, b := s.batchA.Append(s.m, s.k), s.batchB.Append(s.k, s.n)
			if o.TransA {
				a = s.batchA.Append(s.k, s.m)
			}
			if o.TransB {
				b = s.batchB.Append(s.n, s.k)
			}
			dtypes := floats
			if s.k < 50 {
				dtypes = numbers
			}
			t.add(o, dtypes, 2, 2*float64(s.k), input{shape: a, v: anyReal}, input{shape: b, v: anyReal})
		}
	}
}

func (t *table) losses() {
	for _, l := range []struct {
		shape tensor.Dims
		axis  int
	}{{d(4), 0}, {d(3, 4), 0}, {d(3, 4), 1}, {d(2, 3, 4), 1}, {d(0, 4), 1}, {d(3, 0), 1}, {d(37, 10), 1}, {d(37, 53), 0}, {d(3, 2100), 1}} {
		x := input{shape: l.shape, v: anyReal}
		t.add(ops.SoftmaxOp{Axis: l.axis}, floats, 8, 0, x)
		t.add(ops.LogSoftmaxOp{Axis: l.axis}, floats, 4, 8, x)
		if l.shape.At(l.axis) > 0 {
			t.add(ops.SparsemaxOp{Axis: l.axis}, floats, 1, 2, x)
		}
		t.add(ops.SoftmaxGradOp{Axis: l.axis}, floats, 4, 16, input{shape: l.shape, v: between(0, 0.3)}, x)
		t.add(ops.LogSoftmaxGradOp{Axis: l.axis}, floats, 4, 64, input{shape: l.shape, v: between(-3, 0)}, x)
	}
	inf := math.Inf(1)
	t.addNoGrad(ops.SoftmaxOp{Axis: 1}, wide, 8, 0, input{shape: d(4, 3), v: list(1000, 1001, 1002, -inf, 0, 1, -1000, 1000, 0, -inf, -inf, -inf)})
	t.addNoGrad(ops.LogSoftmaxOp{Axis: 1}, wide, 4, 4, input{shape: d(4, 3), v: list(1000, 1001, 1002, -inf, 0, 1, -1000, 1000, 0, math.NaN(), 0, 0)})

	t.addNoGrad(ops.SparsemaxOp{Axis: 1}, floats, 1, 2, input{shape: d(6, 3), v: list(2, 2, 2, 1, 0, -inf, -inf, -inf, -inf, inf, 0, 1, math.NaN(), 0, 0, 0.5, 0.25, 1e4)})
	t.addNoGrad(ops.SparsemaxOp{Axis: 0}, floats, 1, 2, input{shape: d(13, 13), v: special})

	for _, s := range []tensor.Dims{d(4), d(3, 4), d(2, 3, 3), d(0, 4), d(37, 10), d(128, 10), d(2, 2100)} {
		rows := s.Without(-1)
		x, labels := input{shape: s, v: anyReal}, input{shape: s, v: between(0, 1)}
		probs, dy := input{shape: s, v: between(0, 0.5)}, input{shape: rows, v: anyReal}
		c := float64(s.At(-1))
		classes := input{rows, upTo(s.At(-1)), tensor.Int64}
		t.add(ops.SoftmaxCrossEntropyOp{}, floats, 4, 16+2*c, x, labels)
		t.add(ops.SoftmaxCrossEntropyGradOp{}, floats, 8, 8+c, probs, labels, dy)
		t.add(ops.SparseSoftmaxCrossEntropyOp{}, floats, 4, 16, x, classes)
		t.add(ops.SparseSoftmaxCrossEntropyGradOp{}, floats, 4, 4, probs, classes, dy)
	}
	for _, dt := range []tensor.DType{tensor.Int32, tensor.Uint8, tensor.Int8} {
		t.add(ops.SparseSoftmaxCrossEntropyOp{}, floats, 4, 16, input{shape: d(5, 3), v: anyReal}, input{d(5), upTo(3), dt})
	}
	ignored := input{d(5), list(-1, 2, -100, 0, 1), tensor.Int64}
	outside := input{d(5), list(-1, 3, 1e6, 0, 1), tensor.Int64}
	t.add(ops.SparseSoftmaxCrossEntropyOp{}, floats, 4, 16, input{shape: d(5, 3), v: anyReal}, ignored)
	t.addNoGrad(ops.SparseSoftmaxCrossEntropyOp{}, floats, 4, 16, input{shape: d(5, 3), v: anyReal}, outside)
	// Indices of ignored rows may lie outside, which reads NaN on the way.
	t.add(ops.SparseSoftmaxCrossEntropyGradOp{}, floats, 4, 4, input{shape: d(5, 3), v: between(0, 1)}, ignored, input{shape: d(5), v: anyReal})
	t.addNoGrad(ops.SparseSoftmaxCrossEntropyGradOp{}, floats, 4, 4, input{shape: d(5, 3), v: between(0, 1)}, outside, input{shape: d(5), v: anyReal})
	t.addNoGrad(ops.SoftmaxCrossEntropyOp{}, wide, 4, 8, input{shape: d(3, 2), v: list(-inf, 0, 1000, -1000, 0, 0)}, input{shape: d(3, 2), v: list(0, 1, 1, 0, 0, 0)})
	t.binary(ops.SigmoidCrossEntropyOp{}, floats, awayFromZero, between(0, 1), 4, 8)
	t.addNoGrad(ops.SigmoidCrossEntropyOp{}, wide, 4, 4, input{shape: d(4), v: list(1000, -1000, 0, 90)}, input{shape: d(4), v: list(1, 0, 0.5, 0)})
}

func (t *table) alignments() {
	for _, s := range []struct {
		batch, times, labels, symbols int
		labelLengths, inputLengths    values
	}{
		{2, 4, 2, 3, list(2, 1), list(4, 3)}, {1, 3, 1, 2, list(1), list(3)}, {2, 3, 0, 2, list(0), list(3, 1)}, {1, 0, 1, 3, list(0), list(0)},
		{0, 4, 2, 3, list(1), list(3)}, {3, 4, 2, 2, list(2), list(4)}, {5, 40, 9, 11, list(9, 3, 0, 5, 8), list(40, 31, 40, 12, 20)},
	} {
		integers := func(v values, dims ...int) input { return input{d(dims...), v, tensor.Int32} }
		label := func(r *random, i, n int) float64 { return 1 + upTo(s.symbols-1)(r, i, n) }
		in := []input{
			{shape: d(s.batch, s.times, s.symbols), v: between(-3, -0.2)}, integers(label, s.batch, s.labels),
			integers(s.labelLengths, s.batch), integers(s.inputLengths, s.batch),
		}
		t.add(ops.CTCLossOp{}, floats, 4, 4, in...)
		t.add(ops.CTCAlignmentOp{}, floats, 4, 64, in...)
		t.rows[len(t.rows)-1].once = true
		t.add(ops.CTCAlignmentGradOp{}, floats, 4, 512, append(in, input{shape: in[0].shape, v: anyReal})...)
	}
	// Lengths and labels that are none, equal labels without time for the blank, and
	// less time than labels.
	in := []input{
		{shape: d(7, 3, 3), v: between(-3, -0.2)}, {d(7, 2), list(1, 2, 1, 2, 1, 2, 1, 3, -1, 2, 2, 2, 1, 2), tensor.Int64},
		{d(7), list(3, -1, 2, 2, 2, 2, 2), tensor.Int64}, {d(7), list(3, 3, 4, 3, 3, 2, 1), tensor.Int64},
	}
	t.addNoGrad(ops.CTCLossOp{}, wide, 4, 4, in...)
	t.addNoGrad(ops.CTCAlignmentOp{}, wide, 4, 64, in...)
	t.addNoGrad(ops.CTCAlignmentGradOp{}, wide, 4, 512, append(in, input{shape: in[0].shape, v: anyReal})...)
}

func (t *table) randoms() {
	seed := input{d(2), list(0x1234567890ABC, 3), tensor.Uint64}
	for _, s := range []tensor.Spec{tensor.S(0), tensor.S(0, 5), tensor.S(0, 0, 3), tensor.S(0, 3, 411)} {
		t.add(ops.RandomUniformOp{Spec: s, Stream: 1}, wide, 0, 0, seed)
		t.add(ops.RandomNormalOp{Spec: s, Stream: 0xFFFFFFFF}, wide, 4, 4, seed)
		t.add(ops.BernoulliOp{Spec: s, P: 0.3, Stream: 2}, all, 0, 0, seed)
		t.add(ops.DropoutOp{Rate: 0.4, Stream: 7}, floats, 2, 0, input{shape: s.Shape, v: anyReal}, seed)
	}
	t.addNoGrad(ops.DropoutOp{Rate: 0.4}, floats, 2, 0, input{shape: d(13), v: special}, seed)
}

// adafactor adds steps for a parameter, and for matrices of as many columns.
func (t *table) adafactor(s tensor.Dims, w, v, g, rate, decay input) {
	op := ops.ApplyAdafactorOp{Eps1: 1e-3, Eps2: 1e-2, Threshold: 0.5}
	keep, rest := input{shape: d(), v: list(0.75)}, input{shape: d(), v: list(0.25)}
	if s.Rank() < 2 {
		t.addNoGrad(op, wide, 4, 4, w, v, g, rate, keep, rest, decay)
		held := input{shape: d(), v: list(0), dt: tensor.Bool}
		t.addNoGrad(ops.ApplyIfOp{Op: op}, wide, 4, 4, w, v, g, rate, keep, rest, decay, held)
		return
	}
	for _, lead := range [][]int{nil, {3}, {2, 1}} {
		as := func(x input, dims ...int) input {
			x.shape = d(append(slices.Clone(lead), dims...)...)
			return x
		}
		rows, cols := s.At(0), s.At(1)
		in := []input{as(w, rows, cols), as(v, rows), as(v, cols), as(v, rows, cols), as(g, rows, cols), rate, keep, rest, decay}
		t.addNoGrad(op, wide, 64, 64, in...)
	}
}

func (t *table) sweeps() {
	for _, s := range []tensor.Dims{d(), d(5), d(0), d(17, 67)} {
		w, slot, square := input{shape: s, v: anyReal}, input{shape: s, v: anyReal}, input{shape: s, v: between(0.5, 2)}
		rate, decay := input{shape: d(), v: list(0.015625)}, input{shape: d(), v: list(0.0078125)}
		add := func(op graph.Op, in ...input) { t.add(op, wide, 4, 4, in...) }
		add(ops.ApplySGDOp{}, w, slot, rate, decay)
		add(ops.ApplyMomentumOp{Momentum: 0.875}, w, slot, w, rate, decay)
		add(ops.ApplyMomentumOp{Momentum: 0.875, Nesterov: true}, w, slot, w, rate, decay)
		add(ops.ApplyAdamOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, w, slot, square, w, rate, decay)
		add(ops.ApplyAMSGradOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, w, slot, square, square, w, rate, decay)
		small := input{shape: s, v: between(0, 0.5)}
		rms := ops.ApplyRMSpropOp{Rho: 0.875, Eps: 1e-7}
		add(rms, w, square, small, rate, decay)
		rms.Momentum = 0.5
		add(rms, w, square, slot, small, rate, decay)
		rms.Centered = true
		add(rms, w, square, small, slot, small, rate, decay)
		rms.Momentum = 0
		add(rms, w, square, small, small, rate, decay)
		scale, first := input{shape: d(), v: list(1.25)}, input{shape: d(), v: list(1)}
		add(ops.ApplyAdamaxOp{OneMinusBeta1: 0.125, Beta2: 0.875, Eps: 1e-7}, w, slot, square, w, rate, decay)
		add(ops.ApplyNadamOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, w, slot, square, small, rate, rate, scale, decay)
		add(ops.ApplyAdagradOp{Eps: 1e-7}, w, square, w, rate, decay)
		add(ops.ApplyAdadeltaOp{Rho: 0.875, Eps: 1e-7}, w, square, square, w, rate, decay)
		add(ops.ApplyLionOp{Beta1: 0.875, Beta2: 0.75}, w, small, square, rate, decay)
		add(ops.ApplyFtrlOp{Power: 0.5, L1: 0.5, Shrink: 0.25}, small, square, square, square, first, scale, decay)
		add(ops.ApplyFtrlOp{Power: 0.25}, small, square, square, square, first, scale, decay)
		add(ops.ApplyLambOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, w, slot, square, small, rate, scale, scale, decay)
		t.adafactor(s, w, square, small, rate, decay)
		for _, start := range []input{first, {shape: d(), v: list(0)}} {
			free := ops.ApplyScheduleFreeOp{Beta1: 0.875, OneMinusBeta2: 0.0009765625, Eps: 1e-7}
			add(free, square, small, square, small, rate, scale, input{shape: d(), v: list(0.25)}, decay, start)
			add(ops.ApplyAverageOp{}, square, small, input{shape: d(), v: list(0.75)}, start)
			add(ops.ApplyAverageOp{Fixed: true}, square, small, input{shape: d(), v: list(0.75)})
			held := start
			held.dt = tensor.Bool
			add(ops.ApplyIfOp{Op: ops.ApplyAdagradOp{Eps: 1e-7}}, w, square, w, rate, decay, held)
			adagrad := ops.ApplyScaledOp{Op: ops.ApplyAdagradOp{Eps: 1e-7}, Limit: 0.5}
			add(adagrad, w, square, w, rate, decay, scale)
			add(ops.ApplyIfOp{Op: adagrad, Over: 3}, w, square, slot, w, rate, decay, scale, held)
			add(ops.ApplyIfOp{Op: ops.ApplyIfOp{Op: ops.ApplySGDOp{}, Over: 2}}, w, square, slot, rate, decay, held, held)
			add(ops.ApplyIfOp{Op: ops.ApplyLambOp{OneMinusBeta1: 0.125, OneMinusBeta2: 0.0009765625, Eps: 1e-7}, Over: 2},
				w, slot, square, small, square, rate, scale, scale, decay, held)
		}
	}
}
