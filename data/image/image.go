// Package image turns pictures into samples: it decodes files of pictures, resizes them,
// and brings them to the size and the channels that a model takes. A [Folder] is a dataset of
// the pictures in a directory.
//
// JPEG is read by glia itself, to the pixels that libjpeg makes; PNG and GIF by the standard
// library. Other formats are read if the program registers a decoder with the standard library's
// package image, as an import of golang.org/x/image/webp does. Of several frames or pages the
// first is read; an animated WebP, which that package does not read, is an error that says so.
//
// Pixels are float32 from 0 to 255, [H W C], as preprocessing begins with: Scale of a
// data.Memory, or a Rescaling layer, makes them what the model was trained on.
package image

import (
	"errors"
	"fmt"
	stdimage "image"

	"github.com/glia-ml/glia/tensor"
)

// mostPixels keeps a small file from asking for more memory than there is.
const mostPixels = 64 << 20

// seen returns a picture as a person sees it.
func seen(img stdimage.Image) (*Picture, error) {
	if img == nil {
		return nil, errors.New("got no picture")
	}
	if err := checkSize(img.Bounds().Dx(), img.Bounds().Dy()); err != nil {
		return nil, fmt.Errorf("a picture of %w", err)
	}
	if p, ok := img.(*Picture); ok {
		return p, nil
	}
	return pictureOf(img, img.Bounds(), 1), nil
}

// checkSize returns an error unless a picture can have that size.
func checkSize(width, height int) error {
	if width < 1 || height < 1 || width > mostPixels || height > mostPixels || width*height > mostPixels {
		return fmt.Errorf("%d x %d pixels: want 1 to %d", width, height, mostPixels)
	}
	return nil
}

// checkChannels returns an error unless pixels can have so many channels.
func checkChannels(n int) error {
	if n != 1 && n != 3 {
		return fmt.Errorf("%d channels: want 1, of grey, or 3, of red, green and blue", n)
	}
	return nil
}

// Pixels returns the pixels of a picture: one channel of grey, the luma of ITU-R BT.601, or
// three of red, green and blue. What is transparent becomes white if what is visible is
// dark, and black if it is light, in the mean of its luma: ink of either kind can be seen.
//
// All pixels of a large picture are large: 12 megapixels of color take 144 MB. So a picture
// of [Decode] that would exceed its bound of memory is an error, which is [ErrLimit]; a
// [Frame] makes it smaller without that.
//
// Shapes: -> float32 [H W C], from 0 to 255.
func Pixels(img stdimage.Image, channels int) (*tensor.Tensor, error) {
	p, err := seen(img)
	if err == nil {
		err = checkChannels(channels)
	}
	if err == nil {
		err = p.affords(4 * channels)
	}
	if err != nil {
		return nil, fmt.Errorf("image: Pixels: %w", err)
	}
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	x := tensor.New(tensor.Float32, h, w, channels)
	pix := tensor.Data[float32](x)
	rows := newRows(p)
	for y := range h {
		floats(rows.at(y), channels, pix[y*w*channels:])
	}
	return x, nil
}
