package image_test

import (
	"bytes"
	stdimage "image"
	"testing"

	"github.com/glia-ml/glia/data/image"
)

// TestJPEG compares every sampling of colors with pillow, which testdata/jpegs.py asked: most
// pixels are the same, and the others as far as the inverse transform rounds in another way:
// by 1 in each component, 1.77 of which is a color's part of blue.
func TestJPEG(t *testing.T) {
	const far = 3
	equal, all := 0, 0
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
		equal, all = equal+p.compare(t, whole, far), all+3*p.Width*p.Height
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
	if share := float64(equal) / float64(all); share < 0.9 {
		t.Errorf("%.3f of the numbers equal pillow's, want 0.9 or more", share)
	} else {
		t.Logf("%.3f of the numbers equal pillow's", share)
	}
}

// TestLateMarkers refuses a JPEG of ink in which Adobe's marker follows where the decoder has
// begun already.
func TestLateMarkers(t *testing.T) {
	for _, p := range readGolden(t, "testdata/jpegs.json") {
		if p.Name != "YCCK" {
			continue
		}
		const marker = 16 // bytes, behind the first two
		adobe := p.File[2 : 2+marker]
		late := func(between []byte) []byte { // the frame and the scan, before the marker
			return bytes.Replace(p.File[2+marker:], []byte("\xff\xda"), append(append(between, adobe...), 0xff, 0xda), 1)
		}
		img, err := decoded(bytes.NewReader(append([]byte("\xff\xd8"), late(nil)...)))
		if err != nil {
			t.Fatal(err)
		}
		p.compare(t, img, 2)
		jfif := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00") // no need to look behind the frame
		comment := append([]byte("\xff\xfe\xff\xff"), make([]byte, 0xfffd)...)
		_, err = image.Decode(bytes.NewReader(append(jfif, late(comment)...)))
		wantError(t, "behind much", err, "jpeg with Adobe's marker behind its pixels")
	}
}
