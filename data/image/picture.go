package image

import (
	"fmt"
	stdimage "image"
	"image/color"
	"image/draw"
)

// Picture holds a picture as a person sees it, see [Decode]. It keeps the pixels as the
// file's format has them, and makes colors of them where they are asked for: [Pixels] and
// [Frame] need no copy of the whole. It implements the standard library's image.Image, one
// pixel at a time; RGBA is quicker for many.
type Picture struct {
	img         stdimage.Image
	canvas      stdimage.Rectangle // the part of img's plane that is seen
	orientation int                // of EXIF, see [Picture.draw]
	background  int                // under what is transparent: a level, or -1 if nothing is
	memory      memory             // that it has taken and may take
}

// pictureOf returns the part of a picture within a canvas on a background, as a person sees
// it: white if what is visible is dark, black if it is light.
func pictureOf(img stdimage.Image, canvas stdimage.Rectangle, orientation int) *Picture {
	p := &Picture{img: img, canvas: canvas, orientation: orientation, background: -1}
	if o, ok := img.(interface{ Opaque() bool }); ok && canvas.In(img.Bounds()) && o.Opaque() {
		return p
	}
	if p.isLight() {
		p.background = 0
	} else {
		p.background = 255
	}
	return p
}

// Bounds implements image.Image. The corner is at 0, 0.
func (p *Picture) Bounds() stdimage.Rectangle {
	if w, h := p.canvas.Dx(), p.canvas.Dy(); p.orientation < 5 {
		return stdimage.Rect(0, 0, w, h)
	} else {
		return stdimage.Rect(0, 0, h, w)
	}
}

// ColorModel implements image.Image.
func (p *Picture) ColorModel() color.Model { return color.RGBAModel }

// Opaque returns true: a picture stands on a background.
func (p *Picture) Opaque() bool { return true }

// At implements image.Image.
func (p *Picture) At(x, y int) color.Color {
	if !(stdimage.Point{X: x, Y: y}).In(p.Bounds()) {
		return color.RGBA{}
	}
	var c canvas
	return p.draw(&c, stdimage.Rect(x, y, x+1, y+1)).RGBAAt(x, y)
}

// RGBA returns the whole picture in 4 bytes a pixel. It returns an error if they exceed the
// picture's bound, see [LimitMemory].
func (p *Picture) RGBA() (*stdimage.RGBA, error) {
	b := p.Bounds()
	if err := p.affords(4); err != nil {
		return nil, fmt.Errorf("image: Picture.RGBA: %w", err)
	}
	to := stdimage.NewRGBA(b)
	rows := newRows(p)
	for y := range b.Dy() {
		copy(to.Pix[y*to.Stride:], rows.at(y))
	}
	return to, nil
}

// affords returns an error if so many bytes for each of its pixels exceed the bound of a
// picture.
func (p *Picture) affords(bytes int) error {
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	return p.memory.check("a picture", w, h, int64(bytes)*int64(w)*int64(h))
}

// canvas holds the memory of a part of a picture, from one part to the next, and of a row of
// a JPEG's components.
type canvas struct {
	drawn, turned, samples []uint8
	sums                   []uint16
}

// fit returns a picture of a size in the memory of *buf, of undefined content.
func fit(buf *[]uint8, at stdimage.Rectangle) *stdimage.RGBA {
	n := 4 * at.Dx() * at.Dy()
	if cap(*buf) < n {
		*buf = make([]uint8, n)
	}
	return &stdimage.RGBA{Pix: (*buf)[:n], Stride: 4 * at.Dx(), Rect: at}
}

// draw returns the part of a picture within at, without transparency, as EXIF's orientation
// says that it is to be seen, by which the first row of pixels is at its top, right, bottom
// or left, and the first column likewise:
//
//	1 top left, 2 top right, 3 bottom right, 4 bottom left,
//	5 left top, 6 right top, 7 right bottom, 8 left bottom
//
// Other orientations are 1. What it returns is valid until the next draw on c.
func (p *Picture) draw(c *canvas, at stdimage.Rectangle) *stdimage.RGBA {
	seen := p.seen(c, at)
	if p.background < 0 {
		return seen
	}
	for i := 0; i < len(seen.Pix); i += 4 {
		q := seen.Pix[i : i+4 : i+4] // colors times opacity
		through := (255 - int(q[3])) * p.background / 255
		q[0], q[1], q[2], q[3] = uint8(int(q[0])+through), uint8(int(q[1])+through), uint8(int(q[2])+through), 255
	}
	return seen
}

