package data

import (
	"fmt"
	"maps"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// Named is a [Dataset] whose inputs and targets have names. A model takes each for its own
// input or output of that name, in whatever order the dataset has them.
type Named interface {
	Dataset
	// Names returns the names of inputs and targets, in the order of Specs; none of either
	// if they are taken in that order.
	Names() (inputs, targets []string)
}

// FromMaps returns the samples along the first axes of tensors, for networks of several inputs
// or outputs: x by the names of the inputs, those of their Input layers, and y by those of the
// outputs, the layers that make them. One of the maps may be empty: [Zip] puts such sets
// together. The tensors are shared, not copied, unless they are views with gaps.
func FromMaps(x, y map[string]*tensor.Tensor) (*Memory, error) {
	m := &Memory{}
	var first *tensor.Tensor
	for _, part := range []struct {
		name  string
		of    map[string]*tensor.Tensor
		to    *[]column
		names *[]string
	}{{"x", x, &m.x, &m.xNames}, {"y", y, &m.y, &m.yNames}} {
		for _, name := range slices.Sorted(maps.Keys(part.of)) {
			t := part.of[name]
			switch {
			case t == nil || t.Shape().Rank() == 0:
				return nil, fmt.Errorf("data: FromMaps: %s[%q] is %v: want an axis of samples", part.name, name, specOf(t))
			case name == "":
				return nil, fmt.Errorf("data: FromMaps: an empty name in %s: want that of an input or output", part.name)
			case first != nil && first.Shape().At(0) != t.Shape().At(0):
				return nil, fmt.Errorf("data: FromMaps: %s[%q] is %v beside %v: want first axes of the same length", part.name, name, t.Spec(), first.Spec())
			}
			first = t
			*part.to, *part.names = append(*part.to, columnOf(t)), append(*part.names, name)
		}
	}
	if first == nil {
		return nil, fmt.Errorf("data: FromMaps: no tensors: want one or more")
	}
	return m, nil
}

// Names implements [Named]. It returns no names for sets that [New] made.
func (m *Memory) Names() (inputs, targets []string) {
	if m == nil {
		return nil, nil
	}
	return slices.Clone(m.xNames), slices.Clone(m.yNames)
}

// zipNames gives z the names of the sets that it was put together from. All inputs have
// names or none, and so have the targets.
func (z *Memory) zipNames(sets []*Memory) error {
	for _, m := range sets {
		z.xNames, z.yNames = append(z.xNames, m.xNames...), append(z.yNames, m.yNames...)
	}
	for _, part := range []struct {
		what  string
		names []string
		n     int
	}{{"inputs", z.xNames, len(z.x)}, {"targets", z.yNames, len(z.y)}} {
		if n := len(part.names); n > 0 && n < part.n {
			return fmt.Errorf("data: Zip: %d of %d %s have names: want names for all, or none", n, part.n, part.what)
		}
		for i, name := range part.names {
			if slices.Contains(part.names[:i], name) {
				return fmt.Errorf("data: Zip: two %s are named %q: want different names", part.what, name)
			}
		}
	}
	return nil
}
