package kern

// goTile is the tile of the portable kernel.
var goTile = tile{isa: portable, lanes: 1, mr: 2, nr: 4, width: 2, grain: 1 << 16}

// kernelGo computes strips in plain Go. A is packed.
func kernelGo[T Float](s *strips[T]) {
	if t, ok := s.unfinished(); ok {
		kernelGo(&t)
		s.finish()
		return
	}
	a, c := s.a, s.c
	for range s.strips {
		switch {
		case s.n == 4 && s.rows == 2:
			tile2x4(s, a, c)
		case s.n == 4:
			tile1x4(s, a, c)
		default:
			tile1x1(s, a, c)
		}
		a = a[s.stepA:]
		c = from(c, s.rows*s.ldc)
	}
}

// unfinished returns the work without what is added to the results, and without their bounds,
// if there is more than a lower one: finish does these.
func (s *strips[T]) unfinished() (t strips[T], ok bool) {
	if !s.last || s.add == nil && s.cap == 0 {
		return t, false
	}
	t = *s
	t.add, t.low, t.cap = nil, lowOf[T](NoAct), 0
	return t, true
}

// finish adds what is added to the results, and bounds them.
func (s *strips[T]) finish() {
	for i := range s.rows * s.strips {
		row := s.c[i*s.ldc:][:s.n]
		for j, x := range row {
			if s.add != nil {
				x += s.add[i*s.ldAdd+j]
			}
			if x = s.act(x); s.cap != 0 && x > s.cap {
				x = s.cap
			}
			row[j] = x
		}
	}
}

// start returns the first value of the sum of element j of the row c.
func (s *strips[T]) start(c []T, j int) T {
	switch {
	case !s.first:
		return c[j]
	case s.bias != nil:
		return s.bias[j]
	}
	return 0
}

// act is the activation of a finished chain.
func (s *strips[T]) act(x T) T {
	if x < s.low {
		return s.low
	}
	return x
}

func tile2x4[T Float](s *strips[T], a, c []T) {
	c0, c1 := c[:4], c[s.ldc:][:4]
	x00, x01, x02, x03 := s.start(c0, 0), s.start(c0, 1), s.start(c0, 2), s.start(c0, 3)
	x10, x11, x12, x13 := s.start(c1, 0), s.start(c1, 1), s.start(c1, 2), s.start(c1, 3)
	a = a[:2*s.k]
	b := s.b
	for len(a) >= 2 {
		// The conversions keep the compiler from fusing: the bits are the same everywhere.
		a0, a1 := a[0], a[1]
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		x00 += T(a0 * b0)
		x01 += T(a0 * b1)
		x02 += T(a0 * b2)
		x03 += T(a0 * b3)
		x10 += T(a1 * b0)
		x11 += T(a1 * b1)
		x12 += T(a1 * b2)
		x13 += T(a1 * b3)
		a = a[2:]
		b = from(b, s.ldb)
	}
	c0[0], c0[1], c0[2], c0[3] = s.act(x00), s.act(x01), s.act(x02), s.act(x03)
	c1[0], c1[1], c1[2], c1[3] = s.act(x10), s.act(x11), s.act(x12), s.act(x13)
}

func tile1x4[T Float](s *strips[T], a, c []T) {
	c = c[:4]
	x0, x1, x2, x3 := s.start(c, 0), s.start(c, 1), s.start(c, 2), s.start(c, 3)
	a = a[:2*s.k]
	b := s.b
	for len(a) >= 2 {
		a0 := a[0]
		x0 += T(a0 * b[0])
		x1 += T(a0 * b[1])
		x2 += T(a0 * b[2])
		x3 += T(a0 * b[3])
		a = a[2:]
		b = from(b, s.ldb)
	}
	c[0], c[1], c[2], c[3] = s.act(x0), s.act(x1), s.act(x2), s.act(x3)
}

// tile1x1 computes the elements left at the edges.
func tile1x1[T Float](s *strips[T], a, c []T) {
	for i := range s.rows {
		row := c[i*s.ldc:][:s.n]
		for j := range row {
			x := s.start(row, j)
			for k := range s.k {
				x += T(a[2*k+i] * s.b[k*s.ldb+j])
			}
			row[j] = s.act(x)
		}
	}
}

// packRowsGo copies k rows of n elements.
func packRowsGo[T Float](dst []T, ldDst int, src []T, ldSrc, n, k int) {
	for i := range k {
		copy(dst[i*ldDst:][:n], src[i*ldSrc:])
	}
}

// packColsGo turns n rows of k elements into k rows of n.
func packColsGo[T Float](dst []T, ldDst int, src []T, ldSrc, n, k int) {
	for j := range n {
		for i, x := range src[j*ldSrc:][:k] {
			dst[i*ldDst+j] = x
		}
	}
}
