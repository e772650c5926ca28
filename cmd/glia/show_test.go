package main

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/glia-ml/glia/nn"
)

// drawnPNG reads a picture that the command drew.
func drawnPNG(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestShowFolder draws pictures of a folder, and wants their colors where they stand.
func TestShowFolder(t *testing.T) {
	dir, to := drawFolder(t, 5, "square", "empty"), filepath.Join(t.TempDir(), "grid.png")
	if out, want := must(t, "show", dir, "--count", "100", "--size", "32", "--png", to), to+": 10 pictures\n"; out != want {
		t.Errorf("output %s, want %s", out, want)
	}
	img := drawnPNG(t, to)
	light := 0 // cells with a light square
	for i := range 10 {
		cell := image.Pt(cellGap+i%4*(leastCell+cellGap), cellGap+i/4*(img.Bounds().Dy()-cellGap)/3)
		found := false
		for y := range leastCell {
			for x := range leastCell {
				r, _, b, _ := img.At(cell.X+x, cell.Y+y).RGBA()
				found = found || r>>8 > 150 && b>>8 < 120
			}
		}
		if found {
			light++
		}
	}
	if light != 5 {
		t.Errorf("%d of the pictures have a light square, want 5", light)
	}
}

// TestShowAugmented wants a row for each picture: itself, and others made of it, the same ones
// by the same seed.
func TestShowAugmented(t *testing.T) {
	dir := drawFolder(t, 5, "square", "disc")
	draw := func(seed string) image.Image {
		to := filepath.Join(t.TempDir(), "grid.png")
		must(t, "show", dir, "--augment", "--count", "3", "--size", "32", "--seed", seed, "--png", to)
		return drawnPNG(t, to)
	}
	img, same, other := draw("1"), draw("1"), draw("2")
	if got, want := img.Bounds().Dx(), augmentColumns*(leastCell+cellGap)+cellGap; got != want {
		t.Errorf("the grid is %d pixels wide, want %d", got, want)
	}
	differ := func(a image.Image, at int, b image.Image, bt int) (n int) {
		for y := range leastCell {
			for x := range leastCell {
				if a.At(cellGap+at*(leastCell+cellGap)+x, cellGap+y) != b.At(cellGap+bt*(leastCell+cellGap)+x, cellGap+y) {
					n++
				}
			}
		}
		return n
	}
	for i := 1; i < augmentColumns; i++ {
		if differ(img, 0, img, i) == 0 || differ(img, i, img, 1+i%(augmentColumns-1)) == 0 {
			t.Errorf("picture %d of the row is that of another", i)
		}
		if differ(img, i, same, i) != 0 || differ(img, i, other, i) == 0 {
			t.Errorf("picture %d does not follow from the seed", i)
		}
	}
}

// TestShowLayer draws the channels of a convolution each from black to white.
func TestShowLayer(t *testing.T) {
	_, path := saved(t, "m.keras", nil, nn.Input(16, 16, 3), nn.Conv2D(6, 3, nn.Name("edges")), nn.Flatten(), nn.Dense(2))
	picture, to := filepath.Join(drawFolder(t, 1, "square"), "square", "0.png"), filepath.Join(t.TempDir(), "maps.png")
	if out, want := must(t, "show", path, picture, "--layer", "edges", "--png", to), to+": 6 pictures\n"; out != want {
		t.Errorf("output %s, want %s", out, want)
	}
	img := drawnPNG(t, to)
	levels := map[uint32]bool{}
	for y := range leastCell {
		for x := range leastCell {
			r, g, b, _ := img.At(cellGap+x, cellGap+y).RGBA()
			if r != g || g != b {
				t.Fatalf("a channel has color %d %d %d at %d %d", r, g, b, x, y)
			}
			levels[r>>8] = true
		}
	}
	if !levels[0] || !levels[255] {
		t.Errorf("a channel has levels %v, want 0 and 255 among them", levels)
	}
	two := drawFolder(t, 3, "disc", "square")
	for _, c := range []struct {
		args    []string
		status  int
		pattern string
	}{
		{[]string{path, picture, "--layer", "dense"}, 1, `layer dense gives \(None, 2\): want one of channels of a picture`},
		{[]string{path, picture, "--layer", "a\x1b"}, 1, `no layer "a\\x1b": want one of input_layer, edges, flatten, dense`},
		{[]string{path, picture}, 2, `want --layer NAME`},
		{[]string{path}, 2, `want a folder that has one of pictures for each class, or MODEL and PICTURE`},
		{[]string{path, picture, "x"}, 2, `got argument "x"`},
		{[]string{two, "--layer", "x"}, 2, `--layer is for MODEL and PICTURE`},
		{[]string{path, picture, "--layer", "edges", "--size", "32"}, 2, `--size is for a folder of pictures`},
		{[]string{two, "--count", "0"}, 2, `--count: got 0, want 1 to 1024`},
		{[]string{two, "--count", "200", "--augment"}, 2, `--count: got 200, want 1 to 128`},
		{[]string{two, "--count", "100", "--augment", "--size", "512"}, 2, `--count: got 100, for 800 pictures of 512 by 512: want 16 or fewer`},
		{[]string{two, "--count", "1000", "--size", "1000"}, 2, `--count: got 1000, for 1000 pictures of 1000 by 1000: want 33 or fewer`},
		{[]string{two, "--png", filepath.Join(two, "no", "x.png")}, 1, `^glia: --png: .*cannot be written`},
		{[]string{path, path, "--layer", "edges"}, 1, `m.keras: `},
	} {
		status, out, errs := exec(t.Context(), append([]string{"show"}, c.args...)...)
		if status != c.status || out != "" || !regexp.MustCompile(c.pattern).MatchString(errs) {
			t.Errorf("glia show %q: status %d, stdout %q, stderr %q, want status %d and %s", c.args, status, out, errs, c.status, c.pattern)
		}
	}
}
