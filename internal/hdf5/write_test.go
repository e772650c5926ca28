package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

func TestWriteSameBytes(t *testing.T) {
	for _, c := range writeCases {
		r := writeBuild(c.build)
		first := r.bytes(t)
		if !bytes.Equal(first, r.bytes(t)) {
			t.Errorf("%s: written twice: got other bytes, want the same", c.name)
		}
		if !bytes.Equal(first, writeBuild(c.build).bytes(t)) {
			t.Errorf("%s: the same tree built again: got other bytes, want the same", c.name)
		}
	}
}

// TestWriteOrder wants the order in which a tree is built to leave no trace.
func TestWriteOrder(t *testing.T) {
	file := func(names ...string) []byte {
		r := newWriteRecorder()
		for _, n := range names {
			r.dataset(r.Root().Group(n), "x", tensor.Of(n[0]))
		}
		return r.bytes(t)
	}
	if a, b := file("a", "b/c", "b/a"), file("b/a", "b/c", "a"); !bytes.Equal(a, b) {
		t.Errorf("the same tree in another order: got other bytes, want the same")
	}
}

func TestWriteMistakes(t *testing.T) {
	x := tensor.Of[float32](1, 2, 3)
	gaps, err := writeNumbers(tensor.Float32, 4, 4).Slice(1, 0, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want  string
		build func(g *GroupWriter)
	}{
		{`dataset "x" in group "/": the name is that of a dataset already`, func(g *GroupWriter) { g.Dataset("x", x); g.Dataset("x", x) }},
		{`group "x" in group "/": the name is that of a dataset already`, func(g *GroupWriter) { g.Dataset("x", x); g.Group("x/y/z").SetAttr("a", 1) }},
		{`dataset "y" in group "/x": the name is that of a group already`, func(g *GroupWriter) { g.Group("x/y"); g.Group("x").Strings("y", nil).SetAttr("a", "b") }},
		{`soft link "y" in group "/": the name is that of a group already`, func(g *GroupWriter) { g.Group("y"); g.SoftLink("y", "x") }},
		{`group "y" in group "/": the name is that of a soft link already`, func(g *GroupWriter) { g.SoftLink("y", "x"); g.Group("y") }},
		{`dataset "" in group "/a": the name is empty`, func(g *GroupWriter) { g.Group("a").Dataset("", x) }},
		{"the name has 65536 bytes: want 65535 or less", func(g *GroupWriter) { g.Group("a").Dataset(strings.Repeat("x", 1<<16), x) }},
		{`group "" in group "/": the name is empty`, func(g *GroupWriter) { g.Group("") }},
		{`group "" in group "/": the name is empty`, func(g *GroupWriter) { g.Group("/a") }},
		{`group "" in group "/a": the name is empty`, func(g *GroupWriter) { g.Group("a//b") }},
		{`group "" in group "/a": the name is empty`, func(g *GroupWriter) { g.Group("a/") }},
		{`group "." in group "/a": the name stands for the group itself`, func(g *GroupWriter) { g.Group("a/./b") }},
		{`dataset "a/b" in group "/": a slash in a name: want Group`, func(g *GroupWriter) { g.Dataset("a/b", x) }},
		{`soft link "a/b" in group "/": a slash in a name: want Group`, func(g *GroupWriter) { g.SoftLink("a/b", "x") }},
		{`dataset "a\x00b" in group "/": byte 1 of the text is 0`, func(g *GroupWriter) { g.Dataset("a\x00b", x) }},
		{`dataset "\xff" in group "/": text of bytes "\xff": want UTF-8`, func(g *GroupWriter) { g.Dataset("\xff", x) }},
		{`soft link "s" in group "/": the target is empty`, func(g *GroupWriter) { g.SoftLink("s", "") }},
		{`soft link "s" in group "/": target: byte 0 of the text is 0`, func(g *GroupWriter) { g.SoftLink("s", "\x00") }},
		{`dataset "/x": the tensor is nil`, func(g *GroupWriter) { g.Dataset("x", nil, Gzip(1)).SetAttr("a", "b") }},
		{`dataset "/x": float32[4 2] is a view with gaps: want a contiguous tensor`, func(g *GroupWriter) { g.Dataset("x", gaps) }},
		{`dataset "/x": gzip level 10: want 0 to 9`, func(g *GroupWriter) { g.Dataset("x", x, Gzip(10)) }},
		{`dataset "/x": gzip level -1: want 0 to 9`, func(g *GroupWriter) { g.Dataset("x", x, Gzip(-1)) }},
		{`dataset "/x": chunks [1 2] of float32[3]: want a length for each axis`, func(g *GroupWriter) { g.Dataset("x", x, Chunks(1, 2)) }},
		{`dataset "/x": chunks [4] of float32[3]: axis 0: want 1 to 3`, func(g *GroupWriter) { g.Dataset("x", x, Chunks(4)) }},
		{`dataset "/x": chunks [0] of float32[3]: axis 0: want 1 to 3`, func(g *GroupWriter) { g.Dataset("x", x, Chunks(0)) }},
		{`dataset "/s": string 1: byte 2 of the text is 0`, func(g *GroupWriter) { g.Strings("s", []string{"a", "ab\x00"}) }},
		{`attribute "" of "/": the name is empty`, func(g *GroupWriter) { g.SetAttr("", 1) }},
		{`attribute "a" of "/g": the name is that of another attribute already`, func(g *GroupWriter) { g = g.Group("g"); g.SetAttr("a", 1); g.SetAttr("a", 1) }},
		{`attribute "dtype" of "/x": the name is that of another attribute already`, func(g *GroupWriter) {
			g.Dataset("x", tensor.New(tensor.BFloat16, 3)).SetAttr("dtype", "float16")
		}},
		{`attribute "a" of "/x": a value of type complex128: want string`, func(g *GroupWriter) { g.Dataset("x", x).SetAttr("a", 1i) }},
		{`attribute "a" of "/": a value of type <nil>: want string`, func(g *GroupWriter) { g.SetAttr("a", nil) }},
		{`attribute "a" of "/": the tensor is nil`, func(g *GroupWriter) { g.SetAttr("a", (*tensor.Tensor)(nil)) }},
		{`attribute "a" of "/": float32[4 2] is a view with gaps`, func(g *GroupWriter) { g.SetAttr("a", gaps) }},
		{`attribute "a" of "/": a tensor of bfloat16: HDF5 has no such type`, func(g *GroupWriter) { g.SetAttr("a", tensor.New(tensor.BFloat16)) }},
		{`attribute "a" of "/": string 0: text of bytes "\xc3": want UTF-8`, func(g *GroupWriter) { g.SetAttr("a", "\xc3") }},
		{`attribute "a" of "/": 80064 bytes with name and type: want at most 65528`, func(g *GroupWriter) { g.SetAttr("a", tensor.New(tensor.Float64, 10000)) }},
		{`bytes with name and type: want at most 65528`, func(g *GroupWriter) { g.SetAttr("a", make([]string, 5000)) }},
		{`bytes with name and type: want at most 65528`, func(g *GroupWriter) { g.SetAttr(strings.Repeat("a", 70000), 1) }},
		{`attribute "65520" of "/": there are 65520 already: want no more`, func(g *GroupWriter) {
			for i := range 65521 {
				g.SetAttr(fmt.Sprint(i), true)
			}
		}},
	} {
		w := NewWriter()
		c.build(w.Root())
		w.Root().Dataset("ok", x)
		w.Root().Dataset("ok", x) // only the first mistake counts
		_, err := w.Size()
		if err == nil || !strings.HasPrefix(err.Error(), "hdf5: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want hdf5: %s", err, c.want)
		}
		var out bytes.Buffer
		if n, err2 := w.WriteTo(&out); n != 0 || out.Len() != 0 || err2 != err {
			t.Errorf("WriteTo: got %d bytes and error %v, want none and that of Size: %v", n, err2, err)
		}
	}
}

