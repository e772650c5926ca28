package optest

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	families = append(families, (*table).elementwise, (*table).activations, (*table).binaries, (*table).choices)
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
	for _, op := range []graph.Op{ops.ReluGradOp{}, ops.LeakyReluGradOp{Alpha: 0.25}, ops.EluGradOp{Alpha: 1.5}, ops.ClipGradOp{Lo: -0.5, Hi: 1}} {
		t.binary(op, floats, awayFromZero, anyReal, 2, 2)
	}
	t.binary(ops.SigmoidGradOp{}, floats, between(0, 1), anyReal, 3, 0)
	t.binary(ops.TanhGradOp{}, floats, between(-1, 1), anyReal, 2, 2)
	for _, s := range [][2]tensor.Dims{{d(7), d(7)}, {d(2, 3), d(3)}, {d(), d()}, {d(0, 4), d(4)}, {d(37, 31), d(31)}} {
		whole, part := input{shape: s[0], v: anyReal}, input{shape: s[1], v: anyReal}
		t.add(ops.LSTMCellOp{}, floats, 8, 8, whole, part, whole, part, whole)
	}
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
