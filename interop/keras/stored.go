package keras

import (
	"errors"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// StoredIn returns the state of a model that [ReadModel] made, whose values stay in a file,
// which need not be that of the config. Match is [ByPlace] or [ByOrder]: all weights are the
// file's. They are read while the state is written, so that a file is converted to another
// format without being in memory. A mismatch is an error now, a [*StateError] if it is in the
// optimizer's state; a damaged value is an error of [State.Write]. If the file has no state
// of the optimizer, it is that of a new one.
//
// StoredIn builds the network and the optimizer in zeroed memory that is never touched, so
// that the system does not provide it. They must not be used for anything else afterwards.
func (m *Model) StoredIn(f *File, match Match) (*State, error) {
	s, err := m.storedIn(f, match)
	return s, plaintext.Error(err)
}

func (m *Model) storedIn(f *File, match Match) (*State, error) {
	if match == ByName {
		return nil, errors.New("keras: by name: layers without a match would have no values: want ByPlace or ByOrder")
	}
	s := &State{Model: *m, ClassNames: f.ClassNames, Extra: map[string]*tensor.Tensor{}, values: map[*graph.Var]tensor.Source{}}
	if s.Optimizer == nil || s.Loss == nil {
		s.Optimizer, s.Loss, s.Metrics = nil, nil, nil
	}
	if err := s.build(f); err != nil {
		return nil, err
	}
	pairs, err := f.pairs(s.Network, LoadOptions{Match: match})
	if err != nil {
		return nil, err
	}
	if s.Optimizer != nil && len(f.Optimizer) > 0 {
		state, err := f.statePairs(s.Optimizer)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, state...)
	}
	for _, p := range pairs {
		s.values[p.v] = p.w.as(p.v.Spec().DType)
	}
	for _, w := range f.Extra {
		if s.Extra[strings.TrimPrefix(w.Path, extraGroup+"/")], err = w.Tensor(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// build makes the variables of the network and the optimizer, but not their values.
func (s *State) build(f *File) error {
	if s.Inputs == nil {
		return errors.New("keras: the model has no shape of a sample: want batch_shape or build_config")
	}
	in := slices.Clone(s.Inputs)
	for i := range in {
		in[i].Shape = in[i].Shape.With(0, 1)
	}
	return graph.Catch(func() {
		const more = 1 << 20 // so that small models get an error that lists every mismatch
		b := nn.NewBuilder(0)
		b.Blank, b.Limit = true, f.Elements()+more
		s.Network.BuildOpen(b, in)
		params := s.Network.Params()
		if s.Optimizer != nil {
			s.Optimizer.Build(params)
		}
	})
}

// as returns the weight as a source of elements of a dtype.
func (w *Weight) as(dt tensor.DType) tensor.Source {
	if w.Spec.DType == dt {
		return w.src
	}
	return &converted{w.src, dt}
}
