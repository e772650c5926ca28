package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// tile is an instruction's function on float32 tiles; arity says which one it is.
type tile struct {
	arity int
	one   func(dst, x []float32)
	two   func(dst, a, b []float32)
	three func(dst, a, b, c []float32)
	// links are the same function as a link of a chain that comes in by each of the
	// arguments, if linked.
	links  [2]kern.LinkFunc
	linked bool
}

// tiles maps operation types to vector kernels. An elementwise operation without
// one runs its own Eval on every element.
var tiles = map[reflect.Type]func(op graph.Op) tile{}

func tile1[O ops.Unary](f func(dst, x []float32)) {
	tiles[reflect.TypeFor[O]()] = func(graph.Op) tile { return tile{arity: 1, one: f} }
}

func tile1With[O ops.Unary](make func(op O) func(dst, x []float32)) {
	tiles[reflect.TypeFor[O]()] = func(op graph.Op) tile { return tile{arity: 1, one: make(op.(O))} }
}

func tile2[O ops.Binary](f func(dst, a, b []float32)) {
	tiles[reflect.TypeFor[O]()] = func(graph.Op) tile { return tile{arity: 2, two: f} }
}

func tile2With[O ops.Binary](make func(op O) func(dst, a, b []float32)) {
	tiles[reflect.TypeFor[O]()] = func(op graph.Op) tile { return tile{arity: 2, two: make(op.(O))} }
}

// link1, link2 and linkWith note that the function of an operation, whose tile is there, can be a
// link.
func link1[O ops.Unary](f kern.LinkFunc) { link2[O](f, f) }

func link2[O graph.Op](first, second kern.LinkFunc) {
	linkWith(func(O) (_, _ kern.LinkFunc) { return first, second })
}

func linkWith[O graph.Op](make func(op O) (first, second kern.LinkFunc)) {
	t := reflect.TypeFor[O]()
	plain := tiles[t]
	tiles[t] = func(op graph.Op) tile {
		x := plain(op)
		x.links[0], x.links[1] = make(op.(O))
		x.linked = true
		return x
	}
}

// tileOf returns the function of an elementwise operation.
func tileOf(op graph.Op) (tile, bool) {
	if f := tiles[reflect.TypeOf(op)]; f != nil {
		return f(op), true
	}
	switch o := op.(type) {
	case ops.CastOp:
		return tile{arity: 1, one: castTo(o.To)}, true
	case ops.Unary:
		return tile{arity: 1, one: func(dst, x []float32) {
			for i, v := range x {
				dst[i] = float32(o.Eval(float64(v)))
			}
		}}, true
	case ops.Binary:
		return tile{arity: 2, two: func(dst, a, b []float32) {
			for i, v := range a {
				dst[i] = float32(o.Eval(float64(v), float64(b[i])))
			}
		}}, true
	case ops.Ternary:
		return tile{arity: 3, three: func(dst, a, b, c []float32) {
			for i, v := range a {
				dst[i] = float32(o.Eval(float64(v), float64(b[i]), float64(c[i])))
			}
		}}, true
	}
	return tile{}, false
}

// castTo returns the function that rounds float32 to the values of dtype dt. The values
// stay float32 inside a program and are stored as dt.
func castTo(dt tensor.DType) func(dst, x []float32) {
	switch dt {
	case tensor.Bool:
		return func(dst, x []float32) {
			for len(x) > 0 {
				n := min(len(x), len(noughts))
				kern.NotEqual(dst[:n], x[:n], noughts[:n])
				dst, x = dst[n:], x[n:]
			}
		}
	case tensor.Float16:
		return kern.RoundF16
	case tensor.BFloat16:
		return kern.RoundBF16
	}
	return func(dst, x []float32) { copy(dst, x) }
}

var noughts [256]float32

// softsign sets dst, which may be x, to x/(1+|x|).
func softsign(dst, x []float32) {
	var below [256]float32
	for len(x) > 0 {
		n := min(len(x), len(below))
		kern.Abs(below[:n], x[:n])
		kern.AddScalar(below[:n], below[:n], 1)
		kern.Div(dst[:n], x[:n], below[:n])
		dst, x = dst[n:], x[n:]
	}
}

