package metric_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func TestGoldenMetrics(t *testing.T) {
	nntest.Replay(t, "../nn/nntest/testdata/keras.json", "metric", replay) // with losses
	nntest.ReplayOwn(t, "testdata/keras.json", "metric", replay)
}

// replay measures what a case does and returns the result.
func replay(c *nntest.Golden) ([]ops.Array, error) {
	m := metricOf(c)
	if m == nil {
		return nil, nntest.ErrUncovered
	}
	var state metric.State
	for _, h := range c.History {
		if h.Op == "reset_state" && state != nil {
			state.Reset()
		}
		if h.Op != "update_state" {
			continue
		}
		raw := arguments(c.Name(), h.Args, h.Kwargs)
		args, err := nntest.Tensors(raw)
		if err != nil {
			return nil, err
		}
		if !args[1].DType().IsFloat() {
			args[1] = args[1].AsType(tensor.Float32)
		}
		if state == nil {
			if state, err = m.New(args[0].Spec(), args[1].Spec()); err != nil {
				return nil, err
			}
		}
		if err := update(state, args); err != nil {
			return nil, err
		}
	}
	if state == nil { // nothing was measured
		var err error
		if state, err = m.New(tensor.S(tensor.Float32, 1, 1), tensor.S(tensor.Float32, 1, 1)); err != nil {
			return nil, err
		}
	}
	return []ops.Array{optest.FromTensor(state.Result())}, nil
}

// arguments returns labels, predictions and weights, if there are any, of an update.
// The values of a Mean or a Sum count as predictions.
func arguments(class string, args []json.RawMessage, named map[string]json.RawMessage) []json.RawMessage {
	names := []string{"y_true", "y_pred", "sample_weight"}
	if class == "Mean" || class == "Sum" {
		names = []string{"values", "sample_weight"}
	}
	all := slices.Clone(args)
	for _, n := range names[len(args):] {
		if v := named[n]; v != nil {
			all = append(all, v)
		}
	}
	if names[0] == "values" {
		all = slices.Insert(all, 0, all[0])
	}
	if len(all) == 3 && string(all[2]) == "null" {
		all = all[:2]
	}
	return all
}

// metricOf returns the metric of a case, nil if there is none.
func metricOf(c *nntest.Golden) metric.Metric {
	if m, err := metric.FromConfig(c.Config.Class, c.Config.Config); err == nil {
		return m
	}
	var cfg map[string]any
	if json.Unmarshal(c.Config.Config, &cfg) != nil || cfg["axis"] != nil && cfg["axis"] != -1.0 {
		return nil
	}
	if l, err := nn.LossFromConfig(c.Config.Class, c.Config.Config); err == nil {
		return metric.FromLoss(l)
	}
	return nil
}

func update(s metric.State, args []*tensor.Tensor) error {
	g := graph.New()
	in := make([]*graph.Node, 3)
	for i, a := range args {
		in[i] = g.Input("", a.Spec())
	}
	return graph.Catch(func() {
		s.Update(g, in[0], in[1], in[2])
		nntest.Run(g, nil, args...)
	})
}
