package hdf5

import (
	"encoding/binary"

	"github.com/glia-ml/glia/tensor"
)

// Numbers of datatype classes, with version 1 of the message in the high half.
const (
	writeInt    = 0x10
	writeFloat  = 0x11
	writeOpaque = 0x15
	writeEnum   = 0x18
	writeVlen   = 0x19
)

// writeType returns the datatype message of dt, in the machine's byte order.
func writeType(dt tensor.DType) []byte {
	switch dt {
	case tensor.Bool: // as h5py has it
		b := append(writeTypeHead(writeEnum, 2, 1), writeType(tensor.Int8)...)
		b = append(b, "FALSE\x00\x00\x00TRUE\x00\x00\x00\x00"...)
		return append(b, 0, 1)
	case tensor.Float16:
		return writeFloatType(2, 5)
	case tensor.Float32:
		return writeFloatType(4, 8)
	case tensor.Float64:
		return writeFloatType(8, 11)
	case tensor.BFloat16: // as Keras has it, with an empty tag
		return writeTypeHead(writeOpaque, 0, 2)
	}
	flags := writeOrder
	if !dt.IsUnsigned() {
		flags |= 8
	}
	b := writeTypeHead(writeInt, flags, dt.Size())
	b = wle.AppendUint16(b, 0) // bits begin at 0
	return wle.AppendUint16(b, uint16(8*dt.Size()))
}

// writeOrder is the flag of the machine's byte order in a datatype: 1 for big-endian.
var writeOrder = uint32(binary.NativeEndian.Uint16([]byte{0, 1}) & 1)

// writeFloatType returns the message of an IEEE float of so many bytes, exp bits
// of which are the exponent.
func writeFloatType(size, exp int) []byte {
	mant := 8*size - 1 - exp
	// The mantissa's first bit is implied; the sign is the last bit.
	b := writeTypeHead(writeFloat, writeOrder|0x20|uint32(8*size-1)<<8, size)
	b = wle.AppendUint16(b, 0)
	b = wle.AppendUint16(b, uint16(8*size))
	b = append(b, byte(mant), byte(exp), 0, byte(mant)) // where each begins, and its bits
	return wle.AppendUint32(b, 1<<(exp-1)-1)            // bias of the exponent
}

// writeStringType returns the message of strings of variable length in UTF-8.
func writeStringType() []byte {
	const text, utf8 = 1, 1 << 8
	b := writeTypeHead(writeVlen, text|utf8, writeRefSize)
	return append(b, writeType(tensor.Uint8)...)
}

// writeTypeHead begins a datatype message: class, 24 flags, bytes of an element.
func writeTypeHead(class byte, flags uint32, size int) []byte {
	return wle.AppendUint32(wle.AppendUint32(nil, uint32(class)|flags<<8), uint32(size))
}

// writeSpace returns the dataspace message of a shape. The flag says that the
// largest lengths follow the lengths, as h5py has it; they are the same.
func writeSpace(shape tensor.Dims) []byte {
	if shape.Rank() == 0 {
		return []byte{1, 0, 0, 0, 0, 0, 0, 0}
	}
	b := []byte{1, byte(shape.Rank()), 1, 0, 0, 0, 0, 0}
	for range 2 {
		for _, n := range shape.Slice() {
			b = wle.AppendUint64(b, uint64(n))
		}
	}
	return b
}
