package npy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/glia-ml/glia/tensor"
)

func encode(t testing.TB, x *tensor.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, x); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// count returns a tensor of 0, step, 2·step, ...; of bool, false and true in turn.
func count(dt tensor.DType, step int, dims ...int) *tensor.Tensor {
	x := tensor.New(dt, dims...)
	v := make([]float64, x.Len())
	for i := range v {
		if v[i] = float64(i * step); dt == tensor.Bool {
			v[i] = float64(i % 2)
		}
	}
	if err := x.SetFloat64s(v); err != nil {
		panic(err)
	}
	return x
}

// shapes has an empty array, a scalar and one of a piece and more.
var shapes = [][]int{{}, {0}, {1}, {3, 0, 2}, {2, 3}, {1, 2, 1, 2, 1, 2, 1, 2}, {3, firstPiece}}

func TestRoundTrip(t *testing.T) {
	for _, dt := range tensor.DTypes() {
		for _, dims := range shapes {
			want := count(dt, 1, dims...)
			b := encode(t, want)
			if (len(b)-want.Spec().Bytes())%64 != 0 {
				t.Errorf("%v: the header has %d bytes: want a multiple of 64", want.Spec(), len(b)-want.Spec().Bytes())
			}
			r := bytes.NewReader(append(bytes.Clone(b), "more"...))
			for name, r := range map[string]io.Reader{"known size": r, "stream": iotest.HalfReader(bytes.NewReader(b))} {
				got, err := Read(r, BFloat16)
				if err != nil || !tensor.Equal(got, want) {
					t.Errorf("%s: %v: got %v, %v", name, want.Spec(), got, err)
				}
			}
			if r.Len() != 4 {
				t.Errorf("%v: %d bytes are left behind the array, want 4", want.Spec(), r.Len())
			}
		}
	}
}

// A column-major view is written row-major, and left as it is.
func TestWriteView(t *testing.T) {
	x := count(tensor.Int32, 1, 2, 3)
	view, err := x.Transpose()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(bytes.NewReader(encode(t, view)))
	if err != nil || !tensor.Equal(got, view.Clone()) || !tensor.Equal(x, count(tensor.Int32, 1, 2, 3)) {
		t.Errorf("got %v, %v; want %v", got, err, view)
	}
}

// Column-major arrays of many shapes: columns that are read together, and those
// that are read in parts.
func TestFortran(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.Uint8, tensor.Int16, tensor.Float32, tensor.Float64} {
		for _, dims := range [][]int{{1, 1}, {2, 3}, {5, 4, 3, 2}, {2, 1, 3}, {3, 0, 2}, {fortranPiece + 5, 3}, {3, fortranPiece + 5}, {700, 3, 500}, {1, 2, 1, 2, 1, 2, 1, 2}} {
			want := tensor.New(dt, dims...)
			if len(want.Bytes()) > 8<<20 || testing.Short() && len(want.Bytes()) > 4<<20 {
				continue
			}
			for i := range want.Bytes() {
				want.Bytes()[i] = byte(i * 7 >> 3)
			}
			back, err := want.Transpose()
			if err != nil {
				t.Fatal(err)
			}
			// Row-major and reversed is column-major.
			b := encode(t, back.Clone())
			b = bytes.Replace(b, []byte(tuple(back.Shape())), []byte(tuple(want.Shape())), 1)
			b = bytes.Replace(b, []byte("False"), []byte("True "), 1)
			for name, r := range map[string]io.Reader{"known size": bytes.NewReader(b), "stream": iotest.HalfReader(bytes.NewReader(b))} {
				if got, err := Read(r); err != nil || !tensor.Equal(got, want) {
					t.Errorf("%s: %v: got other values, %v", name, want.Spec(), err)
				}
			}
			if _, err := Read(bytes.NewReader(b[:len(b)-1])); want.Len() > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%v: one byte less: got %v", want.Spec(), err)
			}
		}
	}
}

// file spells out a .npy of version 1.0.
func file(header, data string) string {
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + data
}

