package hdf5

import (
	"fmt"

	"github.com/glia-ml/glia/internal/endian"
	"github.com/glia-ml/glia/tensor"
)

// The classes of datatypes.
const (
	classFixed     = 0
	classFloat     = 1
	classTime      = 2
	classString    = 3
	classBitfield  = 4
	classOpaque    = 5
	classCompound  = 6
	classReference = 7
	classEnum      = 8
	classVlen      = 9
	classArray     = 10
	classComplex   = 11
)

// datatype is the type of the elements of a dataset or an attribute.
type datatype struct {
	class byte
	size  uint64 // of an element, at least 1
	name  string // for people

	dtype     tensor.DType // Invalid if no tensor has it
	bigEndian bool

	vlenString bool
	pad        byte // what a fixed string ends with
}

// The ways to end a fixed string.
const (
	padTerm  = 0 // a NUL
	padNull  = 1 // NULs up to the end
	padSpace = 2 // spaces up to the end
)

// maxTypeDepth is how deep types may nest.
const maxTypeDepth = 32

// readType reads a datatype.
func readType(c *cursor, depth int) (datatype, error) {
	if depth > maxTypeDepth {
		return datatype{}, c.failf("got types nested deeper than %d", maxTypeDepth)
	}
	first := c.u8()
	bits := uint32(c.uint(3))
	t := datatype{class: first & 0xf, size: uint64(c.u32())}
	version := first >> 4
	if c.err == nil && (version < 1 || version > 5) {
		c.failf("got version %d, want 1 to 5", version)
	}
	if c.err == nil && t.size == 0 {
		c.failf("got elements of no bytes")
	}
	if c.err != nil {
		return t, c.err
	}
	switch t.class {
	case classFixed:
		t.readFixed(c, bits)
	case classFloat:
		t.readFloat(c, bits)
	case classString:
		t.name, t.pad = "string", byte(bits&0xf)
		if t.pad > padSpace {
			c.failf("got string padding %d, want 0 to 2", t.pad)
		}
	case classOpaque:
		t.name = fmt.Sprintf("opaque of %d bytes", t.size)
	case classCompound:
		t.name = fmt.Sprintf("compound of %d members, %d bytes", bits&0xffff, t.size)
	case classEnum:
		return t, t.readEnum(c, version, int(bits&0xffff), depth)
	case classVlen:
		return t, t.readVlen(c, bits, depth)
	case classArray:
		return t, t.readArray(c, version, depth)
	case classTime, classBitfield, classReference, classComplex:
		kind := map[byte]string{classTime: "time", classBitfield: "bitfield", classReference: "reference", classComplex: "complex"}
		t.name = fmt.Sprintf("%s of %d bytes", kind[t.class], t.size)
	default:
		c.failf("got class %d, want 0 to 11", t.class)
	}
	return t, c.err
}

// readFixed reads the properties of an integer.
func (t *datatype) readFixed(c *cursor, bits uint32) {
	offset, precision := c.u16(), c.u16()
	sign := "uint"
	ints := map[uint64]tensor.DType{1: tensor.Uint8, 2: tensor.Uint16, 4: tensor.Uint32, 8: tensor.Uint64}
	if bits&8 != 0 {
		sign = "int"
		ints = map[uint64]tensor.DType{1: tensor.Int8, 2: tensor.Int16, 4: tensor.Int32, 8: tensor.Int64}
	}
	t.bigEndian = bits&1 != 0
	t.name = fmt.Sprintf("%s of %d bits in %d bytes", sign, precision, t.size)
	if offset == 0 && uint64(precision) == 8*t.size {
		t.known(ints[t.size])
	}
}

// float is the layout of a floating point type.
type float struct {
	size, sign, exp, expSize, mant, mantSize uint8
	bias                                     uint32
}

var floats = map[float]tensor.DType{
	{2, 15, 10, 5, 0, 10, 15}:    tensor.Float16,
	{2, 15, 7, 8, 0, 7, 127}:     tensor.BFloat16,
	{4, 31, 23, 8, 0, 23, 127}:   tensor.Float32,
	{8, 63, 52, 11, 0, 52, 1023}: tensor.Float64,
}

// readFloat reads the properties of a floating point number.
func (t *datatype) readFloat(c *cursor, bits uint32) {
	offset, precision := c.u16(), c.u16()
	l := float{uint8(min(t.size, 255)), uint8(bits >> 8), c.u8(), c.u8(), c.u8(), c.u8(), c.u32()}
	t.bigEndian = bits&1 != 0
	t.name = fmt.Sprintf("float of %d bits in %d bytes", precision, t.size)
	const vax, impliedOne, norm = 0x40, 0x20, 0x30
	if offset == 0 && uint64(precision) == 8*t.size && bits&vax == 0 && bits&norm == impliedOne {
		t.known(floats[l])
	}
}

// known sets a dtype, unless it is Invalid.
func (t *datatype) known(dt tensor.DType) {
	if dt != tensor.Invalid {
		t.dtype, t.name = dt, dt.String()
	}
}

// readEnum reads an enumeration: a bool, or else the integer below it.
func (t *datatype) readEnum(c *cursor, version byte, members, depth int) error {
	base, err := readType(c, depth+1)
	if err != nil {
		return err
	}
	if base.class != classFixed || base.size != t.size {
		return c.failf("got an enumeration in %d bytes of %s, want an integer of that size", t.size, base.name)
	}
	names := make([]string, 0, min(members, len(c.b)))
	for range members {
		start := c.off
		names = append(names, c.cstring())
		if version < 3 {
			c.pad(start)
		}
		if c.err != nil {
			return c.err
		}
	}
	values := c.bytes(uint64(members) * base.size)
	t.dtype, t.bigEndian, t.name = base.dtype, base.bigEndian, "enum of "+base.name
	if members == 2 && base.size == 1 && c.err == nil {
		value := map[string]byte{names[0]: values[0], names[1]: values[1]}
		if f, ok := value["FALSE"]; ok && f == 0 && value["TRUE"] == 1 {
			t.known(tensor.Bool)
		}
	}
	return c.err
}

// readVlen reads a type of variable length: a string, or a type that is refused later.
func (t *datatype) readVlen(c *cursor, bits uint32, depth int) error {
	base, err := readType(c, depth+1)
	if err != nil {
		return err
	}
	if bits&0xf == 1 {
		t.vlenString, t.name = true, "string"
	} else {
		t.name = "sequences of " + base.name
	}
	if want := uint64(8 + c.f.offsetSize); t.size != want {
		return c.failf("got elements of variable length in %d bytes, want %d", t.size, want)
	}
	return nil
}

// readArray reads an array type, which is refused later.
func (t *datatype) readArray(c *cursor, version byte, depth int) error {
	rank := uint64(c.u8())
	if version < 3 {
		c.bytes(3 + 4*rank)
	}
	c.bytes(4 * rank)
	base, err := readType(c, depth+1)
	t.name = fmt.Sprintf("arrays of %s, %d bytes", base.name, t.size)
	return err
}

// isString reports whether t is a string of fixed or variable length.
func (t *datatype) isString() bool { return t.vlenString || t.class == classString }

// finish makes elements of t as they are in the file those of a tensor, in place.
// They begin at byte from of all of them.
func (t *datatype) finish(b []byte, from int64) error {
	if t.dtype == tensor.Bool {
		for i, v := range b {
			if v > 1 {
				return fmt.Errorf("element %d: got bool %d, want 0 or 1", from+int64(i), v)
			}
		}
	}
	if t.bigEndian != endian.HostIsBig {
		endian.Swap(b, int(t.size))
	}
	return nil
}
