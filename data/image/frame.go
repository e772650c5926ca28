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
// edges. It reports whether dark and light were exchanged.
//
// Shapes: -> float32 [Height Width Channels], from 0 to 255.
func (f Frame) Fit(img stdimage.Image, invert Inversion) (x *tensor.Tensor, inverted bool, err error) {
	rgba, err := opaque(img)
	if err == nil {
		err = f.check()
	}
	if err == nil && (invert < InvertPaper || invert > Keep) {
		err = fmt.Errorf("Inversion(%d): want InvertPaper, Invert or Keep", invert)
	}
	if err != nil {
		return nil, false, fmt.Errorf("image: Frame.Fit: %w", err)
	}
	x, inverted = f.fit(rgba, invert)
	return x, inverted, nil
}

// check returns an error unless a picture can have the frame.
func (f Frame) check() error {
	if err := checkSize(f.Width, f.Height); err != nil {
		return fmt.Errorf("a frame of %w", err)
	}
	return checkChannels(f.Channels)
}

func (f Frame) fit(img *stdimage.RGBA, invert Inversion) (*tensor.Tensor, bool) {
	w, h := inside(img.Rect.Dx(), img.Rect.Dy(), f.Width, f.Height)
	small := make([]float32, w*h*f.Channels)
	resize(small, img.Rect.Dx(), img.Rect.Dy(), f.Channels, w, h, func(y int, into []float32) { row(img, y, f.Channels, into) })
	background := edge(img, f.Channels)
	x := tensor.New(tensor.Float32, f.Height, f.Width, f.Channels)
	pix := tensor.Data[float32](x)
	for i := range pix {
		pix[i] = background[i%f.Channels]
	}
	left, top := (f.Width-w)/2, (f.Height-h)/2
	for y := range h {
		copy(pix[((y+top)*f.Width+left)*f.Channels:], small[y*w*f.Channels:][:w*f.Channels])
	}
	inverted := invert == Invert || invert == InvertPaper && f.Channels == 1 && background[0] > 127.5
	if inverted {
		for i, v := range pix {
			pix[i] = 255 - v
		}
	}
	return x, inverted
}

// edge returns the median of the pixels along the four edges, channel by channel: the
// background.
func edge(img *stdimage.RGBA, channels int) []float32 {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	line := make([]float32, w*channels)
	all := make([][]float32, channels)
	for y := range h {
		row(img, y, channels, line)
		for x := 0; x < w; x++ {
			for c := range channels {
				all[c] = append(all[c], line[x*channels+c])
			}
			if y > 0 && y < h-1 && x == 0 && w > 1 {
				x = w - 2 // only the ends of inner rows
			}
		}
	}
	median := make([]float32, channels)
	for c, v := range all {
		slices.Sort(v)
		median[c] = v[len(v)/2]
	}
	return median
}
