// Package diagram draws a directed graph without circles as an SVG picture: boxes in rows, from
// the top down, with an edge beside the boxes that it passes.
package diagram

import (
	"slices"

	"github.com/glia-ml/glia/internal/plaintext"
)

// Box is a node of a graph.
type Box struct {
	// Lines is its text, of which the first is the title.
	Lines []string
	// Color fills it, in SVG's notation; "" is white.
	Color string
}

// Edge leads from a box to one with a larger number.
type Edge struct{ From, To int }

// Measures of the picture, in pixels.
const (
	letter  = 7.3 // width, of 12 pixels' height
	line    = 16.0
	padding = 8.0
	gap     = 28.0 // between rows
	beside  = 24.0 // between boxes of a row
	lane    = 14.0 // between edges that pass a row
	margin  = 16.0
)

// mostText bounds the bytes of a line, and mostLanes the places where edges pass rows: edges of
// graphs with more go straight.
const (
	mostText  = 60
	mostLanes = 1 << 17
)

// place is a box, or where an edge passes a row.
type place struct {
	box      int // -1 for an edge
	row      int
	x        float64 // of the middle
	width    float64
	up, down []int // places in the rows above and below that it is linked with
}

// layout holds the places of a graph.
type layout struct {
	boxes  []Box
	places []place
	rows   [][]int // places from left to right
	paths  [][]int // of each edge, through places
	height []float64
	top    []float64
	width  float64
}

// arrange finds the places of boxes and edges.
func arrange(boxes []Box, edges []Edge) *layout {
	l := &layout{boxes: boxes}
	for i, b := range boxes {
		l.places = append(l.places, place{box: i, width: widthOf(b)})
	}
	l.rank(edges)
	l.link(edges)
	for range 8 {
		l.order(false)
		l.order(true)
	}
	for range 12 {
		l.align(false)
		l.align(true)
	}
	l.measure()
	return l
}

func widthOf(b Box) float64 {
	n := 0
	for _, s := range b.Lines {
		n = max(n, len([]rune(shown(s))))
	}
	return float64(n)*letter + 2*padding
}

// shown returns a line as it is drawn.
func shown(s string) string { return plaintext.Cut(plaintext.Text(s), mostText) }

// rank puts each box into the row below all that lead to it, and those that nothing leads to just
// above the first that they lead to.
func (l *layout) rank(edges []Edge) {
	in, out := make([][]int, len(l.boxes)), make([][]int, len(l.boxes))
	for _, e := range edges {
		in[e.To], out[e.From] = append(in[e.To], e.From), append(out[e.From], e.To)
	}
	last := 0
	for i := range l.boxes {
		for _, from := range in[i] {
			l.places[i].row = max(l.places[i].row, l.places[from].row+1)
		}
		last = max(last, l.places[i].row)
	}
	for i := range l.boxes {
		if len(in[i]) == 0 && len(out[i]) > 0 {
			row := last
			for _, to := range out[i] {
				row = min(row, l.places[to].row-1)
			}
			l.places[i].row = row
		}
	}
	l.rows = make([][]int, last+1)
	for i, p := range l.places {
		l.rows[p.row] = append(l.rows[p.row], i)
	}
}

// link leads each edge through the rows between its ends. Edges from one box share a lane.
func (l *layout) link(edges []Edge) {
	lanes := 0
	for _, e := range edges {
		lanes += l.places[e.To].row - l.places[e.From].row - 1
	}
	straight := lanes > mostLanes
	passing := map[[2]int]int{} // a box and a row
	join := func(a, b int) {
		if !slices.Contains(l.places[a].down, b) {
			l.places[a].down, l.places[b].up = append(l.places[a].down, b), append(l.places[b].up, a)
		}
	}
	for _, e := range edges {
		path := []int{e.From}
		for row := l.places[e.From].row + 1; row < l.places[e.To].row && !straight; row++ {
			key := [2]int{e.From, row}
			p, ok := passing[key]
			if !ok {
				p = len(l.places)
				passing[key] = p
				l.places = append(l.places, place{box: -1, row: row})
				l.rows[row] = append(l.rows[row], p)
			}
			join(path[len(path)-1], p)
			path = append(path, p)
		}
		if !straight || l.places[e.To].row == l.places[e.From].row+1 {
			join(path[len(path)-1], e.To)
		}
		l.paths = append(l.paths, append(path, e.To))
	}
}

