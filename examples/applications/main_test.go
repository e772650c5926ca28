package main

import (
	stdimage "image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/applications"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// TestRun tells pictures with stripes across from those with stripes down, by features of
// random filters.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	for class, name := range []string{"across", "down"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 24 {
			f, err := os.Create(filepath.Join(dir, name, strconv.Itoa(i)+".png"))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, stripes(r, class == 1)); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	weights := filepath.Join(t.TempDir(), "random.weights.h5")
	save(t, weights)
	if a := run(dir, weights, 20).Get("accuracy"); a < 0.85 {
		t.Errorf("accuracy %v, want 0.85 or more", a)
	}
}

// save writes weights that keep the size of what they pass on, which those of a new network do
// not through all of its layers.
func save(t *testing.T, path string) {
	t.Helper()
	net, err := applications.MobileNetV2(applications.NoTop, applications.Alpha(0.35), applications.InputShape(96, 96, 3))
	if err != nil {
		t.Fatal(err)
	}
	in, _ := net.Declared()
	net.BuildAll(nn.NewBuilder(1), in)
	b := nn.NewBuilder(1)
	for _, v := range net.Vars() {
		if s := v.Spec(); s.Rank() == 4 {
			he := b.Param("kernel", s.Shape, nn.HeUniform)
			if s.Shape.At(3) == 1 { // of one channel each
				he = b.Param("kernel", tensor.D(9, s.Shape.At(2)), nn.HeUniform)
			}
			x, err := he.Tensor().Reshape(s.Shape.Slice()...)
			if err != nil {
				t.Fatal(err)
			}
			if err := v.Set(x); err != nil {
				t.Fatal(err)
			}
		}
	}
	m := glia.New(net)
	if _, err := m.Predict(tensor.New(tensor.Float32, 1, 96, 96, 3)); err != nil {
		t.Fatal(err)
	}
	if err := m.SaveWeights(path); err != nil {
		t.Fatal(err)
	}
}

// stripes returns a picture of stripes of a random width and color.
func stripes(r *rand.Rand, down bool) stdimage.Image {
	p := stdimage.NewRGBA(stdimage.Rect(0, 0, 90+r.IntN(40), 90+r.IntN(40)))
	width, ink := 5+r.IntN(4), color.RGBA{uint8(r.IntN(200)), uint8(r.IntN(200)), uint8(r.IntN(200)), 255}
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			at := y
			if down {
				at = x
			}
			if p.SetRGBA(x, y, color.RGBA{255, 255, 255, 255}); at/width%2 == 1 {
				p.SetRGBA(x, y, ink)
			}
		}
	}
	return p
}
