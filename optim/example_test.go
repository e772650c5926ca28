package optim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// A step is traced once and run as often as there are batches.
func Example() {
	w := graph.NewVar("w", tensor.Of[float32](1, 2))
	opt := optim.SGD(0.5, optim.Momentum(0.5))
	opt.Build([]*graph.Var{w})
	g := graph.New()
	opt.Apply(g, []*graph.Node{g.Const(tensor.Of[float32](1, 0))})
	for range 2 {
		nntest.Run(g, nil)
		fmt.Println(w.Tensor())
	}
	// Output:
	// [0.5 2. ]
	// [-0.25  2.  ]
}

// A learning rate is a number or a schedule.
func ExampleAdam() {
	fmt.Println(optim.Adam(1e-3).LearningRate())
	o := optim.Adam(optim.ExponentialDecay(0.1, 1000, 0.9), optim.Beta2(0.99), optim.GlobalClipNorm(1))
	fmt.Println(o.LearningRate())
	// Output:
	// 0.001
	// 0.1
}

func ExampleCosineDecay() {
	s := optim.CosineDecay(0.1, 100, optim.Warmup(10, 1))
	for _, step := range []int64{0, 5, 10, 60, 110} {
		fmt.Printf("%d: %.2f\n", step, s.At(step))
	}
	// Output:
	// 0: 0.10
	// 5: 0.55
	// 10: 1.00
	// 60: 0.50
	// 110: 0.00
}

