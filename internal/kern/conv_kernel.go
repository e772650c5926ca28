package kern

import (
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

// ConvKernel is the gradient of a convolution by its kernel: W[q, c, o] is the sum of
// X[place·Stride + q·Dilation - Low, c]·DY[place, o] over all places of all images. The
// images fall into shares, the same on every machine; a share is one chain of multiply-adds
// along its places, and the shares are added up in order.
type ConvKernel[T Float] struct {
	Conv
	X, DY, W Values[T] // W is the result

	tile   tile
	slabs  slabs // of images
	shares int
	blocks int // parts of the rows of W
	segs   []segment
	sums   []T // of each share
}

const (
	mostShares = 16       // of the images
	shareSums  = 16 << 20 // bytes of sums for all shares, at most
)

// Run computes W. Once warm it allocates nothing; it runs once at a time.
func (c *ConvKernel[T]) Run() {
	size := c.Conv.taps() * c.channels() * c.Results
	if size == 0 {
		return
	}
	var t T
	c.tile = tileFor[T](blockRows, true, NotNarrow)
	if c.segs == nil {
		c.segs = c.windows()
	}
	axis := cutAxis(c.Out)
	perPlace := c.Channels * c.Stride[axis]
	for i := axis + 1; i < 3; i++ {
		perPlace *= c.extent(i, c.Out[i])
	}
	work := 2 * c.Images * c.Out[0] * c.Out[1] * c.Out[2] * size
	c.slabs = cutUp(&c.tile, max(c.Images, mostShares), axis, c.Out, c.results(), c.Groups, perPlace, c.extent(axis, 1)/c.Stride[axis], frameBytes/int(unsafe.Sizeof(t)), work)
	want := max(1, min(mostShares, work/c.tile.grain))
	c.shares = max(1, min(want, c.Images, shareSums/(size*int(unsafe.Sizeof(t)))))
	c.blocks = min(ceil(want, c.shares), len(c.segs)*c.slabs.all)
	if depthwiseOf[T](&c.Conv) {
		c.blocks = 1
	}
	c.sums = getBuf[T](c.shares * size)
	if c.Images*c.Out[0]*c.Out[1]*c.Out[2] == 0 {
		clear(c.sums[:size])
	} else {
		par.Do(c.shares*c.blocks, (*convKernelCompute[T])(c))
	}
	par.Do(ceil(size, packPiece), (*convKernelSum[T])(c))
	putBuf(c.sums)
	c.sums = nil
}

type convKernelCompute[T Float] ConvKernel[T]

// Piece computes one part of the sums of one share: of the pairs of a panel and a segment
// of the window.
func (t *convKernelCompute[T]) Piece(p int, w *par.Worker) {
	c := (*ConvKernel[T])(t)
	share, block := p/c.blocks, p%c.blocks
	rows := c.Conv.taps() * c.channels()
	sums := c.sums[share*rows*c.Results:][:rows*c.Results]
	first, last := part(c.Images, c.shares, share), part(c.Images, c.shares, share+1)
	pairs := c.slabs.all * len(c.segs)
	lo, hi := part(pairs, c.blocks, block), part(pairs, c.blocks, block+1)
	fresh := true
	for image := first; image < last; image++ {
		for b := range c.slabs.parts {
			c.slab(sums, image, b, lo, hi, fresh, w)
			fresh = false
		}
	}
}

// slab adds what part b of an image gives to the pairs from lo to hi.
func (c *ConvKernel[T]) slab(sums []T, image, b, lo, hi int, fresh bool, w *par.Worker) {
	axis := c.slabs.axis
	first, count := [3]int{}, c.Out
	first[axis] = part(c.Out[axis], c.slabs.parts, b)
	count[axis] = part(c.Out[axis], c.slabs.parts, b+1) - first[axis]
	var start, size [3]int
	for i := range size {
		start[i], size[i] = first[i]*c.Stride[i]-c.Low[i], c.extent(i, count[i])
	}
	places := count[0] * count[1] * count[2]
	strip := 0
	if c.tile.isa == portable {
		strip = count[2] * c.tile.width
	}
	widened := 0
	if !c.DY.inMemory() {
		widened = places * c.Results
	}
	own := ownMemory[T](w, frameLen(size, c.Channels), places*c.tile.nr, widened, strip)
	copied, panel := carve(&own, frameLen(size, c.Channels)), carve(&own, places*c.tile.nr)
	dy, strips := carve(&own, widened), carve(&own, strip)
	f := frameOf(&c.X, image, c.Size, c.Channels, start, size, copied)
	at0 := (((image*c.Out[0]+first[0])*c.Out[1]+first[1])*c.Out[2] + first[2]) * c.Results
	if c.DY.inMemory() {
		dy = c.DY.Wide[at0:]
	} else {
		row := count[2] * c.Results
		for i := range count[0] * count[1] {
			c.DY.copyTo(dy[i*row:][:row], at0+i*row)
		}
	}
	if depthwiseOf[T](&c.Conv) {
		if fresh {
			clear(sums)
		}
		c.depthwise(wide(sums), &f, wide(dy), count, w)
		return
	}
	more := c.linesOf(&f, count, w)
	packedFor := -1
	for pair := lo; pair < hi; pair++ {
		u, i := pair/len(c.segs), pair%len(c.segs)
		g, j, n := c.slabs.panel(u, c.results(), c.tile.nr)
		j += g * c.results()
		if u != packedFor {
			packRows(c.tile, panel, c.tile.nr, dy[j:], c.Results, n, places)
			packedFor = u
		}
		seg := c.segs[i]
		row := c.rowOf(i)
		job := columnStrips[T]{tile: c.tile, own: strips}
		job.ldb, job.n, job.low, job.ldc = c.tile.nr, n, lowOf[T](NoAct), c.Results
		job.c = sums[row*c.Results+j:]
		job.lda = c.Stride[2] * f.step[2]
		lo, hi := c.inside(seg.at, start, count)
		line := func(i int) int {
			return f.offset(seg.at) + i/count[1]*c.Stride[0]*f.step[0] + i%count[1]*c.Stride[1]*f.step[1] + g*c.channels()
		}
		if more != nil {
			job.a, job.b, job.more = f.at[line(lo):], panel[lo*count[2]*c.tile.nr:], more[2*lo:]
			job.first = fresh
			end := &more[2*hi-1]
			next := *end
			*end = -1
			job.run(seg.n, count[2])
			*end = next
			continue
		}
		for i := lo; i < hi; i++ {
			job.a, job.b = f.at[line(i):], panel[i*count[2]*c.tile.nr:]
			job.first = fresh && i == lo
			job.run(seg.n, count[2])
		}
	}
}

// inside returns the lines of places, all but those before the first and behind the last whose
// rows of x, for a segment, lie in the image: elsewhere x is 0. There is one at least.
func (c *ConvKernel[T]) inside(at, start, count [3]int) (lo, hi int) {
	in := func(line int) bool {
		y, x := start[0]+at[0]+line/count[1]*c.Stride[0], start[1]+at[1]+line%count[1]*c.Stride[1]
		return y >= 0 && y < c.Size[0] && x >= 0 && x < c.Size[1]
	}
	hi = count[0] * count[1]
	for hi > 1 && !in(hi-1) {
		hi--
	}
	for lo < hi-1 && !in(lo) {
		lo++
	}
	return lo, hi
}

// linesOf returns the lines of places behind the first as segments of a depth, for kernels
// that take them.
func (c *ConvKernel[T]) linesOf(f *frame[T], count [3]int, w *par.Worker) []int {
	if !segmented(c.tile.isa) {
		return nil
	}
	more := extraInts(w, 2*count[0]*count[1])
	at, i := 0, 0
	for d := range count[0] {
		for h := range count[1] {
			next := d*c.Stride[0]*f.step[0] + h*c.Stride[1]*f.step[1]
			if d+h > 0 {
				more[2*i], more[2*i+1] = 4*(next-at), count[2]
				i++
			}
			at = next + count[2]*c.Stride[2]*f.step[2]
		}
	}
	more[2*i+1] = -1
	return more
}

// rowOf returns the row of W at which segment i begins.
func (c *ConvKernel[T]) rowOf(i int) int {
	return i * c.Conv.taps() * c.channels() / len(c.segs)
}

// columnStrips is strips whose rows lie together: a is [k rows].
type columnStrips[T Float] struct {
	tile
	strips[T]
	own []T
}

// run adds the products of n rows, for k of the depth.
func (s *columnStrips[T]) run(n, k int) {
	job := &s.strips
	a, c := job.a, job.c
	parts := ceil(n, s.mr)
	rows, more := n/parts, n%parts
	job.k, job.depth, job.last, job.byCol = k, k, true, true
	for i := 0; i < parts; i += job.strips {
		job.rows, job.strips = rows, parts-i
		at := i*rows + more
		if i < more {
			job.rows, job.strips, at = rows+1, more-i, i*(rows+1)
		}
		job.stepA = job.rows
		job.a, job.c = a[at:], c[at*job.ldc:]
		if s.isa == portable {
			s.packed()
			continue
		}
		kernel(s.isa, job)
	}
	job.a, job.c = a, c
}

// packed is for the portable kernel, which reads packed strips.
func (s *columnStrips[T]) packed() {
	job := &s.strips
	n, a, c, lda := job.strips, job.a, job.c, job.lda
	job.strips = 1
	for i := range n {
		packRowsGo(s.own, s.width, a[i*job.rows:], lda, job.rows, job.k)
		job.a, job.c, job.stepA = s.own, c[i*job.rows*job.ldc:], s.width*job.k
		kernel(s.isa, job)
	}
	job.strips, job.lda = n, lda
}

type convKernelSum[T Float] ConvKernel[T]

// Piece adds up a part of the shares.
func (t *convKernelSum[T]) Piece(p int, w *par.Worker) {
	c := (*ConvKernel[T])(t)
	size := c.Conv.taps() * c.channels() * c.Results
	lo, hi := p*packPiece, min((p+1)*packPiece, size)
	sum := c.sums[lo:hi]
	for s := 1; s < c.shares; s++ {
		for i, v := range c.sums[s*size+lo:][:hi-lo] {
			sum[i] += v
		}
	}
	c.W.set(lo, sum)
}
