package image

import (
	"fmt"
	stdimage "image"
	"math"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// Frame says how a model takes a picture: its size, and 1 channel of grey or 3 of color; and
// by which filter a picture gets that size, Area if none is named.
type Frame struct {
	Width, Height, Channels int
	Filter                  Filter
}

// FrameOf returns the frame of samples of a shape: [H W], [H W 1], [H W 3], or a square
// of pixels in a row, [N]. Another shape is an error.
func FrameOf(shape tensor.Dims) (Frame, error) {
	switch s := shape.Slice(); {
	case slices.ContainsFunc(s, func(n int) bool { return n < 1 }): // open or empty
	case len(s) == 2:
		return Frame{Width: s[1], Height: s[0], Channels: 1}, nil
	case len(s) == 3 && (s[2] == 1 || s[2] == 3):
		return Frame{Width: s[1], Height: s[0], Channels: s[2]}, nil
	case len(s) == 1:
		if n := int(math.Sqrt(float64(s[0]))); n > 0 && n*n == s[0] {
			return Frame{Width: n, Height: n, Channels: 1}, nil
		}
	}
	return Frame{}, fmt.Errorf("image: FrameOf: samples are %v: want [H W], [H W 1], [H W 3] or a square number of pixels", shape)
}

// Inversion says whether dark and light are exchanged.
type Inversion int

const (
	// InvertPaper exchanges dark and light in grey pictures whose background is light:
	// ink on paper becomes light on dark, as the digits of MNIST are.
	InvertPaper Inversion = iota
	// Invert exchanges dark and light in every picture.
	Invert
	// Keep leaves dark and light as they are.
	Keep
)

// Fit brings a picture to the frame: as large as fits in its proportions, see [Resize],
// in the middle, on its own background, which is the median of the pixels along its
// edges. It reports whether dark and light were exchanged. It takes little memory beside
// the picture and the result; a picture of [Decode] that exceeds its bound with them is an
// error.
//
// Shapes: -> float32 [Height Width Channels], from 0 to 255.
func (f Frame) Fit(img stdimage.Image, invert Inversion) (x *tensor.Tensor, inverted bool, err error) {
	p, all, err := f.take(img, f.whole)
	if err == nil && (invert < InvertPaper || invert > Keep) {
		err = fmt.Errorf("Inversion(%d): want InvertPaper, Invert or Keep", invert)
	}
	if err != nil {
		return nil, false, fmt.Errorf("image: Frame.Fit: %w", err)
	}
	w, h := inside(all.Dx(), all.Dy(), f.Width, f.Height)
	x = tensor.New(tensor.Float32, f.Height, f.Width, f.Channels)
	pix := tensor.Data[float32](x)
	background := edge(p, f.Channels)
	for i := range pix {
		pix[i] = background[i%f.Channels]
	}
	left, top := (f.Width-w)/2, (f.Height-h)/2
	f.resized(pix[(top*f.Width+left)*f.Channels:], p, all, w, h)
	inverted = invert == Invert || invert == InvertPaper && f.Channels == 1 && background[0] > 127.5
	if inverted {
		for i, v := range pix {
			pix[i] = 255 - v
		}
	}
	return x, inverted, nil
}

// Stretch brings a picture to the frame's size whatever its proportions: what [Resize] makes
// of all its pixels, without taking memory for these. A picture of [Decode] that exceeds its
// bound of memory is an error.
//
// Shapes: -> float32 [Height Width Channels], from 0 to 255, but for filters with negative
// weights that do not round.
func (f Frame) Stretch(img stdimage.Image) (*tensor.Tensor, error) {
	return f.framed("Stretch", img, f.whole)
}

// whole returns all of a picture.
func (Frame) whole(all stdimage.Rectangle) stdimage.Rectangle { return all }

// Crop is Stretch of the largest part in the middle that has the frame's proportions, as
// Keras's crop_to_aspect_ratio has it.
func (f Frame) Crop(img stdimage.Image) (*tensor.Tensor, error) {
	return f.framed("Crop", img, f.middle)
}

// middle returns the part of a picture that Crop takes.
func (f Frame) middle(all stdimage.Rectangle) stdimage.Rectangle {
	w, h := all.Dx(), all.Dy()
	cutW, cutH := f.inProportion(w, h)
	cutW, cutH = max(min(w, cutW), 1), max(min(h, cutH), 1)
	left, top := (w-cutW)/2, (h-cutH)/2
	return stdimage.Rect(left, top, left+cutW, top+cutH)
}

// Pad is Stretch of the picture with equal black borders above and below, or at both sides,
// that give it the frame's proportions, as Keras's pad_to_aspect_ratio has it.
func (f Frame) Pad(img stdimage.Image) (*tensor.Tensor, error) {
	return f.framed("Pad", img, f.bordered)
}

// bordered returns a picture with the borders of Pad.
func (f Frame) bordered(all stdimage.Rectangle) stdimage.Rectangle {
	w, h := all.Dx(), all.Dy()
	padW, padH := f.inProportion(w, h)
	left, top := (max(w, padW)-w)/2, (max(h, padH)-h)/2
	return stdimage.Rect(-left, -top, w+left, h+top)
}

// inProportion returns the width that has the frame's proportions with a height, and the
// height that has them with a width, both rounded as Keras does it.
func (f Frame) inProportion(width, height int) (w, h int) {
	w = int(float32(height*f.Width) / float32(f.Height))
	h = int(float32(width*f.Height) / float32(f.Width))
	return w, h
}

// framed brings the part of a picture that window returns to the frame's size.
func (f Frame) framed(method string, img stdimage.Image, window func(all stdimage.Rectangle) stdimage.Rectangle) (*tensor.Tensor, error) {
	p, at, err := f.take(img, window)
	if err != nil {
		return nil, fmt.Errorf("image: Frame.%s: %w", method, err)
	}
	x := tensor.New(tensor.Float32, f.Height, f.Width, f.Channels)
	f.resized(tensor.Data[float32](x), p, at, f.Width, f.Height)
	return x, nil
}

// take returns a picture as a person sees it and the part of it that window returns, and an
// error unless that can have the frame.
func (f Frame) take(img stdimage.Image, window func(all stdimage.Rectangle) stdimage.Rectangle) (*Picture, stdimage.Rectangle, error) {
	none := stdimage.Rectangle{}
	p, err := seen(img)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return nil, none, err
	}
	at := window(p.Bounds())
	if at.Dx() > mostPixels || at.Dy() > mostPixels {
		return nil, none, fmt.Errorf("a picture with borders of %d x %d pixels: want %d or fewer along each side", at.Dx(), at.Dy(), mostPixels)
	}
	pixels := int64(f.Width) * int64(f.Height)
	r := f.resizing(p, at, f.Width, f.Height)
	return p, at, p.memory.check("a picture", at.Dx(), at.Dy(), 4*pixels*int64(f.Channels)+r.memory())
}