// writeFailing takes n bytes and then fails.
type writeFailing struct{ n int }

var errWriteFull = errors.New("disk full")

func (f *writeFailing) Write(p []byte) (int, error) {
	if len(p) <= f.n {
		f.n -= len(p)
		return len(p), nil
	}
	n := f.n
	f.n = 0
	return n, errWriteFull
}

func TestWriteFullDisk(t *testing.T) {
	r := newWriteRecorder()
	r.dataset(r.Root(), "large", writeNumbers(tensor.Float32, 50000))
	r.dataset(r.Root(), "chunks", writeNumbers(tensor.Float32, 50000), Chunks(20000))
	r.attr(r.Root(), "text", strings.Repeat("x", 100000))
	size, err := r.Size()
	if err != nil {
		t.Fatal(err)
	}
	for n := int64(0); n < size; n += 7777 {
		got, err := r.WriteTo(&writeFailing{int(n)})
		if !errors.Is(err, errWriteFull) || got != n {
			t.Errorf("room for %d bytes of %d: got %d and error %v, want %d and %v", n, size, got, err, n, errWriteFull)
		}
	}
	if got, err := r.WriteTo(&writeFailing{int(size)}); err != nil || got != size {
		t.Errorf("room for all %d bytes: got %d and error %v", size, got, err)
	}
}

