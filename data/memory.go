package data

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/tensor"
)

// Memory is a set of samples in memory. They stay in the type they came in:
// images of bytes become floats batch by batch, as [Memory.Scale] says. A Memory
// never changes; its methods return others that share the samples.
type Memory struct {
	x, y, weight column
	rows         []int // of the tensors, sample by sample; nil: all, in order
	err          error // what Scale or OneHot found wrong
}

// New returns the samples along the first axis of x and their answers along the
// first axis of y, which may be nil. Both are shared, not copied, unless they are
// views with gaps.
func New(x, y *tensor.Tensor) (*Memory, error) {
	if x == nil {
		return nil, fmt.Errorf("data: New: x is nil")
	}
	if x.Shape().Rank() == 0 {
		return nil, fmt.Errorf("data: New: x is a scalar %v: want an axis of samples", x.Spec())
	}
	m := &Memory{x: columnOf(x)}
	if y == nil {
		return m, nil
	}
	if y.Shape().Rank() == 0 || y.Shape().At(0) != m.Len() {
		return nil, fmt.Errorf("data: New: x %v with y %v: want first axes of the same length", x.Spec(), y.Spec())
	}
	m.y = columnOf(y)
	return m, nil
}

// Len returns the number of samples: none for nil, which a loader returns with its
// error, and for the zero Memory.
func (m *Memory) Len() int {
	switch {
	case m == nil || m.x.t == nil:
		return 0
	case m.rows != nil:
		return len(m.rows)
	}
	return m.x.t.Shape().At(0)
}

// Specs returns dtype and shape of one sample, as [Memory.Read] gives it.
func (m *Memory) Specs() (x, y tensor.Spec) {
	x = m.x.sample()
	if m.y.t != nil {
		y = m.y.sample()
	}
	return x, y
}

// X returns the inputs as they are stored, before [Memory.Scale]: without a copy
// unless m is a [Memory.Subset].
func (m *Memory) X() *tensor.Tensor { return m.x.all(m.rows) }

// Y returns the answers as they are stored, before [Memory.OneHot], or nil:
// without a copy unless m is a [Memory.Subset].
func (m *Memory) Y() *tensor.Tensor { return m.y.all(m.rows) }

// Scale returns m with x turned into float32 and multiplied by f, rounded to
// float32 before: Scale(1.0/255) for images of bytes.
func (m *Memory) Scale(f float64) *Memory {
	s := *m
	if !s.x.scaled {
		s.x.scaled, s.x.scale = true, 1
	}
	s.x.scale *= f
	if v := float32(s.x.scale); s.err == nil && (math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)) {
		s.err = fmt.Errorf("data: Scale by %v: want a factor that float32 holds", f)
	}
	return &s
}

// OneHot returns m with the labels y, integers from 0, turned into float32 rows
// that are 1 at the label and 0 elsewhere: y [n] becomes [n classes], and so does
// [n 1]. Labels that are no integers are an error of the first Read, and so is a
// label outside the classes when it is read.
func (m *Memory) OneHot(classes int) *Memory {
	s := *m
	switch {
	case s.err != nil:
	case s.y.t == nil:
		s.err = fmt.Errorf("data: OneHot: the samples have no y")
	case m.y.classes > 0:
		s.err = fmt.Errorf("data: OneHot: y is one-hot already, of %d classes", m.y.classes)
	case !s.y.t.DType().IsInt():
		s.err = fmt.Errorf("data: OneHot: y %v: want integer labels", s.y.t.Spec())
	case classes < 1:
		s.err = fmt.Errorf("data: OneHot: %d classes: want 1 or more", classes)
	case s.y.labels().Rank() >= tensor.MaxRank:
		s.err = fmt.Errorf("data: OneHot: y %v: want at most %d axes with the classes", s.y.t.Spec(), tensor.MaxRank)
	}
	if s.err == nil {
		s.y.classes = classes
	}
	return &s
}

// WithWeights returns m with what each sample counts in the loss: w is [n], and
// read as float32.
func (m *Memory) WithWeights(w *tensor.Tensor) (*Memory, error) {
	if m.rows != nil {
		return nil, fmt.Errorf("data: WithWeights of a Subset: give the weights before")
	}
	if w == nil || w.Shape() != tensor.D(m.Len()) {
		return nil, fmt.Errorf("data: WithWeights: got %v, want [%d]", specOf(w), m.Len())
	}
	s := *m
	if w.DType() != tensor.Float32 {
		w = w.AsType(tensor.Float32)
	}
	s.weight = columnOf(w)
	return &s, nil
}

// Take returns the first n samples, or all if there are fewer.
func (m *Memory) Take(n int) *Memory { return m.part(0, min(max(n, 0), m.Len())) }

// Subset returns the samples numbered idx, in that order. A number may come twice.
func (m *Memory) Subset(idx []int) (*Memory, error) {
	rows, err := m.rowsOf(make([]int, 0, len(idx)), idx)
	if err != nil {
		return nil, err
	}
	s := *m
	s.rows = rows
	return &s, nil
}

// Split returns the first samples for training and the last for validation, as
// Keras's validation_split does: training gets floor(n·(1-fraction)) of them. It
// is an error if that leaves one of the two without samples.
func (m *Memory) Split(fraction float64) (train, validation *Memory, err error) {
	n := m.Len()
	if !(fraction > 0 && fraction < 1) {
		return nil, nil, fmt.Errorf("data: Split: fraction %v: want more than 0 and less than 1", fraction)
	}
	at := int(math.Floor(float64(n) * (1 - fraction)))
	if at == 0 || at == n {
		return nil, nil, fmt.Errorf("data: Split: %d samples at fraction %v: got %d for training and %d for validation, want 1 or more of each", n, fraction, at, n-at)
	}
	return m.part(0, at), m.part(at, n), nil
}

// part returns samples from to to-1.
func (m *Memory) part(from, to int) *Memory {
	s := *m
	if s.rows != nil {
		s.rows = s.rows[from:to:to]
		return &s
	}
	s.x.cut(from, to)
	s.y.cut(from, to)
	s.weight.cut(from, to)
	return &s
}

// rowsOf appends to rows where in the tensors the samples idx are.
func (m *Memory) rowsOf(rows, idx []int) ([]int, error) {
	n := m.Len()
	for _, i := range idx {
		if i < 0 || i >= n {
			return nil, fmt.Errorf("data: sample %d: want 0 or more and less than %d", i, n)
		}
		if m.rows != nil {
			i = m.rows[i]
		}
		rows = append(rows, i)
	}
	return rows, nil
}

// Read fills b with the samples numbered idx; see [Dataset].
func (m *Memory) Read(idx []int, b *Batch) error {
	if m.err != nil {
		return m.err
	}
	rows, err := m.rowsOf(b.rows[:0], idx)
	if err != nil {
		return err
	}
	b.rows = rows
	b.X = b.work.read(b.X, &m.x, rows)
	if m.y.classes > 0 {
		y, bad := m.y.oneHot(b.Y, rows)
		if bad != nil {
			return fmt.Errorf("data: sample %d: label %d: want 0 or more and less than %d, the classes", idx[bad.row], bad.label, m.y.classes)
		}
		b.Y = y
	} else {
		b.Y = b.work.read(b.Y, &m.y, rows)
	}
	b.Weight = b.work.read(b.Weight, &m.weight, rows)
	return nil
}

func specOf(t *tensor.Tensor) any {
	if t == nil {
		return "nil"
	}
	return t.Spec()
}
