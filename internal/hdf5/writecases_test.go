package hdf5

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// writeRecorder builds a tree and notes what a reader must find of it.
type writeRecorder struct {
	*Writer
	items []writeItem
}

// writeItem is an object, an attribute or a soft link that was written.
type writeItem struct {
	path    string         // of the object
	attr    string         // name of the attribute of it, or ""
	tensor  *tensor.Tensor // values of a dataset or an attribute,
	strings []string       // or these,
	scalar  bool           // of which there is just one, without an axis
	target  string         // of a soft link
}

func newWriteRecorder() *writeRecorder { return &writeRecorder{Writer: NewWriter()} }

func (r *writeRecorder) dataset(g *GroupWriter, name string, t *tensor.Tensor, opts ...DatasetOption) *DatasetWriter {
	d := g.Dataset(name, t, opts...)
	r.items = append(r.items, writeItem{path: d.path, tensor: t})
	if t.DType() == tensor.BFloat16 {
		r.items = append(r.items, writeItem{path: d.path, attr: "dtype", strings: []string{"bfloat16"}, scalar: true})
	}
	return d
}

func (r *writeRecorder) stringsDataset(g *GroupWriter, name string, values []string) *DatasetWriter {
	d := g.Strings(name, values)
	r.items = append(r.items, writeItem{path: d.path, strings: values})
	return d
}

func (r *writeRecorder) link(g *GroupWriter, name, target string) {
	g.SoftLink(name, target)
	r.items = append(r.items, writeItem{path: g.path + "/" + name, target: target})
}

// attr sets an attribute of a *GroupWriter or *DatasetWriter.
func (r *writeRecorder) attr(o interface{ SetAttr(string, any) }, name string, value any) {
	o.SetAttr(name, value)
	var item writeItem
	switch v := value.(type) {
	case string:
		item = writeItem{strings: []string{v}, scalar: true}
	case []string:
		item = writeItem{strings: v}
	case int:
		item = writeItem{tensor: tensor.Scalar(int64(v))}
	case int64:
		item = writeItem{tensor: tensor.Scalar(v)}
	case float64:
		item = writeItem{tensor: tensor.Scalar(v)}
	case bool:
		item = writeItem{tensor: tensor.Scalar(v)}
	case *tensor.Tensor:
		item = writeItem{tensor: v}
	}
	switch o := o.(type) {
	case *GroupWriter:
		item.path = o.path
	case *DatasetWriter:
		item.path = o.path
	}
	item.attr = name
	r.items = append(r.items, item)
}

// bytes returns the file.
func (r *writeRecorder) bytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := r.Size(); err != nil || size != n || n != int64(b.Len()) {
		t.Fatalf("got %d bytes, WriteTo says %d, Size %d (%v): want the same", b.Len(), n, size, err)
	}
	return b.Bytes()
}

// writeNumbers returns a tensor of small numbers, or falses and trues.
func writeNumbers(dt tensor.DType, dims ...int) *tensor.Tensor {
	vals := make([]float64, tensor.D(dims...).Size())
	for i := range vals {
		vals[i] = float64(i * 7 % 101)
	}
	if dt == tensor.Bool {
		for i := range vals {
			vals[i] = float64(i * i % 3 % 2)
		}
	}
	src, err := tensor.FromSlice(vals, dims...)
	if err != nil {
		panic(err)
	}
	dst := tensor.New(dt, dims...)
	if err := tensor.Convert(dst, src); err != nil {
		panic(err)
	}
	return dst
}

// writeNoise returns a tensor that does not compress.
func writeNoise(dims ...int) *tensor.Tensor {
	t := tensor.New(tensor.Uint8, dims...)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range t.Bytes() {
		t.Bytes()[i] = byte(rng.Uint32())
	}
	return t
}

