package main

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // decoders that image.Decode finds
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// mostPixels keeps a small file from asking for more memory than there is.
const mostPixels = 64 << 20

// frame is how a model takes a picture.
type frame struct{ width, height, channels int }

// frameOf returns the frame of samples of a shape: [H W], [H W 1], [H W 3], or a
// square of pixels in a row.
func frameOf(shape tensor.Dims) (frame, error) {
	switch s := shape.Slice(); {
	case len(s) == 2:
		return frame{s[1], s[0], 1}, nil
	case len(s) == 3 && (s[2] == 1 || s[2] == 3):
		return frame{s[1], s[0], s[2]}, nil
	case len(s) == 1:
		for n := 1; n*n <= s[0]; n++ {
			if n*n == s[0] {
				return frame{n, n, 1}, nil
			}
		}
	}
	return frame{}, fmt.Errorf("a picture, but the model takes %v: want [H W], [H W 1], [H W 3] or a square number of pixels", shape)
}

// decodePicture reads a picture. What is transparent in it becomes white.
func decodePicture(r io.ReadSeeker) (*image.RGBA, error) {
	config, kind, err := image.DecodeConfig(bufio.NewReader(r))
	if err != nil {
		return nil, err
	}
	if w, h := config.Width, config.Height; w < 1 || h < 1 || w > mostPixels || h > mostPixels || w*h > mostPixels {
		return nil, fmt.Errorf("%s of %d x %d pixels: want 1 to %d", kind, w, h, mostPixels)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bufio.NewReader(r))
	if err != nil {
		return nil, err
	}
	flat := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(flat, flat.Rect, img, img.Bounds().Min, draw.Over)
	return flat, nil
}

// row returns row y of a picture, in 1 channel of grey or 3 of colour, from 0 to
// 255.
func row(img *image.RGBA, y, channels int, into []float32) {
	line := img.Pix[y*img.Stride:]
	for x := range img.Rect.Dx() {
		r, g, b := int(line[4*x]), int(line[4*x+1]), int(line[4*x+2])
		if channels == 1 {
			into[x] = float32(299*r+587*g+114*b) / 1000 // luma of ITU-R BT.601
		} else {
			into[3*x], into[3*x+1], into[3*x+2] = float32(r), float32(g), float32(b)
		}
	}
}

// edge returns the median of the pixels along the four edges, channel by channel:
// the background.
func edge(img *image.RGBA, channels int) []float32 {
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

// fit brings a picture to a model's frame: as large as fits, in the middle, in its
// background. It reports whether dark and light were changed over.
func (f frame) fit(img *image.RGBA, invert inversion) (*raster, bool) {
	w, h := inside(img.Rect.Dx(), img.Rect.Dy(), f.width, f.height)
	small := resize(img.Rect.Dx(), img.Rect.Dy(), f.channels, w, h, func(y int, into []float32) { row(img, y, f.channels, into) })
	background := edge(img, f.channels)
	out := newRaster(f.width, f.height, f.channels)
	for i := range out.pix {
		out.pix[i] = background[i%f.channels]
	}
	left, top := (f.width-w)/2, (f.height-h)/2
	for y := range h {
		copy(out.pix[((y+top)*f.width+left)*f.channels:], small.pix[y*w*f.channels:][:w*f.channels])
	}
	inverted := invert == invertYes || invert == invertAuto && f.channels == 1 && background[0] > 127.5
	if inverted {
		for i, v := range out.pix {
			out.pix[i] = 255 - v
		}
	}
	return out, inverted
}

// inversion says whether dark and light change over.
type inversion string

const (
	invertAuto inversion = "auto"
	invertYes  inversion = "yes"
	invertNo   inversion = "no"
)

// String implements pflag.Value.
func (i *inversion) String() string { return string(*i) }

// Type implements pflag.Value.
func (*inversion) Type() string { return "yes|no|auto" }

// Set implements pflag.Value.
func (i *inversion) Set(s string) error {
	if !slices.Contains([]inversion{invertAuto, invertYes, invertNo}, inversion(s)) {
		return fmt.Errorf("want yes, no or auto")
	}
	*i = inversion(s)
	return nil
}

// readPicture returns a picture as one sample of the model, and a remark on what
// was done with it.
func (p *predicting) readPicture(file *os.File, in tensor.Spec) (x *tensor.Tensor, remark string, err error) {
	f, err := frameOf(in.Shape)
	if err != nil {
		return nil, "", err
	}
	img, err := decodePicture(file)
	if err != nil {
		return nil, "", err
	}
	out, inverted := f.fit(img, p.invert)
	if inverted && p.invert == invertAuto {
		remark = "the background is light: dark and light are changed over; --invert=no leaves them"
	}
	if x, err = tensor.FromSlice(out.pix); err != nil {
		return nil, "", err
	}
	x, err = x.Reshape(append([]int{1}, in.Shape.Slice()...)...)
	return x, remark, err
}
