package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// checkSources compares the source of every dataset in a file with its Tensor: both
// fail, or give the same. It returns how many gave something.
func checkSources(t *testing.T, b []byte, unsummed bool) (n int) {
	t.Helper()
	g, err := open(&file{r: bytes.NewReader(b), links: map[uint64][]link{}, unsummed: unsummed}, int64(len(b)))
	if err != nil {
		return 0
	}
	_ = Walk(g, func(o Object) error { // damage is no matter
		d, ok := o.(*Dataset)
		if !ok {
			return nil
		}
		want, err := d.Tensor()
		var out bytes.Buffer
		src, err2 := d.Source()
		if err2 == nil {
			err2 = tensor.WriteSource(&out, src)
		}
		switch {
		case err != nil && (err2 == nil || !strings.HasPrefix(err2.Error(), "hdf5: ")):
			t.Errorf("%s: a source of %d bytes, error %v, where Tensor fails: %v", d.Path(), out.Len(), err2, err)
		case err != nil:
		case err2 != nil || src.Spec() != want.Spec() || !bytes.Equal(out.Bytes(), want.Bytes()):
			t.Errorf("%s: a source of %d bytes, error %v: want those of %v", d.Path(), out.Len(), err2, want.Spec())
		default:
			n++
		}
		return nil
	})
	return n
}

// TestSourceFixtures reads what h5py wrote in every layout, and the same damaged.
func TestSourceFixtures(t *testing.T) {
	files := fixtures(t)
	rng := rand.New(rand.NewPCG(1, 2))
	n := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		good := files[name]
		n += checkSources(t, good, false)
		rounds := 60
		if testing.Short() {
			rounds = 10
		}
		for i := range rounds {
			checkSources(t, damage(rng, bytes.Clone(good)), i%3 > 0)
		}
	}
	if n < 200 {
		t.Errorf("read %d datasets of %d files, want all", n, len(files))
	}
}

// TestSourceLayouts reads tensors that are longer than a piece, in chunks of many
// shapes, and copies them into chunks of many shapes.
func TestSourceLayouts(t *testing.T) {
	x := writeNumbers(tensor.Float32, 7, 33, 401)
	layouts := [][]DatasetOption{nil, {Shuffle, Gzip(1)}, {Chunks(1, 1, 50)}, {Chunks(1, 5, 401)}, {Chunks(7, 33, 401)}, {Chunks(3, 10, 100)}, {Chunks(2, 33, 401), Shuffle}, {Chunks(1, 1, 1)}}
	if testing.Short() {
		layouts = layouts[:4]
	}
	var files [][]byte
	for _, opts := range layouts {
		files = append(files, written(t, x, opts...))
		if n := checkSources(t, files[len(files)-1], false); n != 2 {
			t.Errorf("%d datasets were read, want 2", n)
		}
	}
	for i, from := range files {
		g, err := Open(bytes.NewReader(from), int64(len(from)))
		if err != nil {
			t.Fatal(err)
		}
		d, err := g.Dataset("x")
		if err != nil {
			t.Fatal(err)
		}
		src, err := d.Source()
		if err != nil {
			t.Fatal(err)
		}
		for j, opts := range layouts {
			w := NewWriter()
			w.Root().Dataset("x", src, opts...)
			w.Root().Dataset("y", src, opts...)
			var out bytes.Buffer
			if _, err := w.WriteTo(&out); err != nil || !bytes.Equal(out.Bytes(), files[j]) {
				t.Errorf("from layout %d to %d: error %v, or another file than of the tensor itself", i, j, err)
			}
		}
	}
}

// TestSourceMemory copies large datasets by way of little memory.
func TestSourceMemory(t *testing.T) {
	x := tensor.New(tensor.Float32, 2048, 2048)
	for _, opts := range [][]DatasetOption{nil, {Chunks(16, 2048)}, {Shuffle, Chunks(16, 100)}} {
		b := written(t, x, opts...)
		g, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		d, err := g.Dataset("x")
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		src, err := d.Source()
		if err != nil {
			t.Fatal(err)
		}
		w := NewWriter()
		w.Root().Dataset("x", src, opts...)
		if _, err := w.WriteTo(io.Discard); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 2<<20 {
			t.Errorf("%s: 16 MB were copied by way of %d bytes, want a row of chunks at a time", d.Layout(), took)
		}
	}
}

// given is a source of zeros in pieces, whatever its spec promises.
type given struct {
	spec   tensor.Spec
	piece  int
	pieces int
	err    error
}

func (g given) Spec() tensor.Spec { return g.spec }