func dict(descr string, fortran bool, shape string) string {
	f := "False"
	if fortran {
		f = "True"
	}
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, f, shape)
}

// Files spelled out byte by byte.
func TestRead(t *testing.T) {
	matrix, err := tensor.FromSlice([]int16{1, 3, 5, 2, 4, 6}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	const latin = "\x93NUMPY\x02\x00"
	for _, c := range []struct {
		file string
		want *tensor.Tensor
	}{
		{file(dict("<i2", false, "(2,)"), "\x01\x02\x03\x04"), tensor.Of[int16](0x201, 0x403)},
		{file(dict(">i2", false, "(2,)"), "\x01\x02\x03\x04"), tensor.Of[int16](0x102, 0x304)},
		{file(dict(">u4", false, "()"), "\x01\x02\x03\x04"), tensor.Scalar[uint32](0x1020304)},
		{file(dict(">f8", false, "(1,)"), "\x3f\xf8\x00\x00\x00\x00\x00\x00"), tensor.Of(1.5)},
		{file(dict(">f2", false, "(1,)"), "\x3e\x00"), tensor.Of(tensor.F16FromFloat32(1.5))},
		{file(dict("|b1", false, "(4,)"), "\x00\x01\x02\xff"), tensor.Of(false, true, true, true)},
		{file(dict("<u1", false, "(1,)"), "\x07"), tensor.Of[uint8](7)},
		{file(dict("i1", false, "(1,)"), "\xff"), tensor.Of[int8](-1)},
		{file(dict("<i2", true, "(2,3)"), "\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00"), matrix},
		{file(dict(">i2", true, "( 2 , 3 , )"), "\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06"), matrix},
		{file(dict("<i2", false, "(2L, 3L)"), "\x01\x00\x03\x00\x05\x00\x02\x00\x04\x00\x06\x00"), matrix}, // Python 2
		{file(`{"shape":(1,),"descr":"|u1","fortran_order":True}`, "\x07"), tensor.Of[uint8](7)},
		{latin + "\x36\x00\x00\x00{'descr': '<i2', 'fortran_order': False, 'shape': () }\x01\x02", tensor.Scalar[int16](0x201)},
	} {
		got, err := Read(strings.NewReader(c.file))
		if err != nil || !tensor.Equal(got, c.want) {
			t.Errorf("%q: got %v, %v; want %v", c.file, got, err, c.want)
		}
	}
	void := file(dict("|V2", false, "(1,)"), "\xc0\x3f")
	if got, err := Read(strings.NewReader(void), BFloat16); err != nil || !tensor.Equal(got, tensor.Of(tensor.BF16FromFloat32(1.5))) {
		t.Errorf("%q: got %v, %v; want 1.5", void, got, err)
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"", "got 0 bytes of header, want 8"},
		{"\x93NUMPY\x01", "got 7 bytes of header, want 8"},
		{"PK\x03\x04 a zip", `got "PK\x03\x04 a" at the start, want "\x93NUMPY"`},
		{"\x93NUMPY\x04\x00\x00\x00", "got version 4.0"},
		{"\x93NUMPY\x01\x01\x00\x00", "got version 1.1"},
		{"\x93NUMPY\x01\x00\x00", "got 9 bytes of header, want 10"},
		{"\x93NUMPY\x01\x00\x10\x00{", "got 11 bytes of header, want 26"},
		{"\x93NUMPY\x02\x00\x10\x00\x00\xff{", "got a header of 4278190096 bytes, want at most 1048576"},
		{"\x93NUMPY\x03\x00\x02\x00\x00\x00{\xff", "want UTF-8"},
		{file("", ""), "header character 0: got the end, want '{'"},
		{file("[]", ""), "want '{'"},
		{file("{}", ""), "got [], want descr, fortran_order and shape"},
		{file("{'descr':'<f4'}", ""), `got ["descr"], want`},
		{file("{'descr':'<f4','descr':'<f4'}", ""), `got "descr" twice`},
		{file("{'x':1}", ""), `got "x", want descr`},
		{file("{'descr'", ""), "want ':'"},
		{file("{'descr':'<f4' 'shape':()}", ""), "want ',' or '}'"},
		{file("{'descr':'<f\\x34'}", ""), "without escapes"},
		{file("{'descr':'<f4\n'}", ""), "the end of the string"},
		{file("{'descr", ""), "the end of the string"},
		{file("{'descr':'<f4\\", ""), "the end of the string"},
		{file("{descr:1}", ""), "a string"},
		{file("{'descr':__import__('os')}", ""), "a string, or the list of a structured type"},
		{file("{'fortran_order':1}", ""), "True or False"},
		{file("{'fortran_order':None}", ""), "True or False"},
		{file("{'shape':[1]}", ""), "'('"},
		{file("{'shape':(1)}", ""), "a tuple of one number"},
		{file("{'shape':(,)}", ""), "a whole number"},
		{file("{'shape':(-1,)}", ""), "a whole number"},
		{file("{'shape':(01,)}", ""), "a whole number"},
		{file("{'shape':(1.5,)}", ""), "',' or ')'"},
		{file("{'shape':(1 2)}", ""), "want"},
		{file("{'shape':(99999999999999999999,)}", ""), "a whole number"},
		{file("{'descr':"+strings.Repeat("[", 1000), ""), "nested at most 32 deep"},
		{file("{'descr':[('a','<f4')", ""), "',' or ']'"},
		{file(dict("<f4", false, "(2,)")+"x", ""), "want spaces to the end"},
		{file(dict("f4", false, "(2,)"), ""), "'<' or '>' before f4"},
		{file(dict("|f4", false, "(2,)"), ""), "'<' or '>' before f4"},
		{file(dict("=f4", false, "(2,)"), ""), "'<' or '>' before f4"},
		{file(dict("", false, "(2,)"), ""), `descr: got ""`},
		{file(dict("<", false, "(2,)"), ""), `descr: got "<"`},
		{file(dict("<f16", false, "(2,)"), ""), `descr: got "<f16", want bool`},
		{file(dict("|O", false, "(2,)"), ""), "pickled Python objects"},
		{file(dict("<V2", false, "(2,)"), ""), "the option BFloat16"},
		{file(dict("|V3", false, "(2,)"), ""), "raw memory"},
		{file(dict("<f4", false, "(1,1,1,1,1,1,1,1,1)"), "\x00\x00\x00\x00"), "want at most 8"},
		{file(dict("<f4", false, "(1073741824, 1073741824)"), ""), "want at most"},
		{file(dict("<f4", false, "(0, 1073741824, 1073741824)"), ""), "want at most"},
		{file(dict("<f4", false, "(2,)"), "\x00\x00\x00\x00\x00\x00\x00"), "got 7 bytes of elements, want 8"},
		{file(dict("<f4", false, "(1000000,)"), ""), "got 0 bytes of elements, want 4000000"},
	} {
		for name, r := range map[string]io.Reader{"known size": strings.NewReader(c.file), "stream": iotest.OneByteReader(strings.NewReader(c.file))} {
			got, err := Read(r)
			if got != nil || err == nil || !strings.HasPrefix(err.Error(), "npy: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %.100q: got %v, %v; want %q", name, c.file, got, err, c.want)
			}
		}
	}
	broken := iotest.ErrReader(os.ErrDeadlineExceeded)
	whole := encode(t, count(tensor.Float32, 1, 2, 3))
	for n := range whole {
		r := io.MultiReader(bytes.NewReader(whole[:n]), broken)
		if _, err := Read(r); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a reader that fails after %d bytes: got %v", n, err)
		}
	}
}

