package tensorboard

import (
	"image"
	"math"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

func TestWeightImages(t *testing.T) {
	for _, c := range []struct {
		dims          []int
		n             int // images
		width, height int
		x, y, element int // a pixel of the first image and the element it shows
	}{
		{nil, 1, 1, 1, 0, 0, 0},
		{[]int{5}, 1, 1, 5, 0, 3, 3},
		{[]int{1, 5}, 1, 1, 5, 0, 3, 3},
		{[]int{2, 5}, 1, 5, 2, 3, 1, 8},
		{[]int{5, 2}, 1, 5, 2, 3, 1, 7},
		{[]int{3, 4, 6}, 3, 4, 3, 1, 2, 54},
		{[]int{3, 4, 1, 6}, 3, 4, 3, 1, 2, 54},
		{[]int{5, 6, 7, 3}, 3, 7, 6, 2, 1, 27},
		{[]int{2, 6, 7, 4}, 2, 7, 6, 0, 0, 0},
		{[]int{5, 6, 7, 8}, 0, 0, 0, 0, 0, 0},
		{[]int{2, 2, 2, 2, 3}, 0, 0, 0, 0, 0, 0},
		{[]int{0, 2}, 0, 0, 0, 0, 0, 0},
	} {
		x := tensor.New(tensor.Float32, c.dims...)
		if c.n > 0 {
			tensor.Data[float32](x)[c.element] = 1
		}
		images := weightImages(x)
		if len(images) != c.n {
			t.Errorf("%v: %d images, want %d", c.dims, len(images), c.n)
			continue
		}
		if c.n == 0 {
			continue
		}
		if size := images[0].Bounds().Size(); size != image.Pt(c.width, c.height) {
			t.Errorf("%v: an image is %v, want %d by %d", c.dims, size, c.width, c.height)
		}
		for y := range c.height {
			for at := range c.width {
				r, _, _, a := images[0].At(at, y).RGBA()
				if len(c.dims) < 4 || c.dims[3] != 4 || a > 0 { // no color where nothing covers
					if (r == 0xffff) != (at == c.x && y == c.y) {
						t.Errorf("%v: red is %x at %d, %d", c.dims, r, at, y)
					}
				}
			}
		}
	}
	for v, want := range map[float64]uint8{-1: 0, 0: 0, 0.5: 127, 1: 255, 7: 255} {
		if got := level(v); got != want {
			t.Errorf("level(%v) = %d, want %d", v, got, want)
		}
	}
	if level(math.NaN()) != 0 {
		t.Error("NaN is not black")
	}
}

func TestHistogram(t *testing.T) {
	for _, v := range [][]float64{{1, 2, 3}, {-1e308, 1e308, 0}, {1, 1 + 1e-15}, {5e-324, 0}, {math.Inf(1), math.NaN(), -3, 4}} {
		n, sum := 0.0, 0.0
		for _, x := range v {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				n++
			}
		}
		for _, r := range histogram(v) {
			sum += r[2]
			if !(r[0] <= r[1]) {
				t.Errorf("%v: bucket from %v to %v", v, r[0], r[1])
			}
		}
		if sum != n {
			t.Errorf("%v: buckets count %v, want %v", v, sum, n)
		}
	}
}
