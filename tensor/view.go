package tensor

import "fmt"

// Reshape returns a view of t with another shape and the same elements in
// row-major order. One axis may be -1: its length follows from the others. A view
// with gaps cannot be reshaped without a copy, which is an error: Clone it first.
func (t *Tensor) Reshape(dims ...int) (*Tensor, error) {
	shape, err := MakeDims(dims)
	if err != nil {
		return nil, err
	}
	if !t.Contiguous() {
		return nil, fmt.Errorf("tensor: Reshape %v to %v: want a contiguous tensor, got strides %v: Clone it first", t.spec, dims, t.strides)
	}
	infer, rest := -1, shape
	for i, d := range dims {
		if d == -1 && infer < 0 {
			infer, rest = i, rest.With(i, 1)
		}
	}
	fail := func() (*Tensor, error) {
		return nil, fmt.Errorf("tensor: Reshape %v to %v: want a shape of %d elements, with at most one -1", t.spec, dims, t.Len())
	}
	if _, err := CheckedBytes(Spec{t.spec.DType, rest}); err != nil {
		return fail()
	}
	if n := rest.Size(); infer >= 0 {
		if n == 0 || t.Len()%n != 0 {
			return fail()
		}
		rest = rest.With(infer, t.Len()/n)
	}
	if rest.Size() != t.Len() {
		return fail()
	}
	return t.view(rest, rest.Strides(), 0), nil
}

// Slice returns a view of the elements start, start+step, ... before stop along
// axis. A negative axis, start or stop counts from the end; step is 1 or more.
// Other than in Python, a bound beyond the axis is an error.
func (t *Tensor) Slice(axis, start, stop, step int) (*Tensor, error) {
	a, ok := fromEnd(axis, t.spec.Rank())
	if !ok {
		return nil, t.badAxis("Slice", axis)
	}
	n := t.spec.Shape.At(a)
	i, j := start, stop
	if i < 0 {
		i += n
	}
	if j < 0 {
		j += n
	}
	if i < 0 || i > j || j > n || step < 1 {
		return nil, fmt.Errorf("tensor: Slice %v: axis %d from %d to %d by %d: want 0 <= start <= stop <= %d and step >= 1", t.spec, axis, start, stop, step, n)
	}
	count := (j - i) / step
	if (j-i)%step > 0 {
		count++
	}
	stride := t.strides.At(a)
	next := stride // a step over the only element leads nowhere, and could overflow
	if count > 1 {
		next *= step
	}
	return t.view(t.spec.Shape.With(a, count), t.strides.With(a, next), i*stride), nil
}

// Index returns a view of t at position i of axis, which goes. Negative numbers
// count from the end.
func (t *Tensor) Index(axis, i int) (*Tensor, error) {
	a, ok := fromEnd(axis, t.spec.Rank())
	if !ok {
		return nil, t.badAxis("Index", axis)
	}
	at, ok := fromEnd(i, t.spec.Shape.At(a))
	if !ok {
		return nil, fmt.Errorf("tensor: Index %v: position %d of axis %d: want less than %d", t.spec, i, axis, t.spec.Shape.At(a))
	}
	return t.view(t.spec.Shape.Without(a), t.strides.Without(a), at*t.strides.At(a)), nil
}

// Transpose returns a view of t whose axis i is axis perm[i] of t. Without
// arguments the axes are reversed. A negative axis counts from the end.
func (t *Tensor) Transpose(perm ...int) (*Tensor, error) {
	rank := t.spec.Rank()
	shape, strides := t.spec.Shape, t.strides
	if len(perm) == 0 {
		for i := range rank {
			perm = append(perm, rank-1-i)
		}
	}
	var seen [MaxRank]bool
	valid := len(perm) == rank
	for i := 0; i < len(perm) && valid; i++ {
		a, ok := fromEnd(perm[i], rank)
		if valid = ok && !seen[a]; valid {
			seen[a] = true
			shape, strides = shape.With(i, t.spec.Shape.At(a)), strides.With(i, t.strides.At(a))
		}
	}
	if !valid {
		return nil, fmt.Errorf("tensor: Transpose %v by %v: want each of its %d axes once", t.spec, perm, rank)
	}
	return t.view(shape, strides, 0), nil
}

// Expand returns a view of t with an axis of length 1 put in, which becomes axis
// number axis of the result; -1 puts it last.
func (t *Tensor) Expand(axis int) (*Tensor, error) {
	rank := t.spec.Rank()
	a, ok := fromEnd(axis, rank+1)
	if !ok || rank == MaxRank {
		return nil, fmt.Errorf("tensor: Expand %v at axis %d: want an axis from %d to %d and at most %d axes", t.spec, axis, -rank-1, rank, MaxRank)
	}
	insert := func(d Dims, v int) Dims { return d.To(a).Append(v).Append(d.From(a).Slice()...) }
	return t.view(insert(t.spec.Shape, 1), insert(t.strides, 1), 0), nil
}

// Squeeze returns a view of t without the given axes, which must have length 1.
// Without arguments all axes of length 1 go.
func (t *Tensor) Squeeze(axes ...int) (*Tensor, error) {
	var drop [MaxRank]bool
	for i := range t.spec.Rank() {
		drop[i] = len(axes) == 0 && t.spec.Shape.At(i) == 1
	}
	for _, axis := range axes {
		a, ok := fromEnd(axis, t.spec.Rank())
		if !ok {
			return nil, t.badAxis("Squeeze", axis)
		}
		if t.spec.Shape.At(a) != 1 || drop[a] {
			return nil, fmt.Errorf("tensor: Squeeze %v of axes %v: want different axes of length 1", t.spec, axes)
		}
		drop[a] = true
	}
	var shape, strides Dims
	for i := range t.spec.Rank() {
		if !drop[i] {
			shape, strides = shape.Append(t.spec.Shape.At(i)), strides.Append(t.strides.At(i))
		}
	}
	return t.view(shape, strides, 0), nil
}

// view returns a tensor over t's memory from element offset on.
func (t *Tensor) view(shape, strides Dims, offset int) *Tensor {
	v := &Tensor{spec: Spec{t.spec.DType, shape}, strides: strides}
	if v.Len() > 0 {
		v.data = t.data[offset*t.spec.DType.Size():]
	}
	return v
}

// fromEnd resolves an index that counts from the end if negative.
func fromEnd(i, n int) (int, bool) {
	if i < 0 {
		i += n
	}
	return i, i >= 0 && i < n
}

func (t *Tensor) badAxis(op string, axis int) error {
	return fmt.Errorf("tensor: %s %v: axis %d: want one of its %d axes", op, t.spec, axis, t.spec.Rank())
}