// seen returns the part of a picture within at, turned, colors times opacity.
func (p *Picture) seen(c *canvas, at stdimage.Rectangle) *stdimage.RGBA {
	o := p.orientation
	across := o >= 5                              // the first row is at a side
	right := o == 2 || o == 3 || o == 6 || o == 7 // x goes down
	down := o == 3 || o == 4 || o == 7 || o == 8  // y goes down
	from, all := at, p.Bounds()
	if right {
		from.Min.X, from.Max.X = all.Max.X-at.Max.X, all.Max.X-at.Min.X
	}
	if down {
		from.Min.Y, from.Max.Y = all.Max.Y-at.Max.Y, all.Max.Y-at.Min.Y
	}
	if across {
		from = stdimage.Rect(from.Min.Y, from.Min.X, from.Max.Y, from.Max.X)
	}
	drawn := fit(&c.drawn, from)
	if own, ok := p.img.(*jpegPicture); ok {
		own.drawOn(drawn, p.canvas.Min, c)
	} else {
		clear(drawn.Pix) // where there is nothing to be drawn
		draw.Draw(drawn, p.img.Bounds().Sub(p.canvas.Min), p.img, p.img.Bounds().Min, draw.Src)
	}
	if !across && !right && !down {
		return drawn
	}
	turned := fit(&c.turned, at)
	for y := range at.Dy() {
		for x := range at.Dx() {
			column, row := x, y
			if right {
				column = at.Dx() - 1 - x
			}
			if down {
				row = at.Dy() - 1 - y
			}
			if across {
				column, row = row, column
			}
			copy(turned.Pix[y*turned.Stride+4*x:][:4], drawn.Pix[row*drawn.Stride+4*column:])
		}
	}
	return turned
}

// isLight reports whether the visible part of a picture is light: its mean luma, by
// opacity, is more than half of white's.
func (p *Picture) isLight() bool {
	sum, opacity := 0, 0
	rows := newRows(p)
	for y := range p.Bounds().Dy() {
		line := rows.at(y)
		for i := 0; i < len(line); i += 4 {
			q := line[i : i+4 : i+4]
			sum += luma(q)
			opacity += int(q[3])
		}
	}
	return sum > 500*opacity
}

// rows draws a picture row by row, some at a time.
type rows struct {
	p      *Picture
	jpeg   *jpegPicture // which has rows by itself, or nil
	canvas canvas
	band   *stdimage.RGBA // the rows that are drawn
}

// Pixels that are drawn at a time, in one row or more: of a picture whose rows are columns of its
// file, and of others, of which rows may be left out.
const (
	bandPixels = 1 << 18
	fewPixels  = 1 << 12
)

func newRows(p *Picture) *rows {
	r := &rows{p: p, band: &stdimage.RGBA{}}
	if own, ok := p.img.(*jpegPicture); ok && p.orientation < 2 {
		r.jpeg = own
	}
	return r
}

// at returns row y of the picture, 4 bytes a pixel, until the next call.
func (r *rows) at(y int) []uint8 {
	all := r.p.Bounds()
	if r.jpeg != nil {
		if r.canvas.drawn == nil {
			r.canvas.drawn = make([]uint8, 4*all.Dx())
		}
		r.jpeg.line(r.canvas.drawn, r.p.canvas.Min.X, r.p.canvas.Min.Y+y, &r.canvas)
		return r.canvas.drawn
	}
	if y < r.band.Rect.Min.Y || y >= r.band.Rect.Max.Y {
		most := fewPixels
		if r.p.orientation >= 5 {
			most = bandPixels
		}
		n := max(most/all.Dx(), 1)
		r.band = r.p.draw(&r.canvas, stdimage.Rect(0, y, all.Dx(), min(y+n, all.Dy())))
	}
	return r.band.Pix[(y-r.band.Rect.Min.Y)*r.band.Stride:][:r.band.Stride]
}

// floats writes pixels of 4 bytes to into, [N C].
func floats(pixels []uint8, channels int, into []float32) {
	for i := range len(pixels) / 4 {
		p := pixels[4*i : 4*i+3 : 4*i+3]
		if channels == 1 {
			into[i] = float32(luma(p)) / 1000
		} else {
			into[3*i], into[3*i+1], into[3*i+2] = float32(p[0]), float32(p[1]), float32(p[2])
		}
	}
}

// luma returns a thousand times the luma of a pixel.
func luma(p []uint8) int { return 299*int(p[0]) + 587*int(p[1]) + 114*int(p[2]) }
