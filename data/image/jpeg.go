package image

import (
	stdimage "image"
	"image/color"

	"github.com/glia-ml/glia/internal/jpeg"
	"github.com/glia-ml/glia/internal/kern"
)

// jpegPicture is a JPEG, as its components are stored. It makes colors of them bit by bit as libjpeg
// does for pillow.
//
// Source: T.81, annex A.1; T.871, section 7, YCbCr; libjpeg-turbo's documentation of
// do_fancy_upsampling, the triangle filter whose weights are 3/4 for the nearer sample and 1/4
// for the further one.
type jpegPicture struct {
	*jpeg.File
	luma bool // the first three components are luma and color, not red, green, and blue or their inks
}

// plane is a component, whose samples may be those of several pixels.
type plane struct{ *jpeg.Component }

// isLuma reports whether the first three components of a JPEG are luma and color, not colors or inks
// themselves, as libjpeg decides it.
func isLuma(f *jpeg.File) bool {
	switch n := len(f.Components); {
	case n == 1:
		return false
	case n == 4:
		return f.Adobe && f.Transform != 0
	case f.JFIF:
		return true
	case f.Adobe:
		return f.Transform != 0
	}
	return f.Components[0].ID != 'R' || f.Components[1].ID != 'G' || f.Components[2].ID != 'B'
}

// Bounds implements image.Image.
func (p *jpegPicture) Bounds() stdimage.Rectangle { return stdimage.Rect(0, 0, p.Width, p.Height) }

// ColorModel implements image.Image.
func (p *jpegPicture) ColorModel() color.Model { return color.RGBAModel }

// Opaque returns true: a JPEG has no transparency.
func (p *jpegPicture) Opaque() bool { return true }

// At implements image.Image.
func (p *jpegPicture) At(x, y int) color.Color {
	at := stdimage.Rect(x, y, x+1, y+1)
	if !at.In(p.Bounds()) {
		return color.RGBA{}
	}
	var c canvas
	to := stdimage.NewRGBA(at)
	p.drawOn(to, stdimage.Point{}, &c)
	return to.RGBAAt(x, y)
}

// drawOn sets the pixels of to that are the picture's at shift.
func (p *jpegPicture) drawOn(to *stdimage.RGBA, shift stdimage.Point, c *canvas) {
	at := to.Rect.Intersect(p.Bounds().Sub(shift))
	for y := at.Min.Y; y < at.Max.Y; y++ {
		p.line(to.Pix[to.PixOffset(at.Min.X, y):][:4*at.Dx()], at.Min.X+shift.X, y+shift.Y, c)
	}
}

// line sets pixels of 4 bytes to those of row y from x on.
func (p *jpegPicture) line(pix []uint8, x, y int, c *canvas) {
	n := len(pix) / 4
	if cap(c.samples) < len(p.Components)*n {
		c.samples = make([]uint8, len(p.Components)*n)
	}
	var rows [4][]uint8
	for i := range p.Components {
		rows[i] = plane{&p.Components[i]}.row(c, c.samples[i*n:][:n], x, y)
	}
	switch {
	case len(p.Components) == 1:
		interleave(pix, rows[0], rows[0], rows[0])
	case p.luma:
		kern.Colors(pix, rows[0], rows[1], rows[2])
	default:
		interleave(pix, rows[0], rows[1], rows[2])
	}
	if len(p.Components) == 4 {
		darken(pix, rows[3], p.luma)
	}
}

// row returns the samples of pixels from x on in row y, in dst or where they are.
func (p plane) row(c *canvas, dst []uint8, x, y int) []uint8 {
	j := y / p.Down
	near := p.Pix[j*p.Stride:]
	switch {
	case p.Across == 1 && p.Down == 1:
		return near[x:][:len(dst)]
	case p.Across == 1 && p.Down == 2:
		far, bias := p.far(j, y)[x:], 1+y&1
		for i, v := range near[x:][:len(dst)] {
			dst[i] = uint8((3*int(v) + int(far[i]) + bias) >> 2)
		}
	case p.Across == 2 && p.Down == 1 && p.Width > 2:
		p.interpolate(c, dst, near, near, x, acrossOnly)
	case p.Across == 2 && p.Down == 2 && p.Width > 2:
		p.interpolate(c, dst, near, p.far(j, y), x, acrossAndDown)
	default:
		for i := range dst {
			dst[i] = near[(x+i)/p.Across]
		}
	}
	return dst
}

// far returns the row of samples beside row j that is nearest to pixels in row y.
func (p plane) far(j, y int) []uint8 {
	if y&1 == 0 {
		j--
	} else {
		j++
	}
	return p.Pix[min(max(j, 0), p.Height-1)*p.Stride:]
}

// blend says how samples of two rows, and then of two columns, become a pixel's: a times the
// nearer row and b times the further one; three times the nearer column and the further one,
// with a number added for the pixel at the left or the right of a sample, and shift bits less.
type blend struct {
	a, b, left, right uint16
	shift             int
}

var (
	acrossOnly    = blend{1, 0, 1, 2, 2}
	acrossAndDown = blend{3, 1, 8, 7, 4}
)

// interpolate sets dst to the pixels from x on of rows of samples half as wide.
func (p plane) interpolate(c *canvas, dst, near, far []uint8, x int, by blend) {
	first := x / 2
	n := (x+len(dst)+1)/2 - first // samples, beside which one more counts at each side
	if cap(c.sums) < n+2 {
		c.sums = make([]uint16, n+2)
	}
	sums := c.sums[:n+2]
	from, to := max(1-first, 0), min(n+2, p.Width-first+1) // those that there are
	kern.SumSamples(sums[from:to], near[first-1+from:], far[first-1+from:], by.a, by.b)
	if from > 0 { // those at the edge stand for others beyond
		sums[0] = sums[1]
	}
	if to < n+2 {
		sums[n+1] = sums[n]
	}
	if x&1 == 1 {
		dst[0] = uint8((3*sums[1] + sums[2] + by.right) >> by.shift)
		dst, sums = dst[1:], sums[1:]
	}
	kern.BetweenSamples(dst[:len(dst)&^1], sums, by.left, by.right, by.shift)
	if k := len(dst) / 2; len(dst)&1 == 1 {
		dst[2*k] = uint8((3*sums[k+1] + sums[k] + by.left) >> by.shift)
	}
}

// clipped returns the level nearest to v.
func clipped(v int32) uint8 {
	if uint32(v) > 255 {
		return uint8(^v >> 31) // 0 if v is negative
	}
	return uint8(v)
}

// interleave sets pixels to three components.
func interleave(pix, r, g, b []uint8) {
	g, b = g[:len(r)], b[:len(r)]
	for i := range r {
		q := pix[4*i : 4*i+4 : 4*i+4]
		q[0], q[1], q[2], q[3] = r[i], g[i], b[i], 255
	}
}

// darken sets pixels of three inks to their colors under black. Inks are stored as what they
// leave of the light, those that luma was made of as they are.
func darken(pix, black []uint8, luma bool) {
	for i, k := range black {
		q := pix[4*i : 4*i+3 : 4*i+3]
		for c, v := range q {
			if !luma {
				v = 255 - v
			}
			n := int(v)*int(k) + 128 // divided by 255
			q[c] = k - uint8((n>>8+n)>>8)
		}
	}
}
