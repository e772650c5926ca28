package main

import (
	stdimage "image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// TestRun tells pictures with stripes across from those with stripes down.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	for class, name := range []string{"across", "down"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			encode, ending := png.Encode, ".png"
			if i%2 == 1 {
				encode, ending = func(w io.Writer, p stdimage.Image) error { return jpeg.Encode(w, p, nil) }, ".jpg"
			}
			f, err := os.Create(filepath.Join(dir, name, strconv.Itoa(i)+ending))
			if err != nil {
				t.Fatal(err)
			}
			if err := encode(f, stripes(r, class == 1)); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if a := run(dir, 12).Get("accuracy"); a < 0.9 {
		t.Errorf("accuracy %v, want 0.9 or more", a)
	}
}

// stripes returns a picture of stripes of a random width and color.
func stripes(r *rand.Rand, down bool) stdimage.Image {
	p := stdimage.NewRGBA(stdimage.Rect(0, 0, 50+r.IntN(40), 50+r.IntN(40)))
	width, ink := 3+r.IntN(4), color.RGBA{uint8(r.IntN(200)), uint8(r.IntN(200)), uint8(r.IntN(200)), 255}
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
