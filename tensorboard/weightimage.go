package tensorboard

import (
	"image"
	"image/color"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// weightImages returns a weight as images, nil if it has too many axes for that: at
// most three, each of one, three or four channels. Without the axes of length 1, a
// bias is a column, a kernel of two axes is drawn wide rather than high, and one of
// three axes has an image for each of its last axis.
func weightImages(t *tensor.Tensor) []image.Image {
	const most = 3
	dims := slices.DeleteFunc(slices.Clone(t.Shape().Slice()), func(n int) bool { return n == 1 })
	v := t.Float64s()
	at := func(i ...int) float64 { // in the order of dims
		k := 0
		for j, n := range dims {
			k = k*n + i[j]
		}
		return v[k]
	}
	if len(v) == 0 || len(dims) > 4 {
		return nil
	}
	var images []image.Image
	switch len(dims) {
	case 0:
		return []image.Image{gray(1, 1, func(x, y int) float64 { return v[0] })}
	case 1:
		return []image.Image{gray(1, dims[0], func(x, y int) float64 { return at(y) })}
	case 2:
		if dims[0] > dims[1] {
			return []image.Image{gray(dims[0], dims[1], func(x, y int) float64 { return at(x, y) })}
		}
		return []image.Image{gray(dims[1], dims[0], func(x, y int) float64 { return at(y, x) })}
	case 3:
		for k := range min(dims[2], most) {
			images = append(images, gray(dims[1], dims[0], func(x, y int) float64 { return at(y, x, k) }))
		}
	case 4:
		if dims[3] != 3 && dims[3] != 4 {
			return nil
		}
		for k := range min(dims[0], most) {
			images = append(images, colored(dims[2], dims[1], dims[3], func(x, y, c int) float64 { return at(k, y, x, c) }))
		}
	}
	return images
}

func gray(width, height int, at func(x, y int) float64) image.Image {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetGray(x, y, color.Gray{Y: level(at(x, y))})
		}
	}
	return img
}

func colored(width, height, channels int, at func(x, y, c int) float64) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.NRGBA{R: level(at(x, y, 0)), G: level(at(x, y, 1)), B: level(at(x, y, 2)), A: 255}
			if channels == 4 {
				c.A = level(at(x, y, 3))
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

// level returns the byte of a number from 0 to 1, as TensorFlow's
// convert_image_dtype finds it.
func level(v float64) uint8 {
	switch {
	case !(v > 0):
		return 0
	case v >= 1:
		return 255
	}
	return uint8(v * 255.5)
}