// TestWriteChunkEdges wants zeros where a chunk reaches past the edges of the
// tensor, whatever the memory held before.
func TestWriteChunkEdges(t *testing.T) {
	x := tensor.Of[uint8](1, 2, 3, 4, 5, 6)
	x, err := x.Reshape(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	how := writeStorage{}
	Chunks(2, 2)(&how)
	c, err := newWriteChunks(x, how)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := c.place(0); err != nil {
		t.Fatal(err)
	}
	if _, err := c.write(&got); err != nil {
		t.Fatal(err)
	}
	if want := []byte{1, 2, 4, 5, 3, 0, 6, 0}; !bytes.Equal(got.Bytes(), want) {
		t.Errorf("chunks of [2 2] of [1 2 3; 4 5 6]: got %v, want %v", got.Bytes(), want)
	}
}

// TestWriteDefaultChunk wants chunks that are runs of the memory and no longer
// than they should be.
func TestWriteDefaultChunk(t *testing.T) {
	for _, c := range []struct {
		spec tensor.Spec
		want tensor.Dims
	}{
		{tensor.S(tensor.Float32, 10), tensor.D(10)},
		{tensor.S(tensor.Float32, 1<<20), tensor.D(1 << 16)},
		{tensor.S(tensor.Float32, 784, 1024), tensor.D(64, 1024)},
		{tensor.S(tensor.Float64, 3, 2, 40000), tensor.D(1, 1, 32768)},
		{tensor.S(tensor.Uint8, 1<<18, 1<<19), tensor.D(1, 1<<18)},
	} {
		if got := writeDefaultChunk(c.spec); got != c.want {
			t.Errorf("%v: got chunks of %v, want %v", c.spec, got, c.want)
		}
	}
}

// TestWriteAllocs wants memory that does not grow with the tensors.
func TestWriteAllocs(t *testing.T) {
	allocated := func(n int) uint64 {
		w := NewWriter()
		for i := range 4 {
			w.Root().Dataset(fmt.Sprint(i), tensor.New(tensor.Float32, n))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := w.WriteTo(io.Discard); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	const slack = 16 << 10 // of the runtime itself
	small, large := allocated(10), allocated(1<<20)
	if large > small+slack {
		t.Errorf("tensors of 40 bytes: %d bytes allocated, of 4 MB: %d: want no more", small, large)
	}
}

// BenchmarkWrite writes 64 MB to a file: as HDF5, and as the plain bytes.
func BenchmarkWrite(b *testing.B) {
	const n, count = 1 << 20, 16 // 4 MB each
	w := NewWriter()
	var plain [][]byte
	for i := range count {
		t := tensor.New(tensor.Float32, n)
		w.Root().Group("layers").Group(fmt.Sprint("dense_", i)).Group("vars").Dataset("0", t)
		plain = append(plain, t.Bytes())
	}
	file, err := os.Create(filepath.Join(b.TempDir(), "weights.h5"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	run := func(name string, write func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(4 * n * count)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := file.Seek(0, io.SeekStart); err != nil {
					b.Fatal(err)
				}
				if err := write(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("hdf5", func() error {
		_, err := w.WriteTo(file)
		return err
	})
	run("plain", func() error {
		for _, p := range plain {
			if _, err := file.Write(p); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkWriteSmall writes a file of 3000 datasets of one number.
func BenchmarkWriteSmall(b *testing.B) {
	w := NewWriter()
	for i := range 3000 {
		w.Root().Dataset(fmt.Sprint(i), tensor.Of(float32(i)))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
