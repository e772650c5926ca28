package jpeg_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/glia-ml/glia/internal/jpeg"
)

// files returns those of data/image, whose pixels that package compares with pillow's.
func files(t testing.TB) map[string][]byte {
	t.Helper()
	b, err := os.ReadFile("../../data/image/testdata/jpegs.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Name string
		File []byte
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	m := map[string][]byte{}
	for _, f := range all {
		m[f.Name] = f.File
	}
	return m
}

func decode(r io.Reader) (*jpeg.File, error) {
	f, err := jpeg.Open(r)
	if err != nil {
		return nil, err
	}
	return f, f.Decode()
}

// same reports whether two files have the same samples.
func same(a, b *jpeg.File) bool {
	return slices.EqualFunc(a.Components, b.Components, func(x, y jpeg.Component) bool {
		return x.Width == y.Width && x.Height == y.Height && bytes.Equal(x.Pix, y.Pix)
	})
}

// TestHeightBehind reads files whose frame leaves out the height, which a segment behind the first
// scan tells.
func TestHeightBehind(t *testing.T) {
	for name, file := range files(t) {
		want, err := decode(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		frame := max(bytes.Index(file, []byte("\xff\xc0\x00")), bytes.Index(file, []byte("\xff\xc2\x00")))
		scan := bytes.Index(file, []byte("\xff\xda"))
		behind := scan + 2
		for !(file[behind] == 0xff && file[behind+1] != 0 && file[behind+1]&^7 != 0xd0) {
			behind++
		}
		height := file[frame+5 : frame+7]
		without := slices.Concat(file[:frame+5], []byte{0, 0}, file[frame+7:behind])
		late := slices.Concat(without, []byte("\xff\xdc\x00\x04"), height, file[behind:])
		for _, r := range []io.Reader{bytes.NewReader(late), iotest.OneByteReader(bytes.NewReader(late))} {
			if got, err := decode(r); err != nil || got.Height != want.Height || !same(got, want) {
				t.Errorf("%s: error %v, or other samples", name, err)
			}
		}
		for _, none := range [][]byte{slices.Concat(without, file[behind:]), slices.Concat(without, []byte("\xff\xdc\x00\x04\x00\x00"), file[behind:])} {
			if _, err := jpeg.Open(bytes.NewReader(none)); err == nil || !strings.Contains(err.Error(), "jpeg of height 0, and without a segment that tells it") {
				t.Errorf("%s without a height: error %v", name, err)
			}
		}
	}
}

// TestPieces reads files byte by byte, and no byte behind them that it need not.
func TestPieces(t *testing.T) {
	for name, file := range files(t) {
		want, err := decode(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r := bytes.NewReader(append(slices.Clone(file), "behind"...))
		if got, err := decode(iotest.OneByteReader(r)); err != nil || !same(got, want) || r.Len() != len("behind") {
			t.Errorf("%s: error %v, %d bytes left, or other samples", name, err, r.Len())
		}
	}
}

// TestCut wants an error from every file that ends early.
func TestCut(t *testing.T) {
	for name, file := range files(t) {
		step := 1
		if testing.Short() {
			step = 13
		}
		for n := 0; n < len(file); n += step {
			if _, err := decode(bytes.NewReader(file[:n])); err == nil {
				t.Fatalf("%s: the first %d of %d bytes are read", name, n, len(file))
			}
		}
	}
}

// TestEarlyEnd wants an error from pixels that end early in a file that goes on.
func TestEarlyEnd(t *testing.T) {
	for name, file := range files(t) {
		scan := bytes.LastIndex(file, []byte("\xff\xda"))
		begins := scan + 2 + int(file[scan+3])
		if strings.HasPrefix(name, "tiny") || len(file)-begins < 60 {
			continue
		}
		short := slices.Concat(file[:(begins+len(file))/2], []byte("\xff\xd9"))
		if _, err := decode(bytes.NewReader(short)); err == nil {
			t.Errorf("%s: half of the last scan is read", name)
		}
	}
}

// TestRefused wants errors that say why a file is none, or none that is read.
func TestRefused(t *testing.T) {
	all := files(t)
	plain := all["photo 4:2:0 19x17"]
	frame := bytes.Index(plain, []byte("\xff\xc0"))
	tables := bytes.Index(plain, []byte("\xff\xc4"))
	quant := bytes.Index(plain, []byte("\xff\xdb"))
	scan := bytes.Index(plain, []byte("\xff\xda"))
	set := func(at int, b ...byte) []byte {
		file := slices.Clone(plain)
		copy(file[at:], b)
		return file
	}
	restarts := bytes.Replace(all["restarts 4:2:0 37x29"], []byte("\xff\xd1"), []byte("\xff\xd2"), 1)
	for want, file := range map[string][]byte{
		"no JPEG: want it to begin with its marker":                           []byte("\x89PNG"),
		"jpeg without pixels":                                                 []byte("\xff\xd8\xff\xd9"),
		"jpeg that ends early: unexpected EOF":                                plain[:frame],
		"jpeg of 12 bits a sample is unsupported: want 8":                     set(frame+4, 12),
		"jpeg of lossless coding is unsupported":                              set(frame+1, 0xc3),
		"jpeg of hierarchical coding is unsupported":                          set(frame+1, 0xc5),
		"jpeg of arithmetic codes is unsupported":                             set(frame+1, 0xc9),
		"jpeg of width 0":                                                     set(frame+7, 0, 0),
		"jpeg of 2 components is unsupported: want 1, 3 or 4":                 slices.Concat(plain[:frame+2], []byte{0, 14}, plain[frame+4:frame+9], []byte{2}, plain[frame+10:frame+16], plain[frame+19:]),
		"jpeg with two components 1":                                          set(frame+13, 1),
		"jpeg with a frame's header of 14 bytes":                              set(frame+3, 16),
		"jpeg with a table of quantization 4: want 0 to 3":                    set(frame+12, 4),
		"jpeg with a damaged table of quantization":                           set(quant+4, 4),
		"jpeg with a damaged table of codes":                                  set(tables+4, 0x20),
		"jpeg with a damaged table of codes: more than there are of a length": set(tables+5, 0, 6, 0),
		"jpeg with a scan of component 9, which its frame lacks":              set(scan+5, 9),
		"jpeg with a scan of component 1 twice":                               set(scan+7, 1),
		"jpeg with a scan without its table of codes":                         set(scan+6, 0x33),
		"jpeg with a scan without its table of quantization":                  set(frame+12, 3),
		"jpeg with a damaged header of a scan":                                set(scan+4, 9),
		"jpeg with pixels before its frame":                                   slices.Concat(plain[:2], plain[scan:]),
		"jpeg with a segment 0xda of 1 bytes":                                 set(scan+2, 0, 1),
		"jpeg with marker 0xd2 at a restart: want 0xd1":                       restarts,
	} {
		if _, err := decode(bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q in it", err, want)
		}
	}
	apart := all["scans apart 4:2:0 37x29"]
	last := bytes.LastIndex(apart, []byte("\xff\xda"))
	if _, err := decode(bytes.NewReader(append(slices.Clone(apart[:last]), 0xff, 0xd9))); err == nil || err.Error() != "jpeg without pixels of component 3" {
		t.Errorf("a scan too few: error %v", err)
	}
}

// FuzzDecode reads damaged files twice: an error, or samples, both times.
func FuzzDecode(f *testing.F) {
	for _, file := range files(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := jpeg.Open(bytes.NewReader(file))
		if err != nil || a.Bytes() > 1<<22 {
			return
		}
		err = a.Decode()
		b, again := decode(iotest.HalfReader(bytes.NewReader(file)))
		if (err == nil) != (again == nil) || err == nil && !same(a, b) {
			t.Fatalf("read in other pieces: error %v, not %v, or other samples", again, err)
		}
	})
}

// FuzzBesideStandard has pictures that the standard library encodes be read as it reads them, but
// for the rounding of its transform, which keeps fewer bits.
func FuzzBesideStandard(f *testing.F) {
	f.Add(uint8(19), uint8(17), uint8(90), []byte("abcdefgh\x00\xff"))
	f.Add(uint8(1), uint8(1), uint8(100), []byte("\xff\x00"))
	f.Add(uint8(64), uint8(9), uint8(1), []byte("\x00\x00\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, width, height, quality uint8, noise []byte) {
		if width == 0 || height == 0 || len(noise) == 0 {
			return
		}
		rgba := image.NewRGBA(image.Rect(0, 0, int(width), int(height)))
		for i := range rgba.Pix {
			rgba.Pix[i] = noise[(i+i/97)%len(noise)]
		}
		grey := image.NewGray(rgba.Rect)
		copy(grey.Pix, rgba.Pix)
		for _, img := range []image.Image{rgba, grey} {
			var b bytes.Buffer
			if err := stdjpeg.Encode(&b, img, &stdjpeg.Options{Quality: 1 + int(quality)%100}); err != nil {
				t.Fatal(err)
			}
			got, err := decode(bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			std, err := stdjpeg.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range got.Components {
				for y := range c.Height {
					for x := range c.Width {
						v, want := int(c.Pix[y*c.Stride+x]), int(sample(std, i, x, y))
						if max(v-want, want-v) > 2 {
							t.Fatalf("component %d at %d %d: got %d, want %d", i, x, y, v, want)
						}
					}
				}
			}
		}
	})
}

// sample returns a sample of component i as the standard library decodes it.
func sample(img image.Image, i, x, y int) uint8 {
	switch img := img.(type) {
	case *image.YCbCr:
		return [3][]uint8{img.Y, img.Cb, img.Cr}[i][[3]int{img.YStride, img.CStride, img.CStride}[i]*y+x]
	case *image.Gray:
		return img.Pix[y*img.Stride+x]
	}
	return img.At(x, y).(color.Gray).Y
}

// BenchmarkDecode reads a photograph of 500 x 375 pixels, if there is noise in one.
func BenchmarkDecode(b *testing.B) {
	img := image.NewRGBA(image.Rect(0, 0, 500, 375))
	state := uint32(1)
	for i := range img.Pix {
		state = state*1664525 + 1013904223
		x, y := i/4%500, i/2000
		img.Pix[i] = uint8(64 + (x*x/300+y*(2+i%4)/5)%128 + int(state>>27))
	}
	var file bytes.Buffer
	if err := stdjpeg.Encode(&file, img, &stdjpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		if _, err := decode(bytes.NewReader(file.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
