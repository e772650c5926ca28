package nn_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// The files of testdata: keras.json is of the first layers, losses and so on,
// functions.json of the whole vocabulary.
const (
	golden    = "nntest/testdata/keras.json"
	functions = "nntest/testdata/functions.json"
)

// replay replays both files and the external one.
func replay(t *testing.T, kind string, f func(c *nntest.Golden) ([]ops.Array, error)) {
	nntest.Replay(t, golden, kind, f)
	t.Run("functions", func(t *testing.T) { nntest.ReplayOwn(t, functions, kind, f) })
}

// caught runs f and returns its values, with the mistakes that it finds.
func caught(f func() []ops.Array) (v []ops.Array, err error) {
	err = graph.Catch(func() { v = f() })
	return v, err
}

func TestGoldenLosses(t *testing.T) {
	replay(t, "loss", func(c *nntest.Golden) ([]ops.Array, error) {
		l, err := nn.LossFromConfig(c.Config.Class, c.Config.Config)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", nntest.ErrUncovered, err)
		}
		args, err := nntest.Tensors(c.Args)
		if err != nil {
			return nil, err
		}
		g := graph.New()
		y, p := g.Input("y", args[0].Spec()), g.Input("p", args[1].Spec())
		more := map[string]*graph.Node{}
		for _, name := range []string{"sample_weight", "mask"} {
			raw := c.Kwargs[name]
			if raw == nil || string(raw) == "null" {
				continue
			}
			w, err := nntest.Tensor(raw)
			if err != nil {
				return nil, err
			}
			args = append(args, w)
			more[name] = g.Input(name, w.Spec())
		}
		if !p.DType().IsFloat() {
			p = ops.Cast(p, tensor.Float32)
		}
		return caught(func() []ops.Array {
			return nntest.Run(g, []*graph.Node{nn.ReduceMaskedLoss(l, y, p, more["sample_weight"], more["mask"])}, args...)
		})
	})
}

func TestGoldenActivations(t *testing.T) {
	replay(t, "activation", func(c *nntest.Golden) ([]ops.Array, error) {
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
		if v = def; c.Kwargs[name] != nil && string(c.Kwargs[name]) != "null" {
			err = errors.Join(err, json.Unmarshal(c.Kwargs[name], &v))
		}
		return v
	}
	axes := nn.Axes(-1)
	if raw := c.Kwargs["axis"]; raw != nil {
		err = json.Unmarshal(raw, &axes)
	}
	switch name := c.Name(); name {
	case "leaky_relu":
		return nn.LeakyReLUSlope(number("negative_slope", 0.2)), err
	case "elu":
		return nn.ELUAlpha(number("alpha", 1)), err
	case "celu":
		return nn.CELUAlpha(number("alpha", 1)), err
	case "relu":
		return nn.ReLUWith(number("negative_slope", 0), number("max_value", math.Inf(1)), number("threshold", 0)), err
	case "hard_shrink":
		return nn.HardShrinkAt(number("threshold", 0.5)), err
	case "soft_shrink":
		return nn.SoftShrinkAt(number("threshold", 0.5)), err
	case "squareplus":
		return nn.SquareplusB(number("b", 4)), err
	case "softmax":
		return nn.SoftmaxAxis(axes...), err
	case "log_softmax":
		return nn.LogSoftmaxAxis(axes...), err
	case "sparsemax":
		return nn.SparsemaxAxis(axes[0]), err
	case "glu":
		return nn.GLUAxis(axes[0]), err
	case "threshold":
		var at, value float64
		err = errors.Join(json.Unmarshal(c.Args[1], &at), json.Unmarshal(c.Args[2], &value))
		return nn.Threshold(at, value), err
	case "gelu":
		if string(c.Kwargs["approximate"]) == "true" {
			return nn.GELUTanh, nil
		}
		return nn.GELU, nil
	default:
		if len(c.Kwargs) > 0 || len(c.Args) > 1 || json.Unmarshal([]byte(`"`+name+`"`), &a) != nil {
			return a, nntest.ErrUncovered
		}
		return a, nil
	}
}

func TestGoldenRegularizers(t *testing.T) {
	replay(t, "regularizer", func(c *nntest.Golden) ([]ops.Array, error) {
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

func TestGoldenConstraints(t *testing.T) {
	f := func(c *nntest.Golden) ([]ops.Array, error) {
		var r nn.Constraint
		text, err := json.Marshal(map[string]any{"class_name": c.Config.Class, "config": c.Config.Config})
		if err != nil || json.Unmarshal(text, &r) != nil {
			return nil, nntest.ErrUncovered
		}
		args, err := nntest.Tensors(c.Args)
		if err != nil {
			return nil, err
		}
		g := graph.New()
		return nntest.Run(g, []*graph.Node{r.Apply(g.Input("w", args[0].Spec()))}, args...), nil
	}
	nntest.Replay(t, functions, "constraint", f)
}

func TestGoldenInitializers(t *testing.T) {
	replay(t, "initializer", func(c *nntest.Golden) ([]ops.Array, error) {
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
	replay(t, "layer", func(c *nntest.Golden) ([]ops.Array, error) {
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
