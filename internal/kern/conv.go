package kern

import (
	"unsafe"

	"github.com/glia-ml/glia/internal/par"
)

// Conv is the geometry of a convolution of images with channels last, over three axes of
// places; leading axes that are not there have size 1. A place of the result sees the
// window of x that begins at its number times Stride, less Low; of the window, neighbours
// lie Dilation apart. Outside of x everything is 0.
type Conv struct {
	Images                int
	Size, Out, Window     [3]int // places of x and of the result; elements of the window
	Stride, Dilation, Low [3]int
	Channels, Results     int // of x and of the result
	Groups                int
}

// Values holds floats, or 16-bit floats if Narrow says so, or those that From computes.
type Values[T Float] struct {
	Wide   []T
	Bits   []uint16
	Narrow Narrow
	From   Source[T]
}

// A Source computes elements that are nowhere in memory.
type Source[T Float] interface {
	// Part sets dst to elements from at on: of some places of one row, with all channels.
	Part(dst []T, at int)
}

// inMemory reports whether the elements can be read where they are.
func (v *Values[T]) inMemory() bool { return v.Narrow == NotNarrow && v.From == nil }

// copyTo widens len(dst) elements from at on, within a row of places.
func (v *Values[T]) copyTo(dst []T, at int) {
	switch {
	case v.From != nil:
		v.From.Part(dst, at)
	case v.Narrow == NotNarrow:
		copy(dst, v.Wide[at:])
	case v.Narrow == BF16:
		BF16ToF32(wide(dst), v.Bits[at:at+len(dst)])
	default:
		F16ToF32(wide(dst), v.Bits[at:at+len(dst)])
	}
}

// set rounds src into the elements from at on.
func (v *Values[T]) set(at int, src []T) {
	switch v.Narrow {
	case NotNarrow:
		copy(v.Wide[at:], src)
	case BF16:
		F32ToBF16(v.Bits[at:at+len(src)], wide(src))
	default:
		F32ToF16(v.Bits[at:at+len(src)], wide(src))
	}
}

// channels returns how many channels of x each group has, results how many of the result.
func (c *Conv) channels() int { return c.Channels / c.Groups }

func (c *Conv) results() int { return c.Results / c.Groups }

// taps returns the number of elements of the window.
func (c *Conv) taps() int { return c.Window[0] * c.Window[1] * c.Window[2] }

// cutAxis returns the axis along which an image is cut: the first with more than one place.
func cutAxis(places [3]int) int {
	for i, n := range places {
		if n > 1 {
			return i
		}
	}
	return 2
}

// A frame is a box of places of an image that kernels read: in place, or a copy with zeros
// around.
type frame[T Float] struct {
	at   []T
	step [3]int // elements from one place to the next along each axis
}

// frameLen returns the elements of the copy that frameOf may make.
func frameLen(size [3]int, channels int) int { return size[0] * size[1] * size[2] * channels }

// frameOf returns the box of size places from place from on, of image n of v, which has
// places and channels. Without places outside it is v itself.
func frameOf[T Float](v *Values[T], n int, places [3]int, channels int, from, size [3]int, own []T) frame[T] {
	image := n * places[0] * places[1] * places[2] * channels
	inside := v.inMemory()
	for i := range places {
		inside = inside && from[i] >= 0 && from[i]+size[i] <= places[i]
	}
	if inside {
		step := [3]int{places[1] * places[2] * channels, places[2] * channels, channels}
		return frame[T]{v.Wide[image+from[0]*step[0]+from[1]*step[1]+from[2]*step[2]:], step}
	}
	row := size[2] * channels
	left := min(max(0, -from[2]), size[2])
	right := max(left, min(size[2], places[2]-from[2]))
	for d := range size[0] {
		for h := range size[1] {
			dst := own[(d*size[1]+h)*row:][:row]
			y, x := from[0]+d, from[1]+h
			if y < 0 || y >= places[0] || x < 0 || x >= places[1] {
				clear(dst)
				continue
			}
			clear(dst[:left*channels])
			if left < right {
				v.copyTo(dst[left*channels:right*channels], image+((y*places[1]+x)*places[2]+from[2]+left)*channels)
			}
			clear(dst[right*channels:])
		}
	}
	return frame[T]{own, [3]int{size[1] * row, row, channels}}
}

