package callback

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// EarlyStopping returns a callback that ends the training when a number, see
// [Monitor], has not become better: as soon as the epochs since the best are as many as
// [Patience], 0 by default, but not after the first epoch. Epochs in which the number is
// not known, see [glia.ValidationFreq], do not count.
//
// Options: [Monitor], [Mode], [MinDelta], [Patience], [Baseline], [StartFromEpoch],
// [RestoreBestWeights], [Logger]. A name that no number has is an error of Fit
// before training.
func EarlyStopping(opts ...EarlyStoppingOption) glia.Callback {
	s := &earlyStopping{watch: monitor{name: "val_loss"}}
	for _, o := range opts {
		o.earlyStopping(s)
	}
	return glia.Callback{
		Name: fmt.Sprintf("EarlyStopping(%q)", s.watch.name), Join: s.join, Vars: s.vars,
		OnTrainBegin: s.trainBegin, OnEpochEnd: s.epochEnd, OnTrainEnd: s.trainEnd, State: s.state, Restore: s.restore,
	}
}

// EarlyStoppingOption is an option of [EarlyStopping].
type EarlyStoppingOption interface{ earlyStopping(*earlyStopping) }

type (
	// Patience is how many epochs without improvement [EarlyStopping] and
	// [ReduceLROnPlateau] allow.
	Patience int
	// Baseline makes [EarlyStopping] stop unless the number becomes better than this:
	// until it is, becoming better does not start the patience anew.
	Baseline float64
	// StartFromEpoch makes [EarlyStopping] skip the epochs before this one, counted
	// from 0.
	StartFromEpoch int
)

// RestoreBestWeights makes [EarlyStopping] give the model, at the end of training, the
// weights of the best epoch, whether it stopped the training or not.
const RestoreBestWeights restoreBestWeights = true

type restoreBestWeights bool

func (n Monitor) earlyStopping(s *earlyStopping)            { s.watch.name = string(n) }
func (m Mode) earlyStopping(s *earlyStopping)               { s.watch.mode = m }
func (d MinDelta) earlyStopping(s *earlyStopping)           { s.watch.delta = float64(d) }
func (p Patience) earlyStopping(s *earlyStopping)           { s.patience = int(p) }
func (b Baseline) earlyStopping(s *earlyStopping)           { s.baseline = (*float64)(&b) }
func (n StartFromEpoch) earlyStopping(s *earlyStopping)     { s.start = int(n) }
func (r restoreBestWeights) earlyStopping(s *earlyStopping) { s.keep = bool(r) }
func (l Logged) earlyStopping(s *earlyStopping)             { s.log = l.to }

type earlyStopping struct {
	watch           monitor
	patience, start int
	baseline        *float64
	keep            bool
	log             *slog.Logger
	wait            int
	bestEpoch       int          // from 1; 0 before the first
	best            []*graph.Var // the weights then, if they are kept
}

func (s *earlyStopping) join(t *glia.Training) error {
	err := s.watch.check(t, false)
	switch {
	case err != nil:
	case s.patience < 0:
		err = fmt.Errorf("Patience(%d): want 0 or more", s.patience)
	case s.start < 0:
		err = fmt.Errorf("StartFromEpoch(%d): want 0 or more", s.start)
	case s.baseline != nil && math.IsNaN(*s.baseline):
		err = fmt.Errorf("Baseline(NaN): want a number")
	}
	if err != nil {
		return fmt.Errorf("EarlyStopping: %w", err)
	}
	s.best = nil
	if s.keep {
		for _, v := range t.Model().Network().Vars() {
			s.best = append(s.best, graph.NewVar(v.Path, tensor.NewSpec(v.Spec())))
		}
	}
	return nil
}

// vars returns the best weights.
func (s *earlyStopping) vars() []*graph.Var { return s.best }

func (s *earlyStopping) trainBegin(*glia.Model) error {
	s.wait, s.bestEpoch, s.watch.best = 0, 0, nil
	return nil
}

func (s *earlyStopping) epochEnd(m *glia.Model, e glia.Epoch) error {
	v, known := e.Number(s.watch.name)
	if !known || e.Epoch <= s.start {
		return nil
	}
	if s.bestEpoch == 0 {
		if err := s.keepWeights(m, e.Epoch); err != nil {
			return err
		}
	}
	s.wait++
	if s.watch.better(v) {
		s.watch.best = &v
		if s.baseline == nil || s.watch.beats(v, s.baseline) {
			s.wait = 0
		}
		return s.keepWeights(m, e.Epoch)
	}
	if s.wait < s.patience || e.Epoch == 1 {
		return nil
	}
	if s.log != nil {
		s.log.Info("early stopping", "epoch", e.Epoch, "monitor", s.watch.name, "best_epoch", s.bestEpoch)
	}
	return glia.ErrStop
}

// keepWeights notes that an epoch is the best so far.
func (s *earlyStopping) keepWeights(m *glia.Model, epoch int) error {
	s.bestEpoch = epoch
	if !s.keep {
		return nil
	}
	return copyVars(s.best, m.Network().Vars())
}

// copyVars gives variables the values of others of the same specs.
func copyVars(to, from []*graph.Var) error {
	for i, v := range from {
		if err := to[i].Set(v.Value()); err != nil {
			return err
		}
	}
	return nil
}

func (s *earlyStopping) trainEnd(m *glia.Model, _ *glia.History) (err error) {
	if !s.keep || s.bestEpoch == 0 {
		return nil
	}
	m.BetweenSteps(func() { err = copyVars(m.Network().Vars(), s.best) })
	if err == nil && s.log != nil {
		s.log.Info("restored the weights of the best epoch", "epoch", s.bestEpoch, "monitor", s.watch.name)
	}
	return err
}

// earlyStoppingState is the state of an EarlyStopping besides weights.
type earlyStoppingState struct {
	Best      *exactly `json:"best"`
	BestEpoch int      `json:"best_epoch"`
	Wait      int      `json:"wait"`
}

func (s *earlyStopping) state() (json.RawMessage, error) {
	return json.Marshal(earlyStoppingState{(*exactly)(s.watch.best), s.bestEpoch, s.wait})
}

func (s *earlyStopping) restore(b json.RawMessage) error {
	var x earlyStoppingState
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	s.watch.best, s.bestEpoch, s.wait = (*float64)(x.Best), x.BestEpoch, x.Wait
	return nil
}
