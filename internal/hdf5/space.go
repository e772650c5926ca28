package hdf5

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/glia-ml/glia/tensor"
)

// space is the shape of a dataset or an attribute.
type space struct {
	null   bool // no elements, not even one
	scalar bool
	dims   []uint64
	max    []uint64 // what dims may grow to, unlimited perhaps
}

const unlimited = ^uint64(0)

// readSpace reads a dataspace.
func readSpace(c *cursor) (space, error) {
	var s space
	version, rank, flags := c.u8(), int(c.u8()), c.u8()
	switch version {
	case 1:
		c.bytes(5)
		s.scalar = rank == 0
	case 2:
		kind := c.u8()
		if c.err == nil && kind > 2 {
			c.failf("got type %d, want 0 to 2", kind)
		}
		s.scalar, s.null = kind == 0, kind == 2
	default:
		c.failf("got version %d, want 1 or 2", version)
	}
	if c.err == nil && (rank > 32 || rank > 0 && (s.scalar || s.null)) {
		c.failf("got %d axes, want at most 32, and none of what has no shape", rank)
	}
	for range rank {
		d := c.length()
		s.dims, s.max = append(s.dims, d), append(s.max, d)
	}
	if flags&1 != 0 {
		all := undefined >> (64 - 8*c.f.lengthSize)
		for i := range rank {
			if s.max[i] = c.length(); s.max[i] == all {
				s.max[i] = unlimited
			} else if c.err == nil && s.max[i] < s.dims[i] {
				c.failf("axis %d: got length %d, want at most %d", i, s.dims[i], s.max[i])
			}
		}
	}
	return s, c.err
}

// elements returns how many elements there are.
func (s *space) elements() (uint64, error) {
	if s.null {
		return 0, nil
	}
	return product(s.dims)
}

// product multiplies numbers. It returns an error if the result overflows an int.
func product(dims []uint64) (uint64, error) {
	n, empty := uint64(1), false
	for _, d := range dims {
		hi, lo := bits.Mul64(n, max(d, 1))
		empty = empty || d == 0
		if n = lo; hi != 0 || lo > math.MaxInt {
			return 0, fmt.Errorf("shape %v: got more elements than an int counts", dims)
		}
	}
	if empty {
		n = 0
	}
	return n, nil
}

// bytes returns how many bytes the elements of t take.
func (s *space) bytes(t *datatype) (uint64, error) {
	n, err := s.elements()
	if err != nil || n == 0 {
		return 0, err
	}
	return product([]uint64{n, t.size})
}

// spec returns the spec of the tensor that holds the elements.
func (s *space) spec(t *datatype) (tensor.Spec, error) {
	if t.dtype == tensor.Invalid {
		return tensor.Spec{}, fmt.Errorf("got elements of type %s, want one of %v", t.name, tensor.DTypes())
	}
	if s.null {
		return tensor.Spec{}, fmt.Errorf("got %s without a shape, want a scalar or an array", t.name)
	}
	ints := make([]int, len(s.dims))
	for i, d := range s.dims {
		if ints[i] = int(d); d > math.MaxInt {
			return tensor.Spec{}, fmt.Errorf("shape %v: got an axis longer than an int counts", s.dims)
		}
	}
	dims, err := tensor.MakeDims(ints)
	if err != nil {
		return tensor.Spec{}, err
	}
	spec := tensor.Spec{DType: t.dtype, Shape: dims}
	_, err = tensor.CheckedBytes(spec)
	return spec, err
}
