package digits

import "math"

// dot is a place of the pen and its radius there.
type dot struct{ x, y, r float64 }

// path holds the dots that the pen drew. Each is joined to the one before unless it
// begins a stroke.
type path struct {
	dots   [maxDots]dot
	begins [maxDots]bool
	n      int
}

const (
	maxPoints = 16  // of a glyph; a test holds the table to it
	maxDots   = 128 // of a path; likewise
	steps     = 6   // straight lines between two control points
)

// write puts down the strokes of a glyph, its points moved by a shaking hand:
// Catmull-Rom splines, with the pressure as third coordinate.
func (p *path) write(g *glyph, h *hand, r *random) {
	var at [maxPoints]dot
	for i, q := range g.pts {
		at[i] = dot{q.x + r.normal(h.shake), q.y + r.normal(h.shake), max(.35, 1+r.normal(h.unsteady))}
	}
	var stroke [maxPoints + 2]dot // with room for the points before and after
	n := 0
	for i := 0; i <= len(g.strokes); i++ {
		if i < len(g.strokes) && g.strokes[i] != ' ' {
			n++
			stroke[n] = at[g.strokes[i]-'a']
			continue
		}
		stroke[0] = beyond(stroke[1], stroke[2])
		stroke[n+1] = beyond(stroke[n], stroke[n-1])
		p.spline(stroke[:n+2])
		n = 0
	}
}

// beyond continues the line from b to a by its own length.
func beyond(a, b dot) dot { return dot{a.x + (a.x - b.x), a.y + (a.y - b.y), a.r} }

// spline appends a stroke through all but the first and last of v.
func (p *path) spline(v []dot) {
	p.begins[p.n] = true
	p.add(v[1])
	for ; len(v) >= 4; v = v[1:] {
		for s := range catmullRom {
			w := &catmullRom[s]
			p.add(dot{
				dot4(w, v[0].x, v[1].x, v[2].x, v[3].x),
				dot4(w, v[0].y, v[1].y, v[2].y, v[3].y),
				dot4(w, v[0].r, v[1].r, v[2].r, v[3].r),
			})
		}
	}
}

func (p *path) add(d dot) {
	p.dots[p.n] = d
	p.n++
}

// catmullRom holds the weights of four points at 1/steps, 2/steps, ... 1 of the
// way from the second to the third: whole numbers over one denominator.
var catmullRom = func() (table [steps][4]float64) {
	const n = steps
	for i := range table {
		s := i + 1
		for k, w := range [4]int{
			-s*n*n + 2*s*s*n - s*s*s,
			2*n*n*n - 5*s*s*n + 3*s*s*s,
			s*n*n + 4*s*s*n - 3*s*s*s,
			-s*s*n + s*s*s,
		} {
			table[i][k] = float64(w) / (2 * n * n * n)
		}
	}
	return table
}()

func dot4(w *[4]float64, a, b, c, d float64) float64 {
	return (float64(w[0]*a) + float64(w[1]*b)) + (float64(w[2]*c) + float64(w[3]*d))
}

// cells is the number of pieces per axis of the bending field.
const cells = 3

// bend moves every dot by a smooth random field: a cubic B-spline surface over
// cells x cells squares, the elastic distortion of the paper.
//
// Source: Simard, Steinkraus, Platt 2003, "Best practices for convolutional
// neural networks applied to visual document analysis", section 2, moving the
// pen instead of the pixels.
func (p *path) bend(h *hand, r *random) {
	var dx, dy [cells + 3][cells + 3]float64
	for i := range dx {
		for j := range dx[i] {
			dx[i][j], dy[i][j] = r.normal(h.sway), r.normal(h.sway)
		}
	}
	for k := range p.dots[:p.n] {
		d := &p.dots[k]
		j, wx := bspline(d.x)
		i, wy := bspline(d.y)
		var x, y [4]float64
		for k := range 4 {
			u, v := &dx[i+k], &dy[i+k]
			x[k] = dot4(&wx, u[j], u[j+1], u[j+2], u[j+3])
			y[k] = dot4(&wx, v[j], v[j+1], v[j+2], v[j+3])
		}
		d.x += dot4(&wy, x[0], x[1], x[2], x[3])
		d.y += dot4(&wy, y[0], y[1], y[2], y[3])
	}
}

// bspline returns the first of the four nodes that matter at t, and their weights.
func bspline(t float64) (first int, w [4]float64) {
	t = float64(min(max(t, 0), 1) * cells)
	first = min(int(t), cells-1)
	u := t - float64(first)
	v := 1 - u
	u2, v2 := float64(u*u), float64(v*v)
	u3, v3 := float64(u2*u), float64(v2*v)
	w[0] = v3 / 6
	w[1] = (4 - float64(6*u2) + float64(3*u3)) / 6
	w[2] = (4 - float64(6*v2) + float64(3*v3)) / 6
	w[3] = u3 / 6
	return first, w
}

// lean stretches, shears and turns the path.
func (p *path) lean(h *hand) {
	t2 := float64(h.turn * h.turn)
	cos, sin := (1-t2)/(1+t2), float64(2*h.turn)/(1+t2)
	for k := range p.dots[:p.n] {
		d := &p.dots[k]
		x := float64(d.x*h.width) + float64(d.y*h.slant)
		y := d.y + float64(x*h.tilt)
		d.x = float64(x*cos) - float64(y*sin)
		d.y = float64(x*sin) + float64(y*cos)
	}
}

// fit scales the path to the size in pixels, the pen included, and moves its
// centre of mass to the middle of the image.
func (p *path) fit(h *hand) {
	lo, hi := p.dots[0], p.dots[0]
	for _, d := range p.dots[:p.n] {
		lo.x, hi.x = min(lo.x, d.x), max(hi.x, d.x)
		lo.y, hi.y = min(lo.y, d.y), max(hi.y, d.y)
	}
	scale := (h.size - float64(2*h.radius)) / max(hi.x-lo.x, hi.y-lo.y)
	for k := range p.dots[:p.n] {
		d := &p.dots[k]
		d.x, d.y, d.r = float64(d.x*scale), float64(d.y*scale), float64(d.r*h.radius)
	}
	mx, my := p.centre()
	mx, my = Side/2+h.shift.x-mx, Side/2+h.shift.y-my
	for k := range p.dots[:p.n] {
		p.dots[k].x += mx
		p.dots[k].y += my
	}
}

// centre returns the mean place of the ink: each line weighs its length times
// its thickness.
func (p *path) centre() (x, y float64) {
	var mass float64
	for k := 1; k < p.n; k++ {
		if p.begins[k] {
			continue
		}
		a, b := &p.dots[k-1], &p.dots[k]
		m := float64(math.Sqrt(square(a.x-b.x)+square(a.y-b.y)) * (a.r + b.r))
		mass += m
		x += float64(m * (a.x + b.x))
		y += float64(m * (a.y + b.y))
	}
	mass = float64(2 * mass)
	return x / mass, y / mass
}

func square(v float64) float64 { return float64(v * v) }
