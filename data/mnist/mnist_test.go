package mnist

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/tensor"
)

// fake is a small set of files in place of the real ones.
type fake struct {
	tensors [4]*tensor.Tensor
	plain   [4][]byte
	files   [4]file
}

func newFake(t testing.TB, train, test, size int) *fake {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(train)))
	f := &fake{files: files}
	for i, dims := range [4][]int{{train, size, size}, {train}, {test, size, size}, {test}} {
		x := tensor.New(tensor.Uint8, dims...)
		for j := range x.Bytes() {
			x.Bytes()[j] = byte(rng.IntN(256))
			if len(dims) == 1 {
				x.Bytes()[j] %= 10
			}
		}
		f.set(t, i, x)
	}
	return f
}

func (f *fake) set(t testing.TB, i int, x *tensor.Tensor) {
	t.Helper()
	var b bytes.Buffer
	if err := idx.Write(&b, x); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	f.tensors[i], f.plain[i], f.files[i].sum = x, b.Bytes(), hex.EncodeToString(sum[:])
}

// write puts the files into dir, those with odd numbers compressed.
func (f *fake) write(t testing.TB, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, b := range f.plain {
		name := f.files[i].name
		if i%2 == 1 {
			name, b = name+".gz", zipped(t, b)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// options makes Load take f for the real thing, and wait only briefly.
func (f *fake) options(more ...Option) []Option {
	return append([]Option{func(l *loader) {
		l.files, l.stall, l.pause, l.progress, l.mirrors = f.files, 2*time.Second, time.Millisecond, nil, nil
	}}, more...)
}

// check compares what Load gave.
func (f *fake) check(t testing.TB, train, test *data.Memory, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []*tensor.Tensor{train.X(), train.Y(), test.X(), test.Y()} {
		if !tensor.Equal(got, f.tensors[i]) {
			t.Errorf("%s: got %v, not what the file holds", f.files[i].name, got.Spec())
		}
	}
}

// emptyCache makes the user's cache an empty directory and returns where Load
// keeps files in it.
func emptyCache(t testing.TB) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	t.Setenv("LocalAppData", filepath.Join(home, "cache"))
	t.Setenv("GLIA_DATA", "")
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "glia", "mnist")
}

func TestLoadFromDir(t *testing.T) {
	emptyCache(t)
	f := newFake(t, 30, 20, 4)
	dir := t.TempDir()
	f.write(t, dir)
	for i := range f.files {
		f.files[i].sum = "another" // data of the user's own
	}
	train, test, err := Load(f.options(Dir(dir))...)
	f.check(t, train, test, err)

	// GLIA_DATA names the directory above mnist.
	t.Setenv("GLIA_DATA", filepath.Dir(dir))
	if err := os.Rename(dir, filepath.Join(filepath.Dir(dir), "mnist")); err != nil {
		t.Fatal(err)
	}
	train, test, err = Load(f.options()...)
	f.check(t, train, test, err)
}

func TestLoadFromDirErrors(t *testing.T) {
	emptyCache(t)
	x := func(dt tensor.DType, dims ...int) *tensor.Tensor { return tensor.New(dt, dims...) }
	for _, c := range []struct {
		name string
		i    int
		x    *tensor.Tensor
		want string
	}{
		{"too few labels", trainLabels, x(tensor.Uint8, 29), "train-labels-idx1-ubyte: got 29 labels, want 30"},
		{"too many labels", testLabels, x(tensor.Uint8, 21), "t10k-labels-idx1-ubyte: got 21 labels, want 20"},
		{"other images", testImages, x(tensor.Uint8, 20, 4, 5), "images of [4 4] for training, of [4 5] for testing"},
		{"images of floats", trainImages, x(tensor.Float32, 30, 4, 4), "got float32[30 4 4], want images"},
		{"labels for images", testImages, x(tensor.Uint8, 20), "got uint8[20], want images"},
		{"labels of int32", trainLabels, x(tensor.Int32, 30), "got int32[30], want labels"},
		{"images for labels", testLabels, x(tensor.Uint8, 20, 4, 4), "want labels"},
	} {
		f := newFake(t, 30, 20, 4)
		f.set(t, c.i, c.x)
		dir := t.TempDir()
		f.write(t, dir)
		_, _, err := Load(f.options(Dir(dir))...)
		if err == nil || !strings.HasPrefix(err.Error(), "mnist: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}

	f := newFake(t, 30, 20, 4)
	dir := t.TempDir()
	f.write(t, dir)
	path := filepath.Join(dir, "train-images-idx3-ubyte")
	if err := os.WriteFile(path, f.plain[trainImages][:100], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(f.options(Dir(dir))...); err == nil || !strings.Contains(err.Error(), path+": idx: uint8[30 4 4]: got a file of 100 bytes, want 496") {
		t.Errorf("truncated: got %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	// A directory that is named is not left for the cache or the network.
	if _, _, err := Load(f.options(Dir(dir))...); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), path) {
		t.Errorf("missing: got %v", err)
	}
}

// The real files, where the environment says.
func TestLoadMNIST(t *testing.T) {
	root := os.Getenv("GLIA_DATA")
	if root == "" {
		t.Skip("GLIA_DATA is not set: it names the directory above mnist")
	}
	l := &loader{files: files}
	if !l.hasAny(filepath.Join(root, "mnist")) {
		t.Skip("no MNIST in $GLIA_DATA/mnist")
	}
	train, test, err := Load(Offline())
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range []*tensor.Tensor{train.X(), train.Y(), test.X(), test.Y()} {
		if err := check(files[i], x); err != nil {
			t.Errorf("%s: %v", files[i].name, err)
		}
	}
	if got, want := train.X().Spec(), tensor.S(tensor.Uint8, 60000, 28, 28); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := train.Take(10).Y().String(), "[5 0 4 1 9 2 1 3 1 4]"; got != want {
		t.Errorf("first labels: got %s, want %s", got, want)
	}
}

func BenchmarkLoad(b *testing.B) {
	root := os.Getenv("GLIA_DATA")
	if root == "" {
		b.Skip("GLIA_DATA is not set: it names the directory above mnist")
	}
	train, test, err := Load(Offline())
	if err != nil {
		b.Skip(err)
	}
	b.Run("gzip", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := Load(Offline()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cache", func(b *testing.B) {
		dir := emptyCache(b)
		for i, x := range []*tensor.Tensor{train.X(), train.Y(), test.X(), test.Y()} {
			if err := store(dir, files[i], x); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		b.ResetTimer()
		for b.Loop() {
			if _, _, err := Load(Offline()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
