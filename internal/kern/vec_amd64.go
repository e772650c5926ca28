//go:build !purego

package kern

func vAdd(dst, a, b []float32) {
	switch {
	case useAVX512:
		vAddAVX512(dst, a, b)
	case useAVX2:
		vAddAVX2(dst, a, b)
	default:
		vAddGo(dst, a, b)
	}
}

func vSub(dst, a, b []float32) {
	switch {
	case useAVX512:
		vSubAVX512(dst, a, b)
	case useAVX2:
		vSubAVX2(dst, a, b)
	default:
		vSubGo(dst, a, b)
	}
}

func vMul(dst, a, b []float32) {
	switch {
	case useAVX512:
		vMulAVX512(dst, a, b)
	case useAVX2:
		vMulAVX2(dst, a, b)
	default:
		vMulGo(dst, a, b)
	}
}

func vDiv(dst, a, b []float32) {
	switch {
	case useAVX512:
		vDivAVX512(dst, a, b)
	case useAVX2:
		vDivAVX2(dst, a, b)
	default:
		vDivGo(dst, a, b)
	}
}

func vMax(dst, a, b []float32) {
	switch {
	case useAVX512:
		vMaxAVX512(dst, a, b)
	case useAVX2:
		vMaxAVX2(dst, a, b)
	default:
		vMaxGo(dst, a, b)
	}
}

func vMin(dst, a, b []float32) {
	switch {
	case useAVX512:
		vMinAVX512(dst, a, b)
	case useAVX2:
		vMinAVX2(dst, a, b)
	default:
		vMinGo(dst, a, b)
	}
}

func vEqual(dst, a, b []float32) {
	switch {
	case useAVX512:
		vEqualAVX512(dst, a, b)
	case useAVX2:
		vEqualAVX2(dst, a, b)
	default:
		vEqualGo(dst, a, b)
	}
}

func vNotEqual(dst, a, b []float32) {
	switch {
	case useAVX512:
		vNotEqualAVX512(dst, a, b)
	case useAVX2:
		vNotEqualAVX2(dst, a, b)
	default:
		vNotEqualGo(dst, a, b)
	}
}

func vLess(dst, a, b []float32) {
	switch {
	case useAVX512:
		vLessAVX512(dst, a, b)
	case useAVX2:
		vLessAVX2(dst, a, b)
	default:
		vLessGo(dst, a, b)
	}
}

func vLessEqual(dst, a, b []float32) {
	switch {
	case useAVX512:
		vLessEqualAVX512(dst, a, b)
	case useAVX2:
		vLessEqualAVX2(dst, a, b)
	default:
		vLessEqualGo(dst, a, b)
	}
}

func vGreater(dst, a, b []float32) {
	switch {
	case useAVX512:
		vGreaterAVX512(dst, a, b)
	case useAVX2:
		vGreaterAVX2(dst, a, b)
	default:
		vGreaterGo(dst, a, b)
	}
}

func vGreaterEqual(dst, a, b []float32) {
	switch {
	case useAVX512:
		vGreaterEqualAVX512(dst, a, b)
	case useAVX2:
		vGreaterEqualAVX2(dst, a, b)
	default:
		vGreaterEqualGo(dst, a, b)
	}
}

func vSelect(dst, mask, a, b []float32) {
	switch {
	case useAVX512:
		vSelectAVX512(dst, mask, a, b)
	case useAVX2:
		vSelectAVX2(dst, mask, a, b)
	default:
		vSelectGo(dst, mask, a, b)
	}
}

func vFMAdd(dst, a, b, c []float32) {
	switch {
	case useAVX512:
		vFMAddAVX512(dst, a, b, c)
	case useAVX2:
		vFMAddAVX2(dst, a, b, c)
	default:
		vFMAddGo(dst, a, b, c)
	}
}

func vAddScaled(dst, a, b []float32, s float32) {
	switch {
	case useAVX512:
		vAddScaledAVX512(dst, a, b, s)
	case useAVX2:
		vAddScaledAVX2(dst, a, b, s)
	default:
		vAddScaledGo(dst, a, b, s)
	}
}

func vAddScalar(dst, x []float32, s float32) {
	switch {
	case useAVX512:
		vAddScalarAVX512(dst, x, s)
	case useAVX2:
		vAddScalarAVX2(dst, x, s)
	default:
		vAddScalarGo(dst, x, s)
	}
}

func vRSubScalar(dst, x []float32, s float32) {
	switch {
	case useAVX512:
		vRSubScalarAVX512(dst, x, s)
	case useAVX2:
		vRSubScalarAVX2(dst, x, s)
	default:
		vRSubScalarGo(dst, x, s)
	}
}

func vMulScalar(dst, x []float32, s float32) {
	switch {
	case useAVX512:
		vMulScalarAVX512(dst, x, s)
	case useAVX2:
		vMulScalarAVX2(dst, x, s)
	default:
		vMulScalarGo(dst, x, s)
	}
}