func ExampleFromConfig() {
	o, err := optim.FromConfig("RMSprop", []byte(`{"learning_rate": 0.01, "rho": 0.95, "clipnorm": null}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := json.Marshal(o)
	fmt.Println(string(text))
	// Output:
	// {"name":"rmsprop","learning_rate":0.01,"weight_decay":null,"clipnorm":null,"global_clipnorm":null,"clipvalue":null,"use_ema":false,"ema_momentum":0.99,"ema_overwrite_frequency":null,"loss_scale_factor":null,"gradient_accumulation_steps":null,"rho":0.95,"momentum":0,"epsilon":1e-7,"centered":false}
}

// steps prints a parameter that starts at 1 with a gradient that is always 3,
// before and after each of three steps.
func steps(opt optim.Optimizer) {
	w := graph.NewVar("w", tensor.Of(1.0))
	opt.Build([]*graph.Var{w})
	g := graph.New()
	opt.Apply(g, []*graph.Node{g.Const(tensor.Of(3.0))})
	fmt.Printf("%s: %.3f", opt.Name(), w.Tensor().Item())
	for range 3 {
		nntest.Run(g, nil)
		fmt.Printf(" %.3f", w.Tensor().Item())
	}
	fmt.Println()
}

func ExampleSGD() {
	steps(optim.SGD(0.1))
	steps(optim.SGD(0.1, optim.Momentum(0.9), optim.Name("momentum")))
	steps(optim.SGD(0.1, optim.Momentum(0.9), optim.Nesterov, optim.Name("nesterov")))
	// Output:
	// sgd: 1.000 0.700 0.400 0.100
	// momentum: 1.000 0.700 0.130 -0.683
	// nesterov: 1.000 0.430 -0.383 -1.415
}

// Adam steps as far as its learning rate while a gradient stays what it is.
func ExampleAdam_steps() {
	steps(optim.Adam(0.1))
	steps(optim.Adam(optim.PiecewiseConstantDecay([]int{1}, []float64{0.1, 0.01}), optim.Beta1(0.8), optim.Epsilon(1e-8)))
	steps(optim.Adam(0.1, optim.AMSGrad, optim.Name("amsgrad")))
	// Output:
	// adam: 1.000 0.900 0.800 0.700
	// adam: 1.000 0.900 0.800 0.790
	// amsgrad: 1.000 0.900 0.800 0.700
}

func ExampleAdamW() {
	steps(optim.AdamW(0.1, optim.WeightDecay(0.5)))
	// Output:
	// adamw: 1.000 0.850 0.708 0.572
}

func ExampleRMSprop() {
	steps(optim.RMSprop(0.1, optim.Rho(0.5)))
	steps(optim.RMSprop(0.1, optim.Rho(0.5), optim.Momentum(0.5), optim.Centered, optim.Name("centered")))
	// Output:
	// rmsprop: 1.000 0.859 0.743 0.636
	// centered: 1.000 0.800 0.469 0.001
}

func ExampleAdamax() {
	steps(optim.Adamax(0.1, optim.Beta2(0.5)))
	// Output:
	// adamax: 1.000 0.900 0.800 0.700
}

func ExampleNadam() {
	steps(optim.Nadam(0.1))
	// Output:
	// nadam: 1.000 0.894 0.816 0.745
}

func ExampleAdagrad() {
	steps(optim.Adagrad(0.5, optim.InitialAccumulator(0)))
	// Output:
	// adagrad: 1.000 0.500 0.146 -0.142
}

func ExampleAdadelta() {
	steps(optim.Adadelta(1, optim.Rho(0.9), optim.Epsilon(0.01)))
	// Output:
	// adadelta: 1.000 0.686 0.363 0.035
}

func ExampleAdafactor() {
	steps(optim.Adafactor(0.1))
	// Output:
	// adafactor: 1.000 0.900 0.810 0.729
}

func ExampleFtrl() {
	steps(optim.Ftrl(0.5, optim.L1Strength(0.5)))
	// Output:
	// ftrl: 1.000 0.315 0.000 -0.223
}

func ExampleLamb() {
	steps(optim.Lamb(0.1))
	// Output:
	// lamb: 1.000 0.900 0.810 0.729
}

func ExampleLion() {
	steps(optim.Lion(0.1, optim.WeightDecay(0.5)))
	// Output:
	// lion: 1.000 0.850 0.708 0.572
}

func ExampleScheduleFreeAdamW() {
	steps(optim.ScheduleFreeAdamW(0.1, optim.WarmupSteps(2)))
	// Output:
	// schedule_free_adam_w: 1.000 0.950 0.895 0.840
}

// A matrix takes a step whose singular values are near to each other, whatever those of
// the gradient are; AdamW has the bias.
func ExampleMuon() {
	w, b := graph.NewVar("dense/kernel", tensor.NewSpec(tensor.S(tensor.Float64, 2, 2))), graph.NewVar("dense/bias", tensor.Of(0.0, 0))
	opt := optim.Muon(1, optim.RMSRate(0), optim.WeightDecay(0))
	opt.Build([]*graph.Var{w, b})
	g := graph.New()
	grad, _ := tensor.Of(-4.0, 0, 0, -1).Reshape(2, 2)
	opt.Apply(g, []*graph.Node{g.Const(grad), g.Const(tensor.Of(-4.0, -1))})
	nntest.Run(g, nil)
	fmt.Printf("%.3f %.3f\n", w.Tensor().Float64s(), b.Tensor().Float64s())
	// Output:
	// [0.737 0.000 0.000 0.743] [1.000 1.000]
}

// A step whose gradient is not finite is left out and halves the scale of the loss.
func ExampleLossScale() {
	w := graph.NewVar("w", tensor.Of(1.0))
	opt := optim.LossScale(optim.SGD(0.5), optim.InitialScale(8), optim.DynamicGrowthSteps(2))
	opt.Build([]*graph.Var{w})
	g := graph.New()
	opt.Apply(g, []*graph.Node{g.Input("gradient", w.Spec())})
	for _, d := range []float64{8, math.Inf(1), 4, 4} {
		nntest.Run(g, nil, tensor.Of(d))
		fmt.Println(w.Tensor(), opt.Scale())
	}
	// Output:
	// [0.5] 8
	// [0.5] 4
	// [0.] 4
	// [-0.5] 8
}

// Weights and biases learn at their own rates.
func ExampleMulti() {
	w, b := graph.NewVar("dense/kernel", tensor.Of(1.0)), graph.NewVar("dense/bias", tensor.Of(1.0))
	opt := optim.Multi(optim.SGD(0.5), optim.For(".*/bias", optim.SGD(0.125, optim.Name("slow"))))
	opt.Build([]*graph.Var{w, b})
	g := graph.New()
	opt.Apply(g, []*graph.Node{g.Const(tensor.Of(1.0)), g.Const(tensor.Of(1.0))})
	nntest.Run(g, nil)
	fmt.Println(w.Tensor(), b.Tensor())
	// Output:
	// [0.5] [0.875]
}

// The moving average follows the parameter, which becomes it in the end.
func ExampleEMA() {
	w := graph.NewVar("w", tensor.Of(1.0))
	opt := optim.SGD(0.5, optim.EMA(0.5))
	opt.Build([]*graph.Var{w})
	g := graph.New()
	opt.Apply(g, []*graph.Node{g.Const(tensor.Of(1.0))})
	for range 3 {
		nntest.Run(g, nil)
		fmt.Println(w.Tensor(), opt.Averages()[0].Tensor())
	}
	opt.Finalize()
	fmt.Println(w.Tensor())
	// Output:
	// [0.5] [0.5]
	// [0.] [0.25]
	// [-0.5] [-0.125]
	// [-0.125]
}

// Two batches are one step.
func ExampleGradientAccumulation() {
	steps(optim.SGD(0.1, optim.GradientAccumulation(2)))
	// Output:
	// sgd: 1.000 1.000 0.700 0.700
}

func ExampleExcludeFromWeightDecay() {
	w, b := graph.NewVar("dense/kernel", tensor.Of(1.0)), graph.NewVar("dense/bias", tensor.Of(1.0))
	opt := optim.SGD(1, optim.WeightDecay(0.5), optim.ExcludeFromWeightDecay("bias"))
	opt.Build([]*graph.Var{w, b})
	g := graph.New()
	opt.Apply(g, []*graph.Node{g.Const(tensor.Of(0.0)), g.Const(tensor.Of(0.0))})
	nntest.Run(g, nil)
	fmt.Println(w.Tensor(), b.Tensor())
	// Output:
	// [0.5] [1.]
}

// Three ways to keep gradients from being too large.
func ExampleClipNorm() {
	for _, limit := range []optim.Option{optim.ClipNorm(1), optim.GlobalClipNorm(1), optim.ClipValue(1)} {
		a, b := graph.NewVar("a", tensor.Of(0.0, 0)), graph.NewVar("b", tensor.Of(0.0))
		opt := optim.SGD(1, limit)
		opt.Build([]*graph.Var{a, b})
		g := graph.New()
		opt.Apply(g, []*graph.Node{g.Const(tensor.Of(-3.0, -4)), g.Const(tensor.Of(-12.0))})
		nntest.Run(g, nil)
		fmt.Printf("%.3f %.3f\n", a.Tensor().Float64s(), b.Tensor().Float64s())
	}
	// Output:
	// [0.600 0.800] [1.000]
	// [0.231 0.308] [0.923]
	// [1.000 1.000] [1.000]
}

func ExampleConfig_SetLearningRate() {
	o := optim.SGD(0.1)
	o.SetLearningRate(o.LearningRate() / 10)
	fmt.Printf("%.3f\n", o.LearningRate())
	err := graph.Catch(func() { optim.SGD(optim.CosineDecay(0.1, 100)).SetLearningRate(0.5) })
	fmt.Println(err != nil)
	// Output:
	// 0.010
	// true
}

// rates prints a schedule's rates at some steps.
func rates(s *optim.Schedule, at ...int64) {
	for i, step := range at {
		if i > 0 {
			fmt.Print(", ")
		}
		fmt.Printf("%d: %.4f", step, s.At(step))
	}
	fmt.Println()
}

// A schedule of your own is traced, like a layer: the rate falls as 1/√t.
func ExampleScheduleFunc() {
	s := optim.ScheduleFunc("rsqrt", func(t *graph.Node) *graph.Node {
		return ops.Scale(ops.Rsqrt(ops.Offset(t, 1)), 0.1)
	})
	rates(s, 0, 3, 99)
	// Output:
	// 0: 0.1000, 3: 0.0500, 99: 0.0100
}

func ExampleWarmup() {
	rates(optim.CosineDecay(0, 100, optim.Warmup(10, 0.1), optim.Alpha(0.5)), 0, 5, 10, 60, 110, 1000)
	// Output:
	// 0: 0.0000, 5: 0.0500, 10: 0.1000, 60: 0.0750, 110: 0.0500, 1000: 0.0500
}

func ExampleCosineDecayRestarts() {
	rates(optim.CosineDecayRestarts(1, 10, optim.PeriodFactor(2), optim.RateFactor(0.5)), 0, 5, 9, 10, 20, 29, 30)
	// Output:
	// 0: 1.0000, 5: 0.5000, 9: 0.0245, 10: 0.5000, 20: 0.2500, 29: 0.0031, 30: 0.2500
}

func ExampleExponentialDecay() {
	rates(optim.ExponentialDecay(0.1, 10, 0.5), 0, 5, 10, 20)
	rates(optim.ExponentialDecay(0.1, 10, 0.5, optim.Staircase), 0, 5, 10, 20)
	// Output:
	// 0: 0.1000, 5: 0.0707, 10: 0.0500, 20: 0.0250
	// 0: 0.1000, 5: 0.1000, 10: 0.0500, 20: 0.0250
}

func ExampleInverseTimeDecay() {
	rates(optim.InverseTimeDecay(0.1, 10, 1), 0, 5, 10, 30)
	// Output:
	// 0: 0.1000, 5: 0.0667, 10: 0.0500, 30: 0.0250
}

func ExamplePiecewiseConstantDecay() {
	rates(optim.PiecewiseConstantDecay([]int{10, 20}, []float64{0.1, 0.01, 0.001}), 0, 10, 11, 20, 21)
	// Output:
	// 0: 0.1000, 10: 0.1000, 11: 0.0100, 20: 0.0100, 21: 0.0010
}

func ExamplePolynomialDecay() {
	rates(optim.PolynomialDecay(0.1, 10, optim.EndRate(0), optim.Power(2)), 0, 5, 10, 15)
	rates(optim.PolynomialDecay(0.1, 10, optim.EndRate(0), optim.Cycle), 0, 5, 10, 15)
	// Output:
	// 0: 0.1000, 5: 0.0250, 10: 0.0000, 15: 0.0000
	// 0: 0.1000, 5: 0.0500, 10: 0.0000, 15: 0.0250
}

func ExampleLinearWarmup() {
	rates(optim.LinearWarmup(0, 10, 0.1), 0, 5, 10, 100)
	rates(optim.LinearWarmup(0, 10, optim.ExponentialDecay(0.1, 10, 0.5)), 0, 5, 10, 20, 30)
	// Output:
	// 0: 0.0000, 5: 0.0500, 10: 0.1000, 100: 0.1000
	// 0: 0.0000, 5: 0.0500, 10: 0.1000, 20: 0.0500, 30: 0.0250
}

func ExampleOneCycle() {
	rates(optim.OneCycle(1, 100), 0, 10, 29, 64, 99, 200)
	// Output:
	// 0: 0.0400, 10: 0.2952, 29: 1.0000, 64: 0.5000, 99: 0.0000, 200: 0.0000
}

func ExampleToConfig() {
	module, class, config, err := optim.ToConfig(optim.SGD(0.5, optim.Momentum(1)))
	fmt.Println(module, class, string(config), err)
	_, _, _, err = optim.ToConfig(optim.Adam(0.5, optim.NoBiasCorrection))
	fmt.Println(err)
	// Output:
	// keras.optimizers SGD {"name":"sgd","learning_rate":0.5,"weight_decay":null,"clipnorm":null,"global_clipnorm":null,"clipvalue":null,"use_ema":false,"ema_momentum":0.99,"ema_overwrite_frequency":null,"loss_scale_factor":null,"gradient_accumulation_steps":null,"momentum":1.0,"nesterov":false} <nil>
	// optim: no_bias_correction: Keras's Adam has no such setting
}

func ExampleClaim() {
	opt, a, b := optim.SGD(0.1), new(int), new(int) // a and b are what trains with it
	fmt.Println("a:", optim.Claim(a, opt, nil))
	err := optim.Claim(b, optim.LossScale(opt), nil)
	fmt.Println("b:", strings.Contains(err.Error(), "sgd: it trains another model"))
	fmt.Println("a gives it up:", optim.Claim(a, nil, opt))
	fmt.Println("b:", optim.Claim(b, optim.LossScale(opt), nil))
	// Output:
	// a: <nil>
	// b: true
	// a gives it up: <nil>
	// b: <nil>
}
