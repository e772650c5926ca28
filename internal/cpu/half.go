package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

// halfFuncs maps operation types to functions on the bits of halves.
var halfFuncs = map[reflect.Type]func(op graph.Op) kern.HalfFunc{}

// half registers the function of an operation.
func half[O graph.Op](f kern.HalfOp) {
	halfFuncs[reflect.TypeFor[O]()] = func(graph.Op) kern.HalfFunc { return kern.HalfFunc{Op: f} }
}

// halfWith registers the function of an operation with numbers.
func halfWith[O graph.Op](f kern.HalfOp, numbers func(op O) (float64, float64)) {
	halfFuncs[reflect.TypeFor[O]()] = func(op graph.Op) kern.HalfFunc {
		a, b := numbers(op.(O))
		return kern.HalfFunc{Op: f, P: [2]float32{float32(a), float32(b)}}
	}
}

func init() {
	half[ops.AddOp](kern.HalfAdd)
	half[ops.SubOp](kern.HalfSub)
	half[ops.MulOp](kern.HalfMul)
	half[ops.DivOp](kern.HalfDiv)
	half[ops.MaximumOp](kern.HalfMax)
	half[ops.MinimumOp](kern.HalfMin)
	half[ops.ReluGradOp](kern.HalfReluGrad)
	half[ops.SigmoidGradOp](kern.HalfSigmoidGrad)
	half[ops.TanhGradOp](kern.HalfTanhGrad)
	half[ops.ReluOp](kern.HalfRelu)
	half[ops.SquareOp](kern.HalfSquare)
	half[ops.ExpOp](kern.HalfExp)
	half[ops.TanhOp](kern.HalfTanh)
	half[ops.SigmoidOp](kern.HalfSigmoid)
	half[ops.SiluOp](kern.HalfSilu)
	half[ops.GeluOp](kern.HalfGelu)
	half[ops.GeluTanhOp](kern.HalfGeluTanh)
	half[ops.NegOp](kern.HalfNeg)
	half[ops.AbsOp](kern.HalfAbs)
	half[ops.SqrtOp](kern.HalfSqrt)
	half[ops.RsqrtOp](kern.HalfRsqrt)
	half[ops.LogOp](kern.HalfLog)
	half[ops.ErfOp](kern.HalfErf)
	half[ops.SoftplusOp](kern.HalfSoftplus)
	half[ops.SeluOp](kern.HalfSelu)
	halfWith(kern.HalfLeakyRelu, func(op ops.LeakyReluOp) (float64, float64) { return op.Alpha, 0 })
	halfWith(kern.HalfLeakyReluGrad, func(op ops.LeakyReluGradOp) (float64, float64) { return op.Alpha, 0 })
	halfWith(kern.HalfElu, func(op ops.EluOp) (float64, float64) { return op.Alpha, 0 })
	halfWith(kern.HalfEluGrad, func(op ops.EluGradOp) (float64, float64) { return op.Alpha, 0 })
	halfWith(kern.HalfClip, func(op ops.ClipOp) (float64, float64) { return op.Lo, op.Hi })
}

// keepsHalves reports whether the results of op on halves are halves, not to be rounded.
func keepsHalves(op graph.Op) bool {
	switch op.(type) {
	case ops.MaximumOp, ops.MinimumOp, ops.ReluOp, ops.ReluGradOp, ops.NegOp, ops.AbsOp, ops.SignOp, ops.WhereOp,
		ops.FloorOp, ops.CeilOp, ops.TruncOp, ops.RoundOp, ops.ReduceMaxOp, ops.ReduceMinOp:
		return true
	}
	return false
}

// roundTo rounds float32 to the values of bfloat16 or float16.
func roundTo(bf16 bool, dst, x []float32) {
	if bf16 {
		kern.RoundBF16(dst, x)
	} else {
		kern.RoundF16(dst, x)
	}
}

// narrowTo rounds float32 to bfloat16 or float16.
func narrowTo(bf16 bool, dst []uint16, x []float32) {
	if bf16 {
		kern.F32ToBF16(dst, x)
	} else {
		kern.F32ToF16(dst, x)
	}
}

// widenFrom converts bfloat16 or float16 to float32.
func widenFrom(bf16 bool, dst []float32, x []uint16) {
	if bf16 {
		kern.BF16ToF32(dst, x)
	} else {
		kern.F16ToF32(dst, x)
	}
}

// fillHalf sets every element to v, which bfloat16 or float16 holds.
func fillHalf(dst []uint16, v float32, bf16 bool) {
	var bits [1]uint16
	narrowTo(bf16, bits[:], []float32{v})
	kern.FillHalf(dst, bits[0])
}

// loadBits copies the bits of the halves from at on.
func loadBits(dst []uint16, b backend.Buf, w *walk, at int) {
	src := bits16(b)
	for len(dst) > 0 {
		from, step, n := w.run(at)
		n = min(n, len(dst))
		switch step {
		case 1:
			copy(dst[:n], src[from:])
		case 0:
			kern.FillHalf(dst[:n], src[from])
		default:
			for i := range dst[:n] {
				dst[i] = src[from+i*step]
			}
		}
		dst, at = dst[n:], at+n
	}
}
