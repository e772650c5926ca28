package image_test

import (
	"bytes"
	"errors"
	"fmt"
	stdimage "image"
	"image/draw"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/internal/picturetest"
	"github.com/glia-ml/glia/tensor"
)

// TestPhotographs reads photographs of usual sizes, and makes them small, within the bound
// of their files.
func TestPhotographs(t *testing.T) {
	photo := []uint8{0x22, 0x11, 0x11}
	cases := []struct {
		name string
		file []byte
		size int // of the file
		fits bool
	}{
		{"12 megapixels", picturetest.JPEG(4000, 3000, false, 0, photo...), 3e6, true},
		{"24 megapixels", picturetest.JPEG(6000, 4000, false, 0, photo...), 6e6, true},
		{"12 megapixels of full color", picturetest.JPEG(4000, 3000, false, 0, 0x11, 0x11, 0x11), 6e6, true},
		{"6 megapixels, progressive", picturetest.JPEG(3000, 2000, true, 9, photo...), 1e6, true},
		{"24 megapixels, progressive", picturetest.JPEG(6000, 4000, true, 9, photo...), 6e6, false},
		{"16 megapixels that are not in the file", picturetest.JPEG(4600, 3450, true, 9, photo...), 3e4, false},
	}
	for _, c := range cases {
		if testing.Short() && c.fits && c.name != "12 megapixels" {
			continue
		}
		file := append(slices.Clone(c.file), make([]byte, c.size-min(c.size, len(c.file)))...)
		for kind, r := range map[string]io.Reader{"bytes": bytes.NewReader(file), "stream": struct{ io.Reader }{bytes.NewReader(file)}} {
			if kind == "stream" && c.fits && (testing.Short() || c.size > 3e6) {
				continue
			}
			before := allocated()
			img, err := image.Decode(r)
			if !c.fits {
				if taken := allocated() - before; !errors.Is(err, image.ErrLimit) || taken > 12e6 {
					t.Errorf("%s, %s: error %v after %d bytes, want ErrLimit before memory is taken", c.name, kind, err, taken)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", c.name, kind, err)
				continue
			}
			x, _, err := image.Frame{Width: 224, Height: 224, Channels: 3}.Fit(img, image.Keep)
			if err != nil {
				t.Fatal(err)
			}
			if v, taken := x.Float64s()[0], allocated()-before; math.Abs(v-128) > 0.01 || taken > int64(64<<20+4*len(file)) {
				t.Errorf("%s, %s: %d bytes, a pixel is %v, want 128", c.name, kind, taken, v)
			}
			if _, err := image.Pixels(img, 3); !errors.Is(err, image.ErrLimit) {
				t.Errorf("%s, %s: all pixels: error %v, want ErrLimit", c.name, kind, err)
			}
		}
	}
}

// allocated returns how many bytes were allocated so far.
func allocated() int64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.TotalAlloc)
}

