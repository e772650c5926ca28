package image_test

import (
	"bytes"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"log"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/tensor"
)

func encoded(t testing.TB, encode func(w io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decoded reads a picture as the RGBA that it is.
func decoded(r io.Reader) (*stdimage.RGBA, error) {
	p, err := image.Decode(r)
	if err != nil {
		return nil, err
	}
	return p.RGBA()
}

func wantError(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got error %v, want %q in it", what, err, want)
	}
}

// squares returns a picture of two colors, half of it transparent, whose corner is not
// at 0, 0.
func squares() *stdimage.NRGBA {
	img := stdimage.NewNRGBA(stdimage.Rect(3, 4, 5, 6))
	img.SetNRGBA(3, 4, color.NRGBA{200, 0, 0, 255})
	img.SetNRGBA(4, 4, color.NRGBA{0, 100, 50, 255})
	img.SetNRGBA(4, 5, color.NRGBA{0, 0, 0, 51}) // a fifth of black
	return img
}

func TestDecode(t *testing.T) {
	for name, file := range map[string][]byte{
		"png": encoded(t, func(w io.Writer) error { return png.Encode(w, squares()) }),
		"gif": encoded(t, func(w io.Writer) error { return gif.Encode(w, squares(), nil) }),
		"jpg": encoded(t, func(w io.Writer) error { return jpeg.Encode(w, squares(), nil) }),
	} {
		img, err := decoded(slowReader{bytes.NewReader(file)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if img.Rect != stdimage.Rect(0, 0, 2, 2) || !img.Opaque() {
			t.Errorf("%s: %v, opaque: %v", name, img.Rect, img.Opaque())
		}
	}
}

// slowReader reads a byte at a time.
type slowReader struct{ io.Reader }

func (r slowReader) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(1, len(b))]) }

func TestDecodeErrors(t *testing.T) {
	whole := encoded(t, func(w io.Writer) error { return png.Encode(w, squares()) })
	huge := slices.Clone(encoded(t, func(w io.Writer) error { return gif.Encode(w, squares(), nil) }))
	copy(huge[6:], "\xff\xff\xff\xff") // width and height
	_, err := image.Decode(strings.NewReader("hello there"))
	if !errors.Is(err, stdimage.ErrFormat) {
		t.Errorf("no picture: got error %v, want ErrFormat", err)
	}
	_, err = image.Decode(bytes.NewReader(huge))
	wantError(t, "huge", err, "image: Decode: gif of 65535 x 65535 pixels: want 1 to 67108864")
	for n := range whole {
		if _, err := image.Decode(bytes.NewReader(whole[:n])); err == nil && n < len(whole)-12 { // the end's chunk
			t.Errorf("the first %d of %d bytes: no error", n, len(whole))
		}
	}
}

func TestPixels(t *testing.T) {
	for channels, want := range map[int][]float32{
		1: {0.299 * 200, 0.587*100 + 0.114*50, 255, 204},
		3: {200, 0, 0, 0, 100, 50, 255, 255, 255, 204, 204, 204},
	} {
		x, err := image.Pixels(squares(), channels)
		if err != nil {
			t.Fatal(err)
		}
		if x.Spec() != tensor.S(tensor.Float32, 2, 2, channels) {
			t.Errorf("%d channels: got %v", channels, x.Spec())
		}
		for i, v := range tensor.Data[float32](x) {
			if math.Abs(float64(v-want[i])) > 1e-4 {
				t.Errorf("%d channels: got %v, want %v", channels, tensor.Data[float32](x), want)
				break
			}
		}
	}
	_, err := image.Pixels(squares(), 2)
	wantError(t, "two channels", err, "image: Pixels: 2 channels: want 1, of grey, or 3")
	_, err = image.Pixels(nil, 1)
	wantError(t, "nil", err, "image: Pixels: got no picture")
	_, err = image.Pixels(stdimage.NewGray(stdimage.Rectangle{}), 1)
	wantError(t, "empty", err, "a picture of 0 x 0 pixels: want 1 to")
}

// resized returns the pixels of a picture of another size.
func resized(t *testing.T, from []float32, height, width, toHeight, toWidth int) []float32 {
	t.Helper()
	x, err := tensor.FromSlice(from, height, width, len(from)/height/width)
	if err != nil {
		t.Fatal(err)
	}
	y, err := image.Resize(x, toHeight, toWidth, image.Area)
	if err != nil {
		t.Fatal(err)
	}
	return tensor.Data[float32](y)
}

