package image_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	stdimage "image"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/tensor"
)

// peers holds what pillow, TensorFlow, OpenCV and Keras make of a grey picture, which
// testdata/resized.py asked.
type peers struct {
	Height, Width   int
	Picture         []byte
	Resized, Framed []peerPicture
}

// peerPicture is a picture in another size, in 32nds of a level.
type peerPicture struct {
	Filter, Kind  string
	Height, Width int
	Pixels        []byte
}

func readPeers(t *testing.T) peers {
	t.Helper()
	b, err := os.ReadFile("testdata/resized.json")
	if err != nil {
		t.Fatal(err)
	}
	var p peers
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// far returns how far pixels are from the peer's, at most and in the mean.
func (p peerPicture) far(t *testing.T, x *tensor.Tensor) (most, mean float64) {
	t.Helper()
	got := x.Float64s()
	if len(got) != len(p.Pixels)/2 {
		t.Fatalf("%s %s: got %v, want %d pixels", p.Filter, p.Kind, x.Spec(), len(p.Pixels)/2)
	}
	for i, v := range got {
		d := math.Abs(v - float64(int16(binary.LittleEndian.Uint16(p.Pixels[2*i:])))/32)
		most = max(most, d)
		mean += d / float64(len(got))
	}
	return most, mean
}

// TestFilters compares every filter with its library's, in sizes smaller, larger and both:
// pillow's bit by bit. OpenCV, which counts in 2048ths, may round to the next level.
func TestFilters(t *testing.T) {
	all := readPeers(t)
	x := tensor.New(tensor.Uint8, all.Height, all.Width, 1)
	copy(x.Bytes(), all.Picture)
	seen := map[string]bool{}
	for _, p := range all.Resized {
		filter, err := image.ParseFilter(p.Filter)
		if err != nil {
			t.Fatal(err)
		}
		seen[p.Filter] = true
		got, err := image.Resize(x, p.Height, p.Width, filter)
		if err != nil {
			t.Fatal(err)
		}
		most, mean := p.far(t, got)
		far, inMean := 1.0/32, 1.0/32
		switch {
		case strings.HasPrefix(p.Filter, "pil-"):
			far, inMean = 0, 0
		case strings.HasPrefix(p.Filter, "cv-"):
			far, inMean = 1, 0.2
		case p.Filter == "tf-bicubic": // which has weights at 1024ths of a pixel
			far = 0.15
		}
		if most > far || mean > inMean {
			t.Errorf("%v, %d x %d: off by %.3f, %.3f in the mean, want %.3f and %.3f", filter, p.Height, p.Width, most, mean, far, inMean)
		}
		// A picture of the same pixels has the same in each of its colors.
		grey := &stdimage.Gray{Pix: all.Picture, Stride: all.Width, Rect: stdimage.Rect(0, 0, all.Width, all.Height)}
		y, err := image.Frame{Width: p.Width, Height: p.Height, Channels: 3, Filter: filter}.Stretch(grey)
		if err != nil {
			t.Fatal(err)
		}
		colors := y.Float64s()
		for i, v := range got.Float64s() {
			if c := colors[3*i : 3*i+3]; c[0] != v || c[1] != v || c[2] != v {
				t.Fatalf("%v, %d x %d: pixel %d is %v in color, want %v thrice", filter, p.Height, p.Width, i, c, v)
			}
		}
	}
	for f := image.Area + 1; f <= image.CVLanczos4; f++ {
		if !seen[f.String()] {
			t.Errorf("%v: compared with nothing", f)
		}
	}
}

// TestProportions compares with Keras's crop_to_aspect_ratio and pad_to_aspect_ratio.
func TestProportions(t *testing.T) {
	all := readPeers(t)
	grey := &stdimage.Gray{Pix: all.Picture, Stride: all.Width, Rect: stdimage.Rect(0, 0, all.Width, all.Height)}
	for _, p := range all.Framed {
		f := image.Frame{Width: p.Width, Height: p.Height, Channels: 1, Filter: image.TFBilinear}
		make := f.Crop
		if p.Kind == "pad" {
			make = f.Pad
		}
		got, err := make(grey)
		if err != nil {
			t.Fatal(err)
		}
		if most, _ := p.far(t, got); most > 1.0/32 {
			t.Errorf("%s to %d x %d: off by %.3f: got %v", p.Kind, p.Height, p.Width, most, got.Float64s())
		}
	}
	// A square of a long picture has more pixels than a picture may have: none is looked at.
	long := stdimage.NewGray(stdimage.Rect(0, 0, 30000, 2))
	for _, img := range []stdimage.Image{long, stdimage.NewGray(stdimage.Rect(0, 0, 2, 30000))} {
		for _, filter := range []image.Filter{image.Area, image.PILLanczos} {
			x, err := image.Frame{Width: 4, Height: 4, Channels: 3, Filter: filter}.Pad(img)
			if err != nil || x.Spec() != tensor.S(tensor.Float32, 4, 4, 3) {
				t.Errorf("long: got %v, error %v", x, err)
			}
		}
	}
	_, err := image.Frame{Width: 1, Height: 60000000, Channels: 1}.Pad(long)
	wantError(t, "very long", err, "image: Frame.Pad: a picture with borders of ")
}

// TestFilterFractions has filters leave numbers of float32 unrounded, as pillow does in mode F
// and OpenCV with floats: from 0 and 100, by the numbers of pillow 13.0.0 and OpenCV 5.0.0.
func TestFilterFractions(t *testing.T) {
	for filter, want := range map[image.Filter][]float64{
		image.PILBicubic: {-9.9057, 6.555, 50, 93.445, 109.9057},
		image.CVCubic:    {-11.025, 8.2, 50, 91.8, 111.025},
		image.CVArea:     {0, 0, 50, 100, 100},
	} {
		x, err := tensor.FromSlice([]float32{0, 100}, 1, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		y, err := image.Resize(x, 1, 5, filter)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range y.Float64s() {
			if math.Abs(v-want[i]) > 1e-3 {
				t.Errorf("%v: got %v, want %v", filter, y.Float64s(), want)
				break
			}
		}
	}
}

func TestParseFilter(t *testing.T) {
	for f := image.Area; f <= image.CVLanczos4; f++ {
		if got, err := image.ParseFilter(fmt.Sprint(f)); got != f || err != nil {
			t.Errorf("%v: got %v, error %v", f, got, err)
		}
	}
	_, err := image.ParseFilter("bilinear")
	wantError(t, "no library", err, `image: ParseFilter: "bilinear": want one of area, pil-nearest, pil-box, `)
	_, err = image.Resize(tensor.New(tensor.Float32, 1, 1, 1), 1, 1, 99)
	wantError(t, "number", err, "image: Resize: Filter(99): want one of those that image has")
	_, err = image.Frame{Width: 1, Height: 1, Channels: 1, Filter: -1}.Stretch(stdimage.NewGray(stdimage.Rect(0, 0, 1, 1)))
	wantError(t, "negative", err, "image: Frame.Stretch: Filter(-1): want one of those")
}
