package image_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	stdimage "image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data/image"
)

// TestAsPersonSees compares with pillow, which testdata/pictures.py asked: turned pictures,
// inks, palettes, transparency.
func TestAsPersonSees(t *testing.T) {
	for _, p := range readGolden(t, "testdata/pictures.json") {
		far := 1 // levels, by rounding
		if bytes.HasPrefix(p.File, []byte("\xff\xd8")) {
			far = 0
		}
		if img, err := decoded(bytes.NewReader(p.File)); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		} else {
			p.compare(t, img, far)
		}
	}
}

// TestIgnoreOrientation reads pictures of every orientation as they are stored.
func TestIgnoreOrientation(t *testing.T) {
	all := readGolden(t, "testdata/pictures.json")
	for _, p := range all {
		if !strings.HasPrefix(p.Name, "jpeg ") && !strings.HasPrefix(p.Name, "png ") {
			continue
		}
		img, err := image.Decode(bytes.NewReader(p.File), image.IgnoreOrientation)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := img.RGBA()
		if err != nil {
			t.Fatal(err)
		}
		stored := all[slices.IndexFunc(all, func(q golden) bool { return q.Name == strings.Fields(p.Name)[0]+" 1" })]
		stored.Name = p.Name
		stored.compare(t, whole, 0)
	}
}

// golden is a file of a picture, and its pixels of RGB as pillow decodes it.
type golden struct {
	Name          string
	File, Pixels  []byte
	Width, Height int
}

func readGolden(t *testing.T, file string) []golden {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// compare fails if a pixel is further from pillow's than so many levels. It returns how many
// numbers are equal.
func (p golden) compare(t *testing.T, img *stdimage.RGBA, far int) (equal int) {
	t.Helper()
	if img.Rect != stdimage.Rect(0, 0, p.Width, p.Height) || !img.Opaque() {
		t.Errorf("%s: %v, opaque: %v, want %d x %d", p.Name, img.Rect, img.Opaque(), p.Width, p.Height)
		return 0
	}
	worst, at := 0, 0
	for i := range p.Width * p.Height {
		for c := range 3 {
			d := int(img.Pix[4*i+c]) - int(p.Pixels[3*i+c])
			if d = max(d, -d); d > worst {
				worst, at = d, i
			}
			if d == 0 {
				equal++
			}
		}
	}
	if worst > far {
		t.Errorf("%s: a pixel differs by %d at %d %d: got %v, want %v", p.Name, worst, at%p.Width, at/p.Width, img.Pix[4*at:4*at+3], p.Pixels[3*at:3*at+3])
	}
	return equal
}

// TestSixteenBits reads the high bytes.
func TestSixteenBits(t *testing.T) {
	values := []uint16{0, 255, 256, 32767, 32896, 65535}
	grey, rgba := stdimage.NewGray16(stdimage.Rect(0, 0, 6, 1)), stdimage.NewNRGBA64(stdimage.Rect(0, 0, 6, 1))
	for i, v := range values {
		grey.SetGray16(i, 0, color.Gray16{Y: v})
		rgba.SetNRGBA64(i, 0, color.NRGBA64{R: v, G: v, B: v, A: 0xffff})
	}
	for _, img := range []stdimage.Image{grey, rgba} {
		got, err := decoded(bytes.NewReader(encoded(t, func(w io.Writer) error { return png.Encode(w, img) })))
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if got.Pix[4*i] != uint8(v>>8) {
				t.Errorf("%T: %d is read as %d, want %d", img, v, got.Pix[4*i], v>>8)
			}
		}
	}
}

