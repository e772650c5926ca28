package glia

import (
	"encoding/json"
	"errors"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/optim"
)

// SwapEMAWeights returns a callback that gives the model the moving averages of its
// weights, which an optimizer with optim.EMA keeps, while it is validated or
// evaluated, and its own weights back after that. Another optimizer is an error
// before training.
//
// Options: [SwapOnEpoch].
func SwapEMAWeights(opts ...SwapOption) Callback {
	s := &swapEMA{}
	for _, o := range opts {
		o.swap(s)
	}
	return Callback{
		Name: "SwapEMAWeights", join: s.join, leave: s.leave, OnEpochBegin: s.epochBegin, OnEpochEnd: s.epochEnd,
		OnTestBegin: s.testBegin, OnTestEnd: s.testEnd, State: s.state, Restore: s.restore,
	}
}

// SwapOption is an option of [SwapEMAWeights].
type SwapOption interface{ swap(*swapEMA) }

// SwapOnEpoch makes [SwapEMAWeights] leave the averages in the model from the end of
// an epoch to the beginning of the next, for callbacks after it: [ModelCheckpoint]
// saves them then.
const SwapOnEpoch swapOnEpoch = true

type swapOnEpoch bool

func (e swapOnEpoch) swap(s *swapEMA) { s.onEpoch = bool(e) }

type swapEMA struct {
	onEpoch bool
	swapped bool // the model has the averages, the optimizer its weights
}

func (s *swapEMA) join(f *fitRun) error {
	s.swapped = false
	_, err := averagesOf(f.m)
	return err
}

// averagesOf returns the averages of what is trained.
func averagesOf(m *Model) ([]*graph.Var, error) {
	if o, ok := m.opt.(optim.Averager); ok && o.Averages() != nil {
		return o.Averages(), nil
	}
	return nil, errors.New("SwapEMAWeights: the optimizer keeps no averages: want one with optim.EMA")
}

// exchange swaps weights and averages between two steps.
func (s *swapEMA) exchange(m *Model) error {
	averages, err := averagesOf(m)
	if err != nil {
		return err
	}
	m.weightsMu.Lock()
	defer m.weightsMu.Unlock()
	for i, v := range m.trained {
		if a := averages[i]; a != v {
			a, w := a.Tensor().Bytes(), v.Tensor().Bytes()
			for j := range w {
				a[j], w[j] = w[j], a[j]
			}
		}
	}
	s.swapped = !s.swapped
	return nil
}

func (s *swapEMA) epochBegin(m *Model, _ int) error {
	if !s.onEpoch || !s.swapped {
		return nil
	}
	return s.exchange(m)
}

func (s *swapEMA) epochEnd(m *Model, _ Epoch) error {
	if !s.onEpoch || s.swapped {
		return nil
	}
	return s.exchange(m)
}

func (s *swapEMA) testBegin(m *Model) error {
	if s.swapped {
		return nil
	}
	return s.exchange(m)
}

func (s *swapEMA) testEnd(m *Model, _ Result) error {
	if !s.swapped {
		return nil
	}
	return s.exchange(m)
}

// leave is called when training ends. Weights and averages are where they belong
// then: who made the model its averages at the end means to have them.
func (s *swapEMA) leave(m *Model) error {
	if !s.swapped {
		return nil
	}
	return s.exchange(m)
}

func (s *swapEMA) state() (json.RawMessage, error) { return json.Marshal(s.swapped) }

func (s *swapEMA) restore(b json.RawMessage) error { return json.Unmarshal(b, &s.swapped) }