// TestResize compares with means and lines worked out by hand.
func TestResize(t *testing.T) {
	for _, c := range []struct {
		from []float32
		want []float32
	}{
		{[]float32{1, 2, 3}, []float32{1, 2, 3}},
		{[]float32{1, 3, 5, 7}, []float32{2, 6}},
		{[]float32{3, 6, 9}, []float32{4, 8}}, // (3 + 6/2) / 1.5, (6/2 + 9) / 1.5
		{[]float32{0, 4}, []float32{0, 1, 3, 4}},
		{[]float32{5}, []float32{5, 5, 5}},
		{[]float32{1, 2, 3, 4, 5}, []float32{3}},
	} {
		got := resized(t, c.from, 1, len(c.from), 1, len(c.want))
		down := resized(t, c.from, len(c.from), 1, len(c.want), 1)
		for i, w := range c.want {
			if math.Abs(float64(got[i]-w)) > 1e-6 || math.Abs(float64(down[i]-w)) > 1e-6 {
				t.Errorf("%v: across %v, down %v, want %v", c.from, got, down, c.want)
				break
			}
		}
	}
	// A picture of one grey stays so at every size.
	for n := 1; n < 70; n++ {
		got := resized(t, slices.Repeat([]float32{200}, 33*17*2), 17, 33, 71-n, n)
		for _, v := range got {
			if math.Abs(float64(v)-200) > 1e-3 {
				t.Fatalf("%d x %d: got %v, want 200", n, 71-n, v)
			}
		}
	}
}

func TestResizeOf(t *testing.T) {
	x := tensor.New(tensor.Uint8, 2, 4, 1)
	copy(tensor.Data[uint8](x), []uint8{0, 10, 20, 30, 2, 12, 22, 32})
	half, err := x.Slice(1, 0, 4, 2) // 0 20, 2 22: a view with gaps
	if err != nil {
		t.Fatal(err)
	}
	y, err := image.Resize(half, 1, 1, image.Area)
	if err != nil || y.Spec() != tensor.S(tensor.Float32, 1, 1, 1) || y.Item() != 11 {
		t.Errorf("got %v (%v), want 11", y, err)
	}
	for what, c := range map[string]struct {
		x    *tensor.Tensor
		h, w int
		want string
	}{
		"nil":    {nil, 1, 1, "x is nil"},
		"rank":   {tensor.New(tensor.Float32, 2, 2), 1, 1, "x is float32[2 2]: want uint8 or float32 [H W C]"},
		"dtype":  {tensor.New(tensor.Int32, 2, 2, 1), 1, 1, "x is int32[2 2 1]"},
		"empty":  {tensor.New(tensor.Float32, 2, 0, 1), 1, 1, "x is float32[2 0 1]"},
		"height": {x, 0, 1, "to 1 x 0 pixels: want 1 to 67108864"},
		"huge":   {x, 1 << 20, 1 << 20, "to 1048576 x 1048576 pixels: want 1 to 67108864"},
	} {
		_, err := image.Resize(c.x, c.h, c.w, image.Area)
		wantError(t, what, err, c.want)
	}
}

func TestFrameOf(t *testing.T) {
	for _, c := range []struct {
		shape tensor.Dims
		want  image.Frame
	}{
		{tensor.D(28, 20), image.Frame{Width: 20, Height: 28, Channels: 1}},
		{tensor.D(28, 20, 1), image.Frame{Width: 20, Height: 28, Channels: 1}},
		{tensor.D(28, 20, 3), image.Frame{Width: 20, Height: 28, Channels: 3}},
		{tensor.D(784), image.Frame{Width: 28, Height: 28, Channels: 1}},
		{tensor.D(1), image.Frame{Width: 1, Height: 1, Channels: 1}},
		{tensor.D(5), image.Frame{}}, {tensor.D(-1, 28), image.Frame{}}, {tensor.D(28, -1, 3), image.Frame{}}, {tensor.D(0), image.Frame{}}, {tensor.D(), image.Frame{}}, {tensor.D(2, 2, 2), image.Frame{}}, {tensor.D(1, 2, 2, 1), image.Frame{}},
	} {
		got, err := image.FrameOf(c.shape)
		if got != c.want || (err != nil) != (c.want == image.Frame{}) {
			t.Errorf("%v: got %+v, error %v, want %+v", c.shape, got, err, c.want)
		}
	}
}

