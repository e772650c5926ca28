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

// TestScheduleOfManySteps wants a graph of a few operations for any number of boundaries,
// and the value of each of them.
func TestScheduleOfManySteps(t *testing.T) {
	const n = 1000
	boundaries, values := make([]int, n), make([]float64, n+1)
	for i := range boundaries {
		boundaries[i], values[i] = 10*i, 1/float64(i+1)
	}
	s := optim.PiecewiseConstantDecay(boundaries, values)
	g := graph.New()
	s.Rate(g.Input("step", tensor.S(tensor.Int64)))
	if got := len(g.Nodes()); got > 10 {
		t.Errorf("%d nodes for %d boundaries, want a few", got, n)
	}
	for step, want := range map[int64]float64{-1: 1, 0: 1, 1: 0.5, 10: 0.5, 11: 1.0 / 3, 9980: 1.0 / 999, 9990: 1.0 / 1000, 9991: 0, math.MaxInt32: 0} {
		if got := s.At(step); got != want {
			t.Errorf("step %d: rate %g, want %g", step, got, want)
		}
	}
	if got := optim.PiecewiseConstantDecay(nil, []float64{0.5}).At(7); got != 0.5 {
		t.Errorf("without boundaries: rate %g, want 0.5", got)
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
		"clip at":   {func() { optim.SGD(1, optim.ClipNorm(math.Inf(1))).Build(params) }, "clip at +Inf: want a finite positive number"},
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
		"accumulation": {func() { optim.SGD(1, optim.GradientAccumulation(1)).Build(params) }, "over 1 steps: want 2 or more"},
		"average":      {func() { optim.SGD(1, optim.EMA(1.5)).Build(params) }, "EMA momentum 1.5"},
		"often":        {func() { optim.SGD(1, optim.EMA(1), optim.EMAOverwrite(-3)).Build(params) }, "every -3 steps"},
		"factor":       {func() { optim.SGD(1, optim.LossScaleFactor(math.Inf(1))).Build(params) }, "loss scale factor +Inf"},
		"pattern":      {func() { optim.SGD(1, optim.ExcludeFromWeightDecay("(")).Build(params) }, "missing closing )"},
		"epsilon":      {func() { optim.Adamax(1, optim.Epsilon(-1)).Build(params) }, "epsilon -1"},
		"adadelta":     {func() { optim.Adadelta(1, optim.Rho(2)).Build(params) }, "rho 2"},
		"sum":          {func() { optim.Adagrad(1, optim.InitialAccumulator(-1)).Build(params) }, "accumulator -1"},
		"power":        {func() { optim.Ftrl(1, optim.LearningRatePower(1)).Build(params) }, "learning rate power 1"},
		"strength":     {func() { optim.Ftrl(1, optim.L2Strength(-1)).Build(params) }, "L2 -1"},
		"lion":         {func() { optim.Lion(1, optim.Beta1(0)).Build(params) }, "want 0 < beta <= 1"},
		"free":         {func() { optim.ScheduleFreeAdamW(1, optim.Beta1(0)).Build(params) }, "want 0 < beta < 1"},
		"warm-up":      {func() { optim.ScheduleFreeAdamW(1, optim.WarmupSteps(-1)).Build(params) }, "-1 steps"},
		"threshold":    {func() { optim.Adafactor(1, optim.ClipThreshold(0)).Build(params) }, "clip threshold 0"},
		"beta decay":   {func() { optim.Adafactor(1, optim.Beta2Decay(0.5)).Build(params) }, "beta 2 decay 0.5"},
		"layers":       {func() { optim.Muon(1, optim.ExcludeLayers("[")).Build(params) }, `ExcludeLayers "["`},
		"iterations":   {func() { optim.Muon(1, optim.NSSteps(-1)).Build(params) }, "-1 steps of Newton"},
		"more of them": {func() { optim.Muon(1, optim.NSSteps(101)).Build(params) }, "101 steps of Newton and Schulz: want 0 to 100"},
		"muon's rate":  {func() { optim.Muon(1, optim.RMSRate(-1)).Build(params) }, "RMS rate -1"},
		"scale":        {func() { optim.LossScale(optim.SGD(1), optim.InitialScale(0)).Build(params) }, "initial scale 0"},
		"growth":       {func() { optim.LossScale(optim.SGD(1), optim.DynamicGrowthSteps(0)).Build(params) }, "after 0 steps"},
		"no inner":     {func() { optim.LossScale(nil).Build(params) }, "no optimizer"},
		"two scales":   {func() { optim.LossScale(optim.SGD(1, optim.LossScaleFactor(2))).Build(params) }, "a loss scale factor of its own"},
		"two patterns": {func() {
			optim.Multi(optim.SGD(1), optim.For("w", optim.Adam(1)), optim.For(".", optim.Lion(1)), optim.For(".*", optim.Lion(1))).Build([]*graph.Var{param("v", 1)})
		}, `v matches the patterns "." and ".*"`},
		"bad pattern": {func() { optim.Multi(optim.SGD(1), optim.For("(", optim.Adam(1))).Build(params) }, "missing closing )"},
		"nested":      {func() { optim.Multi(optim.LossScale(optim.SGD(1))).Build(params) }, "want one that takes steps itself"},
		"no default":  {func() { optim.Multi(nil).Build(params) }, "an optimizer is nil"},
		"many rates":  {func() { optim.Multi(optim.SGD(1)).SetLearningRate(1) }, "several optimizers"},
		"one cycle":   {func() { optim.OneCycle(1, 10, optim.Rise(0.01)).At(1) }, "a rise of 0.01 of 10 steps"},
		"divisor":     {func() { optim.OneCycle(1, 10, optim.EndDivisor(0)).At(1) }, "greater than 0"},
		"no warm-up":  {func() { optim.LinearWarmup(0, 0, optim.ExponentialDecay(1, 1, 1)).At(1) }, "0 steps"},
		"steps":       {func() { optim.ExponentialDecay(1, 0, 0.5).At(1) }, "0 steps"},
		"values":      {func() { optim.PiecewiseConstantDecay([]int{1, 2}, []float64{1}).At(1) }, "one value more"},
		"boundaries":  {func() { optim.PiecewiseConstantDecay([]int{3, 2}, []float64{1, 2, 3}).At(1) }, "boundary 2 after 3: want them to grow"},
		"periods":     {func() { optim.CosineDecayRestarts(1, 3, optim.PeriodFactor(-1)).At(1) }, "period factor -1"},
		"warm-up of":  {func() { optim.LinearWarmup(0, -3, 0.1).At(1) }, "optim.LinearWarmup: -3 steps: want 1 or more"},
		"no schedule": {func() { optim.SGD((*optim.Schedule)(nil)).Build(params) }, "the schedule of the learning rate is nil"},
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
		optim.SGD(1, optim.EMA(0.5), optim.EMAOverwrite(3), optim.LossScaleFactor(2), optim.GradientAccumulation(4)),
		optim.Adamax(optim.LinearWarmup(0, 10, 0.5), optim.Beta1(0.5)), optim.Nadam(optim.LinearWarmup(0, 10, optim.CosineDecay(0.5, 10))),
		optim.Adagrad(1, optim.InitialAccumulator(0)), optim.Adadelta(1, optim.Rho(0.5)), optim.Lamb(1, optim.Epsilon(0)), optim.Lion(1, optim.Beta2(0.5)),
		optim.Ftrl(1, optim.LearningRatePower(-0.25), optim.L1Strength(1), optim.L2Strength(2), optim.L2Shrinkage(3), optim.FtrlBeta(4)),
		optim.Adafactor(1, optim.NoRelativeStep, optim.ClipThreshold(2), optim.Epsilon1(1), optim.Epsilon2(2), optim.Beta2Decay(-1)),
		optim.ScheduleFreeAdamW(1, optim.WarmupSteps(3)),
		optim.Muon(1, optim.NoNesterov, optim.ExcludeLayers("a", "b"), optim.IncludeEmbeddings, optim.RMSRate(0), optim.NSCoefficients(1, 2, 3), optim.WeightDecay(0),
			optim.AdamWeightDecay(0), optim.AdamRateRatio(2), optim.NSSteps(1), optim.Momentum(0.5)),
		optim.LossScale(optim.Adam(1, optim.Name("inner")), optim.InitialScale(2), optim.DynamicGrowthSteps(3), optim.Name("outer")),
		optim.Multi(optim.SGD(1), optim.For("z/.*", optim.Adam(1)), optim.For("a", optim.Lion(1)), optim.LossScaleFactor(2), optim.Name("many")),
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
	o.Vars()[1].Write(func(t *tensor.Tensor) { tensor.Data[float64](t)[0] = 0.25 }) // as a file of weights does
	_, class, config, err := optim.ToConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	back, err := optim.FromConfig(class, config)
	if err != nil || back.LearningRate() != 0.25 {
		t.Errorf("config %s (%v): want the learning rate 0.25", config, err)
	}
}

// TestToConfigUnheld refuses what Keras's configs do not hold, also of an optimizer in
// another.
func TestToConfigUnheld(t *testing.T) {
	const excluded = `ExcludeFromWeightDecay ["bias" "gamma"]: Keras's files cannot store it: want the weights alone in a file, or an optimizer without it`
	names := optim.ExcludeFromWeightDecay("bias", "gamma")
	for want, o := range map[string]optim.Optimizer{
		"optim: " + excluded: optim.AdamW(1, names),
		"optim: ExcludeVarsFromWeightDecay of 1 variables: Keras's": optim.SGD(1, optim.ExcludeVarsFromWeightDecay(param("w", 1))),
		"optim: inner_optimizer: " + excluded:                       optim.LossScale(optim.Adam(1, names)),
		"optim: default_optimizer: " + excluded:                     optim.Multi(optim.Adam(1, names)),
		"optim: a/.*: " + excluded:                                  optim.Multi(optim.Adam(1), optim.For("a/.*", optim.Lion(1, names))),
		`optim: name "a/b": want one without /`:                     optim.SGD(1, optim.Name("a/b")),
		`optim: name "a/c": want one without /`:                     optim.Multi(optim.SGD(1), optim.Name("a/c")),
		`optim: name "a/d": want one without /`:                     optim.LossScale(optim.SGD(1), optim.Name("a/d")),
		`optim: inner_optimizer: name "a/e": want one without /`:    optim.LossScale(optim.SGD(1, optim.Name("a/e"))),
	} {
		if _, _, config, err := optim.ToConfig(o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("config %s, error %v, want %s", config, err, want)
		}
	}
	if _, _, config, err := optim.ToConfig(optim.AdamW(1, optim.ExcludeFromWeightDecay())); err != nil {
		t.Errorf("nothing excluded: config %s, error %v", config, err)
	}
}

// TestToConfigBadSchedule wants an error for a schedule of a file that no step can ask.
func TestToConfigBadSchedule(t *testing.T) {
	o, err := optim.FromConfig("SGD", []byte(`{"learning_rate":{"class_name":"InverseTimeDecay","config":{"initial_learning_rate":1,"decay_steps":0,"decay_rate":1}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := optim.ToConfig(o); err == nil || !strings.Contains(err.Error(), "InverseTimeDecay: 0 steps") {
		t.Errorf("error %v, want one that names the steps", err)
	}
}

// TestToConfigDecay writes no decay as Keras takes it: AdamW wants a number.
func TestToConfigDecay(t *testing.T) {
	for _, c := range []struct {
		o    optim.Optimizer
		want string
	}{
		{optim.AdamW(1, optim.WeightDecay(0)), "0.0"},
		{optim.AdamW(1, optim.WeightDecay(0.25)), "0.25"},
		{optim.AdamW(1), "0.004"},
		{optim.Adam(1), "null"},
		{optim.Muon(1, optim.WeightDecay(0)), "null"},
	} {
		_, class, config, err := optim.ToConfig(c.o)
		if err != nil || !strings.Contains(string(config), `"weight_decay":`+c.want) {
			t.Errorf("%s: config %s (%v), want the decay %s", c.o.Name(), config, err, c.want)
		}
		back, err := optim.FromConfig(class, config)
		if err != nil {
			t.Errorf("%s: %v", config, err)
		} else if _, _, again, err := optim.ToConfig(back); string(again) != string(config) {
			t.Errorf("%s comes back as %s (%v)", config, again, err)
		}
	}
}