// TestCanvas has a GIF whose first frame is smaller than its canvas.
func TestCanvas(t *testing.T) {
	frame := stdimage.NewPaletted(stdimage.Rect(2, 1, 4, 3), color.Palette{color.Black, color.White})
	file := encoded(t, func(w io.Writer) error {
		return gif.EncodeAll(w, &gif.GIF{Image: []*stdimage.Paletted{frame}, Delay: []int{0}, Config: stdimage.Config{ColorModel: frame.Palette, Width: 5, Height: 4}})
	})
	img, err := decoded(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if img.Rect != stdimage.Rect(0, 0, 5, 4) || img.RGBAAt(0, 0) != (color.RGBA{255, 255, 255, 255}) || img.RGBAAt(3, 2) != (color.RGBA{0, 0, 0, 255}) {
		t.Errorf("got %v with %v outside and %v inside the frame, want white and black", img.Rect, img.RGBAAt(0, 0), img.RGBAAt(3, 2))
	}
}

// TestWebP turns a picture by the chunk behind its pixels, which the decoder that a program
// registers does not read.
func TestWebP(t *testing.T) {
	stdimage.RegisterFormat("webp", "RIFF????WEBP", func(r io.Reader) (stdimage.Image, error) {
		b := make([]byte, 28)
		_, err := io.ReadFull(r, b)
		if string(b[20:27]) == "1234567" {
			return stdimage.NewGray(stdimage.Rect(0, 0, 4, 2)), err
		}
		img := stdimage.NewYCbCr(stdimage.Rect(0, 0, 4, 2), stdimage.YCbCrSubsampleRatio444) // as golang.org/x/image/webp v0.47.0
		copy(img.Y, []uint8{235, 16, 82, 137, 240, 0})
		copy(img.Cb, []uint8{128, 128, 90, 157, 128, 128})
		copy(img.Cr, []uint8{128, 128, 240, 102, 128, 128})
		return img, err
	}, func(io.Reader) (stdimage.Config, error) { return stdimage.Config{Width: 4, Height: 2}, nil })
	for _, prefix := range []string{"", "Exif\x00\x00"} {
		block := prefix + "II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x08\x00\x00\x00"
		chunk := func(name, data string) string {
			size := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
			return string(size) + data + strings.Repeat("\x00", len(data)%2)
		}
		file := "RIFF\x00\x00\x00\x00WEBP" + chunk("VP8 ", "1234567") + chunk("ABCD", "123") + chunk("EXIF", block)
		img, err := decoded(strings.NewReader(file))
		if err != nil || img.Rect != stdimage.Rect(0, 0, 2, 4) {
			t.Errorf("%q: got %v, error %v, want 2 x 4", prefix, img.Rect, err)
		}
	}
	// Colors as pillow 13.0.0 reads them, within a level or two: white, black, red, a blue.
	img, err := decoded(strings.NewReader("RIFF\x00\x00\x00\x00WEBPVP8 \x08\x00\x00\x00narrow.."))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][3]int{{255, 255, 255}, {0, 0, 0}, {255, 1, 0}, {99, 151, 199}, {255, 255, 255}, {0, 0, 0}} {
		for c, w := range want {
			if got := int(img.Pix[i%4*4+i/4*img.Stride+c]); max(got-w, w-got) > 2 {
				t.Errorf("pixel %d: got %v, want %v", i, img.Pix[i%4*4+i/4*img.Stride:][:3], want)
				break
			}
		}
	}
}

// TestTIFF turns a picture by the tag in its first directory, which stands behind the pixels
// here.
func TestTIFF(t *testing.T) {
	for _, order := range []interface {
		binary.AppendByteOrder
		binary.ByteOrder
	}{binary.LittleEndian, binary.BigEndian} {
		begins := "II*\x00"
		if order.String() == "BigEndian" {
			begins = "MM\x00*"
		}
		stdimage.RegisterFormat("tiff", begins, func(r io.Reader) (stdimage.Image, error) {
			_, err := io.Copy(io.Discard, r)
			return stdimage.NewGray(stdimage.Rect(0, 0, 4, 2)), err
		}, func(io.Reader) (stdimage.Config, error) {
			return stdimage.Config{ColorModel: color.GrayModel, Width: 4, Height: 2}, nil
		})
		pixels := 6000 // behind the first bytes that are read
		b := order.AppendUint32([]byte(begins), uint32(8+pixels))
		b = append(b, make([]byte, pixels)...)
		b = order.AppendUint16(b, 2)
		for _, tag := range []uint16{0x0100, 0x0112} { // width, orientation
			b = order.AppendUint16(order.AppendUint16(b, tag), 3)
			b = order.AppendUint16(order.AppendUint16(order.AppendUint32(b, 1), 6), 0)
		}
		for n := len(b); n > len(b)-20; n-- {
			img, err := decoded(bytes.NewReader(b[:n]))
			want := stdimage.Rect(0, 0, 4, 2)
			if n == len(b) {
				want = stdimage.Rect(0, 0, 2, 4)
			}
			if err != nil || img.Rect != want {
				t.Fatalf("%v, %d of %d bytes: got %v, error %v, want %v", order, n, len(b), img, err, want)
			}
		}
		order.PutUint32(b[4:], 4) // in the header
		if img, err := decoded(bytes.NewReader(b)); err != nil || img.Rect != stdimage.Rect(0, 0, 4, 2) {
			t.Errorf("%v, a directory in the header: got %v, error %v", order, img, err)
		}
	}
}

