package data

import (
	"fmt"
	"math"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// Memory is a set of samples in memory. They stay in the type they came in:
// images of bytes become floats batch by batch, as [Memory.Scale] says. A Memory
// never changes; its methods return others that share the samples.
type Memory struct {
	x, y   []column
	weight []column // one or none, or as many as y, some of them with nothing
	rows   []int    // of the tensors, sample by sample; nil: all, in order
	err    error    // the first error of Scale or OneHot

	xNames, yNames []string // of x and y, by which a model takes them; none: in order
}

// New returns the samples along the first axis of x and their targets along the
// first axis of y. One of them may be nil: [Zip] puts such sets together. Both are
// shared, not copied, unless they are views with gaps.
func New(x, y *tensor.Tensor) (*Memory, error) {
	if x == nil && y == nil {
		return nil, fmt.Errorf("data: New: x and y are nil")
	}
	m := &Memory{}
	for _, part := range []struct {
		name string
		t    *tensor.Tensor
		to   *[]column
	}{{"x", x, &m.x}, {"y", y, &m.y}} {
		if part.t == nil {
			continue
		}
		if part.t.Shape().Rank() == 0 && (part.name == "x" || x == nil) {
			return nil, fmt.Errorf("data: New: %s is a scalar %v: want an axis of samples", part.name, part.t.Spec())
		}
		*part.to = []column{columnOf(part.t)}
	}
	if x != nil && y != nil && (y.Shape().Rank() == 0 || x.Shape().At(0) != y.Shape().At(0)) {
		return nil, fmt.Errorf("data: New: x %v with y %v: want first axes of the same length", x.Spec(), y.Spec())
	}
	return m, nil
}

// Zip returns samples put together from those of several sets, number by number: all
// their inputs, and all their targets, for networks with several. A set with weights
// gives them to its own targets.
//
//	both, err := data.Zip(images.Scale(1.0/255).OneHot(10), odd) // odd is data.New(nil, y)
//
// It is an error if sets are empty or of different lengths, or if one has weights but no
// targets. A mistake in Scale or OneHot before is one here.
func Zip(sets ...*Memory) (*Memory, error) {
	z := &Memory{}
	if len(sets) == 0 {
		return nil, fmt.Errorf("data: Zip: no sets: want one or more")
	}
	weighted := false
	for i, m := range sets {
		switch {
		case m.Len() == 0:
			return nil, fmt.Errorf("data: Zip: set %d is empty: want samples", i)
		case m.Len() != sets[0].Len():
			return nil, fmt.Errorf("data: Zip: sets 0 and %d have %d and %d samples: want as many", i, sets[0].Len(), m.Len())
		case len(m.weight) > 0 && len(m.y) == 0:
			return nil, fmt.Errorf("data: Zip: set %d has weights but no y: want them in the set whose loss they weigh", i)
		case m.err != nil:
			return nil, m.err
		}
		weighted = weighted || len(m.weight) > 0
	}
	for _, m := range sets {
		z.x, z.y = append(z.x, m.picked(m.x)...), append(z.y, m.picked(m.y)...)
		if !weighted {
			continue
		}
		w := m.picked(m.weight)
		for j := range m.y {
			var of column
			if len(w) > 0 {
				of = w[min(j, len(w)-1)]
			}
			z.weight = append(z.weight, of)
		}
	}
	if err := z.zipNames(sets); err != nil {
		return nil, err
	}
	return z, nil
}

// picked returns columns of m with just its rows, in order.
func (m *Memory) picked(of []column) []column {
	all := slices.Clone(of)
	for i := range all {
		all[i].t = all[i].all(m.rows)
	}
	return all
}

// Len returns the number of samples: none for nil, which a loader returns with its
// error, and for the zero Memory.
func (m *Memory) Len() int {
	switch {
	case m == nil || len(m.x)+len(m.y) == 0:
		return 0
	case m.rows != nil:
		return len(m.rows)
	case len(m.x) == 0:
		return m.y[0].t.Shape().At(0)
	}
	return m.x[0].t.Shape().At(0)
}

// Specs returns dtype and shape of one sample, as [Memory.Read] gives it.
func (m *Memory) Specs() (x, y []tensor.Spec) {
	if m == nil {
		return nil, nil
	}
	return samples(m.x), samples(m.y)
}

func samples(of []column) []tensor.Spec {
	s := make([]tensor.Spec, len(of))
	for i := range of {
		s[i] = of[i].sample()
	}
	return s
}

// X returns the inputs as they are stored, before [Memory.Scale], or nil: the first if
// there are several. It is no copy unless m is a [Memory.Subset].
func (m *Memory) X() *tensor.Tensor { return m.first(m.x) }

// Y returns the targets as they are stored, before [Memory.OneHot], or nil: the first
// if there are several. It is no copy unless m is a [Memory.Subset].
func (m *Memory) Y() *tensor.Tensor { return m.first(m.y) }

func (m *Memory) first(of []column) *tensor.Tensor {
	if len(of) == 0 {
		return nil
	}
	return of[0].all(m.rows)
}

// Scale returns m with x turned into float32 and multiplied by f, rounded to
// float32 before: Scale(1.0/255) for images of bytes. It scales all inputs if there
// are several: [Zip] puts sets together that are scaled one by one.
func (m *Memory) Scale(f float64) *Memory {
	if m == nil { // what Fit tells of
		return nil
	}
	s := *m
	s.x = slices.Clone(m.x)
	for i := range s.x {
		x := &s.x[i]
		if !x.scaled {
			x.scaled, x.scale = true, 1
		}
		x.scale *= f
		if v := float32(x.scale); s.err == nil && (math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)) {
			s.err = fmt.Errorf("data: Scale by %v: want a factor that float32 holds", f)
		}
	}
	return &s
}