// offset returns where place p of the frame lies.
func (f *frame[T]) offset(p [3]int) int { return p[0]*f.step[0] + p[1]*f.step[1] + p[2]*f.step[2] }

// A segment is a part of the depth of a product whose elements lie together: n of them from
// place at of a frame on.
type segment struct {
	at [3]int
	n  int
}

// A sheet is where a piece puts its results, places from at0 on times columns from j0 to j1:
// the matrix of all, whose rows have ld columns, or memory of the piece that is rounded to it,
// or that something else takes.
type sheet[T Float] struct {
	to          *Values[T]
	at0, places int
	ld, j0, j1  int
	own         bool // memory of the piece in any case
	block       []T
}

// inPlace reports whether results go to the matrix at once.
func (s *sheet[T]) inPlace() bool { return s.to.Narrow == NotNarrow && !s.own }

// len returns how much memory the sheet wants.
func (s *sheet[T]) len() int {
	if s.inPlace() {
		return 0
	}
	return s.places * (s.j1 - s.j0)
}

// from returns the results from a place of the piece and a column on, and how far the next
// place is.
func (s *sheet[T]) from(place, j int) (c []T, ld int) {
	if s.inPlace() {
		return s.to.Wide[(s.at0+place)*s.ld+j:], s.ld
	}
	ld = s.j1 - s.j0
	return s.block[place*ld+j-s.j0:], ld
}

// round writes memory of the piece to the matrix.
func (s *sheet[T]) round() {
	if s.inPlace() {
		return
	}
	n := s.j1 - s.j0
	for i := range s.places {
		s.to.set((s.at0+i)*s.ld+s.j0, s.block[i*n:][:n])
	}
}

// lines is work for the kernel: results along the last axis of places, whose windows begin
// step elements apart.
type lines[T Float] struct {
	tile
	job    strips[T]
	start  [3]int // the place of the image where the frame begins
	places [3]int // of the image
	all    []segment
	segs   []segment // of all, those that the line at hand reads
	low    T
	cap    T   // see strips
	add    []T // or nil: what is added to the results of the line, ldAdd apart; see strips
	ldAdd  int
	table  []int // what the kernel reads of all segments, if it takes several
	more   []int // of job: what it reads of segs
	cut    int   // where table says that segs end, instead of the length of the next segment
}

// setSegments sets the segments of the depth, within f. What the kernel reads of them is
// in the worker's extra memory.
func (l *lines[T]) setSegments(w *par.Worker, f *frame[T], segs []segment) {
	l.all, l.table, l.cut = segs, nil, 0
	if segmented(l.isa) && len(segs) > 1 {
		l.table = extraInts(w, 2*len(segs))
		for i, s := range segs[1:] {
			last := segs[i]
			l.table[2*i], l.table[2*i+1] = 4*(f.offset(s.at)-f.offset(last.at)-last.n), s.n
		}
		l.table[2*len(segs)-1] = -1
	}
}

// enter chooses the segments of a line whose windows begin in row h of plane d of the frame:
// all but those before the first and behind the last that lie in the image. The others are 0.
// It returns the depth of those before.
func (l *lines[T]) enter(d, h int) (before int) {
	inside := func(s *segment) bool {
		y, x := l.start[0]+d+s.at[0], l.start[1]+h+s.at[1]
		return y >= 0 && y < l.places[0] && x >= 0 && x < l.places[1]
	}
	lo, hi := 0, len(l.all)
	for hi > 1 && !inside(&l.all[hi-1]) {
		hi--
	}
	for lo < hi-1 && !inside(&l.all[lo]) {
		before += l.all[lo].n
		lo++
	}
	l.segs, l.more = l.all[lo:hi], nil
	if l.table != nil && hi-lo > 1 {
		if l.cut > 0 {
			l.table[l.cut] = l.all[(l.cut+1)/2].n
		}
		if l.cut = 0; hi < len(l.all) {
			l.cut = 2*hi - 1
			l.table[l.cut] = -1
		}
		l.more = l.table[2*lo : 2*hi]
	}
	return before
}