// TestDamagedEXIF reads pictures whose block of EXIF is cut, or lies about itself, as if
// there were none.
func TestDamagedEXIF(t *testing.T) {
	plain := encoded(t, func(w io.Writer) error { return jpeg.Encode(w, squares(), nil) })
	block := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
	with := func(block string) []byte {
		size := binary.BigEndian.AppendUint16([]byte{0xff, 0xff, 0xff, 0xe1}, uint16(len(block)+2)) // two bytes to fill
		return bytes.Join([][]byte{plain[:2], size, []byte(block), plain[2:]}, nil)
	}
	tall := with(strings.Replace(block, "\x00\x06\x00\x00", "\x00\x06\x00\x00\x00\x00", 1))
	if img, err := decoded(bytes.NewReader(tall)); err != nil || img.RGBAAt(1, 1) != must(t, plain).RGBAAt(1, 0) {
		t.Errorf("turned: error %v", err)
	}
	want := must(t, plain)
	for name, b := range map[string]string{
		"far":       strings.Replace(block, "\x00\x00\x00\x08", "\xff\xff\xff\xff", 1),
		"many":      strings.Replace(block, "\x00\x01\x01\x12", "\xff\xff\x01\x13", 1),
		"zero":      strings.Replace(block, "\x00\x06", "\x00\x00", 1),
		"nine":      strings.Replace(block, "\x00\x06", "\x00\x09", 1),
		"of floats": strings.Replace(block, "\x12\x00\x03", "\x12\x00\x0b", 1),
		"two":       strings.Replace(block, "\x00\x00\x00\x01", "\x00\x00\x00\x02", 1),
		"no order":  strings.Replace(block, "MM", "MI", 1),
	} {
		if got := must(t, with(b)); !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: the picture is turned", name)
		}
	}
	for n := range len(block) - 2 {
		if got := must(t, with(block[:n])); !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("the first %d bytes of EXIF: the picture is turned", n)
		}
	}
}

func must(t *testing.T, file []byte) *stdimage.RGBA {
	t.Helper()
	img, err := decoded(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestSeen has what is drawn on nothing be seen: dark on white, light on black.
func TestSeen(t *testing.T) {
	for ink, background := range map[color.NRGBA]float64{
		{0, 0, 0, 255}: 255, {255, 255, 255, 255}: 0, {255, 255, 0, 255}: 0, {0, 0, 255, 255}: 255, {120, 120, 120, 255}: 255, {135, 135, 135, 255}: 0,
	} {
		img := stdimage.NewNRGBA(stdimage.Rect(0, 0, 9, 9))
		for i := 2; i < 7; i++ {
			img.SetNRGBA(4, i, ink)
		}
		x, err := image.Pixels(img, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Float64s()[0]; got != background {
			t.Errorf("ink %v: the background is %v, want %v", ink, got, background)
		}
		// As a digit of MNIST: light on dark, whichever it was.
		x, _, err = image.Frame{Width: 9, Height: 9, Channels: 1}.Fit(img, image.InvertPaper)
		if err != nil {
			t.Fatal(err)
		}
		if v := x.Float64s(); !(v[0] == 0 && v[4*9+4] > 100) {
			t.Errorf("ink %v: background %v, ink %v, want light on dark", ink, v[0], v[4*9+4])
		}
	}
}

// TestTall turns a picture of more rows than are drawn at once. Orientation 7, for one, has
// the first row of pixels at the right and the first column at the bottom.
func TestTall(t *testing.T) {
	const w, h = 5, 150
	img := stdimage.NewGray(stdimage.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7)
	}
	file := encoded(t, func(w io.Writer) error { return png.Encode(w, img) })
	for orientation, at := range map[byte]func(column, row int) (x, y int){
		1: func(c, r int) (x, y int) { return c, r },
		2: func(c, r int) (x, y int) { return w - 1 - c, r },
		3: func(c, r int) (x, y int) { return w - 1 - c, h - 1 - r },
		4: func(c, r int) (x, y int) { return c, h - 1 - r },
		5: func(c, r int) (x, y int) { return r, c },
		6: func(c, r int) (x, y int) { return h - 1 - r, c },
		7: func(c, r int) (x, y int) { return h - 1 - r, w - 1 - c },
		8: func(c, r int) (x, y int) { return r, w - 1 - c },
	} {
		chunk := append([]byte("eXIfMM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
		size := binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4))
		chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk))
		const end = 12 // the chunk IEND; EXIF may stand behind the pixels
		got := must(t, bytes.Join([][]byte{file[:len(file)-end], size, chunk, file[len(file)-end:]}, nil))
		for row := range h {
			for column := range w {
				if x, y := at(column, row); got.RGBAAt(x, y).R != img.GrayAt(column, row).Y {
					t.Fatalf("orientation %d: pixel %d %d is not at %d %d of %v", orientation, column, row, x, y, got.Rect)
				}
			}
		}
	}
}
