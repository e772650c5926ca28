//go:build !amd64 || purego

package kern

func vAdd(dst, a, b []float32)                           { vAddGo(dst, a, b) }
func vSub(dst, a, b []float32)                           { vSubGo(dst, a, b) }
func vMul(dst, a, b []float32)                           { vMulGo(dst, a, b) }
func vDiv(dst, a, b []float32)                           { vDivGo(dst, a, b) }
func vMax(dst, a, b []float32)                           { vMaxGo(dst, a, b) }
func vMin(dst, a, b []float32)                           { vMinGo(dst, a, b) }
func vEqual(dst, a, b []float32)                         { vEqualGo(dst, a, b) }
func vNotEqual(dst, a, b []float32)                      { vNotEqualGo(dst, a, b) }
func vLess(dst, a, b []float32)                          { vLessGo(dst, a, b) }
func vLessEqual(dst, a, b []float32)                     { vLessEqualGo(dst, a, b) }
func vGreater(dst, a, b []float32)                       { vGreaterGo(dst, a, b) }
func vGreaterEqual(dst, a, b []float32)                  { vGreaterEqualGo(dst, a, b) }
func vSelect(dst, mask, a, b []float32)                  { vSelectGo(dst, mask, a, b) }
func vFMAdd(dst, a, b, c []float32)                      { vFMAddGo(dst, a, b, c) }
func vAddScaled(dst, a, b []float32, s float32)          { vAddScaledGo(dst, a, b, s) }
func vAddScalar(dst, x []float32, s float32)             { vAddScalarGo(dst, x, s) }
func vRSubScalar(dst, x []float32, s float32)            { vRSubScalarGo(dst, x, s) }
func vMulScalar(dst, x []float32, s float32)             { vMulScalarGo(dst, x, s) }
func vDivScalar(dst, x []float32, s float32)             { vDivScalarGo(dst, x, s) }
func vRDivScalar(dst, x []float32, s float32)            { vRDivScalarGo(dst, x, s) }
func vMaxScalar(dst, x []float32, s float32)             { vMaxScalarGo(dst, x, s) }
func vMinScalar(dst, x []float32, s float32)             { vMinScalarGo(dst, x, s) }
func vClip(dst, x []float32, lo, hi float32)             { vClipGo(dst, x, lo, hi) }
func vFill(dst []float32, s float32)                     { vFillGo(dst, s) }
func vNeg(dst, x []float32)                              { vNegGo(dst, x) }
func vAbs(dst, x []float32)                              { vAbsGo(dst, x) }
func vSign(dst, x []float32)                             { vSignGo(dst, x) }
func vSquare(dst, x []float32)                           { vSquareGo(dst, x) }
func vSqrt(dst, x []float32)                             { vSqrtGo(dst, x) }
func vReciprocal(dst, x []float32)                       { vReciprocalGo(dst, x) }
func vRsqrt(dst, x []float32)                            { vRsqrtGo(dst, x) }
func vFloor(dst, x []float32)                            { vFloorGo(dst, x) }
func vCeil(dst, x []float32)                             { vCeilGo(dst, x) }
func vRound(dst, x []float32)                            { vRoundGo(dst, x) }
func vTrunc(dst, x []float32)                            { vTruncGo(dst, x) }
func vRelu(dst, x []float32)                             { vReluGo(dst, x) }
func vReluGrad(dst, y, dy []float32)                     { vReluGradGo(dst, y, dy) }
func vLeakyRelu(dst, x []float32, alpha float32)         { vLeakyReluGo(dst, x, alpha) }
func vLeakyReluGrad(dst, y, dy []float32, alpha float32) { vLeakyReluGradGo(dst, y, dy, alpha) }
func vEluGrad(dst, y, dy []float32, alpha float32)       { vEluGradGo(dst, y, dy, alpha) }
func vSigmoidGrad(dst, y, dy []float32)                  { vSigmoidGradGo(dst, y, dy) }
func vTanhGrad(dst, y, dy []float32)                     { vTanhGradGo(dst, y, dy) }
func vExp(dst, x []float32)                              { vExpGo(dst, x) }
func vExpm1(dst, x []float32)                            { vExpm1Go(dst, x) }
func vLog(dst, x []float32)                              { vLogGo(dst, x) }
func vLog1p(dst, x []float32)                            { vLog1pGo(dst, x) }
func vTanh(dst, x []float32)                             { vTanhGo(dst, x) }
func vSigmoid(dst, x []float32)                          { vSigmoidGo(dst, x) }
func vErf(dst, x []float32)                              { vErfGo(dst, x) }
func vSoftplus(dst, x []float32)                         { vSoftplusGo(dst, x) }
func vSilu(dst, x []float32)                             { vSiluGo(dst, x) }
func vGelu(dst, x []float32)                             { vGeluGo(dst, x) }
func vGeluTanh(dst, x []float32)                         { vGeluTanhGo(dst, x) }
func vElu(dst, x []float32, alpha float32)               { vEluGo(dst, x, alpha) }
func vSelu(dst, x []float32)                             { vSeluGo(dst, x) }