// extraInts returns extra memory of the worker.
func extraInts(w *par.Worker, n int) []int {
	return unsafe.Slice((*int)(unsafe.Pointer(unsafe.SliceData(w.Extra(n*int(unsafe.Sizeof(0)))))), n)
}

// line computes n results, ldc apart, from the windows of f from element at on, of the
// segments that enter chose. Its packed panel, from these on, the columns and what the sums
// begin with are those of the job.
func (l *lines[T]) line(f *frame[T], at, step int, c []T, ldc, n int, own []T) {
	job := &l.job
	parts := ceil(n, l.mr)
	rows, more := n/parts, n%parts
	for s := 0; s < parts; s += job.strips {
		job.rows, job.strips = rows, parts-s
		i := s*rows + more
		if s < more {
			job.rows, job.strips, i = rows+1, more-s, s*(rows+1)
		}
		job.c, job.ldc, job.cap = c[i*ldc:], ldc, l.cap
		if l.add != nil {
			job.add, job.ldAdd = l.add[i*l.ldAdd:], l.ldAdd
		}
		if l.isa == portable {
			l.packed(f, at+i*step, step, own)
			continue
		}
		b := job.b
		job.lda, job.stepA, job.byCol = step, job.rows*step, false
		if l.more != nil || len(l.segs) == 1 {
			first := l.segs[0]
			job.a, job.more = f.at[at+i*step+f.offset(first.at):], l.more
			job.k, job.depth = first.n, first.n
			job.first, job.last, job.low = true, true, l.low
			kernel(l.isa, job)
			continue
		}
		for k, seg := range l.segs {
			job.a = f.at[at+i*step+f.offset(seg.at):]
			job.k, job.depth = seg.n, seg.n
			job.first, job.last, job.low = k == 0, k+1 == len(l.segs), lowOf[T](NoAct)
			if job.last {
				job.low = l.low
			}
			kernel(l.isa, job)
			job.b = from(job.b, seg.n*job.ldb)
		}
		job.b = b
	}
}

// packed is line for the portable kernel, which reads packed strips.
func (l *lines[T]) packed(f *frame[T], at, step int, own []T) {
	job := &l.job
	depth := 0
	for _, seg := range l.segs {
		depth += seg.n
	}
	job.stepA, job.k, job.depth = l.width*depth, depth, depth
	job.first, job.last, job.low = true, true, l.low
	strips, c, add := job.strips, job.c, job.add
	job.strips = 1
	for s := range strips {
		k := 0
		for _, seg := range l.segs {
			packColsGo(own[k*l.width:], l.width, f.at[at+s*job.rows*step+f.offset(seg.at):], step, job.rows, seg.n)
			k += seg.n
		}
		job.a, job.c, job.add = own, from(c, s*job.rows*job.ldc), from(add, s*job.rows*job.ldAdd)
		kernel(l.isa, job)
	}
	job.strips = strips
}

// carve cuts n elements off own, in whole cache lines.
func carve[T any](own *[]T, n int) []T {
	s := (*own)[:n]
	*own = (*own)[lined(n, int(unsafe.Sizeof(s[0]))):]
	return s
}

// lined returns n rounded up to whole cache lines of elements of so many bytes.
func lined(n, size int) int { return ceil(n*size, par.Align) * par.Align / size }

// ownMemory returns memory of the worker for parts of so many elements.
func ownMemory[T Float](w *par.Worker, parts ...int) []T {
	var t T
	n := 0
	for _, p := range parts {
		n += lined(p, int(unsafe.Sizeof(t)))
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(w.Scratch(n*int(unsafe.Sizeof(t)))))), n)
}

