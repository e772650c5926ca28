package bench

import (
	"context"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// Mixed is the time of a training step of the MNIST network in mixed precision, but for
// its last layer, as a part of that in float32.
type Mixed struct {
	Policy    nn.DTypePolicy `json:"policy"`
	OfStep1   float64        `json:"of_step_1"`
	OfStepAll float64        `json:"of_step_all"`
}

// MixedLimit bounds the ratio that Mixed should not exceed.
const MixedLimit = 1

const mixedRounds = 12

// mixed measures training in float32 and in mixed precision by turns, and compares the
// best of each.
func mixed(ctx context.Context, train *data.Memory) ([]Mixed, error) {
	res := []Mixed{{Policy: nn.MixedBFloat16}, {Policy: nn.MixedFloat16}}
	train = train.Take(metricSteps * batch)
	for _, threads := range []int{1, 0} {
		par.SetThreads(threads)
		all := make([]*steps, 1+len(res))
		var err error
		if all[0], err = newStepsIn(nn.Float32); err != nil {
			return nil, err
		}
		for i, m := range res {
			if all[1+i], err = newStepsIn(m.Policy); err != nil {
				return nil, err
			}
		}
		for range mixedRounds {
			for _, s := range all {
				if err := s.round(ctx, train); err != nil {
					return nil, err
				}
			}
		}
		for i := range res {
			if part := all[1+i].best / all[0].best; threads == 1 {
				res[i].OfStep1 = part
			} else {
				res[i].OfStepAll = part
			}
		}
	}
	return res, nil
}

// newStepsIn returns the MNIST network in a dtype policy, but for its predictions.
func newStepsIn(p nn.DTypePolicy) (*steps, error) {
	m := glia.Sequential(
		nn.Input(28, 28), nn.Flatten(),
		nn.Dense(128, nn.ReLU), nn.Dense(128, nn.ReLU), nn.Dense(10, nn.Softmax, nn.Float32),
	)
	m.Network().DType = p
	return &steps{Model: m}, m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy())
}
