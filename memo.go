package glia

import (
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// memo keeps what was compiled for tensors of some specs. Looking something up
// allocates nothing.
type memo[V any] map[memoKey][]memoed[V]

type memoKey struct {
	training bool
	first    tensor.Spec
}

type memoed[V any] struct {
	specs []tensor.Spec
	v     V
}

// get returns what is kept for the specs of signatures, one or more, and whether
// something is.
func (m memo[V]) get(training bool, specs []tensor.Spec) (v V, ok bool) {
	for i := range m[memoKey{training, specs[0]}] {
		if e := &m[memoKey{training, specs[0]}][i]; slices.Equal(e.specs, specs) {
			return e.v, true
		}
	}
	return v, false
}

func (m memo[V]) set(training bool, specs []tensor.Spec, v V) {
	k := memoKey{training, specs[0]}
	m[k] = append(m[k], memoed[V]{slices.Clone(specs), v})
}

// appendSpecs appends the specs of tensors, and the zero Spec after them: so the specs
// of several lists tell these apart. A tensor that is nil has the zero Spec, too.
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