// A slabs says how images are cut into pieces of work: each into parts along one axis, and
// the panels of columns into cols parts.
type slabs struct {
	axis, parts, cols int
	panels            int // of a group
	all               int // of all groups
}

const (
	frameBytes = 128 << 10 // of a copied frame that a piece has: it stays in the L2 cache
	largeFrame = 512 << 10 // of a frame of few places, beside which the kernel weighs more
	fewPlaces  = 1 << 10
	convPieces = 16 // pieces beyond which images and panels are not cut further
)

// cutUp cuts the places of images whose frames take so many elements for each place along
// the axis and for those around, and should take no more than budget. Work is the operations
// of everything.
func cutUp(t *tile, images, axis int, places [3]int, columns, groups, perPlace, around, budget, work int) slabs {
	s := slabs{axis: axis, parts: 1, cols: 1, panels: ceil(columns, t.nr)}
	s.all = s.panels * groups
	n := places[s.axis]
	if fit := budget/max(1, perPlace) - around; fit < n {
		s.parts = ceil(n, max(fit, min(n, 2*around, 4), 1))
	}
	want := min(convPieces, work/t.grain)
	for images*s.parts < want && s.parts*2 <= n {
		s.parts *= 2
	}
	for images*s.parts*s.cols < want && s.cols*2 <= s.all {
		s.cols *= 2
	}
	return s
}

// A slab is a part of an image, along the axis from lo to hi, and of the panels.
type slab struct{ image, lo, hi, u0, u1 int }

func (s *slabs) pieces(images int) int { return images * s.parts * s.cols }

func (s *slabs) piece(p, n int) slab {
	part0, col := p/s.cols, p%s.cols
	i, b := part0/s.parts, part0%s.parts
	return slab{i, part(n, s.parts, b), part(n, s.parts, b+1), part(s.all, s.cols, col), part(s.all, s.cols, col+1)}
}

// panel returns the group of panel u, and its first column and their number within the
// group, of so many columns.
func (s *slabs) panel(u, columns, nr int) (g, j, n int) {
	g, j = u/s.panels, u%s.panels*nr
	return g, j, min(nr, columns-j)
}

// ConvForward is the convolution of X with the kernel W, [window, Channels/Groups,
// Results], plus a bias, and an activation: Y. Each element of Y is one chain of
// multiply-adds along the elements of the window, and for each along the channels.
type ConvForward[T Float] struct {
	Conv
	X, W, Y Values[T]
	Packed  []T // or nil: W as a [ConvPack] lays it out, in place of W
	Bias    []T // [Results] or nil
	Add     []T // or nil: added to the sums before the activation, where Y has them; not for a depthwise one
	Act     Act
	Cap     T        // an upper bound of the activation, or 0 for none
	After   Epilogue // or nil: of the matrix of places and results
	Into    Sink[T]  // or nil: what takes the results instead of Y
	Unit    [3]int   // with Into: the places along each axis that it takes together; Out is a multiple

	tile     tile
	slabs    slabs
	segs     []segment
	gathered gathered[T]
	packed   []T
	packsOwn bool      // a piece packs its panels, which no other reads
	wide     []T       // W, if it is narrow
	zeros    []float32 // a bias for a depthwise convolution without one
}

// A Sink takes the results of a convolution.
type Sink[T Float] interface {
	// Take takes the results of columns j0 to j1, count places from first on of an image.
	Take(results []T, image int, first, count [3]int, j0, j1 int)
}

// unit returns how many places along an axis belong together.
func (c *ConvForward[T]) unit(axis int) int {
	if c.Into == nil {
		return 1
	}
	return c.Unit[axis]
}

