package image_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/internal/picturetest"
	"github.com/glia-ml/glia/tensor"
)

// coded returns a small picture, whose colors are told by a number.
func coded(t testing.TB, i int) []byte {
	img := stdimage.NewNRGBA(stdimage.Rect(0, 0, 5, 3))
	for k := range img.Pix {
		img.Pix[k] = uint8(i*37 + k*k)
		if k%4 == 3 {
			img.Pix[k] = 255
		}
	}
	return encoded(t, func(w io.Writer) error { return png.Encode(w, img) })
}

// grow makes files in a directory: pictures, unless content names another.
func grow(t testing.TB, names []string, content map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range names {
		b, ok := content[name]
		if !ok {
			b = coded(t, i)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var small = image.Frame{Width: 3, Height: 2, Channels: 3}

// inside returns the names of a folder's files within its directory.
func inside(t testing.TB, dir string, f *image.Folder) []string {
	t.Helper()
	names := f.Files()
	for i, path := range names {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		names[i] = filepath.ToSlash(name)
	}
	return names
}

// labels returns the numbers of the classes of all samples.
func labels(t testing.TB, f *image.Folder) []int32 {
	t.Helper()
	var b data.Batch
	if err := f.Read(data.Permutation(f.Len(), 0, 0, nil), &b); err != nil {
		t.Fatal(err)
	}
	all := make([]int32, f.Len())
	for k, i := range data.Permutation(f.Len(), 0, 0, nil) {
		all[i] = tensor.Data[int32](b.Y[0])[k]
	}
	return all
}

// TestFolderAsKeras compares classes, samples, their order, labels and the cut of the
// validation with Keras, which testdata/folder.py asked.
func TestFolderAsKeras(t *testing.T) {
	b, err := os.ReadFile("testdata/folder.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Tree, Classes, Files, Unlabeled, Some []string
		Labels                                []int32
		Splits                                []struct {
			Fraction          float64
			Seed              *uint32
			Train, Validation []string
			Labels            []int32
		}
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	dir := grow(t, want.Tree, nil)
	f, err := image.OpenFolder(dir, small)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Classes(); !slices.Equal(got, want.Classes) {
		t.Errorf("classes %q, want %q", got, want.Classes)
	}
	if got := inside(t, dir, f); !slices.Equal(got, want.Files) {
		t.Errorf("files\n%q, want\n%q", got, want.Files)
	}
	if got := labels(t, f); !slices.Equal(got, want.Labels) {
		t.Errorf("labels %v, want %v", got, want.Labels)
	}
	if got := f.Ignored(); !slices.Equal(got, []string{"root.png", filepath.Join("a", "notes.txt")}) {
		t.Errorf("ignored: %q", got)
	}
	for _, s := range want.Splits {
		var train, validation *image.Folder
		if s.Seed == nil {
			train, validation, err = f.SplitInOrder(s.Fraction)
		} else {
			train, validation, err = f.Split(s.Fraction, *s.Seed)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := inside(t, dir, train); !slices.Equal(got, s.Train) {
			t.Errorf("split %+v: training\n%q, want\n%q", s, got, s.Train)
		}
		if got := inside(t, dir, validation); !slices.Equal(got, s.Validation) || !slices.Equal(labels(t, validation), s.Labels) {
			t.Errorf("split %+v: validation\n%q, want\n%q", s, got, s.Validation)
		}
	}
	unlabeled, err := image.OpenFolder(dir, small, image.Labels(image.NoLabels))
	if err != nil {
		t.Fatal(err)
	}
	if got := inside(t, dir, unlabeled); !slices.Equal(got, want.Unlabeled) {
		t.Errorf("unlabeled\n%q, want\n%q", got, want.Unlabeled)
	}
	some, err := image.OpenFolder(dir, small, image.Classes("b", "10"))
	if err != nil {
		t.Fatal(err)
	}
	if got := inside(t, dir, some); !slices.Equal(got, want.Some) || !slices.Equal(some.Classes(), []string{"b", "10"}) {
		t.Errorf("some classes\n%q, want\n%q", got, want.Some)
	}
}

// TestFolderSamples reads pictures in every way of fitting, and labels of every kind, and the
// same with any number at once.
func TestFolderSamples(t *testing.T) {
	names := []string{"cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png", "dog/3.png"}
	dir := grow(t, names, nil)
	idx := []int{4, 0, 2, 2}
	for fit, frame := range map[image.Fitting]func(f image.Frame, img stdimage.Image) (*tensor.Tensor, error){
		image.Stretched: image.Frame.Stretch, image.Cropped: image.Frame.Crop, image.Padded: image.Frame.Pad,
	} {
		for kind, want := range map[image.LabelKind][]float64{
			image.IntLabels:         {1, 0, 1, 1},
			image.CategoricalLabels: {0, 1, 1, 0, 0, 1, 0, 1},
			image.BinaryLabels:      {1, 0, 1, 1},
			image.NoLabels:          nil,
		} {
			for _, n := range []int{0, 1, 2, 7} {
				size := image.Frame{Width: 4, Height: 4, Channels: 1 + n%2*2, Filter: image.TFBilinear}
				f, err := image.OpenFolder(dir, size, image.Fitted(fit), image.Labels(kind), image.AtOnce(n))
				if err != nil {
					t.Fatal(err)
				}
				var b data.Batch
				for range 2 { // into new tensors, and into those that there are
					if err := f.Read(idx, &b); err != nil {
						t.Fatal(err)
					}
				}
				x, y := f.Specs()
				if s := b.X[0].Spec(); s != tensor.S(tensor.Float32, 4, 4, 4, size.Channels) || x[0] != tensor.S(tensor.Float32, 4, 4, size.Channels) {
					t.Errorf("x is %v of %v", s, x)
				}
				if kind == image.NoLabels {
					if len(y)+len(b.Y) > 0 {
						t.Errorf("no labels: got %v", b.Y)
					}
				} else if got := b.Y[0].Float64s(); !slices.Equal(got, want) || b.Y[0].DType() != y[0].DType {
					t.Errorf("labels %d: got %v, want %v", kind, got, want)
				}
				for k, i := range idx {
					img, err := image.Decode(bytes.NewReader(coded(t, i)))
					if err != nil {
						t.Fatal(err)
					}
					want, err := frame(size, img)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := b.X[0].Index(0, k); err != nil || !tensor.Equal(got, want) {
						t.Errorf("fitting %d, %d at once: sample %d differs from its picture (%v)", fit, n, i, err)
					}
				}
			}
		}
	}
}

// TestKeepDecoded keeps as many samples as there is room for, also those of parts.
func TestKeepDecoded(t *testing.T) {
	dir := grow(t, []string{"a/1.png", "a/2.png", "b/1.png", "b/2.png", "b/3.png"}, nil)
	const sample = 4 * 2 * 3 * 3 // bytes
	f, err := image.OpenFolder(dir, small, image.AtOnce(1), image.KeepDecoded(3*sample+sample-1))
	if err != nil {
		t.Fatal(err)
	}
	var b, again data.Batch
	if err := f.Read([]int{1, 4, 1, 2, 0}, &b); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Read([]int{1, 4, 1, 2}, &again); err != nil {
		t.Fatal(err)
	}
	if first, err := b.X[0].Slice(0, 0, 4, 1); err != nil || !tensor.Equal(first, again.X[0]) {
		t.Errorf("what is kept differs from what was decoded (%v)", err)
	}
	if err := f.Read([]int{0}, &again); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a fourth sample: got error %v, want no such file", err)
	}
	train, _, err := f.SplitInOrder(0.2)
	if err != nil {
		t.Fatal(err)
	}
	if err := train.Read([]int{2, 1}, &again); err != nil {
		t.Errorf("a part does not know what is kept: %v", err)
	}
}

// damaged returns a JPEG whose header is whole and whose pixels end early.
func damaged(t testing.TB) []byte {
	img := stdimage.NewGray(stdimage.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * i)
	}
	b := encoded(t, func(w io.Writer) error { return jpeg.Encode(w, img, nil) })
	return b[:len(b)/2]
}

// TestFolderUnreadable lists every picture that cannot be read: by their headers when a folder
// is opened, by their pixels when one of them is read.
func TestFolderUnreadable(t *testing.T) {
	names := []string{"a/1.png", "a/2.png", "a/3.webp", "a/4.jpg", "b/1.png", "b/2.jpg", "b/\x1b[2J.png", "b/9.png"}
	content := map[string][]byte{
		"a/2.png": nil, "a/3.webp": []byte("RIFF\x00\x00\x00\x00WEBP"), "b/\x1b[2J.png": []byte("<html>"),
		"a/4.jpg": damaged(t), "b/2.jpg": damaged(t),
	}
	dir := grow(t, names, content)
	_, err := image.OpenFolder(dir, small)
	var bad *image.UnreadableError
	if !errors.As(err, &bad) || bad.Of != len(names) || len(bad.Files) != 3 || !errors.Is(err, stdimage.ErrFormat) {
		t.Fatalf("got error %v, want three of the pictures", err)
	}
	for _, want := range []string{"image: OpenFolder: 3 of 8 pictures are unreadable", `"a/2.png": `, `"a/3.webp": WebP is unsupported`, `"b/\x1b[2J.png": `} {
		wantError(t, "headers", err, filepath.FromSlash(want))
	}
	for name := range content {
		if !strings.HasSuffix(name, ".jpg") {
			os.Remove(filepath.Join(dir, name))
		}
	}
	f, err := image.OpenFolder(dir, small)
	if err != nil {
		t.Fatal(err)
	}
	var b data.Batch
	if err := f.Read([]int{0, 2, 4}, &b); err != nil {
		t.Error(err)
	}
	err = f.Read([]int{0, 1}, &b)
	if !errors.As(err, &bad) || len(bad.Files) != 2 {
		t.Errorf("pixels: got error %v, want two of the pictures", err)
	}
	wantError(t, "pixels", err, filepath.FromSlash(`"b/2.jpg": `))
	var warnings []string
	f, err = image.OpenFolder(dir, small, image.SkipUnreadable, image.WarnBy(func(w string) { warnings = append(warnings, w) }))
	if err != nil {
		t.Fatal(err)
	}
	if got := inside(t, dir, f); !slices.Equal(got, []string{"a/1.png", "b/1.png", "b/9.png"}) {
		t.Errorf("left: %q", got)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], `"a`+string(filepath.Separator)) || !strings.Contains(warnings[0], "2 of 5") {
		t.Errorf("warnings: %q, want one that names two files", warnings)
	}
	if err := os.Remove(filepath.Join(dir, "b", "9.png")); err != nil {
		t.Fatal(err)
	}
	err = f.Read([]int{2}, &b)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: got error %v", err)
	}
	// Headers that promise too much, before memory is taken.
	big := grow(t, []string{"a/1.png", "b/1.jpg"}, map[string][]byte{"b/1.jpg": picturetest.JPEG(20000, 3000, true, 9, 0x22, 0x11, 0x11)})
	before := allocated()
	_, err = image.OpenFolder(big, small)
	if taken := allocated() - before; !errors.Is(err, image.ErrLimit) || taken > 4<<20 {
		t.Errorf("huge: got error %v after %d bytes, want ErrLimit", err, taken)
	}
	if _, err = image.OpenFolder(big, small, image.DecodedBy(image.LimitMemory(0))); err != nil {
		t.Errorf("huge, allowed: %v", err)
	}
}

func TestFolderErrors(t *testing.T) {
	dir := grow(t, []string{"a/1.png", "b/1.png", "c/notes.txt", ".d/1.png"}, nil)
	one := grow(t, []string{"a/1.png", "root.png"}, nil)
	texts := grow(t, []string{"notes.txt"}, nil)
	for what, c := range map[string]struct {
		dir   string
		frame image.Frame
		opts  []image.FolderOption
		want  string
	}{
		"no such":     {filepath.Join(dir, "x"), small, nil, "image: OpenFolder: open "},
		"empty class": {dir, small, nil, `no pictures in folders ["c"] of `},
		"one class":   {one, small, nil, `1 folders of classes in `},
		"no class":    {texts, small, nil, `0 folders of classes in `},
		"no picture":  {texts, small, []image.FolderOption{image.Labels(image.NoLabels)}, "no pictures in "},
		"binary":      {dir, small, []image.FolderOption{image.Labels(image.BinaryLabels)}, "3 folders of classes in "},
		"unknown":     {dir, small, []image.FolderOption{image.Classes("a", "z")}, `class "z": want folders of `},
		"twice":       {dir, small, []image.FolderOption{image.Classes("a", "a")}, `class "a": want folders of `},
		"no names":    {dir, small, []image.FolderOption{image.Classes("a", "b"), image.Labels(image.NoLabels)}, "Classes with NoLabels"},
		"kind":        {dir, small, []image.FolderOption{image.Labels(9)}, "LabelKind(9)"},
		"fitting":     {dir, small, []image.FolderOption{image.Fitted(-1)}, "Fitting(-1)"},
		"option":      {dir, small, []image.FolderOption{{}}, "option 0 is empty"},
		"frame":       {dir, image.Frame{Width: 1, Height: 0, Channels: 3}, nil, "a frame of 1 x 0 pixels"},
		"channels":    {dir, image.Frame{Width: 1, Height: 1, Channels: 2}, nil, "2 channels: want 1"},
		"filter":      {dir, image.Frame{Width: 1, Height: 1, Channels: 1, Filter: 99}, nil, "Filter(99)"},
	} {
		_, err := image.OpenFolder(c.dir, c.frame, c.opts...)
		wantError(t, what, err, c.want)
	}
	f, err := image.OpenFolder(dir, small, image.Classes("a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	for _, fraction := range []float64{0, 1, -1, 0.2} {
		_, _, err := f.Split(fraction, 1)
		wantError(t, fmt.Sprint(fraction), err, "image: Folder.Split: ")
	}
	var b data.Batch
	wantError(t, "index", f.Read([]int{2}, &b), "image: Folder.Read: sample 2 of 2")
}

// TestDropAlpha takes transparent pixels as pillow's convert("RGB") does.
func TestDropAlpha(t *testing.T) {
	img := stdimage.NewNRGBA(stdimage.Rect(0, 0, 2, 1))
	img.SetNRGBA(0, 0, color.NRGBA{200, 100, 50, 128})
	img.SetNRGBA(1, 0, color.NRGBA{1, 2, 3, 0})
	deep := stdimage.NewNRGBA64(img.Rect)
	palette := stdimage.NewPaletted(img.Rect, color.Palette{img.NRGBAAt(0, 0), img.NRGBAAt(1, 0)})
	palette.Pix[1] = 1
	for x := range 2 {
		c := img.NRGBAAt(x, 0)
		deep.SetNRGBA64(x, 0, color.NRGBA64{uint16(c.R) << 8, uint16(c.G) << 8, uint16(c.B) << 8, uint16(c.A) << 8})
	}
	for _, img := range []stdimage.Image{img, deep, palette} {
		p, err := image.Decode(bytes.NewReader(encoded(t, func(w io.Writer) error { return png.Encode(w, img) })), image.DropAlpha)
		if err != nil {
			t.Fatal(err)
		}
		x, err := image.Pixels(p, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Float64s(); !slices.Equal(got, []float64{200, 100, 50, 1, 2, 3}) {
			t.Errorf("%T: got %v, want 200 100 50 1 2 3", img, got)
		}
	}
}

// Pictures in folders of their classes, a quarter of them for validation.
func ExampleOpenFolder() {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for i, name := range []string{"cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			log.Fatal(err)
		}
		img := stdimage.NewGray(stdimage.Rect(0, 0, 40, 30+i))
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	frame := image.Frame{Width: 32, Height: 32, Channels: 3, Filter: image.TFBilinear}
	photos, err := image.OpenFolder(dir, frame, image.Fitted(image.Cropped))
	if err != nil {
		log.Fatal(err)
	}
	train, validation, err := photos.Split(0.25, 1337)
	if err != nil {
		log.Fatal(err)
	}
	x, y := train.Specs()
	fmt.Println(photos.Classes(), x, y)
	fmt.Println(train.Len(), "for training,", validation.Len(), "for validation")
	// Output:
	// [cat dog] [float32[32 32 3]] [int32[]]
	// 3 for training, 1 for validation
}
