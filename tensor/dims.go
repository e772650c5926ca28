package tensor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// MaxRank is the largest number of axes a tensor can have.
const MaxRank = 8

// Dims is a short list of integers: a shape, a list of axes, a permutation.
// It is comparable, so operations that hold one in their attributes are too.
// The zero value is the empty list, the shape of a scalar.
type Dims struct {
	n uint8
	d [MaxRank]int
}

// D makes a Dims of at most [MaxRank] numbers; it panics on more, as indexing
// past the end of an array does. Code that handles foreign shapes uses [MakeDims].
func D(dims ...int) Dims {
	d, err := MakeDims(dims)
	if err != nil {
		panic(err)
	}
	return d
}

// MakeDims makes a Dims of a list that may be too long.
func MakeDims(dims []int) (Dims, error) {
	if len(dims) > MaxRank {
		// A copy, so that dims need not be on the heap, of not too many.
		list := strings.TrimSuffix(fmt.Sprint(slices.Clone(dims[:min(len(dims), 2*MaxRank)])), "]")
		if len(dims) > 2*MaxRank {
			list += " ..."
		}
		return Dims{}, fmt.Errorf("tensor: %d axes %s]: want at most %d", len(dims), list, MaxRank)
	}
	var d Dims
	d.n = uint8(len(dims))
	copy(d.d[:], dims)
	return d, nil
}

// Rank returns how many numbers there are.
func (d Dims) Rank() int { return int(d.n) }

// At returns number i; a negative i counts from the end.
func (d Dims) At(i int) int {
	if i < 0 {
		i += int(d.n)
	}
	return d.d[:d.n][i]
}

// Slice returns the numbers as a fresh slice.
func (d Dims) Slice() []int { return slices.Clone(d.d[:d.n]) }

// With returns d with number i replaced by v; a negative i counts from the end.
func (d Dims) With(i, v int) Dims {
	if i < 0 {
		i += int(d.n)
	}
	d.d[:d.n][i] = v
	return d
}

// Append returns d with more numbers behind.
func (d Dims) Append(v ...int) Dims {
	var all [2 * MaxRank]int
	n := copy(all[:], d.d[:d.n])
	return D(append(all[:n], v...)...)
}

// From returns the numbers from i on.
func (d Dims) From(i int) Dims { return D(d.d[i:d.n]...) }

// To returns the numbers before i.
func (d Dims) To(i int) Dims { return D(d.d[:d.n][:i]...) }

// Without returns d without number i; a negative i counts from the end.
func (d Dims) Without(i int) Dims {
	if i < 0 {
		i += int(d.n)
	}
	return D(slices.Delete(d.d[:d.n], i, i+1)...)
}

// Contains reports whether v is one of the numbers.
func (d Dims) Contains(v int) bool { return slices.Contains(d.d[:d.n], v) }

// Size returns the product of the numbers: the elements of a tensor of this shape.
func (d Dims) Size() int {
	n := 1
	for _, v := range d.d[:d.n] {
		n *= v
	}
	return n
}

// Strides returns the row-major strides of shape d, in elements.
func (d Dims) Strides() Dims {
	s, n := d, 1
	for i := int(d.n) - 1; i >= 0; i-- {
		s.d[i] = n
		n *= d.d[i]
	}
	return s
}

// String prints d as NumPy-like error messages in glia do, [32 784], with None for -1, an
// axis of any length: [None 784].
func (d Dims) String() string {
	var words [MaxRank]string
	for i, v := range d.d[:d.n] {
		words[i] = strconv.Itoa(v)
		if v == -1 {
			words[i] = "None"
		}
	}
	return "[" + strings.Join(words[:d.n], " ") + "]"
}

// Spec describes a tensor without its values: dtype and shape.
type Spec struct {
	DType DType
	Shape Dims
}

// S makes a Spec.
func S(dt DType, dims ...int) Spec { return Spec{dt, D(dims...)} }

// Bytes returns the memory that a tensor of this spec takes, row-major without gaps.
func (s Spec) Bytes() int { return s.DType.Size() * s.Shape.Size() }

// maxBytes exceeds the memory of any machine: 2^40, or the largest int of 32 bits.
const maxBytes = math.MaxInt >> (23 * (^uint(0) >> 63))

// CheckedBytes returns the size of s in bytes, as [Spec.Bytes] does, for a spec from a
// file or another program: an invalid dtype, a negative axis and a size beyond any
// machine's memory are errors.
func CheckedBytes(s Spec) (int, error) {
	size := s.DType.Size()
	if size == 0 {
		return 0, fmt.Errorf("tensor: %v: dtype %d: want one of %v", s.Shape, uint8(s.DType), DTypes())
	}
	// Every axis counts, even beside one of length 0, so that strides fit as well.
	n, empty := size, false
	for _, d := range s.Shape.d[:s.Shape.n] {
		switch {
		case d < 0:
			return 0, fmt.Errorf("tensor: %v: got an axis of length %d, want 0 or more", s, d)
		case d == 0:
			empty = true
		case n > maxBytes/d:
			return 0, fmt.Errorf("tensor: %v: want at most %d bytes", s, maxBytes)
		default:
			n *= d
		}
	}
	if empty {
		return 0, nil
	}
	return n, nil
}

// Rank returns the number of axes.
func (s Spec) Rank() int { return s.Shape.Rank() }

// String prints dtype and shape: float32[32 784].
func (s Spec) String() string { return s.DType.String() + s.Shape.String() }