// TestLimitMemory allows for a picture what decoding it takes, and less.
func TestLimitMemory(t *testing.T) {
	w, h := 1203, 907
	if testing.Short() {
		w, h = 603, 457
	}
	files := map[string][]byte{}
	for name, samples := range map[string][]uint8{"photo": {0x22, 0x11, 0x11}, "full": {0x11, 0x11, 0x11}, "grey": {0x22}, "wide": {0x41, 0x11, 0x11}, "ink": {0x22, 0x11, 0x11, 0x22}} {
		files["jpeg, "+name] = picturetest.JPEG(w, h, false, 0, samples...)
		files["jpeg, progressive, "+name] = picturetest.JPEG(w, h, true, 9, samples...)
	}
	files["jpeg of RGB"] = bytes.Replace(files["jpeg, full"], []byte("\xff\xdb"), []byte("\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00\xff\xdb"), 1)
	for kind, depths := range map[uint8][]uint8{0: {1, 8, 16}, 2: {8, 16}, 3: {1, 8}, 4: {8, 16}, 6: {8, 16}} {
		for _, depth := range depths {
			for _, interlaced := range []bool{false, true} {
				name := "png of " + string('0'+rune(kind)) + ", " + string('0'+rune(depth)) + map[bool]string{true: ", interlaced"}[interlaced]
				files[name] = picturetest.PNG(w, h, depth, kind, interlaced)
				switch kind {
				case 0:
					files[name+", transparent"] = picturetest.PNG(w, h, depth, kind, interlaced, "tRNS\x00\x00")
					files[name+", transparent behind much"] = picturetest.PNG(w, h, depth, kind, interlaced, "iTXt"+strings.Repeat("x", 80<<10), "tRNS\x00\x00")
				case 2:
					files[name+", transparent"] = picturetest.PNG(w, h, depth, kind, interlaced, "tRNS\x00\x00\x00\x00\x00\x00")
				case 3:
					files[name+", transparent"] = picturetest.PNG(w, h, depth, kind, interlaced, "tRNS\x00")
				}
			}
		}
	}
	files["gif"] = picturetest.GIF(w, h, false)
	files["gif, interlaced"] = picturetest.GIF(w, h, true)
	for name, file := range files {
		before := allocated()
		img, err := image.Decode(bytes.NewReader(file), image.LimitMemory(0))
		took := allocated() - before
		if err != nil || img.Bounds() != stdimage.Rect(0, 0, w, h) {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		const rows, beside = 1 << 20, 256 << 10 // of reading rows once more, and of decompressing
		if _, err := image.Decode(bytes.NewReader(file), image.LimitMemory(took+rows-beside)); !errors.Is(err, image.ErrLimit) {
			t.Errorf("%s: took %d bytes, and with less the error is %v", name, took, err)
		}
		allow := 3*took + 8<<20 // rows, and what is not known for sure
		img, err = image.Decode(bytes.NewReader(file), image.LimitMemory(allow))
		if err != nil {
			t.Errorf("%s: took %d bytes, and with %d the error is %v", name, took, allow, err)
			continue
		}
		// The canvas counts too.
		_, _, err = image.Frame{Width: 6000, Height: 6000, Channels: 1}.Fit(img, image.Keep)
		wantError(t, name, err, "image: Frame.Fit: a picture of ")
	}
	_, err := image.Decode(bytes.NewReader(picturetest.GIF(1203, 907, false)), image.LimitMemory(1<<20))
	wantError(t, "little", err, "image: Decode: gif of 1203 x 907 pixels takes 5 MB of memory: want at most 1")
	img, err := image.Decode(bytes.NewReader(picturetest.JPEG(1203, 907, false, 0, 0x11)), image.LimitMemory(5<<20))
	if err != nil {
		t.Fatal(err)
	}
	_, err = img.RGBA()
	wantError(t, "RGBA", err, "image: Picture.RGBA: a picture of 1203 x 907 pixels takes 8 MB of memory: want at most 5")
}

// TestManyScans refuses a JPEG of a few bytes whose scans pass over the picture many times.
func TestManyScans(t *testing.T) {
	if _, err := image.Decode(bytes.NewReader(picturetest.JPEG(16, 16, true, 99, 0x11))); err != nil {
		t.Errorf("100 scans: %v", err)
	}
	_, err := image.Decode(bytes.NewReader(picturetest.JPEG(16, 16, true, 100, 0x11)))
	wantError(t, "101 scans", err, "jpeg of more than 100 scans")
	_, err = image.Decode(io.MultiReader(bytes.NewReader(picturetest.JPEG(4000, 2000, true, 9000, 0x11))))
	wantError(t, "9001 scans", err, "jpeg of more than 100 scans")
	plain := picturetest.JPEG(16, 16, false, 0, 0x11, 0x11, 0x11)
	scan := plain[bytes.Index(plain, []byte("\xff\xda")) : len(plain)-2]
	again := slices.Concat(plain[:len(plain)-2], bytes.Repeat(scan, 16), plain[len(plain)-2:])
	_, err = image.Decode(bytes.NewReader(again))
	wantError(t, "17 scans", err, "jpeg of more than 16 scans")
	// Bytes between the segments are passed over, and hide none.
	odd := slices.Concat(plain[:2], []byte("\xd0\x00\xff\x00\xff\xd3\xff\xff"), again[2:])
	_, err = image.Decode(bytes.NewReader(odd))
	wantError(t, "odd", err, "jpeg of more than 16 scans")
}

// TestFrames wants a second frame of a JPEG, behind the pixels of the first, to be refused, and
// sampling factors that are none.
func TestFrames(t *testing.T) {
	plain := picturetest.JPEG(16, 16, false, 0, 0x11, 0x11, 0x11)
	at := bytes.Index(plain, []byte("\xff\xc0"))
	frame := plain[at : at+2+int(plain[at+2])<<8+int(plain[at+3])]
	_, err := image.Decode(bytes.NewReader(slices.Concat(plain[:len(plain)-2], frame, plain[len(plain)-2:])))
	wantError(t, "a second frame", err, "jpeg with more than one frame")
	for factors, want := range map[byte]string{
		0x01: "a sampling factor of 0", 0x10: "a sampling factor of 0", 0: "a sampling factor of 0",
		0x51: "a sampling factor of 5: want at most 4", 0x15: "a sampling factor of 5: want at most 4",
		0x21: "", 0x22: "", 0x44: "a unit of 18 blocks: want at most 10",
	} {
		file := slices.Clone(plain)
		file[at+11] = factors // of the first component
		if _, err := image.Decode(bytes.NewReader(file)); want != "" {
			wantError(t, fmt.Sprintf("factors %#x", factors), err, want)
		}
	}
	file := slices.Clone(plain)
	file[at+11], file[at+14] = 0x31, 0x21
	_, err = image.Decode(bytes.NewReader(file))
	wantError(t, "factors that do not divide", err, "sampling factors 2 x 1 beside 3 x 1 is unsupported")
}

// TestFormats names the formats that are not read.
func TestFormats(t *testing.T) {
	for begins, want := range map[string]string{
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00": "HEIC is unsupported: convert to JPEG or PNG",
		"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00": "AVIF is unsupported",
		"\x00\x00\x00\x1cftypmp42\x00\x00\x00\x00": "image: unknown format",
		"BM\x00\x00\x00\x00":                       "BMP is unsupported",
	} {
		_, err := image.Decode(strings.NewReader(begins))
		wantError(t, begins, err, "image: Decode: "+want)
	}
}

// TestParts compares what is made of a picture part by part with what is made of all its
// pixels: pictures of many forms, and frames smaller and larger.
func TestParts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []stdimage.Point{{1, 1}, {1, 300}, {300, 1}, {520, 530}, {1500, 333}} {
		if testing.Short() && size.X > 1000 {
			continue
		}
		corner := stdimage.Pt(-3, 5)
		at := stdimage.Rectangle{Min: corner, Max: corner.Add(size)}
		clear, half, deep := stdimage.NewNRGBA(at), stdimage.NewYCbCr(at, stdimage.YCbCrSubsampleRatio420), stdimage.NewNRGBA64(at)
		for _, pix := range [][]uint8{clear.Pix, half.Y, half.Cb, half.Cr, deep.Pix} {
			for i := range pix {
				pix[i] = uint8(r.Uint32())
			}
		}
		grey := stdimage.NewGray(at)
		draw.Draw(grey, at, half, corner, draw.Src)
		for _, img := range []stdimage.Image{clear, half, deep, grey} {
			for channels := 1; channels <= 3; channels += 2 {
				all, err := image.Pixels(img, channels)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range []image.Frame{{Width: 20, Height: 30, Channels: channels}, {Width: 90, Height: 1000, Channels: channels}} {
					got, err := f.Stretch(img)
					if err != nil {
						t.Fatal(err)
					}
					want, err := image.Resize(all, f.Height, f.Width, image.Area)
					if err != nil || !tensor.Equal(got, want) {
						t.Errorf("%T of %v in %v differs from its pixels, resized (%v)", img, size, f, err)
					}
				}
			}
		}
	}
	// A picture of a file, one pixel at a time and as a whole.
	from := squares()
	p, err := image.Decode(bytes.NewReader(encoded(t, func(w io.Writer) error { return png.Encode(w, from) })))
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.RGBA()
	if err != nil {
		t.Fatal(err)
	}
	for y := -1; y < 3; y++ {
		for x := -1; x < 3; x++ {
			if p.At(x, y) != all.At(x, y) {
				t.Errorf("pixel %d %d is %v alone and %v in all", x, y, p.At(x, y), all.At(x, y))
			}
		}
	}
	for what, f := range map[string]image.Frame{"a frame of 0 x 3": {Width: 0, Height: 3, Channels: 1}, "4 channels": {Width: 1, Height: 1, Channels: 4}} {
		_, err := f.Stretch(from)
		wantError(t, what, err, "image: Frame.Stretch: "+what)
	}
}
