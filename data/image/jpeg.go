package image

import (
	stdimage "image"
	"image/color"
)

// jpegPicture is a JPEG of three or four components, as they are stored. It makes colors of
// them bit by bit as libjpeg does: the standard library, which decodes them, repeats samples
// of color, where libjpeg interpolates, and rounds in another way.
//
// Source: T.81, annex A.1; T.871, section 7, YCbCr; libjpeg-turbo's documentation of
// do_fancy_upsampling, the triangle filter whose weights are 3/4 for the nearer sample and 1/4
// for the further one.
type jpegPicture struct {
	bounds stdimage.Rectangle
	planes []plane // of 3 or 4 components
	luma   bool    // the first three are luma and color, not red, green, and blue or their inks
}

// plane holds the samples of a component.
type plane struct {
	pix           []uint8
	step, stride  int   // between samples and rows of samples in pix
	flip          uint8 // is in them by xor
	width, height int   // in samples
	across, down  int   // pixels of a sample
}

// jpegOf returns a JPEG that the standard library decoded with the colors of libjpeg. What
// has one component stays as it is.
func jpegOf(img stdimage.Image, m *marks) stdimage.Image {
	b := img.Bounds()
	p := &jpegPicture{bounds: b, luma: m.luma()}
	add := func(pix []uint8, step, stride int, flip uint8, across, down int) {
		p.planes = append(p.planes, plane{
			pix: pix, step: step, stride: stride, flip: flip, across: across, down: down,
			width: (b.Dx() + across - 1) / across, height: (b.Dy() + down - 1) / down,
		})
	}
	// interleaved adds components that the decoder put side by side, repeating samples.
	interleaved := func(pix []uint8, stride int, flip uint8) {
		first := m.frame.samples[0]
		for c, s := range m.frame.samples {
			across, down := int(first>>4/max(s>>4, 1)), int(first&15/max(s&15, 1))
			add(pix[c:], 4*across, stride*down, flip, across, down)
		}
	}
	components := len(m.frame.samples)
	switch img := img.(type) {
	case *stdimage.YCbCr:
		across, down := 1, 1
		switch img.SubsampleRatio {
		case stdimage.YCbCrSubsampleRatio422:
			across = 2
		case stdimage.YCbCrSubsampleRatio420:
			across, down = 2, 2
		case stdimage.YCbCrSubsampleRatio440:
			down = 2
		case stdimage.YCbCrSubsampleRatio411:
			across = 4
		case stdimage.YCbCrSubsampleRatio410:
			across, down = 4, 2
		}
		add(img.Y, 1, img.YStride, 0, 1, 1)
		add(img.Cb, 1, img.CStride, 0, across, down)
		add(img.Cr, 1, img.CStride, 0, across, down)
	case *stdimage.RGBA: // the decoder takes the components for red, green, and blue
		if components == 3 {
			interleaved(img.Pix, img.Stride, 0)
		}
	case *stdimage.CMYK:
		if components == 4 {
			interleaved(img.Pix, img.Stride, 0xff)
		}
	}
	if p.planes == nil {
		return img
	}
	return p
}

// Bounds implements image.Image.
func (p *jpegPicture) Bounds() stdimage.Rectangle { return p.bounds }

// ColorModel implements image.Image.
func (p *jpegPicture) ColorModel() color.Model { return color.RGBAModel }

// Opaque returns true: a JPEG has no transparency.
func (p *jpegPicture) Opaque() bool { return true }

// At implements image.Image.
func (p *jpegPicture) At(x, y int) color.Color {
	at := stdimage.Rect(x, y, x+1, y+1)
	if !at.In(p.bounds) {
		return color.RGBA{}
	}
	var c canvas
	to := stdimage.NewRGBA(at)
	p.drawOn(to, stdimage.Point{}, &c)
	return to.RGBAAt(x, y)
}

// drawOn sets the pixels of to that are the picture's at shift.
func (p *jpegPicture) drawOn(to *stdimage.RGBA, shift stdimage.Point, c *canvas) {
	at := to.Rect.Intersect(p.bounds.Sub(shift))
	n := at.Dx()
	if cap(c.samples) < len(p.planes)*n {
		c.samples = make([]uint8, len(p.planes)*n)
	}
	var rows [4][]uint8
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for i := range p.planes {
			rows[i] = p.planes[i].row(c, c.samples[i*n:][:n], at.Min.X+shift.X-p.bounds.Min.X, y+shift.Y-p.bounds.Min.Y)
		}
		pix := to.Pix[to.PixOffset(at.Min.X, y):][:4*n]
		if p.luma {
			fromLuma(pix, rows[0], rows[1], rows[2])
		} else {
			interleave(pix, rows[0], rows[1], rows[2])
		}
		if len(p.planes) == 4 {
			darken(pix, rows[3], p.luma)
		}
	}
}