// order sorts the places of each row by the mean position of those that they are linked with in
// the row before it: above, or below if up is set.
//
// Source: Sugiyama, Tagawa, Toda 1981, the barycenter method.
func (l *layout) order(up bool) {
	at := make([]float64, len(l.places))
	for _, row := range l.rows {
		for i, p := range row {
			at[p] = float64(i)
		}
	}
	for _, row := range l.sweep(up) {
		for _, p := range row {
			if linked := l.linked(p, up); len(linked) > 0 {
				sum := 0.0
				for _, q := range linked {
					sum += at[q]
				}
				at[p] = sum / float64(len(linked))
			}
		}
		slices.SortStableFunc(row, func(a, b int) int {
			switch {
			case at[a] < at[b]:
				return -1
			case at[a] > at[b]:
				return 1
			}
			return 0
		})
		for i, p := range row {
			at[p] = float64(i)
		}
	}
}

// sweep returns the rows from the top down, or from below up.
func (l *layout) sweep(up bool) [][]int {
	rows := slices.Clone(l.rows)
	if up {
		slices.Reverse(rows)
	}
	return rows
}

func (l *layout) linked(p int, below bool) []int {
	if below {
		return l.places[p].down
	}
	return l.places[p].up
}

// align moves the places of each row as near as may be to the mean of the boxes that they are
// linked with, or of the edges if there are none, in their order and without touching each other:
// a chain of boxes is straight, and the edges that pass it are beside.
func (l *layout) align(up bool) {
	for _, row := range l.sweep(up) {
		wanted, weight := make([]float64, len(row)), make([]float64, len(row))
		for i, p := range row {
			wanted[i], weight[i] = l.places[p].x, 1
			if x, ok := l.mean(l.linked(p, up)); ok {
				wanted[i] = x
			}
			if l.places[p].box >= 0 { // edges make way, and go straight beside
				weight[i] = 1e4
			}
		}
		for i, x := range l.spread(row, wanted, weight) {
			l.places[row[i]].x = x
		}
	}
}

// mean returns the mean position of boxes among places, or of all where there are none.
func (l *layout) mean(places []int) (x float64, ok bool) {
	var sum [2]float64 // of edges, of boxes
	var n [2]float64
	for _, p := range places {
		kind := 0
		if l.places[p].box >= 0 {
			kind = 1
		}
		sum[kind], n[kind] = sum[kind]+l.places[p].x, n[kind]+1
	}
	for _, kind := range []int{1, 0} {
		if n[kind] > 0 {
			return sum[kind] / n[kind], true
		}
	}
	return 0, false
}

// apart returns the least distance between two neighbors of a row.
func (l *layout) apart(a, b int) float64 {
	space := lane
	if l.places[a].box >= 0 || l.places[b].box >= 0 {
		space = beside
	}
	return l.places[a].width/2 + space + l.places[b].width/2
}

// spread returns positions in the order of the row, at their least distances, nearest to those
// that are wanted, in the weighted squares: the regression of what is left without distances that
// does not decrease, by pools of neighbors.
func (l *layout) spread(row []int, wanted, weight []float64) []float64 {
	type pool struct {
		sum, weight float64
		n           int
	}
	offset := make([]float64, len(row))
	var pools []pool
	for i := range row {
		if i > 0 {
			offset[i] = offset[i-1] + l.apart(row[i-1], row[i])
		}
		pools = append(pools, pool{weight[i] * (wanted[i] - offset[i]), weight[i], 1})
		for n := len(pools); n > 1 && pools[n-2].sum/pools[n-2].weight > pools[n-1].sum/pools[n-1].weight; n-- {
			pools[n-2] = pool{pools[n-2].sum + pools[n-1].sum, pools[n-2].weight + pools[n-1].weight, pools[n-2].n + pools[n-1].n}
			pools = pools[:n-1]
		}
	}
	var x []float64
	for _, p := range pools {
		for range p.n {
			x = append(x, p.sum/p.weight+offset[len(x)])
		}
	}
	return x
}

// measure finds the heights of rows, and moves all to the margins.
func (l *layout) measure() {
	left, right := 0.0, 0.0
	for i, p := range l.places {
		if i == 0 {
			left, right = p.x-p.width/2, p.x+p.width/2
		}
		left, right = min(left, p.x-p.width/2), max(right, p.x+p.width/2)
	}
	for i := range l.places {
		l.places[i].x += margin - left
	}
	l.width = right - left + 2*margin
	y := margin
	for _, row := range l.rows {
		tall := 0.0
		for _, p := range row {
			if b := l.places[p].box; b >= 0 {
				tall = max(tall, float64(len(l.boxes[b].Lines))*line+padding)
			}
		}
		l.top, l.height = append(l.top, y), append(l.height, tall)
		y += tall + gap
	}
}