func vDivScalar(dst, x []float32, s float32) {
	switch {
	case useAVX512:
		vDivScalarAVX512(dst, x, s)
	case useAVX2:
		vDivScalarAVX2(dst, x, s)
	default:
		vDivScalarGo(dst, x, s)
	}
}

func vRDivScalar(dst, x []float32, s float32) {
	switch {
	case useAVX512:
		vRDivScalarAVX512(dst, x, s)
	case useAVX2:
		vRDivScalarAVX2(dst, x, s)
	default:
		vRDivScalarGo(dst, x, s)
	}
}

func vMaxScalar(dst, x []float32, s float32) {
	switch {
	case useAVX512:
		vMaxScalarAVX512(dst, x, s)
	case useAVX2:
		vMaxScalarAVX2(dst, x, s)
	default:
		vMaxScalarGo(dst, x, s)
	}
}

func vMinScalar(dst, x []float32, s float32) {
	switch {
	case useAVX512:
		vMinScalarAVX512(dst, x, s)
	case useAVX2:
		vMinScalarAVX2(dst, x, s)
	default:
		vMinScalarGo(dst, x, s)
	}
}

func vClip(dst, x []float32, lo, hi float32) {
	switch {
	case useAVX512:
		vClipAVX512(dst, x, lo, hi)
	case useAVX2:
		vClipAVX2(dst, x, lo, hi)
	default:
		vClipGo(dst, x, lo, hi)
	}
}

func vFill(dst []float32, s float32) {
	switch {
	case useAVX512:
		vFillAVX512(dst, s)
	case useAVX2:
		vFillAVX2(dst, s)
	default:
		vFillGo(dst, s)
	}
}

func vNeg(dst, x []float32) {
	switch {
	case useAVX512:
		vNegAVX512(dst, x)
	case useAVX2:
		vNegAVX2(dst, x)
	default:
		vNegGo(dst, x)
	}
}

func vAbs(dst, x []float32) {
	switch {
	case useAVX512:
		vAbsAVX512(dst, x)
	case useAVX2:
		vAbsAVX2(dst, x)
	default:
		vAbsGo(dst, x)
	}
}

func vSign(dst, x []float32) {
	switch {
	case useAVX512:
		vSignAVX512(dst, x)
	case useAVX2:
		vSignAVX2(dst, x)
	default:
		vSignGo(dst, x)
	}
}

func vSquare(dst, x []float32) {
	switch {
	case useAVX512:
		vSquareAVX512(dst, x)
	case useAVX2:
		vSquareAVX2(dst, x)
	default:
		vSquareGo(dst, x)
	}
}

func vSqrt(dst, x []float32) {
	switch {
	case useAVX512:
		vSqrtAVX512(dst, x)
	case useAVX2:
		vSqrtAVX2(dst, x)
	default:
		vSqrtGo(dst, x)
	}
}

func vReciprocal(dst, x []float32) {
	switch {
	case useAVX512:
		vReciprocalAVX512(dst, x)
	case useAVX2:
		vReciprocalAVX2(dst, x)
	default:
		vReciprocalGo(dst, x)
	}
}

func vRsqrt(dst, x []float32) {
	switch {
	case useAVX512:
		vRsqrtAVX512(dst, x)
	case useAVX2:
		vRsqrtAVX2(dst, x)
	default:
		vRsqrtGo(dst, x)
	}
}

func vFloor(dst, x []float32) {
	switch {
	case useAVX512:
		vFloorAVX512(dst, x)
	case useAVX2:
		vFloorAVX2(dst, x)
	default:
		vFloorGo(dst, x)
	}
}

func vCeil(dst, x []float32) {
	switch {
	case useAVX512:
		vCeilAVX512(dst, x)
	case useAVX2:
		vCeilAVX2(dst, x)
	default:
		vCeilGo(dst, x)
	}
}

func vRound(dst, x []float32) {
	switch {
	case useAVX512:
		vRoundAVX512(dst, x)
	case useAVX2:
		vRoundAVX2(dst, x)
	default:
		vRoundGo(dst, x)
	}
}

func vTrunc(dst, x []float32) {
	switch {
	case useAVX512:
		vTruncAVX512(dst, x)
	case useAVX2:
		vTruncAVX2(dst, x)
	default:
		vTruncGo(dst, x)
	}
}

func vRelu(dst, x []float32) {
	switch {
	case useAVX512:
		vReluAVX512(dst, x)
	case useAVX2:
		vReluAVX2(dst, x)
	default:
		vReluGo(dst, x)
	}
}

func vReluGrad(dst, y, dy []float32) {
	switch {
	case useAVX512:
		vReluGradAVX512(dst, y, dy)
	case useAVX2:
		vReluGradAVX2(dst, y, dy)
	default:
		vReluGradGo(dst, y, dy)
	}
}