// writeCases are the trees that the reader, h5py and h5dump must find as written.
var writeCases = []struct {
	name  string
	build func(r *writeRecorder)
}{
	{"empty", func(*writeRecorder) {}},
	{"counts", func(r *writeRecorder) {
		for _, n := range []int{0, 1, 8, 9, 255, 256, 257, 300, 3000} {
			g := r.Root().Group(fmt.Sprintf("n/%d", n))
			for i := range n {
				r.dataset(g, fmt.Sprint(i), tensor.Of(float32(i), -1))
			}
		}
	}},
	{"nested", func(r *writeRecorder) {
		g := r.Root()
		for i := range 50 {
			g = g.Group(fmt.Sprintf("a/%d", i))
			r.dataset(g, "x", tensor.Of(int32(i)))
		}
		r.dataset(r.Root().Group("a/0").Group("a"), "y", tensor.Of(int32(-1)))
	}},
	{"names", func(r *writeRecorder) {
		for i, name := range []string{"b", "B", "a b", "é", "日本", "10", "2", "..", "-", "~", strings.Repeat("long", 300), `"`, "\t"} {
			r.dataset(r.Root(), name, tensor.Of(int32(i)))
		}
	}},
	{"dtypes", func(r *writeRecorder) {
		for _, dt := range tensor.DTypes() {
			r.dataset(r.Root().Group("plain"), dt.String(), writeNumbers(dt, 3, 5))
			r.dataset(r.Root().Group("gzip"), dt.String(), writeNumbers(dt, 3, 5), Chunks(2, 3), Gzip(6), Shuffle)
			r.dataset(r.Root().Group("chunks"), dt.String(), writeNumbers(dt, 3, 5), Chunks(2, 3))
			r.dataset(r.Root().Group("scalar"), dt.String(), writeNumbers(dt, []int{}...))
			r.dataset(r.Root().Group("empty"), dt.String(), tensor.New(dt, 0), Gzip(1))
			r.dataset(r.Root().Group("none"), dt.String(), tensor.New(dt, 3, 0, 2))
		}
	}},
	{"chunks", func(r *writeRecorder) {
		g := r.Root()
		for _, c := range []struct{ dims, chunk []int }{
			{[]int{1}, []int{1}},
			{[]int{64}, []int{1}},
			{[]int{65}, []int{1}},
			{[]int{4097}, []int{1}}, // three levels
			{[]int{10}, []int{3}},
			{[]int{5, 7}, []int{2, 3}},
			{[]int{5, 7}, []int{5, 7}},
			{[]int{3, 4, 5}, []int{2, 4, 3}},
			{[]int{2, 3, 2, 5}, []int{1, 2, 2, 2}},
			{[]int{1, 2, 1, 2, 1, 2, 1, 3}, []int{1, 1, 1, 1, 1, 1, 1, 2}},
		} {
			name := fmt.Sprint(c.dims, c.chunk)
			r.dataset(g.Group("plain"), name, writeNumbers(tensor.Float32, c.dims...), Chunks(c.chunk...))
			r.dataset(g.Group("shuffle"), name, writeNumbers(tensor.Float32, c.dims...), Chunks(c.chunk...), Shuffle)
			r.dataset(g.Group("gzip"), name, writeNumbers(tensor.Float32, c.dims...), Chunks(c.chunk...), Gzip(9))
			r.dataset(g.Group("both"), name, writeNumbers(tensor.Float32, c.dims...), Gzip(1), Shuffle, Chunks(c.chunk...))
		}
		r.dataset(g, "auto", writeNumbers(tensor.Float32, 70, 1001), Gzip(6))
		r.dataset(g, "auto-wide", writeNumbers(tensor.Float64, 3, 2, 40000), Gzip(6), Shuffle)
		r.dataset(g, "noise", writeNoise(1000), Chunks(300), Gzip(9))
		r.dataset(g, "noise-shuffle", writeNoise(1000), Chunks(300), Gzip(9), Shuffle)
		r.dataset(g, "level0", writeNumbers(tensor.Int16, 100), Gzip(0))
	}},
	{"attrs", func(r *writeRecorder) {
		g, d := r.Root().Group("g"), r.dataset(r.Root(), "d", tensor.Of(float32(1)))
		for _, o := range []interface{ SetAttr(string, any) }{r.Root(), g, d} {
			r.attr(o, "string", "dense_30")
			r.attr(o, "empty string", "")
			r.attr(o, "utf8 ü", "größe")
			r.attr(o, "long", strings.Repeat("0123456789", 20000))
			r.attr(o, "strings", []string{"a", "", "日本", strings.Repeat("x", 70000)})
			r.attr(o, "no strings", []string{})
			r.attr(o, "many strings", strings.Fields(strings.Repeat("some thing ", 2000)))
			r.attr(o, "int", 7)
			r.attr(o, "int64", int64(-1)<<63)
			r.attr(o, "float64", 0.1)
			r.attr(o, "true", true)
			r.attr(o, "false", false)
			r.attr(o, "large", writeNumbers(tensor.Float32, 16000))
			for _, dt := range tensor.DTypes() {
				if dt != tensor.BFloat16 {
					r.attr(o, "array of "+dt.String(), writeNumbers(dt, 2, 3))
					r.attr(o, "scalar of "+dt.String(), writeNumbers(dt, []int{}...))
				}
			}
		}
		many := r.Root().Group("many")
		for i := range 2000 {
			r.attr(many, fmt.Sprint("attr/", i), i)
		}
	}},
	{"strings", func(r *writeRecorder) {
		many := make([]string, 70000) // more than a collection counts
		for i := range many {
			if i%3 != 0 {
				many[i] = fmt.Sprint(i)
			}
		}
		r.stringsDataset(r.Root(), "many", many)
		r.attr(r.stringsDataset(r.Root(), "none", nil), "name", "value")
		r.stringsDataset(r.Root(), "one", []string{"ü"})
		for n := 4000; n < 4096; n += 4 { // free space of every size behind it
			r.stringsDataset(r.Root(), fmt.Sprint("fill", n), []string{strings.Repeat("f", 65000), strings.Repeat("g", n)})
		}
	}},
	{"links", func(r *writeRecorder) {
		r.dataset(r.Root().Group("a/b"), "d", tensor.Of(float32(3)))
		r.link(r.Root(), "absolute", "/a/b/d")
		r.link(r.Root().Group("a"), "relative", "b/d")
		r.link(r.Root(), "dangling", "/no/where")
	}},
}

// writeBuild returns what a case records.
func writeBuild(f func(r *writeRecorder)) *writeRecorder {
	r := newWriteRecorder()
	f(r)
	return r
}
