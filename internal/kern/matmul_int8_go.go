package kern

// goIntTile is the tile of the portable kernel.
var goIntTile = intTile{isa: portable, group: 2, mr: 2, width: 2, nr: 4, grain: 1 << 16}

// intKernelGo computes strips in plain Go.
func intKernelGo(t intTile, s *intStrips) {
	a, c, rowP, rowQ := s.a, s.c, s.rowP, s.rowQ
	for i := range s.strips {
		if t == goIntTile && s.rows == 2 && s.n == 4 {
			intTile2x4(s, a, c)
		} else {
			intTileAny(t, s, a, c)
		}
		if s.corrects {
			for r := range s.rows {
				p, q := rowP[r], rowQ[r]
				for j, row := 0, c[r*s.ldc:][:s.n]; j < s.n; j++ {
					row[j] += p*s.colX[j] + q*s.colY[j]
				}
			}
		}
		if i+1 < s.strips {
			a, c, rowP, rowQ = a[s.stepA:], c[s.rows*s.ldc:], rowP[s.rows:], rowQ[s.rows:]
		}
	}
}

// intTileAny computes a tile of any kind.
func intTileAny(t intTile, s *intStrips, a, c []int32) {
	for r := range s.rows {
		row := c[r*s.ldc:][:s.n]
		if s.first {
			clear(row)
		}
		for k := range s.steps {
			x := a[k*t.width+r]
			for j, y := range s.b[k*t.nr:][:s.n] {
				if t.group == 2 {
					row[j] += int32(int16(x))*int32(int16(y)) + x>>16*(y>>16)
				} else {
					row[j] += dot4(uint32(x), y)
				}
			}
		}
	}
}

// dot4 multiplies four uint8 by four int8.
func dot4(x uint32, y int32) int32 {
	return int32(x&0xff)*int32(int8(y)) + int32(x>>8&0xff)*int32(int8(y>>8)) +
		int32(x>>16&0xff)*int32(int8(y>>16)) + int32(x>>24)*(y>>24)
}

// intTile2x4 computes a whole tile of pairs.
func intTile2x4(s *intStrips, a, c []int32) {
	c0, c1 := c[:4], c[s.ldc:][:4]
	var x00, x01, x02, x03, x10, x11, x12, x13 int32
	if !s.first {
		x00, x01, x02, x03 = c0[0], c0[1], c0[2], c0[3]
		x10, x11, x12, x13 = c1[0], c1[1], c1[2], c1[3]
	}
	a, b := a[:2*s.steps], s.b[:4*s.steps]
	for len(a) >= 2 && len(b) >= 4 {
		lo0, hi0, lo1, hi1 := int32(int16(a[0])), a[0]>>16, int32(int16(a[1])), a[1]>>16
		lo, hi := int32(int16(b[0])), b[0]>>16
		x00 += lo0*lo + hi0*hi
		x10 += lo1*lo + hi1*hi
		lo, hi = int32(int16(b[1])), b[1]>>16
		x01 += lo0*lo + hi0*hi
		x11 += lo1*lo + hi1*hi
		lo, hi = int32(int16(b[2])), b[2]>>16
		x02 += lo0*lo + hi0*hi
		x12 += lo1*lo + hi1*hi
		lo, hi = int32(int16(b[3])), b[3]>>16
		x03 += lo0*lo + hi0*hi
		x13 += lo1*lo + hi1*hi
		a, b = a[2:], b[4:]
	}
	c0[0], c0[1], c0[2], c0[3] = x00, x01, x02, x03
	c1[0], c1[1], c1[2], c1[3] = x10, x11, x12, x13
}
