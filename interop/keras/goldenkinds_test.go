package keras_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// replays makes the thing of a case from its config, by kind, and returns what Keras
// returns of it.
var replays = map[string]func(c *golden, run engine) ([]ops.Array, error){
	"activation":             replayActivation,
	"constraint":             replayOf("w", nn.Constraint.Apply),
	"initializer":            replayInitializer,
	"initializer_statistics": replayInitializer,
	"layer":                  replayLayer,
	"layer_spec":             replayLayerSpec,
	"loss":                   replayLoss,
	"loss_fn":                replayLossFunction,
	"metric":                 replayMetric,
	"metric_fn":              replayMetricFunction,
	"op":                     replayOp,
	"optimizer":              replayOptimizer,
	"regularizer":            replayOf("x", nn.Regularizer.Penalty),
	"schedule":               replaySchedule,
}

// modelOf reads a model of one layer, or of none, that is compiled with what the case
// has: the way that a file takes.
func modelOf(layer json.RawMessage, compile map[string]any) (*keras.Model, error) {
	layers := []json.RawMessage{}
	if layer != nil {
		layers = append(layers, layer)
	}
	text, err := json.Marshal(map[string]any{
		"module": "keras", "class_name": "Sequential", "config": map[string]any{"layers": layers}, "compile_config": compile})
	if err != nil {
		return nil, err
	}
	return read(text, keras.Options{})
}

func replayLoss(c *golden, run engine) ([]ops.Array, error) {
	m, err := modelOf(nil, map[string]any{"loss": c.Config})
	if err != nil {
		return nil, err
	}
	args, err := arguments(c.arg(0, "y_true"), c.arg(1, "y_pred"))
	if err != nil {
		return nil, err
	}
	g := graph.New()
	y, p := g.Input("y", args[0].Spec()), floats(g.Input("p", args[1].Spec()))
	more := map[string]*graph.Node{}
	for i, name := range []string{"sample_weight", "mask"} {
		raw := c.arg(-1, name)
		if i == 0 {
			raw = c.arg(2, name)
		}
		if raw == nil {
			continue
		}
		w, err := argument(raw)
		if err != nil {
			return nil, err
		}
		args = append(args, w)
		more[name] = g.Input(name, w.Spec())
	}
	return run(g, []*graph.Node{loss.ReduceMasked(m.Loss, y, p, more["sample_weight"], more["mask"])}, args...)
}

// replayLossFunction replays a function such as keras.losses.huber: the losses that its
// class reduces.
func replayLossFunction(c *golden, run engine) ([]ops.Array, error) {
	l, err := c.lossFunction()
	if err != nil {
		return nil, err
	}
	args, err := arguments(c.arg(0, "y_true"), c.arg(1, "y_pred"))
	if err != nil {
		return nil, err
	}
	g := graph.New()
	y, p := g.Input("y", args[0].Spec()), floats(g.Input("p", args[1].Spec()))
	return run(g, []*graph.Node{l.Each(y, p)}, args...)
}

// lossFunction returns the loss of a function and its named arguments.
func (c *golden) lossFunction() (loss.Loss, error) {
	settings := map[string]json.RawMessage{}
	for name, raw := range c.Kwargs {
		if name != "y_true" && name != "y_pred" {
			settings[name] = raw
		}
	}
	config, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	return loss.FromConfig(c.name(), config)
}

// floats returns x as floats, which it may be already.
func floats(x *graph.Node) *graph.Node {
	if x.DType().IsFloat() {
		return x
	}
	return ops.Cast(x, tensor.Float32)
}

func replayActivation(c *golden, run engine) ([]ops.Array, error) {
	a, err := c.activation()
	if err != nil {
		return nil, err
	}
	x, err := argument(c.arg(0, "x"))
	if err != nil {
		return nil, err
	}
	g := graph.New()
	return run(g, []*graph.Node{a.Call(nn.NewCtx(g, nil), floats(g.Input("x", x.Spec())))}, x)
}

// replayOp replays the operations of keras.ops that are activations. The others stand
// in no file of a model.
func replayOp(c *golden, run engine) ([]ops.Array, error) {
	if _, err := c.activation(); err != nil {
		return nil, fmt.Errorf("no activation: %w", errUncovered)
	}
	return replayActivation(c, run)
}

