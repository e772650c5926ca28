package image_test

import (
	"bytes"
	stdimage "image"
	"slices"
	"testing"

	"github.com/glia-ml/glia/data/image"
)

// TestJPEG compares every sampling of colors with pillow, which testdata/jpegs.py asked: all numbers
// are the same.
func TestJPEG(t *testing.T) {
	for _, p := range readGolden(t, "testdata/jpegs.json") {
		img, err := image.Decode(bytes.NewReader(p.File))
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		whole, err := img.RGBA()
		if err != nil {
			t.Fatal(err)
		}
		p.compare(t, whole, 0)
		one := stdimage.NewRGBA(whole.Rect)
		for y := range p.Height {
			for x := range p.Width {
				one.Set(x, y, img.At(x, y))
			}
		}
		if !bytes.Equal(one.Pix, whole.Pix) {
			t.Errorf("%s: pixels read one by one differ from the whole", p.Name)
		}
	}
}

// TestLateMarkers reads a JPEG of ink in which Adobe's marker follows behind the frame, and behind
// much else; behind the first scan it says nothing, as to libjpeg.
func TestLateMarkers(t *testing.T) {
	for _, p := range readGolden(t, "testdata/jpegs.json") {
		if p.Name != "YCCK" {
			continue
		}
		const marker = 16 // bytes, behind the first two
		adobe := p.File[2 : 2+marker]
		scan := []byte("\xff\xda")
		comment := append([]byte("\xff\xfe\xff\xff"), make([]byte, 0xfffd)...)
		for name, before := range map[string][]byte{"behind the frame": nil, "behind much": comment} {
			late := bytes.Replace(p.File[2+marker:], scan, slices.Concat(before, adobe, scan), 1)
			img, err := decoded(bytes.NewReader(append([]byte("\xff\xd8"), late...)))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			p.compare(t, img, 0)
		}
		inks := slices.Concat(p.File[:2], p.File[2+marker:])
		want, err := decoded(bytes.NewReader(inks))
		if err != nil {
			t.Fatal(err)
		}
		end := len(inks) - 2
		got, err := decoded(bytes.NewReader(slices.Concat(inks[:end], adobe, inks[end:])))
		if err != nil || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("behind the pixels: error %v, or other colors", err)
		}
	}
}