// Run computes Y. Once warm it allocates nothing; it runs once at a time.
func (c *ConvForward[T]) Run() {
	places := c.Images * c.Out[0] * c.Out[1] * c.Out[2]
	if places*c.Results == 0 {
		return
	}
	var t T
	if c.gathers() {
		c.runGathered()
		return
	}
	c.tile = tileFor[T](blockRows, false, NotNarrow)
	if c.segs == nil {
		c.segs = c.windows()
	}
	axis := cutAxis(c.Out)
	unit, units := c.unit(axis), c.Out
	units[axis] /= unit
	perPlace := c.Channels * c.Stride[axis] * unit
	for i := axis + 1; i < 3; i++ {
		perPlace *= c.extent(i, c.Out[i])
	}
	depth := c.taps() * c.channels()
	budget := frameBytes
	if places < fewPlaces {
		budget = largeFrame
	}
	c.slabs = cutUp(&c.tile, c.Images, axis, units, c.results(), c.Groups, perPlace, c.extent(axis, 1)/c.Stride[axis]/unit, budget/int(unsafe.Sizeof(t)), 2*places*c.results()*c.Groups*depth)
	c.packsOwn = c.Packed == nil && c.Images*c.slabs.parts == 1
	if c.wide = c.W.Wide; c.W.Narrow != NotNarrow {
		c.wide = getBuf[T](depth * c.Results)
		c.W.copyTo(c.wide[:depth*c.Results], 0)
	}
	switch {
	case depthwiseOf[T](&c.Conv):
		c.zeros = zeros32(c.zeros, c.Bias == nil, c.Results)
	case c.Packed != nil:
		c.packed = c.Packed
	case !c.packsOwn:
		c.packed = getBuf[T](c.slabs.all * depth * c.tile.nr)
		par.Do(c.slabs.all, (*convForwardPack[T])(c))
	}
	par.Do(c.slabs.pieces(c.Images), (*convForwardCompute[T])(c))
	if c.W.Narrow != NotNarrow {
		putBuf(c.wide)
	}
	if c.Packed == nil {
		putBuf(c.packed)
	}
	c.packed, c.wide = nil, nil
}

// extent returns how many places of x n results along axis i see.
func (c *Conv) extent(i, n int) int {
	return (n-1)*c.Stride[i] + (c.Window[i]-1)*c.Dilation[i] + 1
}

// windows returns the segments of a window: of each row of it if all channels of its
// elements lie together, or of each element.
func (c *Conv) windows() []segment {
	var segs []segment
	whole := c.Dilation[2] == 1 && c.Groups == 1
	for d := range c.Window[0] {
		for h := range c.Window[1] {
			for w := range c.Window[2] {
				if whole && w > 0 {
					segs[len(segs)-1].n += c.Channels
					continue
				}
				segs = append(segs, segment{[3]int{d * c.Dilation[0], h * c.Dilation[1], w * c.Dilation[2]}, c.channels()})
			}
		}
	}
	return segs
}

type convForwardPack[T Float] ConvForward[T]

func (t *convForwardPack[T]) Piece(u int, _ *par.Worker) {
	c := (*ConvForward[T])(t)
	c.pack(c.packed[u*c.taps()*c.channels()*c.tile.nr:], u)
}

// pack packs panel u.
func (c *ConvForward[T]) pack(dst []T, u int) {
	g, j, n := c.slabs.panel(u, c.results(), c.tile.nr)
	packRows(c.tile, dst, c.tile.nr, from(c.wide, g*c.results()+j), c.Results, n, c.taps()*c.channels())
}

type convForwardCompute[T Float] ConvForward[T]

