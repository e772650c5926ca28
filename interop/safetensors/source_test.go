package safetensors

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// checkSource wants the source of a tensor to give what Tensor gives.
func checkSource(t *testing.T, f *File, name string) {
	t.Helper()
	want, err := f.Tensor(name)
	src, err2 := f.Source(name)
	var out bytes.Buffer
	if err2 == nil {
		err2 = tensor.WriteSource(&out, src)
	}
	switch {
	case err != nil && err2 == nil:
		t.Fatalf("%q: a source of %d bytes, where Tensor fails: %v", name, out.Len(), err)
	case err != nil:
	case err2 != nil || src.Spec() != want.Spec() || !bytes.Equal(out.Bytes(), want.Bytes()):
		t.Fatalf("%q: a source of %d bytes, error %v; want those of %v", name, out.Len(), err2, want.Spec())
	}
}

// TestSource reads every type, tensors that are longer than a piece among them.
func TestSource(t *testing.T) {
	all := append(entries(), Entry{"long", count(tensor.Float64, 1, 3, 77777)}, Entry{"exact", count(tensor.Int16, 1, pieceSize)})
	f := decode(t, encode(t, nil, all...))
	for _, name := range f.Names() {
		checkSource(t, f, name)
	}
	if _, err := f.Source("no"); err == nil || !strings.Contains(err.Error(), "none of this name") {
		t.Errorf("got %v", err)
	}
	for _, d := range dtypes {
		if d.small == nil {
			continue
		}
		n := pieceSize + 8 // more elements than a piece has bytes
		data := make([]byte, n*d.bits/8)
		for i := range data {
			data[i] = byte(i*i + i>>8)
		}
		b := append(join("{"+tensorJSON("x", d.name, "[2,131076]", 0, len(data))+"}"), data...)
		checkSource(t, decode(t, b), "x")
	}
	f = decode(t, append(join("{"+tensorJSON("x", "C64", "[1]", 0, 8)+"}"), make([]byte, 8)...))
	if _, err := f.Source("x"); err == nil || !strings.Contains(err.Error(), "which no tensor holds") {
		t.Errorf("got %v", err)
	}
}

// TestSourceCopy copies a file by way of little memory, and gets the same file.
func TestSourceCopy(t *testing.T) {
	const n = 4 << 20
	b := encode(t, map[string]string{"k": "v"}, Entry{"a/b", tensor.New(tensor.Float32, n)}, Entry{"c", count(tensor.BFloat16, 0, 5)})
	f := decode(t, b)
	out := bytes.NewBuffer(make([]byte, 0, len(b)))
	before := allocated()
	var all []Entry
	for _, name := range f.Names() {
		src, err := f.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Entry{name, src})
	}
	if err := Write(out, all, f.Metadata()); err != nil {
		t.Fatal(err)
	}
	if took := allocated() - before; took > 1<<20 {
		t.Errorf("%d bytes were copied by way of %d, want a piece at a time", len(b), took)
	}
	if !bytes.Equal(out.Bytes(), b) {
		t.Error("the copy is another file")
	}
}

// given is a source that gives zeros in pieces, whatever its spec promises.
type given struct {
	spec   tensor.Spec
	pieces []int
	err    error
}

func (g given) Spec() tensor.Spec { return g.spec }

func (g given) WriteTo(w io.Writer) (n int64, err error) {
	for _, k := range g.pieces {
		k, err := w.Write(make([]byte, k))
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, g.err
}

func TestWriteSources(t *testing.T) {
	spec := tensor.S(tensor.Uint16, 3)
	broken := errors.New("broken")
	for _, c := range []struct {
		src   tensor.Source
		want  string
		early bool // before the first byte
	}{
		{given{spec: spec, pieces: []int{2, 4}}, "", false},
		{given{spec: spec, pieces: []int{2, 2}}, `tensor "x": uint16[3]: the source gave 4 bytes: want 6`, false},
		{given{spec: spec, pieces: []int{6, 2}}, `tensor "x": uint16[3]: the source gave more than 6 bytes`, false},
		{given{spec: spec, pieces: []int{6}, err: broken}, `tensor "x": broken`, false},
		{given{}, `tensor "x": entry 0: tensor: []: dtype 0: want one of`, true},
		{(*tensor.Tensor)(nil), `tensor "x": entry 0 has no tensor`, true},
	} {
		var b bytes.Buffer
		err := Write(&b, []Entry{{"x", c.src}}, nil)
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), "safetensors: Write: "+c.want) {
			t.Errorf("%v: got %v, want %q", c.src, err, c.want)
		}
		if c.early && b.Len() > 0 {
			t.Errorf("%v: %d bytes were written, want none", c.src, b.Len())
		}
		if c.want == "" {
			if x, err := decode(t, b.Bytes()).Tensor("x"); err != nil || !tensor.Equal(x, tensor.NewSpec(spec)) {
				t.Errorf("%v: read back %v, error %v", c.src, x, err)
			}
		}
	}
}
