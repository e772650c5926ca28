package idx

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

const limit = 1 << 16

func encode(t testing.TB, x *tensor.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, x); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Files spelled out byte by byte.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		file []byte
		want *tensor.Tensor
	}{
		{[]byte{0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 255}, tensor.Of[uint8](1, 2, 255)},
		{[]byte{0, 0, 9, 1, 0, 0, 0, 2, 1, 255}, tensor.Of[int8](1, -1)},
		{[]byte{0, 0, 0xb, 1, 0, 0, 0, 2, 1, 2, 255, 254}, tensor.Of[int16](0x102, -2)},
		{[]byte{0, 0, 0xc, 1, 0, 0, 0, 1, 1, 2, 3, 4}, tensor.Of[int32](0x1020304)},
		{[]byte{0, 0, 0xd, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0}, tensor.Of[float32](1.5)},
		{[]byte{0, 0, 0xe, 0, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0}, tensor.Scalar(-1.0)},
		{[]byte{0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 3}, tensor.New(tensor.Uint8, 0, 3)},
	} {
		for name, file := range map[string][]byte{"plain": c.file, "gzip": compress(t, c.file)} {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Read(bytes.NewReader(file), limit)
			if err != nil || !tensor.Equal(got, c.want) {
				t.Errorf("%s % x: got %v, %v; want %v", name, c.file, got, err, c.want)
			}
			if got, err = ReadFile(path, limit); err != nil || !tensor.Equal(got, c.want) {
				t.Errorf("%s file % x: got %v, %v; want %v", name, c.file, got, err, c.want)
			}
		}
		if got := encode(t, c.want); !bytes.Equal(got, c.file) {
			t.Errorf("Write %v: got % x, want % x", c.want, got, c.file)
		}
	}
}

func TestReadErrors(t *testing.T) {
	good := []byte{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6}
	zipped := compress(t, good)
	flip := func(b []byte, i int) []byte {
		b = bytes.Clone(b)
		b[i] ^= 0xff
		return b
	}
	bomb := compress(t, append([]byte{0, 0, 8, 1, 0, 1, 0, 0}, make([]byte, 1<<16)...))
	huge := []byte{0, 0, 0xe, 8}
	for range 32 {
		huge = append(huge, 255)
	}
	for _, c := range []struct {
		name, want string
		file       []byte
		truncated  bool
	}{
		{"empty", "got 0 bytes of header, want 4", nil, true},
		{"short header", "got 3 bytes of header", good[:3], true},
		{"short axes", "got 11 bytes of header, want 12", good[:11], true},
		{"no elements", "of elements, want 6", good[:12], true},
		{"truncated", "of elements, want 6", good[:17], true},
		{"trailing", "", append(bytes.Clone(good), 0), false},
		{"magic", "ff 00 08 02", flip(good, 0), false},
		{"type", "and a type", flip(good, 2), false},
		{"text", "68 74 6d 6c", []byte("html and more"), false},
		{"rank", "253 axes", flip(good, 3), false},
		{"more than memory", "want at most", huge, false},
		{"over the limit", "want at most 65536", []byte{0, 0, 8, 1, 0, 1, 0, 1}, false},
		{"gzip header", "gzip", flip(zipped, 2), false},
		{"gzip truncated", "", zipped[:len(zipped)-9], true},
		{"gzip without checksum", "", zipped[:len(zipped)-8], true},
		{"gzip corrupt", "", flip(zipped, len(zipped)-7), false},
		{"gzip trailing", "", append(bytes.Clone(zipped), "garbage bytes"...), false},
		{"gzip trailing zeros", "behind the elements", append(bytes.Clone(zipped), 0, 0), true},
		{"gzip with more inside", "want the end", compress(t, append(bytes.Clone(good), 7)), false},
		{"gzip twice", "and a type", compress(t, zipped), false},
		{"gzip of too little", "of elements, want 6", compress(t, good[:15]), true},
		{"gzip bomb", "want at most 1000", bomb, false},
	} {
		max := limit
		if c.name == "gzip bomb" {
			max = 1000
		}
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := Read(bytes.NewReader(c.file), max)
		if x != nil || err == nil || !strings.HasPrefix(err.Error(), "idx: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v; want an error with %q", c.name, x, err, c.want)
		}
		if got := errors.Is(err, io.ErrUnexpectedEOF); got != c.truncated {
			t.Errorf("%s: %v is io.ErrUnexpectedEOF: got %v, want %v", c.name, err, got, c.truncated)
		}
		if x, err = ReadFile(path, max); x != nil || err == nil || !strings.HasPrefix(err.Error(), "idx: ") {
			t.Errorf("%s, file: got %v, %v; want an error", c.name, x, err)
		}
	}
}

// A small file whose header asks for much is refused before memory is taken.
func TestReadFileTakesNoMemoryInVain(t *testing.T) {
	head := []byte{0, 0, 8, 1, 0x40, 0, 0, 0} // 1 GiB
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"plain": {append(head, 1, 2, 3), "got a file of 11 bytes, want 1073741832"},
		"gzip":  {compress(t, append(head, 1, 2, 3)), "which cannot hold 1073741832"},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(path, math.MaxInt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "absent")} {
		if _, err := ReadFile(path, limit); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("ReadFile(%s): got %v, want an error that names it", path, err)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.Bool, tensor.Uint16, tensor.Uint32, tensor.Int64, tensor.Uint64, tensor.Float16, tensor.BFloat16} {
		if err := Write(io.Discard, tensor.New(dt, 2)); err == nil {
			t.Errorf("%v was written", dt)
		}
	}
	if err := Write(failing{}, tensor.New(tensor.Uint8, 2)); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want the writer's error", err)
	}
}

func TestWriteOfView(t *testing.T) {
	x, _ := tensor.FromSlice([]int16{1, 2, 3, 4, 5, 6}, 2, 3)
	y, err := x.Transpose()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(bytes.NewReader(encode(t, y)), limit)
	if err != nil || !tensor.Equal(got, y) {
		t.Errorf("got %v, %v; want %v", got, err, y)
	}
	if x.Float64s()[1] != 2 {
		t.Errorf("Write changed its argument: %v", x)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func FuzzRead(f *testing.F) {
	for _, x := range []*tensor.Tensor{tensor.Of[uint8](1, 2, 3), tensor.New(tensor.Int32, 2, 0), tensor.Scalar(2.5), tensor.New(tensor.Float32, 1, 2, 3)} {
		b := encode(f, x)
		f.Add(b)
		f.Add(compress(f, b))
		f.Add(b[:len(b)-1])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		x, err := Read(bytes.NewReader(file), limit)
		if err != nil {
			if x != nil || !strings.HasPrefix(err.Error(), "idx: ") {
				t.Fatalf("got %v, %v", x, err)
			}
			return
		}
		// What can be read is written as it was, except for compression.
		back := encode(t, x)
		if len(file) < 2 || file[0] != 0x1f {
			if !bytes.Equal(back, file) {
				t.Fatalf("got % x, want % x", back, file)
			}
		}
		if again, err := Read(bytes.NewReader(back), limit); err != nil || !tensor.Equal(again, x) {
			t.Fatalf("got %v, %v; want %v", again, err, x)
		}
	})
}
