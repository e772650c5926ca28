package data

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// Sequences is a set of samples whose first axes, the steps, differ in length. A batch is
// padded behind the steps to one of a few lengths, so that few plans serve all batches. A
// Sequences never changes.
type Sequences struct {
	x          []*tensor.Tensor
	y          *Memory
	sample     tensor.Spec // with -1 for the steps
	pad        []byte      // one element
	boundaries []int
}

// PaddedBatches returns the sequences x, each [steps ...], with their targets along the
// first axis of y. A batch is padded to the least of the boundaries that its longest
// sequence does not exceed. Without boundaries these are the powers of two. The tensors
// are shared, not copied, unless they are views with gaps.
//
// It returns an error if there are no sequences, if they differ in more than the number
// of steps, if y has another number of samples, if boundaries do not rise from 1 or
// more, or if a sequence is longer than the last.
//
// Source: tf.data's padded_batch, and the lengths of its bucket_by_sequence_length. Here
// sequences of different buckets may meet in a batch: it has the length of the longest.
func PaddedBatches(x []*tensor.Tensor, y *tensor.Tensor, boundaries ...int) (*Sequences, error) {
	if len(x) == 0 || y == nil {
		return nil, fmt.Errorf("data: PaddedBatches: %d sequences, y %v: want one sequence or more, and y", len(x), y)
	}
	targets, err := New(nil, y)
	if err != nil {
		return nil, err
	}
	if y.Shape().Rank() == 0 || targets.Len() != len(x) {
		return nil, fmt.Errorf("data: PaddedBatches: %d sequences with y %v: want a target for each", len(x), y.Spec())
	}
	s := &Sequences{x: slices.Clone(x), y: targets}
	longest := 0
	for i, t := range x {
		if t == nil || t.Shape().Rank() == 0 {
			return nil, fmt.Errorf("data: PaddedBatches: sequence %d is nil or a scalar: want [steps ...]", i)
		}
		spec := t.Spec()
		spec.Shape = spec.Shape.With(0, -1)
		if i == 0 {
			s.sample = spec
		}
		if spec != s.sample {
			return nil, fmt.Errorf("data: PaddedBatches: sequence %d is %v, the first %v: want them to differ in the number of steps only", i, t.Spec(), x[0].Spec())
		}
		if !t.Contiguous() {
			s.x[i] = t.Clone()
		}
		longest = max(longest, t.Shape().At(0))
	}
	if s.boundaries, err = boundariesFor(longest, boundaries); err != nil {
		return nil, err
	}
	s.pad = make([]byte, s.sample.DType.Size())
	return s, nil
}

// boundariesFor returns the lengths of batches of sequences of up to longest steps.
func boundariesFor(longest int, given []int) ([]int, error) {
	if len(given) == 0 {
		all := []int{1}
		for all[len(all)-1] < longest {
			all = append(all, 2*all[len(all)-1])
		}
		return all, nil
	}
	for i, b := range given {
		if b < 1 || i > 0 && b <= given[i-1] {
			return nil, fmt.Errorf("data: PaddedBatches: boundaries %v: want rising lengths from 1 or more", given)
		}
	}
	if last := given[len(given)-1]; longest > last {
		return nil, fmt.Errorf("data: PaddedBatches: a sequence of %d steps, boundaries to %d: want the last to be as long", longest, last)
	}
	return slices.Clone(given), nil
}

// PadWith returns s with another value behind the steps than 0, such as the number of a
// padding token. It returns an error if the elements cannot hold the value.
func (s *Sequences) PadWith(v float64) (*Sequences, error) {
	t := tensor.New(s.sample.DType)
	if err := t.SetFloat64s([]float64{v}); err != nil {
		return nil, fmt.Errorf("data: PadWith: %w", err)
	}
	if got := t.Float64s()[0]; got != v && s.sample.DType.IsInt() {
		return nil, fmt.Errorf("data: PadWith(%v): %v holds %v: want a value of the dtype", v, s.sample.DType, got)
	}
	padded := *s
	padded.pad = slices.Clone(t.Bytes())
	return &padded, nil
}

// Len implements [Dataset].
func (s *Sequences) Len() int { return len(s.x) }

// Specs implements [Dataset]. The number of steps is -1, as nn.Any is.
func (s *Sequences) Specs() (x, y []tensor.Spec) {
	_, y = s.y.Specs()
	return []tensor.Spec{s.sample}, y
}

// Read implements [Dataset].
func (s *Sequences) Read(idx []int, b *Batch) error {
	x := b.X
	if err := s.y.Read(idx, b); err != nil {
		return err
	}
	steps := 0
	for _, i := range idx {
		steps = max(steps, s.x[i].Shape().At(0))
	}
	at, _ := slices.BinarySearch(s.boundaries, steps)
	shape := tensor.D(len(idx), s.boundaries[at]).Append(s.sample.Shape.From(1).Slice()...)
	spec := tensor.Spec{DType: s.sample.DType, Shape: shape}
	if len(x) != 1 || x[0] == nil || x[0].Spec() != spec {
		if _, err := tensor.CheckedBytes(spec); err != nil {
			return fmt.Errorf("data: a batch of %v: %w", spec, err)
		}
		x = []*tensor.Tensor{tensor.NewSpec(spec)}
	}
	b.X = x
	all, size := x[0].Bytes(), shape.From(1).Size()*spec.DType.Size()
	for k, i := range idx {
		row := all[k*size:][:size]
		for rest := row[copy(row, s.x[i].Bytes()):]; len(rest) > 0; {
			rest = rest[copy(rest, s.pad):]
		}
	}
	return nil
}
