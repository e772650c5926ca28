package optim_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

func param(path string, v ...float32) *graph.Var {
	p := graph.NewVar(path, tensor.Of(v...))
	p.Trainable = true
	return p
}

// descend takes a step with constant gradients.
func descend(o optim.Optimizer, grads ...*tensor.Tensor) {
	g := graph.New()
	var nodes []*graph.Node
	for _, d := range grads {
		nodes = append(nodes, g.Const(d))
	}
	o.Apply(g, nodes)
	nntest.Run(g, nil)
}

func TestVars(t *testing.T) {
	params := []*graph.Var{param("dense/kernel", 1, 2), param("dense/bias", 3)}
	for _, c := range []struct {
		o    optim.Optimizer
		want []string
	}{
		{optim.SGD(0.1), nil},
		{optim.SGD(0.1, optim.Momentum(0.9)), []string{"sgd/dense_kernel_momentum", "sgd/dense_bias_momentum"}},
		{optim.Adam(1e-3), []string{"adam/dense_kernel_momentum", "adam/dense_kernel_velocity", "adam/dense_bias_momentum", "adam/dense_bias_velocity"}},
		{optim.Adam(1e-3, optim.AMSGrad, optim.Name("opt")), nil},
		{optim.RMSprop(1e-3, optim.Centered, optim.Momentum(0.5)), []string{"rmsprop/dense_kernel_velocity", "rmsprop/dense_bias_velocity",
			"rmsprop/dense_kernel_momentum", "rmsprop/dense_bias_momentum", "rmsprop/dense_kernel_average_gradient", "rmsprop/dense_bias_average_gradient"}},
	} {
		c.o.Build(params)
		var got []string
		for _, v := range c.o.Vars() {
			got = append(got, v.Path)
		}
		want := append([]string{c.o.Name() + "/iteration", c.o.Name() + "/learning_rate"}, c.want...)
		if c.want != nil && !slices.Equal(got, want) {
			t.Errorf("variables are %v, want %v", got, want)
		}
		if c.o.Name() == "opt" && len(got) != 8 {
			t.Errorf("AMSGrad has %d variables, want 8", len(got))
		}
	}
}

func TestLearningRate(t *testing.T) {
	w := param("w", 1)
	o := optim.SGD(1)
	o.Build([]*graph.Var{w})
	g := graph.New()
	o.Apply(g, []*graph.Node{g.Const(tensor.Of[float32](0.5))})
	nntest.Run(g, nil)
	o.SetLearningRate(0.1) // the traced step follows
	nntest.Run(g, nil)
	if got := w.Tensor().Item(); got != float64(float32(0.5)-float32(0.1)*0.5) {
		t.Errorf("weight is %v, want 0.45", got)
	}
	if o.LearningRate() != 0.1 {
		t.Errorf("rate is %v, want 0.1", o.LearningRate())
	}
	if n := tensor.Data[int64](o.Vars()[0].Tensor())[0]; n != 2 {
		t.Errorf("%d steps counted, want 2", n)
	}
}

func TestScheduled(t *testing.T) {
	w := param("w", 1)
	o := optim.SGD(optim.PiecewiseConstantDecay([]int{0}, []float64{1, 0.25}))
	o.Build([]*graph.Var{w})
	for i, want := range []float64{0, -0.25, -0.5} {
		descend(o, tensor.Of[float32](1))
		if got := w.Tensor().Item(); got != want {
			t.Errorf("weight after step %d is %v, want %v", i+1, got, want)
		}
	}
	if got := o.LearningRate(); got != 0.25 {
		t.Errorf("rate is %v, want 0.25", got)
	}
	err := graph.Catch(func() { o.SetLearningRate(1) })
	if err == nil || !strings.Contains(err.Error(), "schedule") {
		t.Errorf("setting the rate of a schedule gives %v", err)
	}
	own := optim.ScheduleFunc("halves", func(t *graph.Node) *graph.Node {
		return ops.Pow(ops.Full(t.Graph(), t.Spec(), 0.5), t)
	})
	if got := own.At(3); got != 0.125 {
		t.Errorf("rate after 3 steps is %v, want 0.125", got)
	}
}

func TestNoBiasCorrection(t *testing.T) {
	w := param("w", 1)
	o := optim.Adam(0.1, optim.NoBiasCorrection, optim.Beta1(0.5), optim.Beta2(0.75), optim.Epsilon(1))
	o.Build([]*graph.Var{w})
	descend(o, tensor.Of[float32](2))
	// m = 1, v = 1, so w = 1 - 0.1·1/(1+1)
	if got, want := w.Tensor().Item(), float64(float32(0.95)); got != want {
		t.Errorf("weight is %v, want %v", got, want)
	}
}