func vLeakyRelu(dst, x []float32, alpha float32) {
	switch {
	case useAVX512:
		vLeakyReluAVX512(dst, x, alpha)
	case useAVX2:
		vLeakyReluAVX2(dst, x, alpha)
	default:
		vLeakyReluGo(dst, x, alpha)
	}
}

func vLeakyReluGrad(dst, y, dy []float32, alpha float32) {
	switch {
	case useAVX512:
		vLeakyReluGradAVX512(dst, y, dy, alpha)
	case useAVX2:
		vLeakyReluGradAVX2(dst, y, dy, alpha)
	default:
		vLeakyReluGradGo(dst, y, dy, alpha)
	}
}

func vEluGrad(dst, y, dy []float32, alpha float32) {
	switch {
	case useAVX512:
		vEluGradAVX512(dst, y, dy, alpha)
	case useAVX2:
		vEluGradAVX2(dst, y, dy, alpha)
	default:
		vEluGradGo(dst, y, dy, alpha)
	}
}

func vSigmoidGrad(dst, y, dy []float32) {
	switch {
	case useAVX512:
		vSigmoidGradAVX512(dst, y, dy)
	case useAVX2:
		vSigmoidGradAVX2(dst, y, dy)
	default:
		vSigmoidGradGo(dst, y, dy)
	}
}

func vTanhGrad(dst, y, dy []float32) {
	switch {
	case useAVX512:
		vTanhGradAVX512(dst, y, dy)
	case useAVX2:
		vTanhGradAVX2(dst, y, dy)
	default:
		vTanhGradGo(dst, y, dy)
	}
}

func vExp(dst, x []float32) {
	switch {
	case useAVX512:
		vExpAVX512(dst, x)
	case useAVX2:
		vExpAVX2(dst, x)
	default:
		vExpGo(dst, x)
	}
}

func vExpm1(dst, x []float32) {
	switch {
	case useAVX512:
		vExpm1AVX512(dst, x)
	case useAVX2:
		vExpm1AVX2(dst, x)
	default:
		vExpm1Go(dst, x)
	}
}

func vLog(dst, x []float32) {
	switch {
	case useAVX512:
		vLogAVX512(dst, x)
	case useAVX2:
		vLogAVX2(dst, x)
	default:
		vLogGo(dst, x)
	}
}

func vLog1p(dst, x []float32) {
	switch {
	case useAVX512:
		vLog1pAVX512(dst, x)
	case useAVX2:
		vLog1pAVX2(dst, x)
	default:
		vLog1pGo(dst, x)
	}
}

func vTanh(dst, x []float32) {
	switch {
	case useAVX512:
		vTanhAVX512(dst, x)
	case useAVX2:
		vTanhAVX2(dst, x)
	default:
		vTanhGo(dst, x)
	}
}

func vSigmoid(dst, x []float32) {
	switch {
	case useAVX512:
		vSigmoidAVX512(dst, x)
	case useAVX2:
		vSigmoidAVX2(dst, x)
	default:
		vSigmoidGo(dst, x)
	}
}

func vErf(dst, x []float32) {
	switch {
	case useAVX512:
		vErfAVX512(dst, x)
	case useAVX2:
		vErfAVX2(dst, x)
	default:
		vErfGo(dst, x)
	}
}

func vSoftplus(dst, x []float32) {
	switch {
	case useAVX512:
		vSoftplusAVX512(dst, x)
	case useAVX2:
		vSoftplusAVX2(dst, x)
	default:
		vSoftplusGo(dst, x)
	}
}

func vSilu(dst, x []float32) {
	switch {
	case useAVX512:
		vSiluAVX512(dst, x)
	case useAVX2:
		vSiluAVX2(dst, x)
	default:
		vSiluGo(dst, x)
	}
}

func vGelu(dst, x []float32) {
	switch {
	case useAVX512:
		vGeluAVX512(dst, x)
	case useAVX2:
		vGeluAVX2(dst, x)
	default:
		vGeluGo(dst, x)
	}
}

func vGeluTanh(dst, x []float32) {
	switch {
	case useAVX512:
		vGeluTanhAVX512(dst, x)
	case useAVX2:
		vGeluTanhAVX2(dst, x)
	default:
		vGeluTanhGo(dst, x)
	}
}

func vElu(dst, x []float32, alpha float32) {
	switch {
	case useAVX512:
		vEluAVX512(dst, x, alpha)
	case useAVX2:
		vEluAVX2(dst, x, alpha)
	default:
		vEluGo(dst, x, alpha)
	}
}

func vSelu(dst, x []float32) {
	switch {
	case useAVX512:
		vSeluAVX512(dst, x)
	case useAVX2:
		vSeluAVX2(dst, x)
	default:
		vSeluGo(dst, x)
	}
}