// OneHot returns m with its one y, labels that are integers from 0, turned into float32
// rows that are 1 at the label and 0 elsewhere: y [n] becomes [n classes], and so does [n
// 1]. The first Read returns an error unless labels are integers, and each Read for a
// label outside the classes.
func (m *Memory) OneHot(classes int) *Memory {
	if m == nil { // what Fit tells of
		return nil
	}
	s := *m
	switch {
	case s.err != nil:
		return &s
	case len(s.y) == 0:
		s.err = fmt.Errorf("data: OneHot: the samples have no y")
		return &s
	case len(s.y) > 1:
		s.err = fmt.Errorf("data: OneHot: the samples have %d targets: want OneHot before Zip", len(s.y))
		return &s
	}
	y := m.y[0]
	switch {
	case y.classes > 0:
		s.err = fmt.Errorf("data: OneHot: y is one-hot already, of %d classes", y.classes)
	case !y.t.DType().IsInt():
		s.err = fmt.Errorf("data: OneHot: y %v: want integer labels", y.t.Spec())
	case classes < 1:
		s.err = fmt.Errorf("data: OneHot: %d classes: want 1 or more", classes)
	case y.labels().Rank() >= tensor.MaxRank:
		s.err = fmt.Errorf("data: OneHot: y %v: want at most %d axes with the classes", y.t.Spec(), tensor.MaxRank)
	default:
		y.classes = classes
		s.y = []column{y}
	}
	return &s
}

// WithWeights returns m with the weight of each sample in the loss: w is [n], or [n steps] with
// more of the targets' first axes for weights of steps, and read as float32.
func (m *Memory) WithWeights(w *tensor.Tensor) (*Memory, error) {
	if m.rows != nil {
		return nil, fmt.Errorf("data: WithWeights of a Subset: give the weights before")
	}
	if w == nil || w.Shape().Rank() == 0 || w.Shape().At(0) != m.Len() {
		return nil, fmt.Errorf("data: WithWeights: got %v, want [%d], or [%[2]d steps]", specOf(w), m.Len())
	}
	s := *m
	if w.DType() != tensor.Float32 {
		w = w.AsType(tensor.Float32)
	}
	s.weight = []column{columnOf(w)}
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

// part returns samples from to to-1.
func (m *Memory) part(from, to int) *Memory {
	s := *m
	if s.rows != nil {
		s.rows = s.rows[from:to:to]
		return &s
	}
	for _, c := range []*[]column{&s.x, &s.y, &s.weight} {
		*c = slices.Clone(*c)
		for i := range *c {
			(*c)[i].cut(from, to)
		}
	}
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
	b.X, b.Y, b.Weight = resized(b.X, len(m.x)), resized(b.Y, len(m.y)), resized(b.Weight, len(m.weight))
	for i := range m.x {
		b.X[i] = b.work.read(b.X[i], &m.x[i], rows)
	}
	for i := range m.y {
		of := &m.y[i]
		if of.classes == 0 {
			b.Y[i] = b.work.read(b.Y[i], of, rows)
			continue
		}
		y, bad := of.oneHot(b.Y[i], rows)
		if bad != nil {
			return fmt.Errorf("data: sample %d: label %d: want 0 or more and less than %d, the classes", idx[bad.row], bad.label, of.classes)
		}
		b.Y[i] = y
	}
	for i := range m.weight {
		b.Weight[i] = b.work.read(b.Weight[i], &m.weight[i], rows)
	}
	return nil
}

// resized returns a list of n tensors: list, if it has so many.
func resized(list []*tensor.Tensor, n int) []*tensor.Tensor {
	if len(list) != n {
		return make([]*tensor.Tensor, n)
	}
	return list
}

func specOf(t *tensor.Tensor) any {
	if t == nil {
		return "nil"
	}
	return t.Spec()
}