func TestMistakes(t *testing.T) {
	params := []*graph.Var{param("w", 1)}
	for name, c := range map[string]struct {
		f    func()
		want string
	}{
		"two clips": {func() { optim.SGD(1, optim.ClipNorm(1), optim.ClipValue(1)).Build(params) }, "at most one"},
		"clip":      {func() { optim.SGD(1, optim.ClipNorm(-1)).Build(params) }, "positive"},
		"momentum":  {func() { optim.SGD(1, optim.Momentum(2)).Build(params) }, "momentum 2"},
		"beta":      {func() { optim.Adam(1, optim.Beta1(1)).Build(params) }, "beta 1"},
		"rho":       {func() { optim.RMSprop(1, optim.Rho(2)).Build(params) }, "rho 2"},
		"rate":      {func() { optim.Adam(math.NaN()).Build(params) }, "learning rate NaN"},
		"decay":     {func() { optim.SGD(1, optim.WeightDecay(-1)).Build(params) }, "weight decay -1"},
		"gradients": {func() { optim.SGD(1).Apply(graph.New(), []*graph.Node{nil}) }, "Build first"},
		"shape": {func() {
			o := optim.SGD(1)
			o.Build(params)
			descend(o, tensor.Of[float32](1, 2))
		}, "gradient of w is float32[2]"},
		"steps":  {func() { optim.ExponentialDecay(1, 0, 0.5).At(1) }, "0 steps"},
		"values": {func() { optim.PiecewiseConstantDecay([]int{1, 2}, []float64{1}).At(1) }, "one value more"},
	} {
		err := graph.Catch(c.f)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "optim_test.go:") {
			t.Errorf("%s: error is %v, want %q in it", name, err, c.want)
		}
	}
}

func TestGlobalClipNormOfZero(t *testing.T) {
	w := param("w", 1, 2)
	o := optim.SGD(1, optim.GlobalClipNorm(1))
	o.Build([]*graph.Var{w})
	descend(o, tensor.Of[float32](0, 0))
	if got := optest.FromTensor(w.Tensor()).V; !slices.Equal(got, []float64{1, 2}) {
		t.Errorf("weights after a gradient of zero are %v, want them unchanged", got)
	}
}

func TestJSON(t *testing.T) {
	type classed interface{ Class() string }
	for _, o := range []optim.Optimizer{
		optim.SGD(0.1, optim.Nesterov, optim.Momentum(0.9), optim.ClipNorm(2), optim.Name("mine")),
		optim.AdamW(optim.CosineDecay(0.1, 100, optim.Alpha(0.1), optim.Warmup(10, 0.2)), optim.Beta2(0.99)),
		optim.RMSprop(0.01, optim.Centered, optim.WeightDecay(0.1)),
		optim.Adam(optim.PolynomialDecay(0.1, 10, optim.Power(2), optim.Cycle, optim.EndRate(0))),
		optim.Adam(1, optim.NoBiasCorrection),
		optim.SGD(optim.CosineDecayRestarts(0.1, 10, optim.PeriodFactor(1), optim.RateFactor(0.5))),
	} {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		back, err := optim.FromConfig(o.(classed).Class(), text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again, err := json.Marshal(back); err != nil || string(again) != string(text) {
			t.Errorf("%s comes back as %s (%v)", text, again, err)
		}
		if back.Name() != o.Name() || back.LearningRate() != o.LearningRate() {
			t.Errorf("%s comes back as %s with rate %v", text, back.Name(), back.LearningRate())
		}
	}
	if _, err := optim.FromConfig("SGD", []byte(`{"use_lookahead":true}`)); err == nil {
		t.Error("a config with use_lookahead is no error")
	}
}

func TestToConfigRate(t *testing.T) {
	o := optim.SGD(0.5)
	o.Build([]*graph.Var{param("w", 1, 2)})
	tensor.Data[float64](o.Vars()[1].Tensor())[0] = 0.25 // as a file of weights does
	_, class, config, err := optim.ToConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	back, err := optim.FromConfig(class, config)
	if err != nil || back.LearningRate() != 0.25 {
		t.Errorf("config %s (%v): want the learning rate 0.25", config, err)
	}
}
