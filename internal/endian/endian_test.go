package endian

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// TestSwap compares whole elements with their bytes reversed one by one.
func TestSwap(t *testing.T) {
	for _, size := range []int{1, 2, 4, 8, 16} {
		for n := range 40 {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(i + 1)
			}
			want := bytes.Clone(b)
			if size == 2 || size == 4 || size == 8 {
				for i := 0; i+size <= n; i += size {
					slices.Reverse(want[i : i+size])
				}
			}
			if Swap(b, size); !bytes.Equal(b, want) {
				t.Errorf("%d bytes in elements of %d: got %v, want %v", n, size, b, want)
			}
		}
	}
}

// TestFrom reads numbers that encoding/binary wrote in either order.
func TestFrom(t *testing.T) {
	big, little := binary.BigEndian.AppendUint32(nil, 0x01020304), binary.LittleEndian.AppendUint32(nil, 0x01020304)
	FromBig(big, 4)
	FromLittle(little, 4)
	for name, b := range map[string][]byte{"big": big, "little": little} {
		if got := binary.NativeEndian.Uint32(b); got != 0x01020304 {
			t.Errorf("%s-endian: got %#x, want 0x01020304", name, got)
		}
	}
}
