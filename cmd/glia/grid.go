package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/tensor"
)

// grid is pictures of one size in rows, each with a line of text below it.
type grid struct {
	cells   []cell
	columns int // 0 for as many as make it about square
}

type cell struct {
	picture *image.RGBA
	text    string
}

// add adds a picture.
func (g *grid) add(picture *image.RGBA, text string) {
	g.cells = append(g.cells, cell{picture, text})
}

// Measures of a grid, in pixels.
const (
	leastCell  = 96 // smaller pictures are enlarged
	cellGap    = 8
	captionGap = 4
	fontSize   = 13
)

// png writes the grid as a PNG.
func (g *grid) png(w io.Writer) error {
	face, err := captions()
	if err != nil {
		return err
	}
	defer face.Close()
	columns := g.columns
	if columns == 0 {
		columns = max(int(math.Ceil(math.Sqrt(float64(len(g.cells))))), 1)
	}
	size := image.Pt(1, 1)
	for _, c := range g.cells {
		size = image.Pt(max(size.X, c.picture.Rect.Dx()), max(size.Y, c.picture.Rect.Dy()))
	}
	scale := max((leastCell+max(size.X, size.Y)-1)/max(size.X, size.Y), 1)
	caption := face.Metrics().Height.Ceil() + captionGap
	step := image.Pt(max(size.X*scale, leastCell)+cellGap, size.Y*scale+caption+cellGap)
	rows := (len(g.cells) + columns - 1) / columns
	img := image.NewRGBA(image.Rect(0, 0, columns*step.X+cellGap, rows*step.Y+cellGap))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	for i, c := range g.cells {
		at := image.Pt(cellGap+i%columns*step.X, cellGap+i/columns*step.Y)
		enlarge(img, at, c.picture, scale)
		d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{40}), Face: face}
		d.Dot = fixed.P(at.X, at.Y+size.Y*scale+captionGap+face.Metrics().Ascent.Ceil())
		d.DrawString(fitting(face, plaintext.Text(c.text), step.X-cellGap))
	}
	return png.Encode(w, img)
}

// captions returns the face of the text.
func captions() (font.Face, error) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("font: %w", err)
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: fontSize, DPI: 72, Hinting: font.HintingFull})
}

// fitting returns text, or as much of its begin as a width has room for.
func fitting(face font.Face, text string, width int) string {
	if font.MeasureString(face, text).Ceil() <= width {
		return text
	}
	runes := []rune(text)
	for n := min(len(runes), width); n > 0; n-- {
		if s := string(runes[:n]) + "…"; font.MeasureString(face, s).Ceil() <= width {
			return s
		}
	}
	return ""
}

// enlarge draws a picture with its corner at a point, each pixel as a square.
func enlarge(dst *image.RGBA, at image.Point, src *image.RGBA, scale int) {
	for y := range src.Rect.Dy() {
		for x := range src.Rect.Dx() {
			c := src.RGBAAt(x, y)
			for dy := range scale {
				for dx := range scale {
					dst.SetRGBA(at.X+x*scale+dx, at.Y+y*scale+dy, c)
				}
			}
		}
	}
}

// pixelsOf returns picture i of a batch [n H W 3] of pixels from 0 to 255.
func pixelsOf(x *tensor.Tensor, i int) *image.RGBA {
	h, w := x.Shape().At(1), x.Shape().At(2)
	pix := tensor.Data[float32](x)[i*h*w*3:][:h*w*3]
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for k := range h * w {
		img.SetRGBA(k%w, k/w, color.RGBA{level(pix[3*k]), level(pix[3*k+1]), level(pix[3*k+2]), 255})
	}
	return img
}

// level rounds a number to one of 0 to 255; NaN is 0.
func level(v float32) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(min(v, 255) + 0.5)
}

// channelOf returns channel c of a picture [1 H W C], from black for its least number to white
// for its largest.
func channelOf(x *tensor.Tensor, c int) *image.RGBA {
	h, w, channels := x.Shape().At(1), x.Shape().At(2), x.Shape().At(3)
	all := x.Float64s()
	low, high := math.Inf(1), math.Inf(-1)
	for i := range h * w {
		if v := all[i*channels+c]; !math.IsInf(v, 0) && v == v {
			low, high = min(low, v), max(high, v)
		}
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		v := uint8(0)
		if high > low {
			v = level(float32((all[i*channels+c] - low) / (high - low) * 255))
		}
		img.SetRGBA(i%w, i/w, color.RGBA{v, v, v, 255})
	}
	return img
}
