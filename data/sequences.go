package data

import (
	"errors"
	"fmt"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// Sequences is a set of samples whose first axes, the steps, differ in length. A batch is
// padded behind the steps to one of a few lengths, so that few plans serve all batches. It
// is [Grouped] by that length, so little of a batch is padding. A Sequences never changes.
type Sequences struct {
	x          padded
	y          *Memory // a target for each sequence; nil if there is none
	steps      padded  // a target for each step, if there are any
	boundaries []int
}

// PaddedBatches returns the sequences x, each [steps ...], with their targets along the
// first axis of y, or without targets if y is nil: [Sequences.WithTargets] has them step
// by step. A batch is padded to the least of the boundaries that its longest sequence does
// not exceed. Without boundaries these are the powers of two. The tensors are shared, not
// copied, unless they are views with gaps.
//
// To a model, padding is numbers like others, unless nn.Masking masks it, which also keeps
// it from losses and metrics.
//
// It returns an error if there are no sequences, if they differ in more than the number
// of steps, if y has another number of samples, if boundaries do not rise from 1 or
// more, or if a sequence is longer than the last.
//
// Source: tf.data's bucket_by_sequence_length and padded_batch. A boundary is the greatest
// length in its bucket here.
func PaddedBatches(x []*tensor.Tensor, y *tensor.Tensor, boundaries ...int) (*Sequences, error) {
	if len(x) == 0 {
		return nil, errors.New("data: PaddedBatches: no sequences: want one or more")
	}
	s := &Sequences{}
	if y != nil {
		if y.Shape().Rank() == 0 || y.Shape().At(0) != len(x) {
			return nil, fmt.Errorf("data: PaddedBatches: %d sequences with y %v: want a target for each", len(x), y.Spec())
		}
		targets, err := New(nil, y)
		if err != nil {
			return nil, err
		}
		s.y = targets
	}
	var err error
	if s.x, err = paddedOf(x); err != nil {
		return nil, fmt.Errorf("data: PaddedBatches: %w", err)
	}
	longest := 0
	for _, t := range x {
		longest = max(longest, t.Shape().At(0))
	}
	if s.boundaries, err = boundariesFor(longest, boundaries); err != nil {
		return nil, err
	}
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

// WithTargets returns s with a target for each step: y[i], [steps ...], has as many steps
// as x[i]. It is padded with 0, and batches have weights, float32 [n steps], 1 for steps
// and 0 for padding, so that padding adds nothing to the loss, nor to metrics that
// metric.WithWeights made. A mean over the batch still counts padding; it is one over the
// steps with loss.MeanByWeight, or where the model masks them. In a metric a sequence
// counts, as in Keras, with the part of its length that is steps.
//
// It returns an error if s has targets, if there is not a y for each x, if steps differ
// in number, or if the y differ in more than that.
func (s *Sequences) WithTargets(y []*tensor.Tensor) (*Sequences, error) {
	switch {
	case s.y != nil || s.steps.of != nil:
		return nil, errors.New("data: WithTargets: the sequences have targets: want PaddedBatches with y nil before")
	case len(y) != len(s.x.of):
		return nil, fmt.Errorf("data: WithTargets: %d sequences with %d of targets: want one for each", len(s.x.of), len(y))
	}
	steps, err := paddedOf(y)
	if err != nil {
		return nil, fmt.Errorf("data: WithTargets: %w", err)
	}
	for i, t := range s.x.of {
		if t.Shape().At(0) != y[i].Shape().At(0) {
			return nil, fmt.Errorf("data: WithTargets: sequence %d is %v with targets %v: want as many steps", i, t.Spec(), y[i].Spec())
		}
	}
	with := *s
	with.steps = steps
	return &with, nil
}

// PadWith returns s with another value behind the steps of x than 0, such as the number of
// a padding token. It returns an error if the elements cannot hold the value.
func (s *Sequences) PadWith(v float64) (*Sequences, error) {
	pad, err := elementOf(s.x.sample.DType, v)
	if err != nil {
		return nil, fmt.Errorf("data: PadWith(%v): %w", v, err)
	}
	other := *s
	other.x.pad = pad
	return &other, nil
}

// Len implements [Dataset].
func (s *Sequences) Len() int {
	if s == nil {
		return 0
	}
	return len(s.x.of)
}

// Specs implements [Dataset]. The number of steps is -1, as nn.Any is.
func (s *Sequences) Specs() (x, y []tensor.Spec) {
	switch {
	case s == nil:
		return nil, nil
	case s.y != nil:
		_, y = s.y.Specs()
	case s.steps.of != nil:
		y = []tensor.Spec{s.steps.sample}
	}
	return []tensor.Spec{s.x.sample}, y
}

// Group implements [Grouped]: the number of the boundary to which sample i is padded.
func (s *Sequences) Group(i int) int {
	at, _ := slices.BinarySearch(s.boundaries, s.x.steps(i))
	return at
}

// Read implements [Dataset]. Samples of different groups are padded to the length of the
// longest.
func (s *Sequences) Read(idx []int, b *Batch) error {
	longest := 0
	for _, i := range idx {
		if i < 0 || i >= s.Len() {
			return fmt.Errorf("data: sample %d: want 0 or more and less than %d", i, s.Len())
		}
		longest = max(longest, s.x.steps(i))
	}
	at, _ := slices.BinarySearch(s.boundaries, longest)
	length := s.boundaries[at]
	x := resized(b.X, 1)
	b.X = nil // which y does not have
	switch {
	case s.y != nil:
		if err := s.y.Read(idx, b); err != nil {
			return err
		}
	case s.steps.of == nil:
		b.Y, b.Weight = nil, nil
	default:
		b.Y, b.Weight = resized(b.Y, 1), resized(b.Weight, 1)
		if err := s.steps.read(&b.Y[0], idx, length); err != nil {
			return err
		}
		s.weigh(&b.Weight[0], idx, length)
	}
	b.X = x
	return s.x.read(&x[0], idx, length)
}

// weigh writes the weights of the steps and of padding to w.
func (s *Sequences) weigh(w **tensor.Tensor, idx []int, length int) {
	if spec := tensor.S(tensor.Float32, len(idx), length); *w == nil || (*w).Spec() != spec {
		*w = tensor.NewSpec(spec)
	}
	all := tensor.Data[float32](*w)
	for k, i := range idx {
		for t := range length {
			all[k*length+t] = 0
			if t < s.x.steps(i) {
				all[k*length+t] = 1
			}
		}
	}
}

// padded is tensors whose first axes, the steps, differ in length.
type padded struct {
	of     []*tensor.Tensor
	sample tensor.Spec // with -1 for the steps
	pad    []byte      // one element
}

// paddedOf returns sequences that are padded with 0, or an error unless they differ in the
// number of steps alone.
func paddedOf(of []*tensor.Tensor) (padded, error) {
	p := padded{of: slices.Clone(of)}
	for i, t := range of {
		if t == nil || t.Shape().Rank() == 0 {
			return padded{}, fmt.Errorf("sequence %d is nil or a scalar: want [steps ...]", i)
		}
		spec := t.Spec()
		spec.Shape = spec.Shape.With(0, -1)
		if i == 0 {
			p.sample = spec
		}
		if spec != p.sample {
			return padded{}, fmt.Errorf("sequence %d is %v, the first %v: want them to differ in the number of steps only", i, t.Spec(), of[0].Spec())
		}
		if t.Shape().Rank() >= tensor.MaxRank {
			return padded{}, fmt.Errorf("sequence %d is %v: want less than %d axes", i, t.Spec(), tensor.MaxRank)
		}
		if !t.Contiguous() {
			p.of[i] = t.Clone()
		}
	}
	p.pad = make([]byte, p.sample.DType.Size())
	return p, nil
}

// steps returns the number of steps of sequence i.
func (p *padded) steps(i int) int { return p.of[i].Shape().At(0) }

// batch returns the spec of n sequences that are padded to a length.
func (p *padded) batch(n, length int) tensor.Spec {
	spec := tensor.S(p.sample.DType, n, length)
	for axis := 1; axis < p.sample.Rank(); axis++ {
		spec.Shape = spec.Shape.Append(p.sample.Shape.At(axis))
	}
	return spec
}

// read writes the sequences idx, padded to a length, to t.
func (p *padded) read(t **tensor.Tensor, idx []int, length int) error {
	spec := p.batch(len(idx), length)
	if *t == nil || (*t).Spec() != spec {
		if _, err := tensor.CheckedBytes(spec); err != nil {
			return fmt.Errorf("data: a batch of %v: %w", spec, err)
		}
		*t = tensor.NewSpec(spec)
	}
	all, size := (*t).Bytes(), spec.Shape.From(1).Size()*spec.DType.Size()
	for k, i := range idx {
		row := all[k*size:][:size]
		for rest := row[copy(row, p.of[i].Bytes()):]; len(rest) > 0; {
			rest = rest[copy(rest, p.pad):]
		}
	}
	return nil
}
