package tensor

// DType is the type of a tensor's elements.
type DType uint8

// The element types. Invalid is the zero value, so that a forgotten dtype shows.
const (
	Invalid DType = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float16
	BFloat16
	Float32
	Float64
)

var dtypes = [...]struct {
	name string
	size int
}{
	Invalid:  {"invalid", 0},
	Bool:     {"bool", 1},
	Int8:     {"int8", 1},
	Int16:    {"int16", 2},
	Int32:    {"int32", 4},
	Int64:    {"int64", 8},
	Uint8:    {"uint8", 1},
	Uint16:   {"uint16", 2},
	Uint32:   {"uint32", 4},
	Uint64:   {"uint64", 8},
	Float16:  {"float16", 2},
	BFloat16: {"bfloat16", 2},
	Float32:  {"float32", 4},
	Float64:  {"float64", 8},
}

// DTypes lists every valid element type.
func DTypes() []DType {
	all := make([]DType, 0, len(dtypes)-1)
	for d := Bool; int(d) < len(dtypes); d++ {
		all = append(all, d)
	}
	return all
}

// ParseDType returns the type with NumPy's name s, or Invalid.
func ParseDType(s string) DType {
	for d, t := range dtypes {
		if t.name == s {
			return DType(d)
		}
	}
	return Invalid
}

// String returns NumPy's name of the type, "float32" for instance.
func (d DType) String() string {
	if int(d) >= len(dtypes) {
		return "invalid"
	}
	return dtypes[d].name
}

// Size returns the bytes of one element, 0 for Invalid.
func (d DType) Size() int {
	if int(d) >= len(dtypes) {
		return 0
	}
	return dtypes[d].size
}

// IsFloat reports whether d is a floating point type.
func (d DType) IsFloat() bool { return d >= Float16 && d <= Float64 }

// IsInt reports whether d is an integer type, signed or not. Bool is not an integer type.
func (d DType) IsInt() bool { return d >= Int8 && d <= Uint64 }

// IsUnsigned reports whether d is an unsigned integer type.
func (d DType) IsUnsigned() bool { return d >= Uint8 && d <= Uint64 }

// Promote returns the type that numbers of a and b are converted to when they meet, as in
// NumPy: a float if there is one, else the least integer type that holds the values of
// both. As in Keras a float stays as it is beside integers, float16 and bfloat16 become
// float32 together, and uint64 beside signed integers becomes float32.
func Promote(a, b DType) DType {
	switch {
	case a == b || b == Bool:
		return a
	case a == Bool:
		return b
	case a.IsFloat() && b.IsFloat():
		if a.Size() == b.Size() {
			return Float32
		}
		return widest(a, b)
	case a.IsFloat():
		return a
	case b.IsFloat():
		return b
	case a.IsUnsigned() == b.IsUnsigned():
		return widest(a, b)
	}
	signed, unsigned := a, b
	if a.IsUnsigned() {
		signed, unsigned = b, a
	}
	for _, d := range []DType{Int8, Int16, Int32, Int64} {
		if d.Size() >= signed.Size() && d.Size() > unsigned.Size() {
			return d
		}
	}
	return Float32
}

func widest(a, b DType) DType {
	if b.Size() > a.Size() {
		return b
	}
	return a
}

// FitsInto reports whether integer type to holds every value of d, a type of integers or
// truths.
func (d DType) FitsInto(to DType) bool {
	return (d == Bool || d.IsInt()) && to.IsInt() && Promote(d, to) == to
}