// TestFit brings a wide picture with a dark stroke to a square.
func TestFit(t *testing.T) {
	wide := stdimage.NewGray(stdimage.Rect(0, 0, 4, 2))
	for i := range wide.Pix {
		wide.Pix[i] = 250
	}
	wide.SetGray(2, 0, color.Gray{10})
	for _, c := range []struct {
		frame    image.Frame
		invert   image.Inversion
		want     []float64
		inverted bool
	}{
		{image.Frame{Width: 2, Height: 3, Channels: 1}, image.Keep, []float64{250, 250, 250, 190, 250, 250}, false},
		{image.Frame{Width: 2, Height: 3, Channels: 1}, image.InvertPaper, []float64{5, 5, 5, 65, 5, 5}, true},
		{image.Frame{Width: 2, Height: 1, Channels: 3}, image.InvertPaper, []float64{250, 250, 250, 190, 190, 190}, false},
		{image.Frame{Width: 2, Height: 1, Channels: 3}, image.Invert, []float64{5, 5, 5, 65, 65, 65}, true},
	} {
		x, inverted, err := c.frame.Fit(wide, c.invert)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Float64s(); !slices.Equal(got, c.want) || inverted != c.inverted {
			t.Errorf("%+v, %v: got %v, inverted: %v, want %v, %v", c.frame, c.invert, got, inverted, c.want, c.inverted)
		}
	}
	frame := image.Frame{Width: 2, Height: 2, Channels: 1}
	_, _, err := image.Frame{Width: 2, Height: 2}.Fit(wide, image.Keep)
	wantError(t, "channels", err, "image: Frame.Fit: 0 channels: want 1")
	_, _, err = image.Frame{Width: -1, Height: 2, Channels: 1}.Fit(wide, image.Keep)
	wantError(t, "size", err, "a frame of -1 x 2 pixels: want 1 to")
	_, _, err = frame.Fit(wide, image.Inversion(7))
	wantError(t, "inversion", err, "Inversion(7): want InvertPaper, Invert or Keep")
	_, _, err = frame.Fit(nil, image.Keep)
	wantError(t, "nil", err, "got no picture")
}

// TestLongPictures wants the level of a picture of one color after a resize of very many
// pixels to few.
func TestLongPictures(t *testing.T) {
	for _, size := range [][2]int{{1, 30000}, {30000, 1}} {
		x := tensor.New(tensor.Float32, size[0], size[1], 3)
		for i := range tensor.Data[float32](x) {
			tensor.Data[float32](x)[i] = 255
		}
		y, err := image.Resize(x, 1, 1, image.Area)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range tensor.Data[float32](y) {
			if math.Abs(float64(v)-255) > 1e-4 {
				t.Errorf("%v: a pixel is %v, want 255", size, v)
			}
		}
	}
}

// FuzzDecode reads damaged files: an error, or a picture that fits a frame.
func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, func(w io.Writer) error { return png.Encode(w, squares()) }))
	f.Add(encoded(f, func(w io.Writer) error { return gif.Encode(w, squares(), nil) }))
	f.Add(encoded(f, func(w io.Writer) error { return jpeg.Encode(w, squares(), nil) }))
	turned := encoded(f, func(w io.Writer) error { return jpeg.Encode(w, squares(), nil) })
	f.Add(slices.Concat(turned[:2], []byte("\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x05\x00\x00\x00"), turned[2:]))
	f.Fuzz(func(t *testing.T, file []byte) {
		if config, _, err := stdimage.DecodeConfig(bytes.NewReader(file)); err == nil && config.Width*config.Height > 1<<16 {
			t.Skip("large")
		}
		img, err := image.Decode(bytes.NewReader(file))
		if err != nil {
			return
		}
		x, _, err := image.Frame{Width: 5, Height: 7, Channels: 3}.Fit(img, image.InvertPaper)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range tensor.Data[float32](x) {
			if !(v >= 0 && v < 255.001) {
				t.Fatalf("a pixel is %v, want 0 to 255", v)
			}
		}
	})
}

// A scan of a digit, ink on paper, as a model of MNIST takes it.
func ExampleFrame_Fit() {
	scan := stdimage.NewGray(stdimage.Rect(0, 0, 60, 40))
	for i := range scan.Pix {
		scan.Pix[i] = 230 // paper
	}
	for y := 10; y < 30; y++ {
		scan.SetGray(30, y, color.Gray{20}) // ink
	}
	frame, err := image.FrameOf(tensor.D(28, 28))
	if err != nil {
		log.Fatal(err)
	}
	x, inverted, err := frame.Fit(scan, image.InvertPaper)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Spec(), "inverted:", inverted)
	fmt.Println("background:", x.Float64s()[0])
	// Output:
	// float32[28 28 1] inverted: true
	// background: 25
}