func init() {
	tile2[ops.AddOp](kern.Add)
	tile2[ops.SubOp](kern.Sub)
	tile2[ops.MulOp](kern.Mul)
	tile2[ops.DivOp](kern.Div)
	tile2[ops.MaximumOp](kern.Max)
	tile2[ops.MinimumOp](kern.Min)
	tile2[ops.PowOp](kern.Pow)
	tile2[ops.EqualOp](kern.Equal)
	tile2[ops.NotEqualOp](kern.NotEqual)
	tile2[ops.LessOp](kern.Less)
	tile2[ops.LessEqualOp](kern.LessEqual)
	tile2[ops.GreaterOp](kern.Greater)
	tile2[ops.GreaterEqualOp](kern.GreaterEqual)
	tile2[ops.AndOp](kern.Min) // truth is 1 or 0
	tile2[ops.OrOp](kern.Max)
	tile2[ops.XorOp](kern.NotEqual)
	tile1[ops.NotOp](func(dst, x []float32) { kern.RSubScalar(dst, x, 1) })
	tiles[reflect.TypeFor[ops.WhereOp]()] = func(graph.Op) tile { return tile{arity: 3, three: kern.Select} }

	tile1[ops.NegOp](kern.Neg)
	tile1[ops.AbsOp](kern.Abs)
	tile1[ops.SignOp](kern.Sign)
	tile1[ops.SquareOp](kern.Square)
	tile1[ops.SqrtOp](kern.Sqrt)
	tile1[ops.RsqrtOp](kern.Rsqrt)
	tile1[ops.ReciprocalOp](kern.Reciprocal)
	tile1[ops.FloorOp](kern.Floor)
	tile1[ops.CeilOp](kern.Ceil)
	tile1[ops.RoundOp](kern.Round)
	tile1[ops.TruncOp](kern.Trunc)
	tile1[ops.ExpOp](kern.Exp)
	tile1[ops.Expm1Op](kern.Expm1)
	tile1[ops.LogOp](kern.Log)
	tile1[ops.Log1pOp](kern.Log1p)
	tile1[ops.TanhOp](kern.Tanh)
	tile1[ops.SigmoidOp](kern.Sigmoid)
	tile1[ops.ErfOp](kern.Erf)
	tile1[ops.SoftplusOp](kern.Softplus)
	tile1[ops.SoftsignOp](softsign)
	tile1[ops.SiluOp](kern.Silu)
	tile1[ops.GeluOp](kern.Gelu)
	tile1[ops.GeluTanhOp](kern.GeluTanh)
	tile1[ops.SeluOp](kern.Selu)
	tile1[ops.ReluOp](kern.Relu)
	tile2[ops.ReluGradOp](kern.ReluGrad)
	tile2[ops.SigmoidGradOp](kern.SigmoidGrad)
	tile2[ops.TanhGradOp](kern.TanhGrad)

	link1[ops.ReluOp](kern.LinkRelu)
	link1[ops.SquareOp](kern.LinkSquare)
	link2[ops.AddOp](kern.LinkAdd, kern.LinkAdd)
	link2[ops.SubOp](kern.LinkSub, kern.LinkSubFrom)
	link2[ops.MulOp](kern.LinkMul, kern.LinkMul)
	link2[ops.ReluGradOp](kern.LinkReluGradOf, kern.LinkReluGrad)

	tile1With(func(op ops.ClipOp) func(dst, x []float32) {
		lo, hi := float32(op.Lo), float32(op.Hi)
		return func(dst, x []float32) { kern.Clip(dst, x, lo, hi) }
	})
	tile2With(func(op ops.ClipGradOp) func(dst, x, dy []float32) {
		lo, hi := float32(op.Lo), float32(op.Hi)
		return func(dst, x, dy []float32) { kern.ClipGrad(dst, x, dy, lo, hi) }
	})
	linkWith(func(op ops.ClipOp) (_, _ kern.LinkFunc) {
		f := kern.LinkClip(float32(op.Lo), float32(op.Hi))
		return f, f
	})
	linkWith(func(op ops.ClipGradOp) (_, _ kern.LinkFunc) {
		lo, hi := float32(op.Lo), float32(op.Hi)
		return kern.LinkClipGradOf(lo, hi), kern.LinkClipGrad(lo, hi)
	})
	tile1With(func(op ops.EluOp) func(dst, x []float32) {
		return func(dst, x []float32) { kern.Elu(dst, x, float32(op.Alpha)) }
	})
	tile2With(func(op ops.EluGradOp) func(dst, y, dy []float32) {
		return func(dst, y, dy []float32) { kern.EluGrad(dst, y, dy, float32(op.Alpha)) }
	})
	tile1With(func(op ops.LeakyReluOp) func(dst, x []float32) {
		return func(dst, x []float32) { kern.LeakyRelu(dst, x, float32(op.Alpha)) }
	})
	tile2With(func(op ops.LeakyReluGradOp) func(dst, y, dy []float32) {
		return func(dst, y, dy []float32) { kern.LeakyReluGrad(dst, y, dy, float32(op.Alpha)) }
	})
}
