package tensorboard

import (
	"encoding/binary"
	"math"
)

// message is the bytes of a protobuf message, to which fields are added.
//
// Source: Protocol Buffers, "Encoding".
type message []byte

// The types of fields on the wire.
const (
	varint = 0
	fixed8 = 1 // 8 bytes
	length = 2 // a length and as many bytes
	fixed4 = 5 // 4 bytes
)

func (m *message) tag(field, wire int) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|uint64(wire))
}

// int adds an integer unless it is 0, the value of an absent field.
func (m *message) int(field int, v int64) {
	if v != 0 {
		m.tag(field, varint)
		*m = binary.AppendUvarint(*m, uint64(v))
	}
}

func (m *message) double(field int, v float64) {
	m.tag(field, fixed8)
	*m = binary.LittleEndian.AppendUint64(*m, math.Float64bits(v))
}

// bytes adds bytes, a string or a message, also an empty one.
func (m *message) bytes(field int, v []byte) {
	m.tag(field, length)
	*m = binary.AppendUvarint(*m, uint64(len(v)))
	*m = append(*m, v...)
}

func (m *message) string(field int, v string) { m.bytes(field, []byte(v)) }
