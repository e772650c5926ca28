package main

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// classes is the number of folders that photographs lie in.
const classes = 4

// makePhotos writes n JPEG files like photographs of 500 x 375 pixels, of about 70 KB, into folders
// of classes.
func makePhotos(dir string, n int) error {
	for i := range n {
		class := filepath.Join(dir, fmt.Sprintf("class%d", i%classes))
		if err := os.MkdirAll(class, 0o777); err != nil {
			return err
		}
		if err := writePhoto(filepath.Join(class, fmt.Sprintf("%04d.jpg", i)), uint64(i)); err != nil {
			return err
		}
	}
	return nil
}

func writePhoto(path string, seed uint64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	if err := jpeg.Encode(w, photo(500, 375, seed), &jpeg.Options{Quality: 90}); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// photo returns noise whose power falls with the square of its frequency, as that of photographs
// does, over a gradient, with edges of a few shapes, and grain.
func photo(width, height int, seed uint64) image.Image {
	r := rand.New(rand.NewPCG(seed, 1))
	light, warm, cold := cloud(r, width, height), cloud(r, width, height), cloud(r, width, height)
	type shape struct{ x, y, radius, light, warm, cold float64 }
	var shapes []shape
	for range 12 {
		shapes = append(shapes, shape{r.Float64() * float64(width), r.Float64() * float64(height), 20 + 60*r.Float64(),
			80 * (r.Float64() - 0.5), 60 * (r.Float64() - 0.5), 60 * (r.Float64() - 0.5)})
	}
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio444)
	for y := range height {
		for x := range width {
			i := y*width + x
			l := 90 + 70*float64(y)/float64(height) + 45*light[i] + 5*r.NormFloat64()
			b, c := 128+20*warm[i], 128+20*cold[i]
			for _, s := range shapes {
				if math.Hypot(float64(x)-s.x, float64(y)-s.y) < s.radius {
					l, b, c = l+s.light, b+s.warm, c+s.cold
				}
			}
			byteOf := func(v float64) uint8 { return uint8(min(max(v, 0), 255)) }
			img.Y[i], img.Cb[i], img.Cr[i] = byteOf(l), byteOf(b), byteOf(c)
		}
	}
	rgb := image.NewRGBA(img.Rect) // the encoder takes means of its colors
	for y := range height {
		for x := range width {
			rgb.SetRGBA(x, y, color.RGBAModel.Convert(img.YCbCrAt(x, y)).(color.RGBA))
		}
	}
	return rgb
}

// cloud returns numbers around 0: the sum of smooth noises, each of half the size and half the
// strength of the one before.
func cloud(r *rand.Rand, width, height int) []float64 {
	sum := make([]float64, width*height)
	strength := 1.0
	for step := 128; step >= 2; step /= 2 {
		columns, rows := width/step+2, height/step+2
		grid := make([]float64, columns*rows)
		for i := range grid {
			grid[i] = r.NormFloat64()
		}
		for y := range height {
			fy := float64(y) / float64(step)
			for x := range width {
				fx := float64(x) / float64(step)
				i, j := int(fx), int(fy)
				u, v := fx-float64(i), fy-float64(j)
				at := grid[j*columns+i:]
				sum[y*width+x] += strength * ((1-v)*((1-u)*at[0]+u*at[1]) + v*((1-u)*at[columns]+u*at[columns+1]))
			}
		}
		strength /= 1.6
	}
	return sum
}
