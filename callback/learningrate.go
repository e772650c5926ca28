package callback

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
)

// LearningRateScheduler returns a callback that sets the optimizer's learning rate
// before every epoch to the result of f for the epoch, counted from 0, and the
// learning rate so far. A result that is not finite or less than 0 is an error.
// For a rate that changes with every step, see the schedules of package optim.
//
// Options: [Logger].
func LearningRateScheduler(f func(epoch int, lr float64) float64, opts ...LearningRateOption) glia.Callback {
	s := &rateScheduler{f: f}
	for _, o := range opts {
		o.learningRate(s)
	}
	return glia.Callback{Name: "LearningRateScheduler", Join: s.join, OnEpochBegin: s.epochBegin}
}

// LearningRateOption is an option of [LearningRateScheduler].
type LearningRateOption interface{ learningRate(*rateScheduler) }

func (l Logged) learningRate(s *rateScheduler) { s.log = l.to }

type rateScheduler struct {
	f   func(epoch int, lr float64) float64
	log *slog.Logger
}

func (s *rateScheduler) join(t *glia.Training) error {
	if s.f == nil {
		return fmt.Errorf("LearningRateScheduler: the function is nil")
	}
	return rateIsFree("LearningRateScheduler", t.Model())
}

// rateIsFree returns an error if the optimizer's learning rate follows a schedule.
func rateIsFree(callback string, m *glia.Model) error {
	err := graph.Catch(func() { m.Optimizer().SetLearningRate(m.Optimizer().LearningRate()) })
	if err != nil {
		return fmt.Errorf("%s: %w", callback, err)
	}
	return nil
}

func (s *rateScheduler) epochBegin(m *glia.Model, epoch int) error {
	lr := s.f(epoch, m.Optimizer().LearningRate())
	if !(lr >= 0) || math.IsInf(lr, 1) {
		return fmt.Errorf("glia: Fit: LearningRateScheduler: learning rate %v for epoch %d: want a finite number, 0 or more", lr, epoch)
	}
	setRate(m, lr)
	if s.log != nil {
		s.log.Info("learning rate set", "epoch", epoch+1, "learning_rate", lr)
	}
	return nil
}

// setRate sets the learning rate between two steps.
func setRate(m *glia.Model, lr float64) {
	m.BetweenSteps(func() { m.Optimizer().SetLearningRate(lr) })
}

// ReduceLROnPlateau returns a callback that multiplies the optimizer's learning
// rate by [Factor], 0.1 by default, when a number, see [Monitor], has not become
// better for the epochs of [Patience], 10 by default.
//
// Options: [Monitor], [Mode], [MinDelta], [Patience], [Factor], [Cooldown],
// [MinLR], [Logger]. A name that no number has is an error of Fit before training.
func ReduceLROnPlateau(opts ...PlateauOption) glia.Callback {
	p := &plateau{watch: monitor{name: "val_loss", delta: 1e-4}, factor: 0.1, patience: 10}
	for _, o := range opts {
		o.plateau(p)
	}
	return glia.Callback{
		Name: fmt.Sprintf("ReduceLROnPlateau(%q)", p.watch.name), Join: p.join,
		OnTrainBegin: p.trainBegin, OnEpochEnd: p.epochEnd, State: p.state, Restore: p.restore,
	}
}

// PlateauOption is an option of [ReduceLROnPlateau].
type PlateauOption interface{ plateau(*plateau) }

type (
	// Factor multiplies the learning rate in [ReduceLROnPlateau]: more than 0 and less
	// than 1; 0.1 by default.
	Factor float64
	// Cooldown is the number of the epoch after a reduction, from 1, with which
	// [ReduceLROnPlateau] begins to count epochs without improvement again: Cooldown(3) with
	// Patience(1) reduces every third epoch. As in Keras 0, the default, is the same as 1.
	Cooldown int
	// MinLR is the least that [ReduceLROnPlateau] makes of the learning rate; 0 by
	// default.
	MinLR float64
)

func (n Monitor) plateau(p *plateau)  { p.watch.name = string(n) }
func (m Mode) plateau(p *plateau)     { p.watch.mode = m }
func (d MinDelta) plateau(p *plateau) { p.watch.delta = float64(d) }
func (n Patience) plateau(p *plateau) { p.patience = int(n) }
func (f Factor) plateau(p *plateau)   { p.factor = float64(f) }
func (n Cooldown) plateau(p *plateau) { p.cooldown = int(n) }
func (l MinLR) plateau(p *plateau)    { p.least = float64(l) }
func (l Logged) plateau(p *plateau)   { p.log = l.to }

type plateau struct {
	watch              monitor
	patience, cooldown int
	factor, least      float64
	log                *slog.Logger
	wait, cooling      int
}

func (p *plateau) join(t *glia.Training) error {
	err := p.watch.check(t, false)
	switch {
	case err != nil:
	case !(p.factor > 0 && p.factor < 1):
		err = fmt.Errorf("Factor(%v): want more than 0 and less than 1", p.factor)
	case p.patience < 0:
		err = fmt.Errorf("Patience(%d): want 0 or more", p.patience)
	case p.cooldown < 0:
		err = fmt.Errorf("Cooldown(%d): want 0 or more", p.cooldown)
	case !(p.least >= 0) || math.IsInf(p.least, 1):
		err = fmt.Errorf("MinLR(%v): want a finite number, 0 or more", p.least)
	}
	if err != nil {
		return fmt.Errorf("ReduceLROnPlateau: %w", err)
	}
	return rateIsFree("ReduceLROnPlateau", t.Model())
}

func (p *plateau) trainBegin(*glia.Model) error {
	p.wait, p.cooling, p.watch.best = 0, 0, nil
	return nil
}

func (p *plateau) epochEnd(m *glia.Model, e glia.Epoch) error {
	v, known := e.Number(p.watch.name)
	if !known {
		return nil
	}
	if p.cooling > 0 {
		p.cooling--
		p.wait = 0
	}
	switch {
	case p.watch.better(v):
		p.watch.best, p.wait = &v, 0
		return nil
	case p.cooling > 0:
		return nil
	}
	lr := m.Optimizer().LearningRate()
	if p.wait++; p.wait < p.patience || lr <= p.least {
		return nil
	}
	lr = max(lr*p.factor, p.least)
	setRate(m, lr)
	p.cooling, p.wait = p.cooldown, 0
	if p.log != nil {
		p.log.Info("learning rate reduced", "epoch", e.Epoch, "monitor", p.watch.name, "learning_rate", lr)
	}
	return nil
}

// plateauState is the state of a ReduceLROnPlateau.
type plateauState struct {
	Best    *exactly `json:"best"`
	Wait    int      `json:"wait"`
	Cooling int      `json:"cooling"`
}

func (p *plateau) state() (json.RawMessage, error) {
	return json.Marshal(plateauState{(*exactly)(p.watch.best), p.wait, p.cooling})
}

func (p *plateau) restore(b json.RawMessage) error {
	var x plateauState
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	p.watch.best, p.wait, p.cooling = (*float64)(x.Best), x.Wait, x.Cooling
	return nil
}
