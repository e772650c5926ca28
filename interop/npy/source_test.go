package npy

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// checkSource wants the source of an array to give what Tensor gave, want, in every
// way to read it: nothing if that is nil.
func checkSource(t *testing.T, a *Archive, name string, want *tensor.Tensor) {
	t.Helper()
	src, err := a.Source(name)
	var out bytes.Buffer
	if err == nil {
		err = tensor.WriteSource(&out, src)
	}
	switch {
	case want == nil && (err == nil || !strings.HasPrefix(err.Error(), "npy: archive: array ")):
		t.Fatalf("%q: a source of %d bytes and error %v, where Tensor fails", name, out.Len(), err)
	case want == nil:
		return
	case err != nil || src.Spec() != want.Spec() || !bytes.Equal(out.Bytes(), want.Bytes()):
		t.Fatalf("%q: a source of %d bytes, error %v; want those of %v", name, out.Len(), err, want.Spec())
	}
	into := tensor.NewSpec(want.Spec())
	if err := a.ReadInto(name, into); err != nil || !bytes.Equal(into.Bytes(), want.Bytes()) {
		t.Fatalf("%q: ReadInto: %v, %v; want %v", name, into, err, want)
	}
}

// TestSource reads what NumPy wrote, of all types and orders, and arrays that are
// longer than a piece.
func TestSource(t *testing.T) {
	large := map[string]*tensor.Tensor{"odd": count(tensor.Float64, 1, 3, 77777), "bool": tensor.New(tensor.Bool, 2*pieceSize+1), "exact": count(tensor.Int16, 1, pieceSize)}
	archives := []*Archive{openFile(t, "all.npz")}
	for _, b := range [][]byte{archive(t, large), archive(t, large, Deflate)} {
		a, err := OpenArchive(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		archives = append(archives, a)
	}
	for _, a := range archives {
		for _, name := range a.Names() {
			want, err := a.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			checkSource(t, a, name, want)
		}
	}
	if _, err := archives[0].Source("no"); err == nil || !strings.Contains(err.Error(), "none of this name") {
		t.Errorf("got %v", err)
	}
	into := tensor.New(tensor.Float64, 77777, 3)
	if err := archives[1].ReadInto("odd", into); err == nil || !strings.Contains(err.Error(), "ReadInto float64[77777 3]: want float64[3 77777]") {
		t.Errorf("got %v", err)
	}
	gaps, err := tensor.New(tensor.Float64, 3, 2*77777).Slice(1, 0, 2*77777, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := archives[1].ReadInto("odd", gaps); err == nil || !strings.Contains(err.Error(), "a view with gaps") {
		t.Errorf("got %v", err)
	}
}

// TestSourceMemory copies a large array between archives.
func TestSourceMemory(t *testing.T) {
	b := archive(t, map[string]*tensor.Tensor{"x": tensor.New(tensor.Float32, 8<<20)})
	a, err := OpenArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	before := allocated()
	src, err := a.Source("x")
	if err != nil {
		t.Fatal(err)
	}
	w := NewArchiveWriter(io.Discard)
	if err := errors.Join(w.Add("x", src), w.Close()); err != nil {
		t.Fatal(err)
	}
	if took := allocated() - before; took > 1<<20 {
		t.Errorf("32 MB were copied by way of %d bytes, want a piece at a time", took)
	}
}

// zeros is a source that gives so many zero bytes, whatever its spec promises.
type zeros struct {
	spec tensor.Spec
	give int
	err  error
}

func (z zeros) Spec() tensor.Spec { return z.spec }

func (z zeros) WriteTo(w io.Writer) (n int64, err error) {
	var piece [1 << 16]byte
	for n < int64(z.give) {
		k, err := w.Write(piece[:min(len(piece), z.give-int(n))])
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, z.err
}

// TestWriterBroken wants an archive to be none whose sources lie.
func TestWriterBroken(t *testing.T) {
	broken := errors.New("broken")
	spec := tensor.S(tensor.Float32, 3, 5)
	for want, src := range map[string]tensor.Source{
		"float32[3 5]: the source gave 56 bytes: want 60": zeros{spec: spec, give: 56},
		"float32[3 5]: the source gave more than 60":      zeros{spec: spec, give: 64},
		"broken": zeros{spec: spec, give: 20, err: broken},
	} {
		var one bytes.Buffer
		if err := Write(&one, src); err == nil || !strings.HasPrefix(err.Error(), "npy: Write: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("Write: got %v, want %s", err, want)
		}
		w := NewArchiveWriter(io.Discard)
		for _, call := range []func() error{
			func() error { return w.Add("x", src) },
			func() error { return w.Add("y", tensor.Of[int8](1)) },
			w.Close,
		} {
			if err := call(); err == nil || !strings.HasPrefix(err.Error(), "npy: archive: Add ") || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
	w := NewArchiveWriter(io.Discard)
	for want, src := range map[string]tensor.Source{"the tensor is nil": nil, "dtype 0": zeros{}} {
		if err := w.Add("x", src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := w.Close(); err != nil { // nothing was begun
		t.Error(err)
	}
}

// sparse is a file in memory that keeps what is not zero.
type sparse struct {
	blocks map[int64][]byte
	n      int64
}

const sparseBlock = 1 << 16

var noBytes [sparseBlock]byte

func (s *sparse) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		at := s.n % sparseBlock
		k := min(sparseBlock-int(at), len(rest))
		if !bytes.Equal(rest[:k], noBytes[:k]) {
			if s.blocks[s.n/sparseBlock] == nil {
				s.blocks[s.n/sparseBlock] = make([]byte, sparseBlock)
			}
			copy(s.blocks[s.n/sparseBlock][at:], rest[:k])
		}
		s.n += int64(k)
		rest = rest[k:]
	}
	return len(p), nil
}

func (s *sparse) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < s.n {
		at := off % sparseBlock
		k := int(min(int64(len(p)-n), sparseBlock-at, s.n-off))
		b := s.blocks[off/sparseBlock]
		if b == nil {
			b = noBytes[:]
		}
		copy(p[n:n+k], b[at:])
		n, off = n+k, off+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestZIP64 writes an array of more than 4 GB, another behind it, and reads both.
func TestZIP64(t *testing.T) {
	if testing.Short() || strconv.IntSize < 64 {
		t.Skip("4 GB go through memory, 64 KB at a time: not in short mode, nor where an int has 32 bits")
	}
	side := 1 << 16
	huge, last := zeros{spec: tensor.S(tensor.Uint8, side, side+1), give: side * (side + 1)}, tensor.Of[int32](-1, 2)
	file := &sparse{blocks: map[int64][]byte{}}
	w := NewArchiveWriter(file)
	if err := errors.Join(w.Add("huge", huge), w.Add("last", last), w.Close()); err != nil {
		t.Fatal(err)
	}
	a, err := OpenArchive(file, file.n)
	if err != nil {
		t.Fatal(err)
	}
	src, err := a.Source("huge")
	if err != nil || src.Spec() != huge.spec {
		t.Fatalf("got %v, error %v", src, err)
	}
	if n, err := src.WriteTo(io.Discard); err != nil || n != int64(huge.give) {
		t.Errorf("read %d bytes, error %v: want %d", n, err, huge.give)
	}
	checkSource(t, a, "last", last)
}
