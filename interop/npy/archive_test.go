package npy

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// openFile opens an archive of testdata.
func openFile(t *testing.T, name string) *Archive {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What NumPy wrote: every type, in either byte order and column-major.
func TestFixtures(t *testing.T) {
	a := openFile(t, "all.npz")
	n := 0
	for kind, dt := range kinds {
		for name, dims := range map[string][]int{
			"little": {2, 3}, "big": {2, 3}, "fortran": {2, 3, 4}, "scalar": {}, "empty": {0, 3}, "vector": {5},
		} {
			n++
			name = kind + "/" + name
			want := count(dt, 3, dims...)
			if got, err := a.Tensor(name); err != nil || !tensor.Equal(got, want) {
				t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
			}
			h, err := a.Header(name)
			if err != nil || !slices.Equal(h.Shape, dims) || h.Fortran != strings.HasSuffix(name, "/fortran") || h.Descr[1:] != kind {
				t.Errorf("%s: got header %v, %v", name, h, err)
			}
		}
	}
	if got := len(a.Names()); got != n {
		t.Errorf("got %d arrays, want %d", got, n)
	}
	stored := openFile(t, "stored.npz")
	if got := stored.Names(); !slices.Equal(got, []string{"a", "b/c"}) {
		t.Errorf("got names %q", got)
	}
	for name, want := range map[string]*tensor.Tensor{"a": count(tensor.Float32, 3, 2, 3), "b/c": count(tensor.Int64, 3)} {
		if got, err := stored.Tensor(name); err != nil || !tensor.Equal(got, want) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
		}
	}
}

// What NumPy wrote and glia has no tensors for: listed, and refused by name.
func TestRefused(t *testing.T) {
	a := openFile(t, "refused.npz")
	want := map[string][2]string{ // what the header and the error say
		"object":     {"|O", "pickled Python objects"},
		"structured": {"[('a', '<f4'), ('b', '<i2', (2, 3)), ('c', [('d', '|S3')])]", "a structured type"},
		"unicode":    {"<U2", "text"},
		"bytes":      {"|S2", "bytes"},
		"date":       {"<M8[D]", "dates"},
		"span":       {"<m8[s]", "time spans"},
		"complex":    {"<c8", "complex numbers"},
		"longdouble": {"<f16", "want bool, an integer or a float"},
		"void":       {"|V3", "raw memory"},
		"float8":     {"<f1", "want bool, an integer or a float"},
		"axes":       {"|u1", "want at most 8"},
	}
	for _, name := range a.Names() {
		h, err := a.Header(name)
		if err != nil || h.Descr != want[name][0] {
			t.Errorf("%s: got header %q, %v; want %q", name, h.Descr, err, want[name][0])
		}
		if spec, err := h.Spec(); err == nil {
			t.Errorf("%s: got spec %v, want an error", name, spec)
		}
		_, err = a.Tensor(name)
		if err == nil || !strings.HasPrefix(err.Error(), `npy: archive: array "`+name+`": `) || !strings.Contains(err.Error(), want[name][1]) {
			t.Errorf("%s: got %v, want %q", name, err, want[name][1])
		}
	}
	if len(a.Names()) != len(want) {
		t.Errorf("got %d arrays, want %d", len(a.Names()), len(want))
	}
}

