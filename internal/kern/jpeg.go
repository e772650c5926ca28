package kern

// InverseDCT sets a block of 8 rows of 8 samples, which begin stride apart, to the inverse cosine
// transform of coefficients times their quantization, modulo 1<<16, plus 128: the nearest level
// from 0 to 255. It rounds as libjpeg's slow and accurate transform does.
//
// Source: Loeffler, Ligtenberg, Moschytz 1989, Practical fast 1-D DCT algorithms with 11
// multiplications; libjpeg, JDCT_ISLOW: constants of 13 bits, 2 bits kept between the passes.
func InverseDCT(pix []uint8, stride int, coefficients *[64]int16, quant *[64]uint16) {
	_ = pix[7*stride+7]
	if !inverseDCT(pix, stride, coefficients, quant) {
		inverseDCTGo(pix, stride, coefficients, quant)
	}
}

// Constants of the transform, times 1<<13 and rounded. Each has four digits of its number.
const (
	dct0298 = 2446  // 0.298631336
	dct0390 = 3196  // 0.390180644
	dct0541 = 4433  // 0.541196100
	dct0765 = 6270  // 0.765366865
	dct0899 = 7373  // 0.899976223
	dct1175 = 9633  // 1.175875602
	dct1501 = 12299 // 1.501321110
	dct1847 = 15137 // 1.847759065
	dct1961 = 16069 // 1.961570560
	dct2053 = 16819 // 2.053119869
	dct2562 = 20995 // 2.562915447
	dct3072 = 25172 // 3.072711026
)

// idct transforms 8 numbers, all of which get half added and lose some bits.
func idct(x *[8]int32, half int32, shift int) {
	z := (x[2] + x[6]) * dct0541
	a2, a3 := z-x[6]*dct1847, z+x[2]*dct0765
	a0, a1 := (x[0]+x[4])<<13+half, (x[0]-x[4])<<13+half
	e0, e3, e1, e2 := a0+a3, a0-a3, a1+a2, a1-a2

	z1, z2, z3, z4 := x[7]+x[1], x[5]+x[3], x[7]+x[3], x[5]+x[1]
	z5 := (z3 + z4) * dct1175
	z1, z2 = z1*-dct0899, z2*-dct2562
	z3, z4 = z3*-dct1961+z5, z4*-dct0390+z5
	o0 := x[7]*dct0298 + z1 + z3
	o1 := x[5]*dct2053 + z2 + z4
	o2 := x[3]*dct3072 + z2 + z3
	o3 := x[1]*dct1501 + z1 + z4

	x[0], x[7] = (e0+o3)>>shift, (e0-o3)>>shift
	x[1], x[6] = (e1+o2)>>shift, (e1-o2)>>shift
	x[2], x[5] = (e2+o1)>>shift, (e2-o1)>>shift
	x[3], x[4] = (e3+o0)>>shift, (e3-o0)>>shift
}

func inverseDCTGo(pix []uint8, stride int, coefficients *[64]int16, quant *[64]uint16) {
	var rows [8][8]int32
	for i := range 8 { // columns
		c, q := coefficients[i:], quant[i:]
		c, q = c[:57], q[:57]
		at := func(k int) int32 { return int32(c[8*k] * int16(q[8*k])) }
		if c[8]|c[16]|c[24]|c[32]|c[40]|c[48]|c[56] == 0 {
			v := at(0) << 2
			for y := range rows {
				rows[y][i] = v
			}
			continue
		}
		x := [8]int32{at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)}
		idct(&x, 1<<10, 11)
		for y, v := range x {
			rows[y][i] = v
		}
	}
	for y := range rows {
		x, to := &rows[y], pix[y*stride:][:8]
		idct(x, 128<<18+1<<17, 18)
		for i, v := range x {
			to[i] = uint8(min(max(v, 0), 255))
		}
	}
}

// SumSamples sets sums to a times the samples of one row and b times those of another.
func SumSamples(sums []uint16, near, far []uint8, a, b uint16) {
	n := sumSamples(sums, near, far, a, b)
	sumSamplesGo(sums[n:], near[n:], far[n:], a, b)
}

func sumSamplesGo(sums []uint16, near, far []uint8, a, b uint16) {
	near, far = near[:len(sums)], far[:len(sums)]
	for i, v := range near {
		sums[i] = a*uint16(v) + b*uint16(far[i])
	}
}

// BetweenSamples sets pairs of samples of dst, which has as many pairs as sums has numbers beside
// its first and last: three times a sum and that at its left, or right, with a number added, and
// shift bits less. These fit 8 bits.
func BetweenSamples(dst []uint8, sums []uint16, left, right uint16, shift int) {
	n := betweenSamples(dst, sums, left, right, shift)
	betweenSamplesGo(dst[2*n:], sums[n:], left, right, shift)
}

func betweenSamplesGo(dst []uint8, sums []uint16, left, right uint16, shift int) {
	n := len(dst) / 2
	sums = sums[:n+2]
	for k := range n {
		here := 3 * sums[k+1]
		dst[2*k] = uint8((here + sums[k] + left) >> shift)
		dst[2*k+1] = uint8((here + sums[k+2] + right) >> shift)
	}
}

// Colors sets pixels of 4 bytes, the last of them 255, to the colors of luma and two components of
// color: y + 1.402·(cr-128), y - 0.71414·(cr-128) - 0.34414·(cb-128), y + 1.772·(cb-128), rounded.
//
// Source: T.871, section 7; libjpeg, which rounds factors to 16 bits.
func Colors(pix, y, cb, cr []uint8) {
	n := colors(pix, y, cb, cr)
	colorsGo(pix[4*n:], y[n:], cb[n:], cr[n:])
}

// Factors of color, in 65536ths.
const (
	redOfCr   = 91881
	blueOfCb  = 116130
	greenOfCr = 46802
	greenOfCb = 22554
	halfColor = 1 << 15
)

func colorsGo(pix, y, cb, cr []uint8) {
	cb, cr = cb[:len(y)], cr[:len(y)]
	level := func(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
	for i, luma := range y {
		y, b, r := int32(luma), int32(cb[i])-128, int32(cr[i])-128
		q := pix[4*i : 4*i+4 : 4*i+4]
		q[0] = level(y + (redOfCr*r+halfColor)>>16)
		q[1] = level(y + (halfColor-greenOfCb*b-greenOfCr*r)>>16)
		q[2] = level(y + (blueOfCb*b+halfColor)>>16)
		q[3] = 255
	}
}
