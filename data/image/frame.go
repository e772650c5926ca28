package image

import (
	"fmt"
	stdimage "image"
	"math"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// Frame is how a model takes a picture: its size, and 1 channel of grey or 3 of color.
type Frame struct{ Width, Height, Channels int }

// FrameOf returns the frame of samples of a shape: [H W], [H W 1], [H W 3], or a square
// of pixels in a row, [N]. Another shape is an error.
func FrameOf(shape tensor.Dims) (Frame, error) {
	switch s := shape.Slice(); {
	case slices.ContainsFunc(s, func(n int) bool { return n < 1 }): // open or empty
	case len(s) == 2:
		return Frame{s[1], s[0], 1}, nil
	case len(s) == 3 && (s[2] == 1 || s[2] == 3):
		return Frame{s[1], s[0], s[2]}, nil
	case len(s) == 1:
		if n := int(math.Sqrt(float64(s[0]))); n > 0 && n*n == s[0] {
			return Frame{n, n, 1}, nil
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
	p, err := f.take(img)
	if err == nil && (invert < InvertPaper || invert > Keep) {
		err = fmt.Errorf("Inversion(%d): want InvertPaper, Invert or Keep", invert)
	}
	if err != nil {
		return nil, false, fmt.Errorf("image: Frame.Fit: %w", err)
	}
	w, h := inside(p.Bounds().Dx(), p.Bounds().Dy(), f.Width, f.Height)
	x = tensor.New(tensor.Float32, f.Height, f.Width, f.Channels)
	pix := tensor.Data[float32](x)
	background := edge(p, f.Channels)
	for i := range pix {
		pix[i] = background[i%f.Channels]
	}
	left, top := (f.Width-w)/2, (f.Height-h)/2
	f.resized(pix[(top*f.Width+left)*f.Channels:], p, w, h)
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
// Shapes: -> float32 [Height Width Channels], from 0 to 255.
func (f Frame) Stretch(img stdimage.Image) (*tensor.Tensor, error) {
	p, err := f.take(img)
	if err != nil {
		return nil, fmt.Errorf("image: Frame.Stretch: %w", err)
	}
	x := tensor.New(tensor.Float32, f.Height, f.Width, f.Channels)
	f.resized(tensor.Data[float32](x), p, f.Width, f.Height)
	return x, nil
}

// take returns a picture as a person sees it, and an error unless it can have the frame.
func (f Frame) take(img stdimage.Image) (*Picture, error) {
	p, err := seen(img)
	if err != nil {
		return nil, err
	}
	if err := checkSize(f.Width, f.Height); err != nil {
		return nil, fmt.Errorf("a frame of %w", err)
	}
	if err := checkChannels(f.Channels); err != nil {
		return nil, err
	}
	b, pixels := p.Bounds(), int64(f.Width)*int64(f.Height)
	return p, p.memory.check("a picture", b.Dx(), b.Dy(), 4*pixels*int64(f.Channels))
}

// resized writes a picture of another size to rows of the frame.
func (f Frame) resized(out []float32, p *Picture, width, height int) {
	rows := newRows(p)
	resize(out, f.Width*f.Channels, p.Bounds().Dx(), p.Bounds().Dy(), f.Channels, width, height, func(y int, into []float32) {
		rows.floats(y, f.Channels, into)
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
