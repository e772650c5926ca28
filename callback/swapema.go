package callback

import (
	"encoding/json"
	"errors"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/optim"
)

// SwapEMAWeights returns a callback that gives the model the moving averages of its
// weights, which an optimizer with optim.EMA keeps, while it is validated or
// evaluated, and its own weights back after that. Another optimizer is an error
// before training.
//
// Options: [SwapOnEpoch].
func SwapEMAWeights(opts ...SwapOption) glia.Callback {
	s := &swapEMA{}
	for _, o := range opts {
		o.swap(s)
	}
	return glia.Callback{
		Name: "SwapEMAWeights", Join: s.join, Leave: s.leave, OnEpochBegin: s.epochBegin, OnEpochEnd: s.epochEnd,
		OnTestBegin: s.testBegin, OnTestEnd: s.testEnd, State: s.state, Restore: s.restore,
	}
}

// SwapOption is an option of [SwapEMAWeights].
type SwapOption interface{ swap(*swapEMA) }

// SwapOnEpoch makes [SwapEMAWeights] keep the averages in the model from the end of an
// epoch to the beginning of the next: a [ModelCheckpoint] after it saves them.
const SwapOnEpoch swapOnEpoch = true

type swapOnEpoch bool

func (e swapOnEpoch) swap(s *swapEMA) { s.onEpoch = bool(e) }

type swapEMA struct {
	onEpoch bool
	swapped bool // the model has the averages, the optimizer its weights
}

func (s *swapEMA) join(t *glia.Training) error {
	s.swapped = false
	_, err := averagesOf(t.Model())
	return err
}

// averagesOf returns the averages of the trained variables.
func averagesOf(m *glia.Model) ([]*graph.Var, error) {
	if o, ok := m.Optimizer().(optim.Averager); ok && o.Averages() != nil {
		return o.Averages(), nil
	}
	return nil, errors.New("SwapEMAWeights: the optimizer keeps no averages: want one with optim.EMA")
}

// exchange swaps weights and averages between two steps.
func (s *swapEMA) exchange(m *glia.Model) error {
	averages, err := averagesOf(m)
	if err != nil {
		return err
	}
	trained := m.Trained()
	m.BetweenSteps(func() { err = swap(trained, averages) })
	s.swapped = !s.swapped
	return err
}

// swap exchanges the values of variables, pair by pair.
func swap(a, b []*graph.Var) error {
	for i, v := range a {
		if v == b[i] {
			continue
		}
		was := v.Value()
		if err := errors.Join(v.Set(b[i].Value()), b[i].Set(was)); err != nil {
			return err
		}
	}
	return nil
}

func (s *swapEMA) epochBegin(m *glia.Model, _ int) error {
	if !s.onEpoch || !s.swapped {
		return nil
	}
	return s.exchange(m)
}

func (s *swapEMA) epochEnd(m *glia.Model, _ glia.Epoch) error {
	if !s.onEpoch || s.swapped {
		return nil
	}
	return s.exchange(m)
}

func (s *swapEMA) testBegin(m *glia.Model) error {
	if s.swapped {
		return nil
	}
	return s.exchange(m)
}

func (s *swapEMA) testEnd(m *glia.Model, _ glia.Result) error {
	if !s.swapped {
		return nil
	}
	return s.exchange(m)
}

// leave undoes a swap when the epochs are over, before the optimizer may give the model
// its averages for good.
func (s *swapEMA) leave(m *glia.Model) error {
	if !s.swapped {
		return nil
	}
	return s.exchange(m)
}

func (s *swapEMA) state() (json.RawMessage, error) { return json.Marshal(s.swapped) }

func (s *swapEMA) restore(b json.RawMessage) error { return json.Unmarshal(b, &s.swapped) }