func archive(t testing.TB, arrays map[string]*tensor.Tensor, opts ...WriteOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewArchiveWriter(&b, opts...)
	for name, x := range arrays {
		if err := w.Add(name, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchiveRoundTrip(t *testing.T) {
	arrays := map[string]*tensor.Tensor{"": count(tensor.Bool, 1, 3), "a/b.c": tensor.Scalar[int8](-1), "dense/kernel:0": tensor.New(tensor.Float64, 300, 300)}
	for _, dt := range tensor.DTypes() {
		arrays[dt.String()] = count(dt, 1, 2, 3)
	}
	plain, small := archive(t, arrays), archive(t, arrays, Deflate)
	if len(small) > len(plain)/10 {
		t.Errorf("compressed %d bytes to %d", len(plain), len(small))
	}
	for _, b := range [][]byte{plain, small} {
		a, err := OpenArchive(bytes.NewReader(b), int64(len(b)), BFloat16)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(a.Names()); got != len(arrays) {
			t.Errorf("got %d arrays, want %d", got, len(arrays))
		}
		for name, want := range arrays {
			if got, err := a.Tensor(name); err != nil || !tensor.Equal(got, want) {
				t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
			}
		}
		if _, err := a.Tensor("no"); err == nil || !strings.Contains(err.Error(), "none of this name") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := OpenArchive(bytes.NewReader(archive(t, nil)), 22); err != nil {
		t.Errorf("an archive of nothing: %v", err)
	}
}

func TestArchiveWriterErrors(t *testing.T) {
	x := tensor.Of[uint8](1)
	w := NewArchiveWriter(io.Discard)
	if err := w.Add("a", x); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "taken", "../a": "without", "/a": "without", "a/../b": "without", `a\b`: "without", "a//b": "without", "a\x00": "without", "a:b": "a drive", "\xff": "UTF-8"} {
		if err := w.Add(name, x); err == nil || !strings.HasPrefix(err.Error(), "npy: archive: Add ") || !strings.Contains(err.Error(), want) {
			t.Errorf("Add %q: got %v, want %q", name, err, want)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Add("b", x); err == nil {
		t.Error("added to a closed archive")
	}
	if err := w.Close(); err == nil {
		t.Error("closed an archive twice")
	}
	n := len(archive(t, map[string]*tensor.Tensor{"a": x}))
	for room := range n {
		w := NewArchiveWriter(&full{room})
		if err := errors.Join(w.Add("a", x), w.Close()); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("room for %d bytes of %d: got %v", room, n, err)
		}
	}
}

// member is a member of an archive that was made to deceive.
type member struct {
	name   string
	method uint16
	flags  uint16
	data   []byte // as in the archive
	size   uint64 // as the directory tells, if more than 0
	crc    uint32 // likewise
}

func forge(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{
			Name: m.name, Method: m.method, Flags: m.flags, CRC32: m.crc,
			CompressedSize64: uint64(len(m.data)), UncompressedSize64: m.size,
		}
		if m.size == 0 {
			h.UncompressedSize64 = uint64(len(m.data))
		}
		if m.crc == 0 {
			h.CRC32 = crc32.ChecksumIEEE(m.data)
		}
		w, err := z.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOpenArchiveErrors(t *testing.T) {
	x := encode(t, tensor.Of[uint8](1, 2, 3))
	for _, c := range []struct {
		file []byte
		want string
	}{
		{nil, "zip"},
		{x, "not a valid zip file"},
		{forge(t, member{name: "a.npy", data: x}, member{name: "a.npy", data: x}), `member "a.npy": it stands twice`},
		{forge(t, member{name: "../a.npy", data: x}), `member "../a.npy": want a plain relative name`},
		{forge(t, member{name: "/a.npy", data: x}), "want a plain relative name"},
		{forge(t, member{name: "a/../../b", data: x}), "want a plain relative name"},
		{forge(t, member{name: `..\a.npy`, data: x}), "want a plain relative name"},
		{forge(t, member{name: "a.npy", data: x, flags: 1}), "encrypted"},
		{forge(t, member{name: "a.npy", data: x, method: 12}), "compression method 12"},
		{forge(t, member{name: "a.npy", data: x, size: 1 << 40}), "stored as"},
		{forge(t, member{name: "a.npy", data: x, method: zip.Deflate, size: 1 << 40}), "which cannot hold 1099511627776"},
	} {
		a, err := OpenArchive(bytes.NewReader(c.file), int64(len(c.file)))
		if a != nil || err == nil || !strings.HasPrefix(err.Error(), "npy: archive: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: got %v, want %q", c.file, err, c.want)
		}
	}
}

// Members that share their bytes: a directory of many entries that point to one.
func TestOverlap(t *testing.T) {
	big := encode(t, tensor.New(tensor.Uint8, 1000))
	one := forge(t, member{name: "a.npy", data: big}, member{name: "b.npy"})
	// The directory entry of b gets the place and size of a.
	at := bytes.LastIndex(one, []byte("PK\x01\x02"))
	first := bytes.Index(one, []byte("PK\x01\x02"))
	copy(one[at+16:at+28], one[first+16:first+28]) // checksum and sizes
	copy(one[at+42:at+46], one[first+42:first+46]) // offset
	if _, err := OpenArchive(bytes.NewReader(one), int64(len(one))); err == nil || !strings.Contains(err.Error(), "overlap") {
		t.Errorf("got %v, want an error", err)
	}
}

func TestArchiveTensorErrors(t *testing.T) {
	x := encode(t, tensor.Of[uint8](1, 2, 3))
	lie := []byte(file(dict("|u1", false, "(1000000000,)"), "abc"))
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	f, err := w.Create("bomb.npy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(file(dict("|u1", false, "(3,)"), strings.Repeat("\x00", 1<<20)))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"longer":   {forge(t, member{name: "x.npy", data: append(bytes.Clone(x), 0)}), "got more than the elements of uint8[3]"},
		"shorter":  {forge(t, member{name: "x.npy", data: x[:len(x)-1]}), "got 2 bytes of elements, want 3"},
		"lie":      {forge(t, member{name: "x.npy", data: lie}), "got 3 bytes of elements, want 1000000000"},
		"checksum": {forge(t, member{name: "x.npy", data: x, crc: 1}), "checksum"},
		"deflate":  {forge(t, member{name: "x.npy", data: []byte("\xff\xff\xff"), method: zip.Deflate}), "flate"},
		"bomb":     {z.Bytes(), "got more than the elements of uint8[3]"},
	} {
		a, err := OpenArchive(bytes.NewReader(c.file), int64(len(c.file)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		before := allocated()
		if got, err := a.Tensor(a.Names()[0]); got != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v; want %q", name, got, err, c.want)
		}
		if took := allocated() - before; took > 1<<20 {
			t.Errorf("%s: took %d bytes", name, took)
		}
	}
}

// A compressed member that promises as much as deflate could hold at best takes
// memory as it arrives.
func TestPromise(t *testing.T) {
	const promised = 1 << 30
	head := file(dict("|u1", false, "(1073741824,)"), "")
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	f, err := w.Create("x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, head); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(z.Bytes()), int64(z.Len()))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := r.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(raw)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, make([]byte, promised/1032+1)...) // what deflate never reads
	b := forge(t, member{name: "x.npy", method: zip.Deflate, data: data, size: promised + uint64(len(head)), crc: crc32.ChecksumIEEE([]byte(head))})
	a, err := OpenArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	before := allocated()
	if _, err := a.Tensor("x"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
	if took := allocated() - before; took > 2*firstPiece {
		t.Errorf("took %d bytes", took)
	}
}

// The bits of an archive turned over, and its ends cut off.
func TestArchiveDamage(t *testing.T) {
	for _, opts := range [][]WriteOption{nil, {Deflate}} {
		good := archive(t, map[string]*tensor.Tensor{"a": count(tensor.Int16, 1, 2, 3), "b/c": tensor.Scalar(2.5)}, opts...)
		for i := range 8 * len(good) {
			b := bytes.Clone(good)
			b[i/8] ^= 1 << (i % 8)
			readArchive(t, b)
		}
		for n := range good {
			readArchive(t, good[:n])
		}
	}
}

// readArchive reads what can be read of an archive.
func readArchive(t *testing.T, b []byte) {
	a, err := OpenArchive(bytes.NewReader(b), int64(len(b)), BFloat16)
	if err != nil {
		if a != nil || !strings.HasPrefix(err.Error(), "npy: archive: ") {
			t.Fatalf("got %v, %v", a, err)
		}
		return
	}
	for _, name := range a.Names() {
		h, err := a.Header(name)
		x, err2 := a.Tensor(name)
		checkSource(t, a, name, x)
		if err2 != nil {
			if x != nil || !strings.HasPrefix(err2.Error(), "npy: archive: array ") {
				t.Fatalf("%q: got %v, %v", name, x, err2)
			}
			continue
		}
		if err != nil || !slices.Equal(h.Shape, x.Shape().Slice()) {
			t.Fatalf("%q: got header %v, %v and %v", name, h, err, x.Spec())
		}
	}
}

func FuzzOpenArchive(f *testing.F) {
	arrays := map[string]*tensor.Tensor{"a": count(tensor.Int16, 1, 2, 3)}
	f.Add(archive(f, arrays))
	f.Add(archive(f, arrays, Deflate))
	f.Add(archive(f, nil))
	f.Fuzz(readArchive)
}
