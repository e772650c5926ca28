package tensor_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// pieces is a source that gives what it is told to, whatever its spec promises.
type pieces struct {
	spec tensor.Spec
	give []string
	err  error
	deaf bool // goes on after an error of the writer, and tells of none
}

func (p pieces) Spec() tensor.Spec { return p.spec }

func (p pieces) WriteTo(w io.Writer) (n int64, err error) {
	for _, s := range p.give {
		k, err := io.WriteString(w, s)
		n += int64(k)
		if err != nil && !p.deaf {
			return n, err
		}
	}
	return n, p.err
}

// full takes n bytes and then fails.
type full struct{ n int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.n)
	if f.n -= n; n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestWriteSource(t *testing.T) {
	four := tensor.S(tensor.Uint8, 4)
	broken := errors.New("broken")
	for _, c := range []struct {
		src  tensor.Source
		want string // what is written
		err  string
		is   error
	}{
		{src: pieces{spec: four, give: []string{"ab", "", "cd"}}, want: "abcd"},
		{src: pieces{spec: tensor.S(tensor.Int16, 0, 3)}},
		{src: pieces{spec: four, give: []string{"ab", "c"}}, want: "abc", err: "uint8[4]: the source gave 3 bytes: want 4", is: io.ErrUnexpectedEOF},
		{src: pieces{spec: four, give: []string{"ab", "cde"}}, want: "ab", err: "uint8[4]: the source gave more than 4 bytes"},
		{src: pieces{spec: four, give: []string{"abcd", "e", "f"}, deaf: true}, want: "abcd", err: "uint8[4]: the source gave more than 4 bytes"},
		{src: pieces{spec: four, give: []string{"ab"}, err: broken}, want: "ab", err: "broken", is: broken},
		{src: pieces{spec: four, give: []string{"abcd"}, err: broken}, want: "abcd", err: "broken", is: broken},
		{src: pieces{spec: tensor.S(tensor.Int16, 2), give: []string{"ab", "c", "d"}}, want: "ab", err: "int16[2]: the source gave a piece of 1 bytes: want whole elements"},
		{src: pieces{spec: tensor.Spec{}}, err: "dtype 0: want one of"},
		{src: pieces{spec: tensor.S(tensor.Float64, 1<<31-1, 1<<31-1, 1<<31-1)}, err: "want at most"},
		{err: "the tensor is nil"},
		{src: (*tensor.Tensor)(nil), err: "the tensor is nil"},
	} {
		var out bytes.Buffer
		err := tensor.WriteSource(&out, c.src)
		if got := fmt.Sprint(err); out.String() != c.want || (err == nil) != (c.err == "") || !strings.Contains(got, c.err) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%+v: wrote %q, error %v; want %q, %s", c.src, out.String(), err, c.want, c.err)
		}
	}
	for _, deaf := range []bool{false, true} {
		if err := tensor.WriteSource(&full{n: 3}, pieces{spec: four, give: []string{"ab", "cd"}, deaf: deaf}); !errors.Is(err, errFull) {
			t.Errorf("deaf %v: error %v, want %v", deaf, err, errFull)
		}
	}
}

// TestTensorWriteTo writes a tensor, and a view of it that has gaps.
func TestTensorWriteTo(t *testing.T) {
	x := tensor.Of[uint8](0, 1, 2, 3, 4, 5)
	odd, err := x.Slice(0, 1, 6, 2)
	if err != nil {
		t.Fatal(err)
	}
	for want, src := range map[string]*tensor.Tensor{"\x00\x01\x02\x03\x04\x05": x, "\x01\x03\x05": odd} {
		var out bytes.Buffer
		if n, err := src.WriteTo(&out); err != nil || out.String() != want || n != int64(len(want)) {
			t.Errorf("%v: wrote %q, %d bytes, error %v; want %q", src, out.String(), n, err, want)
		}
	}
}

func ExampleWriteSource() {
	x := tensor.Of[uint8]('a', 'b', '\n')
	fmt.Println(tensor.WriteSource(os.Stdout, x))
	// Output:
	// ab
	// <nil>
}

func ExampleWriteLittleEndian() {
	var file bytes.Buffer
	err := tensor.WriteLittleEndian(&file, tensor.Of[uint16](1, 0x203))
	fmt.Printf("% x %v\n", file.Bytes(), err)
	// Output: 01 00 03 02 <nil>
}

func ExampleCheckSource() {
	n, err := tensor.CheckSource(tensor.New(tensor.Float32, 2, 3))
	fmt.Println(n, err)
	_, err = tensor.CheckSource(nil)
	fmt.Println(err)
	// Output:
	// 24 <nil>
	// the tensor is nil
}
