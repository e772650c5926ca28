package data

import (
	"errors"
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

// PadOption is an option of [PadSequences] and [PadTensors].
type PadOption struct{ set func(*padding) }

// padding holds the settings of PadSequences.
type padding struct {
	length      int
	given       bool
	behind, cut bool
	value       float64
}

// PadTo sets the number of steps of the result, which is that of the longest sequence
// otherwise: Keras's maxlen. Longer sequences lose steps.
func PadTo(steps int) PadOption {
	return PadOption{func(p *padding) { p.length, p.given = steps, true }}
}

// PadBehind puts padding behind the steps, not before them: Keras's padding="post".
var PadBehind = PadOption{func(p *padding) { p.behind = true }}

// CutBehind has sequences that are too long lose their last steps, not their first: Keras's
// truncating="post".
var CutBehind = PadOption{func(p *padding) { p.cut = true }}

// PadValue sets the value of padding, which is 0 otherwise.
func PadValue(v float64) PadOption { return PadOption{func(p *padding) { p.value = v }} }

// PadSequences returns sequences of numbers in one tensor [sequences steps] of their type, 0
// before those that are shorter than the longest. An empty sequence is padding alone.
//
// Options: [PadTo], [PadBehind], [CutBehind], [PadValue].
//
// It returns an error if there are no sequences, if PadTo is less than 1, or if the type cannot
// hold the value of padding.
//
// Source: keras.utils.pad_sequences; its dtype is the type of the numbers here.
func PadSequences[T tensor.Element](sequences [][]T, opts ...PadOption) (*tensor.Tensor, error) {
	of := make([]*tensor.Tensor, len(sequences))
	for i, s := range sequences {
		t, err := tensor.FromSlice(s, len(s))
		if err != nil {
			return nil, fmt.Errorf("data: PadSequences: sequence %d: %w", i, err)
		}
		of[i] = t
	}
	t, err := padTensors(of, opts)
	if err != nil {
		return nil, fmt.Errorf("data: PadSequences: %w", err)
	}
	return t, nil
}

// PadTensors is [PadSequences] of tensors [steps ...] that differ in the number of steps alone:
// the result is [sequences steps ...].
func PadTensors(sequences []*tensor.Tensor, opts ...PadOption) (*tensor.Tensor, error) {
	t, err := padTensors(sequences, opts)
	if err != nil {
		return nil, fmt.Errorf("data: PadTensors: %w", err)
	}
	return t, nil
}

func padTensors(of []*tensor.Tensor, opts []PadOption) (*tensor.Tensor, error) {
	var set padding
	for i, o := range opts {
		if o.set == nil {
			return nil, fmt.Errorf("option %d is empty: want one that data made", i)
		}
		o.set(&set)
	}
	if len(of) == 0 {
		return nil, errors.New("no sequences: want one or more")
	}
	if set.given && set.length < 1 {
		return nil, fmt.Errorf("PadTo(%d): want 1 step or more", set.length)
	}
	p, err := paddedOf(of)
	if err != nil {
		return nil, err
	}
	if p.pad, err = elementOf(p.sample.DType, set.value); err != nil {
		return nil, fmt.Errorf("PadValue(%v): %w", set.value, err)
	}
	if !set.given {
		for i := range p.of {
			set.length = max(set.length, p.steps(i))
		}
	}
	spec := p.batch(len(of), set.length)
	if _, err := tensor.CheckedBytes(spec); err != nil {
		return nil, fmt.Errorf("%v: %w", spec, err)
	}
	t := tensor.NewSpec(spec)
	all, row := t.Bytes(), spec.Shape.From(1).Size()*spec.DType.Size()
	for i, s := range p.of {
		p.put(all[i*row:][:row], s, set)
	}
	return t, nil
}

// put writes sequence s and its padding to a row.
func (p *padded) put(row []byte, s *tensor.Tensor, set padding) {
	steps := s.Bytes()
	if over := len(steps) - len(row); over > 0 {
		if set.cut {
			steps = steps[:len(row)]
		} else {
			steps = steps[over:]
		}
	}
	rest := row[:len(row)-len(steps)]
	if set.behind {
		copy(row, steps)
		rest = row[len(steps):]
	} else {
		copy(row[len(rest):], steps)
	}
	for len(rest) > 0 {
		rest = rest[copy(rest, p.pad):]
	}
}

// elementOf returns the bytes of a value in a dtype, or an error if that cannot hold it.
func elementOf(dt tensor.DType, v float64) ([]byte, error) {
	t := tensor.New(dt)
	if err := t.SetFloat64s([]float64{v}); err != nil {
		return nil, err
	}
	if got := t.Float64s()[0]; got != v && dt.IsInt() {
		return nil, fmt.Errorf("%v holds %v: want a value of the dtype", dt, got)
	}
	return append([]byte(nil), t.Bytes()...), nil
}
