package nn_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

const golden = "nntest/testdata/keras.json"

// caught runs f and returns its values, with the mistakes that it finds.
func caught(f func() []ops.Array) (v []ops.Array, err error) {
	err = graph.Catch(func() { v = f() })
	return v, err
}

func TestGoldenLosses(t *testing.T) {
	nntest.Replay(t, golden, "loss", func(c *nntest.Golden) ([]ops.Array, error) {
		l, err := nn.LossFromConfig(c.Config.Class, c.Config.Config)
		if err != nil {
			return nil, nntest.ErrUncovered
		}
		var cfg struct{ Axis *int }
		if json.Unmarshal(c.Config.Config, &cfg); cfg.Axis != nil && *cfg.Axis != -1 {
			return nil, nntest.ErrUncovered
		}
		args, err := nntest.Tensors(c.Args)
		if err != nil {
			return nil, err
		}
		g := graph.New()
		var weight *graph.Node
		y, p := g.Input("y", args[0].Spec()), g.Input("p", args[1].Spec())
		if raw := c.Kwargs["sample_weight"]; string(raw) != "" && string(raw) != "null" {
			w, err := nntest.Tensor(raw)
			if err != nil {
				return nil, err
			}
			args = append(args, w)
			weight = g.Input("w", w.Spec())
		}
		if !p.DType().IsFloat() {
			p = ops.Cast(p, tensor.Float32)
		}
		return caught(func() []ops.Array {
			return nntest.Run(g, []*graph.Node{nn.ReduceLoss(l, y, p, weight)}, args...)
		})
	})
}

func TestGoldenActivations(t *testing.T) {
	nntest.Replay(t, golden, "activation", func(c *nntest.Golden) ([]ops.Array, error) {
		a, err := activation(c)
		if err != nil {
			return nil, err
		}
		args, err := nntest.Tensors(c.Args[:1])
		if err != nil {
			return nil, err
		}
		g := graph.New()
		x := g.Input("x", args[0].Spec())
		if !x.DType().IsFloat() {
			x = ops.Cast(x, tensor.Float32)
		}
		return caught(func() []ops.Array {
			return nntest.Run(g, []*graph.Node{a.Call(nn.NewCtx(g, nil), x)}, args...)
		})
	})
}

// activation returns the activation that a case calls with its parameters.
func activation(c *nntest.Golden) (a nn.Activation, err error) {
	number := func(name string, def float64) (v float64) {
		if v = def; c.Kwargs[name] != nil {
			err = errors.Join(err, json.Unmarshal(c.Kwargs[name], &v))
		}
		return v
	}
	if len(c.Args) > 1 {
		return a, nntest.ErrUncovered
	}
	name := c.Name()
	switch {
	case name == "leaky_relu":
		return nn.LeakyReLUSlope(number("negative_slope", 0.2)), err
	case name == "elu":
		return nn.ELUAlpha(number("alpha", 1)), err
	case name == "gelu" && string(c.Kwargs["approximate"]) == "true":
		return nn.GELUTanh, nil
	case name == "gelu":
	case name == "relu" && len(c.Kwargs) > 0:
		cfg, err := json.Marshal(map[string]any{"class_name": "ReLU", "config": c.Kwargs})
		if err != nil || json.Unmarshal(cfg, &a) != nil {
			return a, nntest.ErrUncovered
		}
		return a, nil
	case string(c.Kwargs["axis"]) == "-1":
	case len(c.Kwargs) > 0:
		return a, nntest.ErrUncovered
	}
	if json.Unmarshal([]byte(`"`+name+`"`), &a) != nil {
		return a, nntest.ErrUncovered
	}
	return a, nil
}

func TestGoldenRegularizers(t *testing.T) {
	nntest.Replay(t, golden, "regularizer", func(c *nntest.Golden) ([]ops.Array, error) {
		var r nn.Regularizer
		text, err := json.Marshal(map[string]any{"class_name": c.Config.Class, "config": c.Config.Config})
		if err != nil || json.Unmarshal(text, &r) != nil {
			return nil, nntest.ErrUncovered
		}
		args, err := nntest.Tensors(c.Args)
		if err != nil {
			return nil, err
		}
		g := graph.New()
		return nntest.Run(g, []*graph.Node{r.Penalty(g.Input("x", args[0].Spec()))}, args...), nil
	})
}

func TestGoldenInitializers(t *testing.T) {
	nntest.Replay(t, golden, "initializer", func(c *nntest.Golden) ([]ops.Array, error) {
		var i nn.Initializer
		text, err := json.Marshal(map[string]any{"class_name": c.Config.Class, "config": c.Config.Config})
		if err != nil || json.Unmarshal(text, &i) != nil {
			return nil, nntest.ErrUncovered
		}
		var shape []int
		raw := c.Kwargs["shape"]
		if raw == nil {
			raw = c.Args[0]
		}
		if err := json.Unmarshal(raw, &shape); err != nil {
			return nil, err
		}
		v := nn.NewBuilder(1).Param("v", tensor.D(shape...), i)
		return []ops.Array{{Spec: v.Spec(), V: v.Tensor().Float64s()}}, nil
	})
}

func TestGoldenLayers(t *testing.T) {
	nntest.Replay(t, golden, "layer", func(c *nntest.Golden) ([]ops.Array, error) {
		l, err := nn.LayerFromConfig(c.Config.Class, c.Config.Config)
		if err != nil || len(c.Args) != 1 || len(c.Kwargs) > 0 {
			return nil, nntest.ErrUncovered
		}
		var cfg map[string]any
		if err := json.Unmarshal(c.Config.Config, &cfg); err != nil {
			return nil, err
		}
		if cfg["lora_rank"] != nil || cfg["quantization_config"] != nil {
			return nil, nntest.ErrUncovered
		}
		args, err := nntest.Tensors(c.Args)
		if err != nil {
			return nil, err
		}
		return caught(func() []ops.Array {
			b := nn.NewBuilder(1)
			b.Build("layer", l, args[0].Spec())
			for i, v := range b.Vars() {
				w, err := nntest.Tensor(c.Weights[i].Value)
				if err == nil {
					err = v.Set(w)
				}
				if err != nil {
					panic(graph.Errorf("%v", err))
				}
			}
			g := graph.New()
			return nntest.Run(g, []*graph.Node{l.Call(nn.NewCtx(g, nil), g.Input("x", args[0].Spec()))}, args...)
		})
	})
}
