package main

import (
	"errors"
	"fmt"
	"image"
	"os"
	"strings"

	dataimage "github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/tensor"
)

// inversion is the flag that says whether dark and light change over.
type inversion string

const (
	invertAuto inversion = "auto"
	invertYes  inversion = "yes"
	invertNo   inversion = "no"
)

// inversions maps the flag's values to their meanings.
var inversions = map[inversion]dataimage.Inversion{invertAuto: dataimage.InvertPaper, invertYes: dataimage.Invert, invertNo: dataimage.Keep}

// String implements pflag.Value.
func (i *inversion) String() string { return string(*i) }

// Type implements pflag.Value.
func (*inversion) Type() string { return "yes|no|auto" }

// Set implements pflag.Value.
func (i *inversion) Set(s string) error {
	if _, ok := inversions[inversion(s)]; !ok {
		return fmt.Errorf("want yes, no or auto")
	}
	*i = inversion(s)
	return nil
}

// readPicture returns a picture as one sample of the model, and a remark on how it was
// fitted to the input.
func (p *predicting) readPicture(file *os.File, size int64, in tensor.Spec, m *trained) (x *tensor.Tensor, remark string, err error) {
	f, err := dataimage.FrameOf(in.Shape)
	if err != nil {
		return nil, "", fmt.Errorf("a picture, but the model takes %v: want [H W], [H W 1], [H W 3] or a square number of pixels", in.Shape)
	}
	img, err := dataimage.Decode(file, dataimage.LimitMemory(p.memory.ofFile(size)))
	if errors.Is(err, image.ErrFormat) {
		return nil, "", errors.New("want a picture (PNG, JPEG, GIF, WebP, BMP, TIFF), IDX, .npy, .npz, or a text that ends in .csv, .tsv or .txt")
	}
	if err == nil {
		x, remark, err = p.fit(f, img, f.Channels == 1 && m.ClassNames() == nil)
	}
	if err != nil {
		text := err.Error()
		for _, prefix := range []string{"image: Decode: ", "image: Frame.Fit: ", "image: Frame.Stretch: "} {
			text = strings.TrimPrefix(text, prefix)
		}
		if errors.Is(err, dataimage.ErrLimit) {
			text += "; --memory allows more"
		}
		return nil, "", errors.New(text)
	}
	x, err = x.Reshape(append([]int{1}, in.Shape.Slice()...)...)
	return x, remark, err
}

// fit brings a picture to a frame: a digit in its proportions, light on dark; any other is
// stretched, as those were that the model was trained on.
func (p *predicting) fit(f dataimage.Frame, img image.Image, digit bool) (x *tensor.Tensor, remark string, err error) {
	if digit {
		x, inverted, err := f.Fit(img, inversions[p.invert])
		if inverted && p.invert == invertAuto {
			remark = "the background is light: dark and light are changed over; --invert=no leaves them"
		}
		return x, remark, err
	}
	if x, err = f.Stretch(img); err == nil && p.invert == invertYes {
		pix := tensor.Data[float32](x)
		for i, v := range pix {
			pix[i] = 255 - v
		}
	}
	return x, "", err
}
