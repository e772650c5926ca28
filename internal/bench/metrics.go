package bench

import (
	"context"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/optim"
)

// MetricsLimit bounds the share of a step that Metrics should take.
const MetricsLimit = 0.05

// Metrics is the time that accuracy, F1 and AUC together add to a step of the MNIST
// network, as a part of the step without metrics.
type Metrics struct {
	OfStep1   float64 `json:"of_step_1"`
	OfStepAll float64 `json:"of_step_all"`
}

const (
	metricSteps  = 100 // in a round
	metricRounds = 30
)

// metrics measures training with and without metrics by turns, and compares the best of
// both: they differ by less than the times of a busy machine do.
func metrics(ctx context.Context, train *data.Memory) (Metrics, error) {
	var res Metrics
	train = train.Take(metricSteps * batch)
	for _, threads := range []int{1, 0} {
		par.SetThreads(threads)
		plain, err := newSteps()
		if err != nil {
			return res, err
		}
		measured, err := newSteps(metric.Accuracy(), metric.F1Score(), metric.AUC())
		if err != nil {
			return res, err
		}
		for range metricRounds {
			for _, s := range []*steps{plain, measured} {
				if err := s.round(ctx, train); err != nil {
					return res, err
				}
			}
		}
		if part := measured.best/plain.best - 1; threads == 1 {
			res.OfStep1 = part
		} else {
			res.OfStepAll = part
		}
	}
	return res, nil
}

// steps is a model and the seconds of its best round.
type steps struct {
	*glia.Model
	best float64
}

func newSteps(metrics ...metric.Metric) (*steps, error) {
	m := newNetwork()
	return &steps{Model: m}, m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metrics...)
}

func (s *steps) round(ctx context.Context, train *data.Memory) error {
	h, err := s.Fit(train, glia.Epochs(1), glia.BatchSize(batch), glia.Context(ctx))
	if err != nil {
		return err
	}
	if t := h.Epochs[len(h.Epochs)-1].Seconds; s.best == 0 || t < s.best {
		s.best = t
	}
	return nil
}
