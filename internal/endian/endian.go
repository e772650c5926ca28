// Package endian turns elements of files into the machine's byte order.
package endian

import (
	"encoding/binary"
	"math/bits"
)

// HostIsBig reports whether the machine's order is big-endian.
var HostIsBig = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// FromBig turns elements of size bytes, in place, from big-endian to the machine's order,
// or back.
func FromBig(b []byte, size int) {
	if !HostIsBig {
		Swap(b, size)
	}
}

// FromLittle turns elements of size bytes, in place, from little-endian to the machine's
// order, or back.
func FromLittle(b []byte, size int) {
	if HostIsBig {
		Swap(b, size)
	}
}

// Swap reverses the bytes of elements of 2, 4 or 8 bytes. Others stay, as do bytes behind
// the last whole element.
func Swap(b []byte, size int) {
	switch size {
	case 2:
		for ; len(b) >= 2; b = b[2:] {
			binary.NativeEndian.PutUint16(b, bits.ReverseBytes16(binary.NativeEndian.Uint16(b)))
		}
	case 4:
		for ; len(b) >= 4; b = b[4:] {
			binary.NativeEndian.PutUint32(b, bits.ReverseBytes32(binary.NativeEndian.Uint32(b)))
		}
	case 8:
		for ; len(b) >= 8; b = b[8:] {
			binary.NativeEndian.PutUint64(b, bits.ReverseBytes64(binary.NativeEndian.Uint64(b)))
		}
	}
}
