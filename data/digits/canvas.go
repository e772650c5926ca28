package digits

import "math"

// canvas is the image while it is drawn: the share of each pixel under ink.
type canvas [Side][Side]float64

// draw inks every line of the path.
func (c *canvas) draw(p *path, soft float64) {
	for k := 1; k < p.n; k++ {
		if !p.begins[k] {
			c.line(&p.dots[k-1], &p.dots[k], soft)
		}
	}
}

// line inks the pixels nearer to the line from a to b than the pen's radius; the edge
// fades over soft pixels. Where lines overlap, the darker one counts.
func (c *canvas) line(a, b *dot, soft float64) {
	reach := max(a.r, b.r) + float64(soft/2)
	x0, x1 := span(min(a.x, b.x)-reach, max(a.x, b.x)+reach)
	y0, y1 := span(min(a.y, b.y)-reach, max(a.y, b.y)+reach)
	ux, uy, ur := b.x-a.x, b.y-a.y, b.r-a.r
	length2 := square(ux) + square(uy)
	tx, ty := 0.0, 0.0
	if length2 > 0 {
		tx, ty = ux/length2, uy/length2
	}
	reach2, sharp := square(reach), 1/soft
	for y := y0; y < y1; y++ {
		row := &c[y]
		py := float64(y) + .5 - a.y
		along := float64(py * ty)
		for x := x0; x < x1; x++ {
			px := float64(x) + .5 - a.x
			t := min(max(along+float64(px*tx), 0), 1)
			d2 := square(px-float64(t*ux)) + square(py-float64(t*uy))
			if d2 >= reach2 {
				continue
			}
			v := float64((a.r+float64(t*ur)-math.Sqrt(d2))*sharp) + .5
			row[x] = max(row[x], min(v, 1))
		}
	}
}

// span returns the pixels from lo to hi that are on the image.
func span(lo, hi float64) (first, end int) {
	return int(max(lo, 0)), int(min(max(hi+1, 0), Side))
}

// blur gives each pixel's four sides a share of it, along x and then along y.
func (c *canvas) blur(side float64) {
	mid := 1 - float64(2*side)
	for y := range c {
		row, left := &c[y], 0.0
		for x := range Side - 1 {
			v := row[x]
			row[x] = float64(mid*v) + float64(side*(left+row[x+1]))
			left = v
		}
		row[Side-1] = float64(mid*row[Side-1]) + float64(side*left)
	}
	var above [Side]float64
	for y := range Side - 1 {
		row, below := &c[y], &c[y+1]
		for x, v := range row {
			row[x] = float64(mid*v) + float64(side*(above[x]+below[x]))
			above[x] = v
		}
	}
	for x, v := range &c[Side-1] {
		c[Side-1][x] = float64(mid*v) + float64(side*above[x])
	}
}

// develop turns the ink into bytes, with noise where there is any.
func (c *canvas) develop(img *Image, h *hand, r *random) {
	for i := range img {
		v := c[i/Side][i%Side]
		if v > 0 {
			v = float64(v * (h.ink + r.normal(h.grain)))
		}
		img[i] = uint8(float64(min(max(v, 0), 1)*255) + .5)
	}
}
