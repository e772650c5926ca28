package kern

import (
	"slices"
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

// ConvInput is the gradient of a convolution by X: places of the result that lie Stride
// apart form a phase, which is a convolution of DY with those elements of the window that
// meet them.
type ConvInput[T Float] struct {
	Conv
	DY, W, X Values[T] // X is the result
	Bias     []T       // [Channels] or nil
	Act      Act
	After    Epilogue // or nil: of the matrix of places and channels

	tile     tile
	slabs    slabs
	phases   []phase[T]
	taps     []int  // the elements of the window, phase by phase, in the order of depth
	low, ext [3]int // places of DY before the first, and how many, that one place of a phase sees
	packed   []T
	wide     []T
	zeros    []float32 // a bias for a depthwise convolution without one
}

// A phase is the places first, first+Stride, ... of the result.
type phase[T Float] struct {
	first [3]int
	taps  []int // elements of the window, in the order of depth
	segs  []segment
	at    int // where its panels begin, in elements of depth
}

// Run computes X. Once warm it allocates nothing; it runs once at a time.
func (c *ConvInput[T]) Run() {
	places := c.Images * c.Size[0] * c.Size[1] * c.Size[2]
	if places*c.Channels == 0 {
		return
	}
	c.tile = tileFor[T](blockRows, false, NotNarrow)
	if c.phases == nil {
		c.plan()
	}
	var t T
	axis := cutAxis(c.Size)
	steps := c.steps()
	perPlace := c.Results
	for i := axis + 1; i < 3; i++ {
		perPlace *= steps[i] + c.ext[i] - 1
	}
	depth := len(c.taps) * c.results()
	c.slabs = cutUp(&c.tile, c.Images, axis, steps, c.channels(), c.Groups, perPlace, c.ext[axis], frameBytes/int(unsafe.Sizeof(t)),
		2*c.Images*c.Out[0]*c.Out[1]*c.Out[2]*c.Channels*c.results()*len(c.taps))
	if c.wide = c.W.Wide; c.W.Narrow != NotNarrow {
		n := c.Conv.taps() * c.channels() * c.Results
		c.wide = getBuf[T](n)
		c.W.copyTo(c.wide[:n], 0)
	}
	if depthwiseOf[T](&c.Conv) {
		c.zeros = zeros32(c.zeros, c.Bias == nil, c.Channels)
		c.packed = getBuf[T](len(c.taps) * c.Channels)
		for i, q := range c.taps {
			copy(c.packed[i*c.Channels:], c.wide[q*c.Channels:][:c.Channels])
		}
	} else {
		c.packed = getBuf[T](c.slabs.all * depth * c.tile.nr)
		par.Do(c.slabs.all, (*convInputPack[T])(c))
	}
	if c.W.Narrow != NotNarrow {
		putBuf(c.wide)
	}
	par.Do(c.slabs.pieces(c.Images), (*convInputCompute[T])(c))
	putBuf(c.packed)
	c.packed, c.wide = nil, nil
}

// steps returns how many places the longest phase has along each axis.
func (c *ConvInput[T]) steps() [3]int {
	var n [3]int
	for i := range n {
		n[i] = ceil(c.Size[i], c.Stride[i])
	}
	return n
}

// plan finds the phases, and for each the elements of the window that meet it.
func (c *ConvInput[T]) plan() {
	type tap struct{ at, element int } // the place of DY beside the phase's, an element of the window
	var taps [3][][]tap                // along each axis, of each phase
	for i := range 3 {
		taps[i] = make([][]tap, c.Stride[i])
		least, most := 0, 0
		for q := range c.Window[i] {
			// Place first + Stride·t sees place t + at of DY through element q.
			first := ((q*c.Dilation[i]-c.Low[i])%c.Stride[i] + c.Stride[i]) % c.Stride[i]
			at := (first + c.Low[i] - q*c.Dilation[i]) / c.Stride[i]
			taps[i][first] = append(taps[i][first], tap{at, q})
			least, most = min(least, at), max(most, at)
		}
		for _, list := range taps[i] {
			slices.SortFunc(list, func(a, b tap) int { return a.at - b.at })
		}
		c.low[i], c.ext[i] = -least, most-least+1
	}
	for pd, ds := range taps[0] {
		for ph, hs := range taps[1] {
			for pw, ws := range taps[2] {
				p := phase[T]{first: [3]int{pd, ph, pw}, at: len(c.taps) * c.results()}
				for _, d := range ds {
					for _, h := range hs {
						for i, w := range ws {
							p.taps = append(p.taps, (d.element*c.Window[1]+h.element)*c.Window[2]+w.element)
							if c.Groups == 1 && i > 0 && w.at == ws[i-1].at+1 {
								p.segs[len(p.segs)-1].n += c.Results
								continue
							}
							at := [3]int{d.at + c.low[0], h.at + c.low[1], w.at + c.low[2]}
							p.segs = append(p.segs, segment{at, c.results()})
						}
					}
				}
				if p.segs == nil { // places that no window sees
					p.segs = []segment{{}}
				}
				c.taps = append(c.taps, p.taps...)
				c.phases = append(c.phases, p)
			}
		}
	}
}

type convInputPack[T Float] ConvInput[T]

func (t *convInputPack[T]) Piece(u int, _ *par.Worker) {
	c := (*ConvInput[T])(t)
	dst := c.packed[u*len(c.taps)*c.results()*c.tile.nr:]
	g, j, n := c.slabs.panel(u, c.channels(), c.tile.nr)
	for i, q := range c.taps {
		packCols(c.tile, dst[i*c.results()*c.tile.nr:], c.tile.nr, from(c.wide, (q*c.channels()+j)*c.Results+g*c.results()), c.Results, n, c.results())
	}
}

type convInputCompute[T Float] ConvInput[T]

func (t *convInputCompute[T]) Piece(p int, w *par.Worker) {
	c := (*ConvInput[T])(t)
	axis, steps := c.slabs.axis, c.steps()
	s := c.slabs.piece(p, steps[axis])
	// Places from first on, count of them, of the result; phases go from lo to hi.
	first, count, lo, hi := [3]int{}, c.Size, [3]int{}, steps
	lo[axis], hi[axis] = s.lo, s.hi
	first[axis] = s.lo * c.Stride[axis]
	count[axis] = min(c.Size[axis], s.hi*c.Stride[axis]) - first[axis]
	var start, size [3]int
	for i := range size {
		start[i], size[i] = lo[i]-c.low[i], hi[i]-lo[i]+c.ext[i]-1
	}
	places := count[0] * count[1] * count[2]
	j0, j1 := c.column(s.u0), c.column(s.u1)
	strip := 0
	if c.tile.isa == portable {
		strip = len(c.taps) * c.results() * c.tile.width
	}
	at0 := ((s.image*c.Size[0]+first[0])*c.Size[1]+first[1])*c.Size[2] + first[2]
	out := sheet[T]{to: &c.X, at0: at0, places: places, ld: c.Channels, j0: j0, j1: j1}
	own := ownMemory[T](w, frameLen(size, c.Results), out.len(), strip)
	copied, block, strips := carve(&own, frameLen(size, c.Results)), carve(&own, out.len()), carve(&own, strip)
	out.block = block
	f := frameOf(&c.DY, s.image, c.Out, c.Results, start, size, copied)
	if depthwiseOf[T](&c.Conv) {
		c.depthwise(&f, &out, count, s, w)
	} else {
		c.panels(&f, &out, start, count, s, strips, w)
	}
	out.round()
	if c.After != nil {
		c.After.Block(0, at0, at0+places, j0, j1, w)
	}
}

// panels computes panels of a slab, phase by phase and line by line.
func (c *ConvInput[T]) panels(f *frame[T], out *sheet[T], start, count [3]int, s slab, strips []T, w *par.Worker) {
	l := lines[T]{tile: c.tile, low: lowOf[T](c.Act), start: start, places: c.Out}
	l.job.ldb = c.tile.nr
	for u := s.u0; u < s.u1; u++ {
		g, j, n := c.slabs.panel(u, c.channels(), c.tile.nr)
		panel := c.packed[u*len(c.taps)*c.results()*c.tile.nr:]
		j += g * c.channels()
		if l.job.n = n; c.Bias != nil {
			l.job.bias = c.Bias[j : j+n]
		}
		for i := range c.phases {
			ph := &c.phases[i]
			l.setSegments(w, f, ph.segs)
			weights := from(panel, ph.at*c.tile.nr)
			of := c.placesOf(ph, count)
			for d := range of[0] {
				for h := range of[1] {
					x, ldx := out.from(c.lineOf(ph, count, d, h), j)
					l.job.b = weights[l.enter(d, h)*c.tile.nr:]
					l.line(f, d*f.step[0]+h*f.step[1]+g*c.results(), f.step[2], x, c.Stride[2]*ldx, of[2], strips)
				}
			}
		}
	}
}

// depthwise computes channels of a slab, phase by phase and line by line.
func (c *ConvInput[T]) depthwise(f *frame[T], out *sheet[T], count [3]int, s slab, w *par.Worker) {
	low := float32(lowOf[T](c.Act))
	for i := range c.phases {
		ph := &c.phases[i]
		l := newDepthwiseLine(w, f, ph.segs[:len(ph.taps)], wide(c.packed[ph.at*c.Channels:]), biasOr(c.Bias, c.zeros), c.Channels, s.u0, s.u1, low)
		of := c.placesOf(ph, count)
		for d := range of[0] {
			for h := range of[1] {
				x, ldx := out.from(c.lineOf(ph, count, d, h), s.u0)
				l.run(wide(x), wide(f.at[d*f.step[0]+h*f.step[1]+s.u0:]), of[2], f.step[2], c.Stride[2]*ldx)
			}
		}
	}
}

// placesOf returns how many of count places along each axis are of a phase; none of an axis
// means none at all.
func (c *ConvInput[T]) placesOf(ph *phase[T], count [3]int) [3]int {
	var n [3]int
	for i := range n {
		n[i] = max(0, ceil(count[i]-ph.first[i], c.Stride[i]))
	}
	if n[2] == 0 {
		return [3]int{}
	}
	return n
}

// lineOf returns the first place of line d, h of a phase.
func (c *ConvInput[T]) lineOf(ph *phase[T], count [3]int, d, h int) int {
	return ((d*c.Stride[0]+ph.first[0])*count[1]+h*c.Stride[1]+ph.first[1])*count[2] + ph.first[2]
}

// column returns the first column of panel u.
func (c *ConvInput[T]) column(u int) int {
	if u == c.slabs.all {
		return c.Channels
	}
	g, j, _ := c.slabs.panel(u, c.channels(), c.tile.nr)
	return g*c.channels() + j
}