// activation returns the activation that a case calls with its parameters.
func (c *golden) activation() (a nn.Activation, err error) {
	number := func(i int, name string, def float64) (v float64) {
		if v = def; c.arg(i, name) != nil {
			err = errors.Join(err, json.Unmarshal(c.arg(i, name), &v))
		}
		return v
	}
	axes := nn.AxisList{-1}
	if raw := c.arg(1, "axis"); c.Kwargs["axis"] != nil && raw != nil {
		err = json.Unmarshal(raw, &axes)
	}
	switch name := c.name(); name {
	case "leaky_relu":
		return nn.LeakyReLUSlope(number(1, "negative_slope", 0.2)), err
	case "elu":
		return nn.ELUAlpha(number(1, "alpha", 1)), err
	case "celu":
		return nn.CELUAlpha(number(1, "alpha", 1)), err
	case "relu":
		return nn.ReLUWith(number(1, "negative_slope", 0), number(2, "max_value", math.Inf(1)), number(3, "threshold", 0)), err
	case "hard_shrink":
		return nn.HardShrinkAt(number(1, "threshold", 0.5)), err
	case "soft_shrink":
		return nn.SoftShrinkAt(number(1, "threshold", 0.5)), err
	case "squareplus":
		return nn.SquareplusB(number(1, "b", 4)), err
	case "softmax":
		return nn.SoftmaxAxis(axes...), err
	case "log_softmax":
		return nn.LogSoftmaxAxis(axes...), err
	case "sparsemax":
		return nn.KerasSparsemaxAxis(axes[0]), err
	case "glu":
		return nn.GLUAxis(axes[0]), err
	case "threshold":
		return nn.Threshold(number(1, "threshold", 0), number(2, "default_value", 0)), err
	case "gelu":
		tanh := c.Kind == "op" // the default of keras.ops, not of keras.activations
		if raw := c.arg(1, "approximate"); raw != nil {
			err = json.Unmarshal(raw, &tanh)
		}
		if tanh {
			return nn.GELUTanh, err
		}
		return nn.GELU, err
	default:
		if err := c.only("x"); err != nil {
			return a, err
		}
		return a, a.UnmarshalJSON([]byte(`"` + name + `"`))
	}
}

// replayOf replays what has a config and is applied to a tensor, the argument of a name.
func replayOf[T any](argumentName string, apply func(v T, x *graph.Node) *graph.Node) func(c *golden, run engine) ([]ops.Array, error) {
	return func(c *golden, run engine) ([]ops.Array, error) {
		var v T
		if err := json.Unmarshal(c.Config, &v); err != nil {
			return nil, err
		}
		x, err := argument(c.arg(0, argumentName))
		if err != nil {
			return nil, err
		}
		g := graph.New()
		return run(g, []*graph.Node{apply(v, g.Input(argumentName, x.Spec()))}, x)
	}
}

// replayInitializer makes a variable: the engine has no part in it.
func replayInitializer(c *golden, _ engine) ([]ops.Array, error) {
	var i nn.Initializer
	if err := json.Unmarshal(c.Config, &i); err != nil {
		return nil, err
	}
	var shape []int
	if err := json.Unmarshal(c.arg(0, "shape"), &shape); err != nil {
		return nil, err
	}
	v := nn.NewBuilder(5).Param("v", tensor.D(shape...), i)
	return []ops.Array{{Spec: v.Spec(), V: v.Tensor().Float64s()}}, nil
}

// alike compares the statistics of 54000 and more draws with those of Keras's draws:
// mean and standard deviation within five standard errors of a difference, the ends
// within a twentieth of the range, or a fourth where the tails have no end.
func alike(c *golden, v []float64) error {
	want, err := value(c.ExpectedAll[0])
	if err != nil {
		return err
	}
	w := want.V
	mean, stddev := 0.0, 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		stddev += (x - mean) * (x - mean) / float64(len(v))
	}
	standard := 5 * w[1] * math.Sqrt(2/float64(len(v)))
	ends := (w[3] - w[2]) / 20
	if (w[3]-w[2])/w[1] > 6 {
		ends = (w[3] - w[2]) / 4
	}
	for i, got := range []float64{mean, math.Sqrt(stddev), slices.Min(v), slices.Max(v)} {
		tol := standard
		if i > 1 {
			tol = ends
		}
		if !(math.Abs(got-w[i]) <= tol) {
			return fmt.Errorf("%s is %g, want %g ± %g", []string{"mean", "standard deviation", "least", "greatest"}[i], got, w[i], tol)
		}
	}
	return nil
}

func replaySchedule(c *golden, run engine) ([]ops.Array, error) {
	var s optim.Schedule
	if err := json.Unmarshal(c.Config, &s); err != nil {
		return nil, err
	}
	if c.arg(0, "step") == nil {
		return nil, errUncovered
	}
	at, err := value(c.arg(0, "step"))
	if err != nil {
		return nil, err
	}
	g := graph.New()
	return run(g, []*graph.Node{s.Rate(g.Input("step", at.Spec))}, optest.ToTensor(at))
}
