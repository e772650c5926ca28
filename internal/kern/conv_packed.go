package kern

import "github.com/glia-ml/glia/internal/par"

// ConvPack lays the kernel W of a convolution out as Packed of a [ConvForward] wants it, or
// PackedB of a [Product] that equals it: panel by panel. The layout is that of the instruction
// set in use.
type ConvPack[T Float] struct {
	Conv
	W, Packed []T

	tile   tile
	panels int // of a group
}

// Len returns the elements of Packed.
func (c *ConvPack[T]) Len() int {
	nr := tileFor[T](blockRows, false, NotNarrow).nr
	return c.Groups * ceil(c.results(), nr) * c.taps() * c.channels() * nr
}

// Run packs W.
func (c *ConvPack[T]) Run() {
	c.tile = tileFor[T](blockRows, false, NotNarrow)
	c.panels = ceil(c.results(), c.tile.nr)
	par.Do(c.Groups*c.panels, c)
}

// Piece implements par.Task: it packs a panel.
func (c *ConvPack[T]) Piece(u int, _ *par.Worker) {
	depth, j := c.taps()*c.channels(), u%c.panels*c.tile.nr
	n := min(c.tile.nr, c.results()-j)
	packRows(c.tile, c.Packed[u*depth*c.tile.nr:], c.tile.nr, from(c.W, u/c.panels*c.results()+j), c.Results, n, depth)
}

// A gathered convolution copies the windows of some images to the rows of a matrix: of images
// of few places, lines fill tiles badly.
type gathered[T Float] struct {
	product Product[T]
	rows    []T
	first   int // the first image
}

const (
	gatherRows = 256 // of a matrix
	leastTile  = 4   // rows that hide the latency of multiply-adds
)

// gathers reports whether the windows are gathered.
func (c *ConvForward[T]) gathers() bool {
	if c.Packed == nil || c.Groups > 1 || c.Into != nil || !c.X.inMemory() || c.Y.Narrow != NotNarrow {
		return false
	}
	t := tileFor[T](blockRows, false, NotNarrow)
	return c.Out[2]/ceil(c.Out[2], t.mr) < leastTile && c.Images*c.Out[0]*c.Out[1]*c.Out[2] >= leastTile && c.taps()*c.channels() <= 1<<16
}

// runGathered computes Y from gathered windows.
func (c *ConvForward[T]) runGathered() {
	g, places, depth := &c.gathered, c.Out[0]*c.Out[1]*c.Out[2], c.taps()*c.channels()
	most := min(c.Images, max(1, gatherRows/places))
	g.rows = getBuf[T](most * places * depth)
	for g.first = 0; g.first < c.Images; g.first += most {
		images := min(most, c.Images-g.first)
		par.Do(images*c.Out[0]*c.Out[1], (*convGather[T])(c))
		at := g.first * places * c.Results
		m := &g.product
		m.M, m.N, m.K = images*places, c.Results, depth
		m.A, m.PackedB, m.C = g.rows, c.Packed, c.Y.Wide[at:]
		m.LDA, m.LDB, m.LDC = depth, c.Results, c.Results
		m.Bias, m.Act, m.Cap, m.Add, m.After = c.Bias, c.Act, c.Cap, from(c.Add, at), nil
		if c.Add == nil {
			m.Add = nil
		}
		if c.After != nil {
			m.After = (*gatheredAfter[T])(c)
		}
		m.Run()
		m.A, m.PackedB, m.C, m.Bias, m.Add = nil, nil, nil, nil, nil
	}
	putBuf(g.rows)
	g.rows = nil
}

// convGather gathers the windows of a line of places.
type convGather[T Float] ConvForward[T]

// Piece implements par.Task.
func (t *convGather[T]) Piece(p int, _ *par.Worker) {
	c := (*ConvForward[T])(t)
	h, d, image := p%c.Out[1], p/c.Out[1]%c.Out[0], c.gathered.first+p/c.Out[1]/c.Out[0]
	dst := c.gathered.rows[p*c.Out[2]*c.taps()*c.Channels:]
	for w := range c.Out[2] {
		for i := range c.Window[0] {
			for j := range c.Window[1] {
				row := dst[:c.Window[2]*c.Channels]
				dst = dst[len(row):]
				c.gatherRow(row, image, d*c.Stride[0]-c.Low[0]+i*c.Dilation[0], h*c.Stride[1]-c.Low[1]+j*c.Dilation[1], w*c.Stride[2]-c.Low[2])
			}
		}
	}
}

// gatherRow copies a row of a window, whose first element sees place x of row y of plane z.
func (c *ConvForward[T]) gatherRow(dst []T, image, z, y, x int) {
	if z < 0 || z >= c.Size[0] || y < 0 || y >= c.Size[1] {
		clear(dst)
		return
	}
	line := c.X.Wide[((image*c.Size[0]+z)*c.Size[1]+y)*c.Size[2]*c.Channels:][:c.Size[2]*c.Channels]
	if c.Dilation[2] == 1 && x >= 0 && x+c.Window[2] <= c.Size[2] {
		copy(dst, line[x*c.Channels:])
		return
	}
	for k := range c.Window[2] {
		to := dst[k*c.Channels:][:c.Channels]
		if at := x + k*c.Dilation[2]; at < 0 || at >= c.Size[2] {
			clear(to)
		} else {
			copy(to, line[at*c.Channels:])
		}
	}
}

// gatheredAfter is the epilogue of some images.
type gatheredAfter[T Float] ConvForward[T]

// Block implements Epilogue.
func (t *gatheredAfter[T]) Block(_, i0, i1, j0, j1 int, w *par.Worker) {
	at := t.gathered.first * t.Out[0] * t.Out[1] * t.Out[2]
	t.After.Block(0, at+i0, at+i1, j0, j1, w)
}