func (t *convForwardCompute[T]) Piece(p int, w *par.Worker) {
	c := (*ConvForward[T])(t)
	axis := c.slabs.axis
	unit := c.unit(axis)
	s := c.slabs.piece(p, c.Out[axis]/unit)
	first, count := [3]int{}, c.Out
	first[axis], count[axis] = s.lo*unit, (s.hi-s.lo)*unit
	var start, size [3]int
	for i := range size {
		start[i], size[i] = first[i]*c.Stride[i]-c.Low[i], c.extent(i, count[i])
	}
	depth := c.taps() * c.channels()
	places := count[0] * count[1] * count[2]
	j0, j1 := c.column(s.u0), c.column(s.u1)
	strip, panel := 0, 0
	if c.tile.isa == portable {
		strip = depth * c.tile.width
	}
	if c.packsOwn {
		panel = depth * c.tile.nr
	}
	at0 := ((s.image*c.Out[0]+first[0])*c.Out[1]+first[1])*c.Out[2] + first[2]
	out := sheet[T]{to: &c.Y, at0: at0, places: places, ld: c.Results, j0: j0, j1: j1, own: c.Into != nil}
	own := ownMemory[T](w, frameLen(size, c.Channels), out.len(), strip, panel)
	copied, block, strips, packed := carve(&own, frameLen(size, c.Channels)), carve(&own, out.len()), carve(&own, strip), carve(&own, panel)
	out.block = block
	f := frameOf(&c.X, s.image, c.Size, c.Channels, start, size, copied)
	if depthwiseOf[T](&c.Conv) {
		c.depthwise(&f, &out, count, s, w)
	} else {
		c.panels(&f, &out, start, count, s, packed, strips, w)
	}
	if c.Into != nil {
		c.Into.Take(out.block, s.image, first, count, j0, j1)
		return
	}
	out.round()
	if c.After != nil {
		c.After.Block(0, at0, at0+places, j0, j1, w)
	}
}

// panels computes panels of a slab, line by line.
func (c *ConvForward[T]) panels(f *frame[T], out *sheet[T], start, count [3]int, s slab, packed, strips []T, w *par.Worker) {
	depth := c.taps() * c.channels()
	l := lines[T]{tile: c.tile, low: lowOf[T](c.Act), cap: c.Cap, start: start, places: c.Size}
	l.setSegments(w, f, c.segs)
	l.job.ldb = c.tile.nr
	for u := s.u0; u < s.u1; u++ {
		g, j, n := c.slabs.panel(u, c.results(), c.tile.nr)
		panel := packed
		if l.job.n = n; c.packsOwn {
			c.pack(packed, u)
		} else {
			panel = c.packed[u*depth*c.tile.nr:]
		}
		j += g * c.results()
		if c.Bias != nil {
			l.job.bias = c.Bias[j : j+n]
		}
		for d := range count[0] {
			for h := range count[1] {
				y, ldy := out.from((d*count[1]+h)*count[2], j)
				if c.Add != nil {
					l.add, l.ldAdd = c.Add[(out.at0+(d*count[1]+h)*count[2])*c.Results+j:], c.Results
				}
				l.job.b = panel[l.enter(d*c.Stride[0], h*c.Stride[1])*c.tile.nr:]
				l.line(f, d*c.Stride[0]*f.step[0]+h*c.Stride[1]*f.step[1]+g*c.channels(), c.Stride[2]*f.step[2], y, ldy, count[2], strips)
			}
		}
	}
}

// depthwise computes channels of a slab, line by line.
func (c *ConvForward[T]) depthwise(f *frame[T], out *sheet[T], count [3]int, s slab, w *par.Worker) {
	l := newDepthwiseLine(w, f, c.segs, wide(c.wide), biasOr(c.Bias, c.zeros), c.Results, s.u0, s.u1, float32(lowOf[T](c.Act)))
	if c.Cap != 0 {
		l.high = float32(c.Cap)
	}
	for d := range count[0] {
		for h := range count[1] {
			y, ldy := out.from((d*count[1]+h)*count[2], s.u0)
			l.run(wide(y), wide(f.at[d*c.Stride[0]*f.step[0]+h*c.Stride[1]*f.step[1]+s.u0:]), count[2], c.Stride[2]*f.step[2], ldy)
		}
	}
}

// column returns the first column of panel u.
func (c *ConvForward[T]) column(u int) int {
	if u == c.slabs.all {
		return c.Results
	}
	g, j, _ := c.slabs.panel(u, c.results(), c.tile.nr)
	return g*c.results() + j
}
