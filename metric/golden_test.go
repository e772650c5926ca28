package metric_test

import (
	"encoding/json"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

const golden = "../nn/nntest/testdata/keras.json"

func TestGoldenMetrics(t *testing.T) {
	nntest.Replay(t, golden, "metric", func(c *nntest.Golden) ([]ops.Array, error) {
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
			raw := h.Args
			for _, k := range []string{"y_true", "y_pred"} {
				if v := h.Kwargs[k]; v != nil {
					raw = append(raw, v)
				}
			}
			if w := h.Kwargs["sample_weight"]; w != nil && len(raw) == 2 {
				raw = append(raw, w)
			}
			if len(raw) == 3 && string(raw[2]) == "null" {
				raw = raw[:2]
			}
			if len(raw) < 2 {
				return nil, nntest.ErrUncovered // a metric of values alone
			}
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
		return []ops.Array{optest.FromTensor(state.Result())}, nil
	})
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
