package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

// halfOps maps operation types to functions on the bits of halves.
var halfOps = map[reflect.Type]kern.HalfOp{
	reflect.TypeFor[ops.AddOp]():         kern.HalfAdd,
	reflect.TypeFor[ops.SubOp]():         kern.HalfSub,
	reflect.TypeFor[ops.MulOp]():         kern.HalfMul,
	reflect.TypeFor[ops.DivOp]():         kern.HalfDiv,
	reflect.TypeFor[ops.MaximumOp]():     kern.HalfMax,
	reflect.TypeFor[ops.MinimumOp]():     kern.HalfMin,
	reflect.TypeFor[ops.ReluGradOp]():    kern.HalfReluGrad,
	reflect.TypeFor[ops.SigmoidGradOp](): kern.HalfSigmoidGrad,
	reflect.TypeFor[ops.TanhGradOp]():    kern.HalfTanhGrad,
	reflect.TypeFor[ops.ReluOp]():        kern.HalfRelu,
	reflect.TypeFor[ops.SquareOp]():      kern.HalfSquare,
	reflect.TypeFor[ops.ExpOp]():         kern.HalfExp,
	reflect.TypeFor[ops.TanhOp]():        kern.HalfTanh,
	reflect.TypeFor[ops.SigmoidOp]():     kern.HalfSigmoid,
	reflect.TypeFor[ops.SiluOp]():        kern.HalfSilu,
	reflect.TypeFor[ops.GeluOp]():        kern.HalfGelu,
	reflect.TypeFor[ops.GeluTanhOp]():    kern.HalfGeluTanh,
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

// roundTo rounds float32 to what bfloat16, or float16, can hold.
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
