package hdf5

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// countReader counts what is read, and in how large pieces.
type countReader struct {
	*bytes.Reader
	mu    sync.Mutex
	total int
	most  int
}

func (r *countReader) ReadAt(p []byte, at int64) (int, error) {
	r.mu.Lock()
	r.total, r.most = r.total+len(p), max(r.most, len(p))
	r.mu.Unlock()
	return r.Reader.ReadAt(p, at)
}

// written returns a file with x as dataset "x", and as "y" for other bytes.
func written(t testing.TB, x *tensor.Tensor, opts ...DatasetOption) []byte {
	t.Helper()
	w := NewWriter()
	w.Root().Dataset("x", x, opts...)
	w.Root().Dataset("y", x, opts...)
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLazy opens a file and reads one dataset of two without the other's elements,
// and without memory beside the tensor's.
func TestLazy(t *testing.T) {
	x := tensor.New(tensor.Float32, 100_000)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i)
	}
	b := written(t, x)
	r := &countReader{Reader: bytes.NewReader(b)}
	g, err := Open(r, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := g.Dataset("x")
	if err != nil {
		t.Fatal(err)
	}
	if r.total > 10_000 {
		t.Errorf("read %d bytes to open a dataset, want few", r.total)
	}
	got := tensor.NewSpec(x.Spec())
	before := r.total
	allocs := testing.AllocsPerRun(1, func() {
		if err := d.ReadInto(got); err != nil {
			t.Fatal(err)
		}
	})
	if n := r.total - before; n != 2*x.Spec().Bytes() || r.most != x.Spec().Bytes() {
		t.Errorf("read %d bytes in pieces of at most %d, want %d twice", n, r.most, x.Spec().Bytes())
	}
	if allocs > 3 {
		t.Errorf("ReadInto: %v allocations", allocs)
	}
	if !tensor.Equal(got, x) {
		t.Error("got another tensor")
	}
}

// TestConcurrent reads through the same handles from many goroutines, for the race
// detector.
func TestConcurrent(t *testing.T) {
	for _, name := range []string{"tiny-default.h5", "tiny-latest.h5", "shared.h5"} {
		b := fixtures(t)[name]
		g, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var all []Object
		if err := Walk(g, func(o Object) error { all = append(all, o); return nil }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for _, o := range all {
					if _, err := o.AttrNames(); err != nil {
						t.Error(err)
					}
					if _, err := g.Get(o.Path()); err != nil {
						t.Error(err)
					}
					d, ok := o.(*Dataset)
					if !ok {
						continue
					}
					var err error
					if d.Type() == "string" {
						_, err = d.Strings()
					} else {
						_, err = d.Tensor()
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestBomb wants a file to hold what a dataset promises, or the promise to be
// small, before memory is taken.
func TestBomb(t *testing.T) {
	for _, version := range []string{"default", "latest"} {
		b := fixtures(t)["layouts-"+version+".h5"]
		g, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"never_huge", "never_huge_chunked"} {
			d, err := g.Dataset(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Tensor(); err == nil || !strings.Contains(err.Error(), "not in the file, want at most 67108864") {
				t.Errorf("%s: %s: got %v", version, name, err)
			}
		}
	}
	// A shape that the elements do not fill, in a header without a checksum.
	x := tensor.New(tensor.Uint8, 1000)
	b := written(t, x)
	long := bytes.ReplaceAll(b, []byte{0xe8, 3, 0, 0, 0, 0, 0, 0}, []byte{0xe8, 3, 0, 0, 1, 0, 0, 0})
	g, err := Open(bytes.NewReader(long), int64(len(long)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := g.Dataset("x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Tensor(); err == nil || !strings.Contains(err.Error(), "want 4294968296") {
		t.Errorf("got %v for a shape of %v", err, d.Dims())
	}
}

// BenchmarkContiguous compares reading 64 MB of float32 with ReadAt alone.
func BenchmarkContiguous(b *testing.B) {
	x := tensor.New(tensor.Float32, 1<<24)
	for i, v := 0, tensor.Data[float32](x); i < len(v); i++ {
		v[i] = float32(i)
	}
	w := NewWriter()
	w.Root().Dataset("x", x)
	name := filepath.Join(b.TempDir(), "x.h5")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	size, err := w.WriteTo(f)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ReadInto", func(b *testing.B) {
		b.SetBytes(int64(x.Spec().Bytes()))
		b.ReportAllocs()
		for b.Loop() {
			g, err := Open(f, size)
			if err != nil {
				b.Fatal(err)
			}
			d, err := g.Dataset("x")
			if err != nil {
				b.Fatal(err)
			}
			if err := d.ReadInto(x); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Tensor", func(b *testing.B) {
		b.SetBytes(int64(x.Spec().Bytes()))
		b.ReportAllocs()
		for b.Loop() {
			g, err := Open(f, size)
			if err != nil {
				b.Fatal(err)
			}
			d, err := g.Dataset("x")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := d.Tensor(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ReadAt", func(b *testing.B) {
		b.SetBytes(int64(x.Spec().Bytes()))
		for b.Loop() {
			if _, err := f.ReadAt(x.Bytes(), size-int64(x.Spec().Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkChunked reads chunks with filters.
func BenchmarkChunked(b *testing.B) {
	x := tensor.New(tensor.Float32, 1024, 2048)
	for i, v := 0, tensor.Data[float32](x); i < len(v); i++ {
		v[i] = float32(i % 1000)
	}
	for _, c := range []struct {
		name string
		opts []DatasetOption
	}{
		{"rows", []DatasetOption{Chunks(64, 2048)}},
		{"blocks", []DatasetOption{Chunks(128, 128)}},
		{"gzip", []DatasetOption{Chunks(128, 128), Gzip(4)}},
	} {
		file := written(b, x, c.opts...)
		b.Run(c.name, func(b *testing.B) {
			g, err := Open(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				b.Fatal(err)
			}
			d, err := g.Dataset("x")
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(x.Spec().Bytes()))
			b.ReportAllocs()
			for b.Loop() {
				if err := d.ReadInto(x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