// row returns the samples of pixels from x on in row y, in dst or where they are.
func (p *plane) row(c *canvas, dst []uint8, x, y int) []uint8 {
	j := y / p.down
	near := p.pix[j*p.stride:]
	switch {
	case p.across == 1 && p.down == 1:
		if p.step == 1 && p.flip == 0 {
			return near[x:][:len(dst)]
		}
		p.repeat(dst, near, x)
	case p.across == 1 && p.down == 2:
		far, bias := p.far(j, y), 1+y&1
		for i := range dst {
			at := (x + i) * p.step
			dst[i] = uint8((3*int(near[at]^p.flip) + int(far[at]^p.flip) + bias) >> 2)
		}
	case p.across == 2 && p.down == 1 && p.width > 2:
		p.interpolate(c, dst, near, near, x, acrossOnly)
	case p.across == 2 && p.down == 2 && p.width > 2:
		p.interpolate(c, dst, near, p.far(j, y), x, acrossAndDown)
	default:
		p.repeat(dst, near, x)
	}
	return dst
}

// far returns the row of samples beside row j that is nearest to pixels in row y.
func (p *plane) far(j, y int) []uint8 {
	if y&1 == 0 {
		j--
	} else {
		j++
	}
	return p.pix[min(max(j, 0), p.height-1)*p.stride:]
}

// repeat sets dst to the nearest samples of a row.
func (p *plane) repeat(dst, row []uint8, x int) {
	for i := range dst {
		dst[i] = row[(x+i)/p.across*p.step] ^ p.flip
	}
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
func (p *plane) interpolate(c *canvas, dst, near, far []uint8, x int, by blend) {
	first := x / 2
	n := (x+len(dst)+1)/2 - first // samples, beside which one more counts at each side
	if cap(c.sums) < n+2 {
		c.sums = make([]uint16, n+2)
	}
	sums := c.sums[:n+2]
	p.add(sums, near, far, first-1, by)
	at := 2*first - x // of the pixel at the left of a sample
	for k, here := range sums[1 : n+1] {
		if at >= 0 {
			dst[at] = uint8((3*here + sums[k] + by.left) >> by.shift)
		}
		if at++; at < len(dst) {
			dst[at] = uint8((3*here + sums[k+2] + by.right) >> by.shift)
		}
		at++
	}
}

// add sets sums of two rows' samples from i on, those at the edge standing for others beyond.
func (p *plane) add(sums []uint16, near, far []uint8, i int, by blend) {
	from, to := 0, 0 // which are done
	if p.step == 1 && p.flip == 0 {
		from, to = max(-i, 0), min(len(sums), p.width-i)
		near, far := near[i+from:i+to], far[i+from:i+to]
		for k, v := range near {
			sums[from+k] = by.a*uint16(v) + by.b*uint16(far[k])
		}
	}
	for k := range sums {
		if k < from || k >= to {
			at := min(max(i+k, 0), p.width-1) * p.step
			sums[k] = by.a*uint16(near[at]^p.flip) + by.b*uint16(far[at]^p.flip)
		}
	}
}

// Tables of what color adds to luma: to red by Cr and to blue by Cb; to green by both, in
// 65536ths.
var addRed, addBlue, addGreenCr, addGreenCb = func() (r, b, gr, gb [256]int32) {
	const half = 1 << 15
	for i := range int32(256) {
		c := i - 128
		r[i] = (91881*c + half) >> 16 // 1.402
		b[i] = (116130*c + half) >> 16
		gr[i] = -46802 * c // 0.71414
		gb[i] = -22554*c + half
	}
	return
}()

// fromLuma sets pixels to the colors of luma and of color's two components.
func fromLuma(pix, luma, cb, cr []uint8) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	for i, y := range luma {
		b, r := cb[i], cr[i]
		q := pix[4*i : 4*i+4 : 4*i+4]
		q[0] = clipped(int32(y) + addRed[r])
		q[1] = clipped(int32(y) + (addGreenCb[b]+addGreenCr[r])>>16)
		q[2] = clipped(int32(y) + addBlue[b])
		q[3] = 255
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
