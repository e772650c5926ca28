// Package image turns pictures into samples: it decodes files of pictures, resizes them,
// and brings them to the size and the channels that a model takes.
//
// PNG, JPEG and GIF are read by the standard library. Other formats are read if the
// program registers a decoder with the standard library's package image, as an import of
// golang.org/x/image/webp does.
//
// Pixels are float32 from 0 to 255, [H W C], as preprocessing begins with: Scale of a
// data.Memory, or a Rescaling layer, makes them what the model was trained on.
package image

import (
	"bytes"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	_ "image/gif" // decoders that image.Decode finds
	_ "image/jpeg"
	_ "image/png"
	"io"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// mostPixels keeps a small file from asking for more memory than there is.
const mostPixels = 64 << 20

// Decode reads a picture as a person sees it: turned as the camera noted in EXIF's
// orientation, in files of JPEG, PNG and WebP; without transparency, see [Pixels]; the first
// of several frames, on the whole canvas of a GIF; colors of 16 bits as the next lower of 8,
// and those of ink, CMYK and YCCK, as Adobe's programs store them. Color profiles are not
// applied.
//
// A file of no format that the program has a decoder for is an error that wraps the standard
// library's image.ErrFormat; one of more than 64 Mi pixels is an error before memory is
// taken.
func Decode(r io.Reader) (*stdimage.RGBA, error) {
	img, err := decode(r)
	if err != nil {
		return nil, fmt.Errorf("image: Decode: %w", err)
	}
	return img, nil
}

func decode(r io.Reader) (*stdimage.RGBA, error) {
	var head bytes.Buffer
	config, kind, err := stdimage.DecodeConfig(io.TeeReader(r, &head))
	if err != nil {
		return nil, err
	}
	if w, h := config.Width, config.Height; w < 1 || h < 1 || w > mostPixels || h > mostPixels || w*h > mostPixels {
		return nil, fmt.Errorf("%s of %d x %d pixels: want 1 to %d", kind, w, h, mostPixels)
	}
	m := marksOf(kind)
	m.Write(head.Bytes())
	begin := head.Bytes()
	if kind == "jpeg" && config.ColorModel == color.CMYKModel && !m.adobe {
		begin = slices.Concat(begin[:2], adobe, begin[2:])
	}
	rest := io.TeeReader(r, m)
	img, _, err := stdimage.Decode(io.MultiReader(bytes.NewReader(begin), rest))
	if err != nil {
		return nil, err
	}
	if kind == "webp" { // whose EXIF stands behind the pixels
		_, _ = io.CopyN(io.Discard, rest, mostEXIF)
	}
	bounds := img.Bounds()
	if kind == "gif" {
		bounds = stdimage.Rect(0, 0, config.Width, config.Height)
	}
	return flat(img, bounds, m.orientation), nil
}

// adobe is the marker of a JPEG of CMYK. The standard library does not decode one without
// it; others, libjpeg among them, take it for given.
var adobe = []byte("\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")

// flat returns the part of a picture within bounds on a background, turned, see [drawn].
func flat(img stdimage.Image, bounds stdimage.Rectangle, orientation int) *stdimage.RGBA {
	to := drawn(img, bounds, orientation)
	if to.Opaque() {
		return to
	}
	background := 255
	if isLight(to) {
		background = 0
	}
	for i := 0; i < len(to.Pix); i += 4 {
		p := to.Pix[i : i+4 : i+4] // colors times opacity
		through := (255 - int(p[3])) * background / 255
		p[0], p[1], p[2], p[3] = uint8(int(p[0])+through), uint8(int(p[1])+through), uint8(int(p[2])+through), 255
	}
	return to
}

// isLight reports whether the visible part of a picture is light: its mean luma, by
// opacity, is more than half of white's.
func isLight(img *stdimage.RGBA) bool {
	luma, opacity := 0, 0
	for i := 0; i < len(img.Pix); i += 4 {
		p := img.Pix[i : i+4 : i+4]
		luma += 299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])
		opacity += int(p[3])
	}
	return luma > 500*opacity
}

// opaque returns a picture as an RGBA without transparency, its corner at 0, 0.
func opaque(img stdimage.Image) (*stdimage.RGBA, error) {
	if img == nil {
		return nil, errors.New("got no picture")
	}
	if err := checkSize(img.Bounds().Dx(), img.Bounds().Dy()); err != nil {
		return nil, fmt.Errorf("a picture of %w", err)
	}
	if rgba, ok := img.(*stdimage.RGBA); ok && rgba.Rect.Min == (stdimage.Point{}) && rgba.Opaque() {
		return rgba, nil
	}
	return flat(img, img.Bounds(), 1), nil
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
// Shapes: -> float32 [H W C], from 0 to 255.
func Pixels(img stdimage.Image, channels int) (*tensor.Tensor, error) {
	rgba, err := opaque(img)
	if err == nil {
		err = checkChannels(channels)
	}
	if err != nil {
		return nil, fmt.Errorf("image: Pixels: %w", err)
	}
	w, h := rgba.Rect.Dx(), rgba.Rect.Dy()
	x := tensor.New(tensor.Float32, h, w, channels)
	pix := tensor.Data[float32](x)
	for y := range h {
		row(rgba, y, channels, pix[y*w*channels:])
	}
	return x, nil
}

// row writes row y of a picture to into, [W C].
func row(img *stdimage.RGBA, y, channels int, into []float32) {
	line := img.Pix[y*img.Stride:]
	for x := range img.Rect.Dx() {
		r, g, b := int(line[4*x]), int(line[4*x+1]), int(line[4*x+2])
		if channels == 1 {
			into[x] = float32(299*r+587*g+114*b) / 1000 // luma
		} else {
			into[3*x], into[3*x+1], into[3*x+2] = float32(r), float32(g), float32(b)
		}
	}
}