// A header that promises much costs nothing.
func TestReadTakesNoMemoryInVain(t *testing.T) {
	lie := file(dict("|u1", false, "(1000000000,)"), "abc")
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(lie), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, r := range map[string]io.Reader{
		"reader": strings.NewReader(lie), "buffer": bytes.NewBufferString(lie), "file": f,
		"section": io.NewSectionReader(strings.NewReader(lie), 0, int64(len(lie))), "stream": iotest.DataErrReader(strings.NewReader(lie)),
	} {
		before := allocated()
		if _, err := Read(r); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "got 3 bytes of elements, want 1000000000") {
			t.Errorf("%s: got %v", name, err)
		}
		if took := allocated() - before; took > 2*firstPiece {
			t.Errorf("%s: took %d bytes", name, took)
		}
	}
}

func allocated() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.TotalAlloc)
}

// The bits of a file turned over, and its ends cut off.
func TestDamage(t *testing.T) {
	good := encode(t, count(tensor.Float32, 1, 2, 3))
	for i := range 8 * len(good) {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		readAny(t, b)
	}
	for n := range good {
		if _, err := Read(bytes.NewReader(good[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: got %v, want io.ErrUnexpectedEOF", n, err)
		}
		readAny(t, good[:n])
	}
}

// readAny reads a file and checks what must hold for any.
func readAny(t *testing.T, b []byte) {
	x, err := Read(bytes.NewReader(b), BFloat16)
	y, err2 := Read(iotest.HalfReader(bytes.NewReader(b)), BFloat16)
	if (err == nil) != (err2 == nil) {
		t.Fatalf("%q: got %v, of a stream %v", b, err, err2)
	}
	if err != nil {
		if x != nil || !strings.HasPrefix(err.Error(), "npy: ") {
			t.Fatalf("got %v, %v", x, err)
		}
		return
	}
	h, err := ReadHeader(bytes.NewReader(b))
	if spec, err := h.Spec(BFloat16); err != nil || spec != x.Spec() {
		t.Fatalf("Spec of %v: got %v, %v; want %v", h, spec, err, x.Spec())
	}
	if err != nil || !slices.Equal(h.Shape, x.Shape().Slice()) || !tensor.Equal(x, y) {
		t.Fatalf("got header %v, %v; tensors %v and %v", h, err, x.Spec(), y.Spec())
	}
	if again, err := Read(bytes.NewReader(encode(t, x)), BFloat16); err != nil || !tensor.Equal(again, x) {
		t.Fatalf("got %v, %v; want %v", again, err, x)
	}
}

func TestWriteErrors(t *testing.T) {
	x := count(tensor.Float32, 1, 2, 3)
	for n := range len(encode(t, x)) {
		if err := Write(&full{n}, x); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("room for %d bytes: got %v", n, err)
		}
	}
}

// full is a disk with room for so many bytes.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	n := min(f.room, len(b))
	if f.room -= n; n < len(b) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// Versions as NumPy writes them.
func TestVersions(t *testing.T) {
	want := count(tensor.Float32, 3, 2, 3)
	for _, name := range []string{"v1", "v2", "v3"} {
		f, err := os.Open("testdata/" + name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got, err := Read(f); err != nil || !tensor.Equal(got, want) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
		}
	}
	for name, x := range map[string]*tensor.Tensor{"v1": want, "bfloat16": want.AsType(tensor.BFloat16)} {
		numpys, err := os.ReadFile("testdata/" + name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		if got := encode(t, x); !bytes.Equal(got, numpys) {
			t.Errorf("%s: got %q, NumPy writes %q", name, got, numpys)
		}
		if got, err := Read(bytes.NewReader(numpys), BFloat16); err != nil || !tensor.Equal(got, x) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, x)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(encode(f, count(tensor.Float32, 1, 2, 3)))
	f.Add(encode(f, tensor.New(tensor.BFloat16)))
	f.Add([]byte(file(dict(">i2", true, "(2,3)"), "\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06")))
	f.Add([]byte(file("{'descr': [('a', '<f4'), ('b', [('c', 'S3', (2, 3))])], 'fortran_order': False, 'shape': (2L,)}", "")))
	f.Add([]byte("\x93NUMPY\x03\x00\x36\x00\x00\x00{'descr': '<i2', 'fortran_order': False, 'shape': () }\x01\x02"))
	f.Fuzz(readAny)
}