func (g given) WriteTo(w io.Writer) (n int64, err error) {
	piece := make([]byte, g.piece)
	for range g.pieces {
		k, err := w.Write(piece)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, g.err
}

func TestWriteSources(t *testing.T) {
	spec := tensor.S(tensor.Float32, 3, 5)
	broken := errors.New("broken")
	for _, opts := range [][]DatasetOption{nil, {Chunks(2, 2)}, {Chunks(1, 5)}, {Gzip(1)}} {
		for _, c := range []struct {
			src  given
			want string
		}{
			{given{spec: spec, piece: 4, pieces: 15}, ""},
			{given{spec: spec, piece: 4, pieces: 14}, `dataset "/x": float32[3 5]: the source gave 56 bytes: want 60`},
			{given{spec: spec, piece: 4, pieces: 16}, `dataset "/x": float32[3 5]: the source gave more than 60 bytes`},
			{given{spec: spec, piece: 20, pieces: 3, err: broken}, `dataset "/x": broken`},
			{given{spec: spec}, `dataset "/x": float32[3 5]: the source gave 0 bytes: want 60`},
			{given{}, `dataset "/x": tensor: []: dtype 0: want one of`},
		} {
			w := NewWriter()
			w.Root().Dataset("x", c.src, opts...)
			var out bytes.Buffer
			_, err := w.WriteTo(&out)
			if got := fmt.Sprint(err); (err == nil) != (c.want == "") || !strings.Contains(got, c.want) || err != nil && !strings.HasPrefix(got, "hdf5: ") {
				t.Errorf("%+v in layout %d: got error %v, want %q", c.src, len(opts), err, c.want)
			}
			if c.want == "" && !bytes.Equal(out.Bytes(), written1(t, tensor.NewSpec(spec), opts...)) {
				t.Errorf("%+v: another file than of the tensor itself", c.src)
			}
		}
	}
}

// written1 returns a file of one dataset.
func written1(t *testing.T, x tensor.Source, opts ...DatasetOption) []byte {
	t.Helper()
	w := NewWriter()
	w.Root().Dataset("x", x, opts...)
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// holes is a file in memory that keeps its first and its last bytes, and zeros between.
type holes struct {
	head, tail []byte
	from, n    int64 // where the tail begins
}

const holesHead = 4096

func (h *holes) Write(p []byte) (int, error) {
	h.head = append(h.head, p[:min(len(p), max(0, int(holesHead-h.n)))]...)
	if skip := h.from - h.n; skip < int64(len(p)) {
		h.tail = append(h.tail, p[max(0, skip):]...)
	}
	h.n += int64(len(p))
	return len(p), nil
}

func (h *holes) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		switch at := off + int64(i); {
		case at >= h.n:
			return i, io.EOF
		case at < holesHead:
			p[i] = h.head[at]
		case at >= h.from:
			p[i] = h.tail[at-h.from]
		default:
			p[i] = 0
		}
	}
	return len(p), nil
}

// TestWriteHuge writes a dataset of more than 4 GB and another behind it, and reads
// the other.
func TestWriteHuge(t *testing.T) {
	if testing.Short() || strconv.IntSize < 64 {
		t.Skip("4 GB go through memory, 64 KB at a time: not in short mode, nor where an int has 32 bits")
	}
	side := 1 << 16
	huge := given{spec: tensor.S(tensor.Uint8, side, side+1), piece: side, pieces: side + 1}
	w := NewWriter()
	w.Root().Dataset("a", huge)
	w.Root().Dataset("b", tensor.Of[int32](-1, 2))
	size, err := w.Size()
	if err != nil {
		t.Fatal(err)
	}
	file := &holes{from: size - 4096}
	if n, err := w.WriteTo(file); err != nil || n != size || file.n != size {
		t.Fatalf("wrote %d bytes, error %v: want %d", n, err, size)
	}
	g, err := Open(file, size)
	if err != nil {
		t.Fatal(err)
	}
	a, err := g.Dataset("a")
	if err != nil {
		t.Fatal(err)
	}
	if spec, err := a.Spec(); err != nil || spec != huge.spec || a.StoredBytes() != int64(huge.spec.Bytes()) {
		t.Errorf("got %v of %d bytes, error %v: want %v", spec, a.StoredBytes(), err, huge.spec)
	}
	b, err := g.Dataset("b")
	if err != nil {
		t.Fatal(err)
	}
	if x, err := b.Tensor(); err != nil || !tensor.Equal(x, tensor.Of[int32](-1, 2)) {
		t.Errorf("got %v, error %v: want [-1 2]", x, err)
	}
}
