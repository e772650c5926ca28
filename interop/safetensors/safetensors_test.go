package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/glia-ml/glia/internal/endian"
	"github.com/glia-ml/glia/tensor"
)

// encode returns the file that Write makes.
func encode(t testing.TB, metadata map[string]string, entries ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, entries, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// count returns a tensor of from, from+1, ...
func count(dt tensor.DType, from int, dims ...int) *tensor.Tensor {
	x := tensor.New(dt, dims...)
	v := make([]float64, x.Len())
	for i := range v {
		v[i] = float64(from + i)
	}
	if err := x.SetFloat64s(v); err != nil {
		panic(err)
	}
	return x
}

// held returns the tensor of an entry, which is in memory.
func held(e Entry) *tensor.Tensor { return e.Tensor.(*tensor.Tensor) }

// entries has every dtype, empty tensors and scalars among them.
func entries() []Entry {
	var all []Entry
	for i, dt := range tensor.DTypes() {
		all = append(all,
			Entry{dt.String() + "/matrix", count(dt, i, 2, 3)},
			Entry{dt.String() + "/scalar", count(dt, i)},
			Entry{dt.String() + "/empty", tensor.New(dt, 3, 0)})
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	want := entries()
	metadata := map[string]string{"b": "2", "a": "\x00\"é\u2028", "": ""}
	b := encode(t, metadata, want...)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*File{decode(t, b), f} {
		if got := f.Metadata(); !maps.Equal(got, metadata) {
			t.Errorf("metadata: got %q, want %q", got, metadata)
		}
		if got := f.Names(); len(got) != len(want) || got[0] != "uint64/empty" || got[len(got)-1] != "bool/scalar" {
			t.Errorf("got %d names %q, want %d from uint64 to bool", len(got), got, len(want))
		}
		for _, e := range want {
			got, err := f.Tensor(e.Name)
			if err != nil || !tensor.Equal(got, held(e)) {
				t.Errorf("%s: got %v, %v; want %v", e.Name, got, err, e.Tensor)
			}
			into := tensor.NewSpec(e.Tensor.Spec())
			if err := f.ReadInto(e.Name, into); err != nil || !tensor.Equal(into, held(e)) {
				t.Errorf("%s: ReadInto got %v, %v; want %v", e.Name, into, err, e.Tensor)
			}
			raw, err := f.Raw(e.Name)
			if err != nil || !endian.HostIsBig && !bytes.Equal(raw, held(e).Bytes()) {
				t.Errorf("%s: Raw got %x, %v; want %x", e.Name, raw, err, held(e).Bytes())
			}
			if spec, err := f.Spec(e.Name); err != nil || spec != e.Tensor.Spec() {
				t.Errorf("%s: Spec got %v, %v; want %v", e.Name, spec, err, e.Tensor.Spec())
			}
			info, err := f.Info(e.Name)
			if err != nil || info.Name != e.Name || !slices.Equal(info.Shape, held(e).Shape().Slice()) || info.Bytes != int64(len(raw)) {
				t.Errorf("%s: Info got %v, %v", e.Name, info, err)
			}
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Tensor("bool/matrix"); err == nil {
		t.Error("read from a closed file")
	}
	if err := f.Close(); err == nil {
		t.Error("closed a file twice")
	}
	if got := decode(t, encode(t, nil)); got.Metadata() != nil || len(got.Names()) != 0 {
		t.Errorf("empty file: got metadata %v and names %q", got.Metadata(), got.Names())
	}
}

func TestReadPart(t *testing.T) {
	x := count(tensor.Int16, 0, 5, 2, 2)
	b := encode(t, nil, Entry{"x", x}, Entry{"empty", tensor.New(tensor.Int16, 4, 0)}, Entry{"scalar", tensor.Scalar(2.0)})
	f := decode(t, b)
	for from := range 6 {
		for to := from; to <= 5; to++ {
			want, err := x.Slice(0, from, to, 1)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.ReadPart("x", from, to)
			if err != nil || !tensor.Equal(got, want.Clone()) {
				t.Errorf("rows %d to %d: got %v, %v; want %v", from, to, got, err, want)
			}
		}
	}
	if got, err := f.ReadPart("empty", 1, 3); err != nil || got.Shape() != tensor.D(2, 0) {
		t.Errorf("rows of an empty tensor: got %v, %v", got, err)
	}
	for _, c := range []struct {
		name     string
		from, to int
		want     string
	}{
		{"x", -1, 2, "to <= 5"}, {"x", 3, 2, "to <= 5"}, {"x", 0, 6, "to <= 5"},
		{"scalar", 0, 0, "at least one axis"}, {"y", 0, 0, "none of this name"},
	} {
		if _, err := f.ReadPart(c.name, c.from, c.to); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("rows %d to %d of %s: got %v, want %q", c.from, c.to, c.name, err, c.want)
		}
	}
}

// What the format's library wrote from NumPy.
func TestFixture(t *testing.T) {
	f, err := Open("testdata/all.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, want := f.Metadata(), map[string]string{"made by": "numpy \"2\"\n"}; !maps.Equal(got, want) {
		t.Errorf("metadata: got %q, want %q", got, want)
	}
	var back []Entry
	for _, dt := range tensor.DTypes() {
		name := dt.String() + "/matrix"
		got, err := f.Tensor(name)
		want := tensor.New(dt, 2, 3)
		if err := want.SetFloat64s([]float64{0, 3, 6, 9, 12, 15}); err != nil {
			t.Fatal(err)
		}
		if dt == tensor.Bool {
			copy(tensor.Data[bool](want), []bool{false, true, false, true, false, true})
		}
		if err != nil || !tensor.Equal(got, want) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
		}
		back = append(back, Entry{name, want})
	}
	const odd = "\"\\\b\f\n\r\t\x01/é€😀"
	back = append(back, Entry{"scalar", tensor.Scalar[float32](3)}, Entry{"empty", tensor.New(tensor.Int64, 0, 7)}, Entry{odd, tensor.New(tensor.Uint8, 1)})
	for _, e := range back {
		if got, err := f.Tensor(e.Name); err != nil || !tensor.Equal(got, held(e)) {
			t.Errorf("%q: got %v, %v; want %v", e.Name, got, err, e.Tensor)
		}
	}
	if _, err := f.Tensor("complex64/matrix"); err == nil || !strings.Contains(err.Error(), `tensor "complex64/matrix": got C64[2 3]`) || !strings.Contains(err.Error(), "Raw") {
		t.Errorf("complex: got %v", err)
	}
	if _, err := f.Spec("complex64/matrix"); err == nil {
		t.Error("complex: got a spec")
	}
	if _, err := f.Spec("no"); err == nil {
		t.Error("got the spec of a tensor that is not there")
	}
	raw, err := f.Raw("complex64/matrix")
	if err != nil || len(raw) != 48 || math.Float32frombits(binary.LittleEndian.Uint32(raw[40:])) != 15 {
		t.Errorf("complex: Raw got % x, %v", raw, err)
	}
	if want := len(back) + 1; len(f.Names()) != want {
		t.Errorf("got names %q, want %d", f.Names(), want)
	}
	for name, want := range map[string]string{"complex64/matrix": "C64", "bool/matrix": "BOOL", "scalar": "F32", "bfloat16/matrix": "BF16"} {
		if got, err := f.Info(name); err != nil || got.DType != want {
			t.Errorf("Info of %s: got %v, %v; want %s", name, got, err, want)
		}
	}
}

// Every code of the small floats, compared with ml_dtypes.
func TestSmallFloats(t *testing.T) {
	f, err := Open("testdata/small.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for _, d := range dtypes {
		if d.small == nil {
			continue
		}
		n++
		got, err := f.Tensor(d.name)
		if err != nil {
			t.Error(err)
			continue
		}
		if spec, err := f.Spec(d.name); err != nil || spec != got.Spec() {
			t.Errorf("%s: Spec got %v, %v; want %v", d.name, spec, err, got.Spec())
		}
		want, err := f.Tensor("want/" + d.name)
		if err != nil {
			t.Fatal(err)
		}
		if got.Spec() != want.Spec() {
			t.Fatalf("%s: got %v, want %v", d.name, got.Spec(), want.Spec())
		}
		w := tensor.Data[float32](want)
		for i, g := range tensor.Data[float32](got) {
			if nan := g != g; nan != (w[i] != w[i]) || !nan && math.Float32bits(g) != math.Float32bits(w[i]) {
				t.Errorf("%s: code %#x: got %v, want %v", d.name, i, g, w[i])
			}
		}
		for from := range 4 {
			part, err := f.ReadPart(d.name, from, 4)
			rest, _ := got.Slice(0, from, 4, 1)
			if err == nil {
				err = tensor.AllClose(part, rest, 0, 0)
			}
			if err != nil {
				t.Errorf("%s: from row %d: %v", d.name, from, err)
			}
		}
	}
	if n != 8 || len(f.Names()) != 2*n {
		t.Errorf("tested %d types of the %d in the file", n, len(f.Names())/2)
	}
}

// Elements of 4 and 6 bits: rows that begin within a byte, and more than a piece.
func TestSmallFloatsAcrossBytes(t *testing.T) {
	for _, d := range dtypes {
		if d.bits >= 8 {
			continue
		}
		const rows, columns = 8 * 3000, 11 // 11 elements of 4 or 6 bits are no whole bytes
		raw := make([]byte, rows*columns*d.bits/8)
		for i := range raw {
			raw[i] = byte(i * i >> 3)
		}
		head := fmt.Sprintf(`{"x":{"dtype":%q,"shape":[%d,%d],"data_offsets":[0,%d]}}`, d.name, rows, columns, len(raw))
		f := decode(t, append(join(head), raw...))
		table := d.small.table()
		all, err := f.Tensor("x")
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range tensor.Data[float32](all) {
			code := 0
			for bit := range d.bits {
				at := i*d.bits + bit
				code |= int(raw[at/8]>>(at%8)&1) << bit
			}
			if got != table[code] {
				t.Fatalf("%s: element %d: got %v, want %v", d.name, i, got, table[code])
			}
		}
		for _, rows := range [][2]int{{0, 1}, {1, 2}, {3, 3}, {3, 9001}, {rows - 1, rows}} {
			got, err := f.ReadPart("x", rows[0], rows[1])
			want, _ := all.Slice(0, rows[0], rows[1], 1)
			if err == nil {
				err = tensor.AllClose(got, want, 0, 0)
			}
			if err != nil {
				t.Errorf("%s: rows %v: %v", d.name, rows, err)
			}
		}
	}
}

// join puts the length of a header before it.
func join(header string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
}

// What is not 0 is true, as in NumPy, and Go's bool stays one of two.
func TestBool(t *testing.T) {
	f := decode(t, append(join(`{"x":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}`), 0, 1, 200))
	got, err := f.Tensor("x")
	if err != nil || !bytes.Equal(got.Bytes(), []byte{0, 1, 1}) {
		t.Errorf("got %v, %v", got, err)
	}
	if raw, err := f.Raw("x"); err != nil || !bytes.Equal(raw, []byte{0, 1, 200}) {
		t.Errorf("Raw: got % x, %v", raw, err)
	}
}

func TestWriteErrors(t *testing.T) {
	x := count(tensor.Float32, 0, 2, 3)
	view, err := x.Transpose()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		entries  []Entry
		metadata map[string]string
		want     string
	}{
		{[]Entry{{"a", x}, {"b", x}, {"a", x}}, nil, `tensor "a": entry 2 has the name`},
		{[]Entry{{"__metadata__", x}}, nil, "reserved"},
		{[]Entry{{"\xff", x}}, nil, "UTF-8"},
		{[]Entry{{"a", nil}}, nil, "no tensor"},
		{[]Entry{{"a", view}}, nil, "gaps"},
		{[]Entry{{"a", x}}, map[string]string{"k": "\xff"}, `metadata "k": want UTF-8`},
		{[]Entry{{"a", x}}, map[string]string{"\xc0": ""}, `want UTF-8`},
		{[]Entry{{"a", x}}, map[string]string{"k": strings.Repeat("x", maxHeader)}, "at most 100000000"},
	} {
		var b bytes.Buffer
		err := Write(&b, c.entries, c.metadata)
		if err == nil || !strings.HasPrefix(err.Error(), "safetensors: Write: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: got %v, want %q", c.entries, err, c.want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes were written", c.want, b.Len())
		}
	}
	whole := encode(t, nil, Entry{"a", tensor.New(tensor.Float32, 1<<16)}, Entry{"b", x})
	for _, n := range []int{0, 5, 1 << 16, len(whole) - 1} {
		if err := Write(&full{n}, []Entry{{"a", tensor.New(tensor.Float32, 1<<16)}, {"b", x}}, nil); err == nil {
			t.Errorf("a disk with room for %d bytes took %d", n, len(whole))
		}
	}
}

// full is a disk with room for so many bytes.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	n := min(f.room, len(b))
	f.room -= n
	if n < len(b) {
		return n, fmt.Errorf("no space left")
	}
	return n, nil
}

// The order of entries does not matter, and they are left as they are.
func TestWriteOrder(t *testing.T) {
	all := entries()
	want := encode(t, nil, all...)
	slices.Reverse(all)
	first := all[0].Name
	if got := encode(t, nil, all...); !bytes.Equal(got, want) || all[0].Name != first {
		t.Error("the order of entries changes the file")
	}
	for _, name := range decode(t, want).Names() {
		f := decode(t, want)
		e, err := f.entry(name)
		if err != nil || e.dt.bits > 8 && (f.data+e.from)%int64(e.dt.bits/8) != 0 {
			t.Errorf("%s begins at byte %d: want a multiple of its size", name, f.data+e.from)
		}
	}
}

// Reads and Close from several goroutines.
func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, encode(t, nil, entries()...), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	want := count(tensor.Float64, int(tensor.Float64)-1, 2, 3)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 100 {
				if got, err := f.Tensor("float64/matrix"); err == nil && !tensor.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			}
			if i == 0 {
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
