package tensor

import (
	"bytes"
	"testing"
)

// TestSwapWriter reverses elements of every size, more of them than go through at a
// time, and leaves what it is given alone.
func TestSwapWriter(t *testing.T) {
	for _, size := range []int{2, 4, 8} {
		in := make([]byte, 100_000/size*size)
		for i := range in {
			in[i] = byte(i * 7)
		}
		given := bytes.Clone(in)
		var out bytes.Buffer
		if n, err := (&swapWriter{w: &out, size: size}).Write(given); err != nil || n != len(in) || out.Len() != len(in) {
			t.Fatalf("size %d: wrote %d bytes of %d, error %v", size, n, len(in), err)
		}
		for i, got := range out.Bytes() {
			if want := in[i/size*size+size-1-i%size]; got != want {
				t.Fatalf("size %d: byte %d is %d, want %d", size, i, got, want)
			}
		}
		if !bytes.Equal(given, in) {
			t.Errorf("size %d: the bytes given were changed", size)
		}
	}
}
