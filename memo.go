package glia

import (
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// memo caches values by the specs of tensors: the [memoSize], or [stepsKept], that were used
// last. A look-up allocates nothing.
type memo[V any] struct {
	entries []memoed[V]
	clock   uint64
}

type memoed[V any] struct {
	training bool
	specs    []tensor.Spec
	v        V
	used     uint64 // on the clock
}

// memoSize bounds the plans that a model keeps for predicting, and those of a function;
// stepsKept those for training and evaluation: sequences in a dozen groups, whose last
// batches are smaller, have all of theirs.
const (
	memoSize  = 16
	stepsKept = 64
)

// get returns the value cached for the specs, and whether there is one.
func (m *memo[V]) get(training bool, specs []tensor.Spec) (v V, ok bool) {
	if i := m.find(training, specs); i >= 0 {
		m.clock++
		m.entries[i].used = m.clock
		return m.entries[i].v, true
	}
	return v, false
}

// find returns the place of the entry for specs, -1 if there is none.
func (m *memo[V]) find(training bool, specs []tensor.Spec) int {
	for i := range m.entries {
		if e := &m.entries[i]; e.training == training && slices.Equal(e.specs, specs) {
			return i
		}
	}
	return -1
}

// set caches v for the specs: of most values, in the place of the one used least recently.
func (m *memo[V]) set(most int, training bool, specs []tensor.Spec, v V) {
	m.clock++
	e := memoed[V]{training, slices.Clone(specs), v, m.clock}
	at := m.find(training, specs)
	if at < 0 && len(m.entries) < most {
		m.entries = append(m.entries, e)
		return
	}
	if at < 0 {
		at = 0
		for i := range m.entries {
			if m.entries[i].used < m.entries[at].used {
				at = i
			}
		}
	}
	m.entries[at] = e
}

// appendSpecsOf is appendSpecs of tensors with n for the length of their first axes.
func appendSpecsOf(to []tensor.Spec, tensors []*tensor.Tensor, n int) []tensor.Spec {
	at := len(to)
	to = appendSpecs(to, tensors)
	for i := range tensors {
		to[at+i].Shape = to[at+i].Shape.With(0, n)
	}
	return to
}

// withBatch returns specs with n for the length of the first axis.
func withBatch(specs []tensor.Spec, n int) []tensor.Spec {
	for i := range specs {
		specs[i].Shape = specs[i].Shape.With(0, n)
	}
	return specs
}

// appendSpecs appends the specs of tensors, and the zero Spec as the end of the list. A
// tensor that is nil has the zero Spec, too.
func appendSpecs(to []tensor.Spec, tensors []*tensor.Tensor) []tensor.Spec {
	for _, t := range tensors {
		var s tensor.Spec
		if t != nil {
			s = t.Spec()
		}
		to = append(to, s)
	}
	return append(to, tensor.Spec{})
}