// check returns an error unless pictures can have the frame.
func (f Frame) check() error {
	if err := checkSize(f.Width, f.Height); err != nil {
		return fmt.Errorf("a frame of %w", err)
	}
	if err := checkChannels(f.Channels); err != nil {
		return err
	}
	return f.Filter.check()
}

// resizing returns the change of the part of a picture within at to a size by the frame's
// filter.
func (f Frame) resizing(p *Picture, at stdimage.Rectangle, width, height int) resizing {
	within := at.Intersect(p.Bounds()).Sub(at.Min)
	return resizing{f.Filter, f.Channels, at.Dx(), at.Dy(), width, height, true, within}
}

// resized writes the part of a picture within at, black where that is beyond the picture, in
// another size to rows of the frame.
func (f Frame) resized(out []float32, p *Picture, at stdimage.Rectangle, width, height int) {
	rows := newRows(p)
	within := at.Intersect(p.Bounds())
	f.resizing(p, at, width, height).run(out, f.Width*f.Channels, func(y int) line {
		return line{pixels: rows.at(within.Min.Y + y)[4*within.Min.X : 4*within.Max.X]}
	})
}

// edge returns the median of the pixels along the four edges, channel by channel: the
// background.
func edge(p *Picture, channels int) []float32 {
	most := 255
	if channels == 1 {
		most *= 1000 // thousandths of luma
	}
	count := make([][]int32, channels) // of pixels with each level
	for c := range count {
		count[c] = make([]int32, most+1)
	}
	n := 0
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	var buf canvas
	for _, side := range []stdimage.Rectangle{
		{Max: stdimage.Pt(w, 1)}, {Min: stdimage.Pt(0, max(h-1, 1)), Max: stdimage.Pt(w, h)}, // top, bottom
		{Min: stdimage.Pt(0, 1), Max: stdimage.Pt(1, h-1)}, {Min: stdimage.Pt(max(w-1, 1), 1), Max: stdimage.Pt(w, h-1)}, // between them
	} {
		if side.Empty() {
			continue
		}
		pix := p.draw(&buf, side).Pix
		for i := 0; i < len(pix); i += 4 {
			if channels == 1 {
				count[0][luma(pix[i:])]++
			} else {
				for c := range channels {
					count[c][pix[i+c]]++
				}
			}
			n++
		}
	}
	median := make([]float32, channels)
	for c, levels := range count {
		level := 0
		for below := int(levels[0]); below <= n/2; below += int(levels[level]) {
			level++
		}
		median[c] = float32(level)
		if channels == 1 {
			median[c] = float32(level) / 1000
		}
	}
	return median
}
