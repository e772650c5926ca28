package nntest_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// networks are small ones of all layers, by family: what stands between [B 6] and a last
// Dense. A layer that is new stands in that of its family, or in a new one.
var networks = map[string]func() []nn.Layer{
	"dense": func() []nn.Layer {
		return []nn.Layer{nn.Dense(8, nn.Tanh, nn.KernelRegularizer(nn.L1L2(0.1, 0.1)), nn.ActivityRegularizer(nn.L1(0.1)))}
	},
	"noise": func() []nn.Layer {
		return []nn.Layer{preprocess.Rescaling(0.5, 1), nn.GaussianNoise(0.1), nn.GaussianDropout(0.1), nn.AlphaDropout(0.1), nn.Dropout(0.1)}
	},
	"noise of shapes": func() []nn.Layer {
		return []nn.Layer{nn.RepeatVector(2), nn.Dropout(0.1, nn.NoiseShape(-1, 1, -1)), nn.SpatialDropout1D(0.1), nn.Dense(3), nn.Flatten()}
	},
	"shapes": func() []nn.Layer {
		return []nn.Layer{nn.Reshape(2, 3), nn.Permute(2, 1), nn.Dense(3), nn.Flatten()}
	},
	"convolutions": func() []nn.Layer {
		return []nn.Layer{nn.Reshape(3, 2, 1), nn.Conv2D(4, 2, nn.Same, nn.ReLU), nn.DepthwiseConv2D(2, nn.DepthMultiplier(2)), nn.SeparableConv2D(3, 2, nn.Same, nn.Tanh),
			nn.Conv2DTranspose(2, 3, nn.Strides(2), nn.Same, nn.ReLU), nn.Reshape(4, -1), nn.Conv1D(3, 2, nn.Causal), nn.DepthwiseConv1D(2), nn.SeparableConv1D(4, 2),
			nn.Conv1DTranspose(2, 2), nn.Reshape(3, 2, 1, -1), nn.Conv3D(2, 2, nn.Same), nn.Conv3DTranspose(1, 2), nn.Flatten()}
	},
	"pooling": func() []nn.Layer {
		return []nn.Layer{nn.Reshape(3, 2, 1), nn.Conv2D(9, 1, nn.Tanh), nn.UpSampling2D(2, nn.Bilinear), nn.ZeroPadding2D(1), nn.MaxPooling2D(3, nn.Strides(2), nn.Same),
			nn.AveragePooling2D(2, nn.Strides(1), nn.Same), nn.AdaptiveMaxPooling2D(3), nn.AdaptiveAveragePooling2D(2), nn.UpSampling2D(2), nn.Cropping2D(0, 1, 0, 0),
			nn.GlobalAveragePooling2D(nn.KeepDims), nn.Flatten()}
	},
	"pictures that move": func() []nn.Layer {
		f := func(v ...float64) preprocess.Factor { return v }
		return []nn.Layer{nn.Reshape(3, 2, 1), nn.Conv2D(3, 1, nn.Tanh), preprocess.RandomFlip(), preprocess.RandomRotation(f(0.1)), preprocess.RandomZoom(f(0.2), nil),
			preprocess.RandomTranslation(f(0.1), f(0.2), preprocess.Fill(preprocess.FillWrap)), preprocess.RandomShear(f(0.2), f(0.1)), preprocess.RandomPerspective(f(1)),
			preprocess.RandomElasticTransform(f(1), preprocess.ValueRange(-1, 1)), preprocess.MixUp(0.2), preprocess.CutMix(f(1)), preprocess.RandomErasing(f(1)),
			preprocess.RandomCrop(2, 1), preprocess.CenterCrop(2, 3), nn.Flatten()}
	},
	"activations": func() []nn.Layer {
		return []nn.Layer{nn.PReLU(nn.AlphaInitializer(nn.Constant(0.2)), nn.AlphaConstraint(nn.NonNeg)), nn.ActivityRegularization(0.1, 0.1)}
	},
	"masks": func() []nn.Layer {
		return []nn.Layer{nn.ReLU, nn.Reshape(3, 2), nn.Masking(0), nn.Dense(3, nn.Tanh), nn.Flatten()}
	},
	"batch normalization": func() []nn.Layer {
		return []nn.Layer{nn.Dense(8), nn.BatchNormalization(nn.GammaRegularizer(nn.L2(0.1)), nn.BetaConstraint(nn.NonNeg)), nn.ReLU,
			nn.Reshape(2, 4), nn.BatchNormalization(nn.Axis(1), nn.Renorm, nn.RenormClip(0.5, 2, 1)), nn.BatchNormalization(nn.NoScale, nn.NoCenter, nn.Frozen), nn.Flatten()}
	},
	"batch normalization of masked steps": func() []nn.Layer {
		return []nn.Layer{nn.ReLU, nn.Reshape(3, 2), nn.Masking(0), nn.BatchNormalization(), nn.Dense(3, nn.Tanh), nn.BatchNormalization(nn.Axis(1)), nn.Flatten()}
	},
	"normalization": func() []nn.Layer {
		return []nn.Layer{nn.Dense(12), nn.LayerNormalization(), nn.Reshape(3, 4), nn.LayerNormalization(nn.Axes(1, 2)), nn.RMSNormalization(),
			nn.LayerNormalization(nn.Axis(1), nn.RMSScaling), nn.UnitNormalization(nn.Axes(1, 2)), nn.RMSNormalization(nn.Axis(1)), nn.Flatten()}
	},
	"group normalization": func() []nn.Layer {
		return []nn.Layer{nn.Dense(24), nn.GroupNormalization(4), nn.Reshape(3, 2, 4), nn.GroupNormalization(2), nn.GroupNormalization(-1), nn.GroupNormalization(3, nn.Axis(1)), nn.Flatten()}
	},
	"spectral normalization": func() []nn.Layer {
		return []nn.Layer{nn.SpectralNormalization(nn.Dense(8, nn.Tanh, nn.KernelRegularizer(nn.L2(0.1)))), nn.SpectralNormalization(nn.Dense(4), nn.PowerIterations(3))}
	},
	"merges": func() []nn.Layer {
		x := nn.Apply(nn.Input(6))
		a, b := nn.Apply(nn.Dense(6), x), nn.Apply(nn.Dense(6), x)
		pair := []*nn.Symbol{nn.Apply(nn.Add(), a, b), nn.Apply(nn.Subtract(), a, b)}
		pair[0], pair[1] = nn.Apply(nn.Multiply(), pair[0], pair[1]), nn.Apply(nn.Average(), a, x)
		pair[0], pair[1] = nn.Apply(nn.Maximum(), pair[0], b), nn.Apply(nn.Minimum(), pair[1], b)
		joined := nn.Apply(nn.Concatenate(), pair[0], pair[1], nn.Apply(nn.Dot(nn.Normalize), pair[0], pair[1]))
		return []nn.Layer{nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{joined})}
	},
}

// recipe holds the parts of a training step.
type recipe struct {
	layers   string // the network, "dense" unless it says another
	act      nn.Activation
	loss     loss.Loss
	opt      func() optim.Optimizer
	metric   metric.Metric
	sparse   bool // labels are class numbers
	weighted bool
}

// TestOnCPU runs two training steps of a network as a plan on the CPU and by the
// references, for every layer, activation, loss, metric and optimizer.
// Weights, slots, totals and the seed must agree, and no step of a plan may run a
// reference.
func TestOnCPU(t *testing.T) {
	sgd := func() optim.Optimizer { return optim.SGD(0.01) }
	usual := recipe{act: nn.Softmax, loss: loss.MeanSquaredError(), opt: sgd, metric: metric.Accuracy()}
	recipes := map[string]recipe{}
	for name := range networks {
		r := usual
		r.layers = name
		recipes["layers/"+name] = r
	}
	for _, a := range []nn.Activation{nn.Linear, nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.HardSigmoid, nn.LogSigmoid, nn.Tanh, nn.Softmax,
		nn.LogSoftmax, nn.ELU, nn.SELU, nn.GELU, nn.GELUTanh, nn.SiLU, nn.HardSiLU, nn.Mish, nn.LeakyReLU, nn.Softplus, nn.Softsign, nn.Exponential,
		nn.HardTanh, nn.TanhShrink, nn.HardShrink, nn.SoftShrink, nn.Sparsemax, nn.SparsePlus, nn.SparseSigmoid, nn.CELUAlpha(0.7), nn.GLU,
		nn.Squareplus, nn.Threshold(0.1, -1), nn.ReLUWith(0.1, 0.5, 0.2), nn.SoftmaxAxis(0, 1), nn.SparsemaxAxis(0)} {
		r := usual
		r.act = a
		recipes["activation/"+a.String()] = r
	}
	for i, l := range []loss.Loss{loss.MeanSquaredError(), loss.MeanAbsoluteError(loss.Sum), loss.BinaryCrossentropy(), loss.BinaryCrossentropy(loss.FromLogits),
		loss.CategoricalCrossentropy(), loss.CategoricalCrossentropy(loss.LabelSmoothing(0.1), loss.MeanByWeight),
		loss.Func("percent", func(y, p *graph.Node) *graph.Node { // of labels that are not 0
			return loss.MeanAbsolutePercentageError().Each(ops.Offset(y, 1), p)
		}), loss.MeanSquaredLogarithmicError(), loss.LogCosh(), loss.Huber(loss.Delta(0.3)), loss.CosineSimilarity(),
		loss.Hinge(), loss.SquaredHinge(), loss.CategoricalHinge(), loss.KLDivergence(), loss.Poisson(), loss.BinaryFocalCrossentropy(loss.ClassBalancing),
		loss.BinaryFocalCrossentropy(loss.Gamma(1.5)), loss.CategoricalFocalCrossentropy(loss.Alphas{0.1, 0.2, 0.3, 0.4}), loss.Dice(loss.Axes(1)), loss.Tversky(loss.Axes(1)),
		loss.Dice(), loss.Tversky(loss.Alpha(0.2))} {
		for _, a := range []nn.Activation{nn.Sigmoid, nn.Softmax} {
			r := usual
			r.loss, r.act, r.metric = l, a, metric.FromLoss(l)
			if l.Name() == "dice" || l.Name() == "tversky" { // one loss of the whole batch is no metric
				r.metric = metric.Accuracy()
			}
			recipes[fmt.Sprintf("loss/%T.%d/%v", l, i, a)] = r
		}
	}
	for i, l := range []loss.Loss{loss.SparseCategoricalCrossentropy(), loss.SparseCategoricalCrossentropy(loss.FromLogits, loss.IgnoreClass(2)),
		loss.CategoricalGeneralizedCrossEntropy(), loss.CategoricalGeneralizedCrossEntropy(loss.Q(0.3)), loss.Circle(loss.Gamma(2))} {
		for _, a := range []nn.Activation{nn.Sigmoid, nn.Softmax} {
			r := usual
			r.loss, r.act, r.metric, r.sparse = l, a, metric.SparseTopKCategoricalAccuracy(2), true
			recipes[fmt.Sprintf("loss/%T.%d/%v", l, i, a)] = r
		}
	}
	for i, m := range []metric.Metric{metric.Accuracy(), metric.BinaryAccuracy(0.3), metric.TopKCategoricalAccuracy(2), metric.Precision(),
		metric.Precision(metric.Thresholds(0.1, 0.3)), metric.Recall(metric.TopK(2)), metric.Recall(metric.ClassID(1)),
		metric.F1Score(), metric.F1Score(metric.Micro, metric.Threshold(0.3)), metric.ConfusionMatrix(4)} {
		r := usual
		r.metric = m
		recipes[fmt.Sprintf("metric/%s.%d", m.Name(), i)] = r
	}
	for name, o := range map[string]func() optim.Optimizer{
		"clipped": func() optim.Optimizer { return optim.SGD(0.1, optim.ClipNorm(1)) },
		"momentum": func() optim.Optimizer {
			return optim.SGD(0.1, optim.Momentum(0.9), optim.WeightDecay(0.1), optim.GlobalClipNorm(1))
		},
		"adam": func() optim.Optimizer { return optim.Adam(0.01) },
		"adamw": func() optim.Optimizer {
			return optim.AdamW(optim.CosineDecay(0.01, 10, optim.Warmup(2, 0.02)), optim.AMSGrad)
		},
		"rmsprop": func() optim.Optimizer {
			return optim.RMSprop(optim.CosineDecayRestarts(0.01, 3), optim.Centered, optim.Momentum(0.5))
		},
		"polynomial": func() optim.Optimizer {
			return optim.SGD(optim.PolynomialDecay(0.1, 3, optim.Cycle), optim.ClipValue(0.1))
		},
	} {
		r := usual
		r.act, r.opt = nn.Tanh, o
		recipes["optimizer/"+name] = r
	}
	for name, r := range recipes {
		for _, r.weighted = range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, r.weighted), r.compare)
		}
	}
}

// compare trains twice, on the CPU and by the references.
func (r recipe) compare(t *testing.T) {
	want := r.train(t, func(g *graph.Graph, in []*tensor.Tensor) { nntest.Run(g, nil, in...) })
	got := r.train(t, func(g *graph.Graph, in []*tensor.Tensor) {
		p := plan.Compile(g, nil, cpu.Kernels{})
		if refs := p.References(); len(refs) > 0 {
			t.Errorf("no kernels for %v", refs)
		}
		if err := p.Run(nil, in); err != nil {
			t.Fatal(err)
		}
	})
	for i, v := range want {
		w, tol := v.Tensor().Float64s(), 1e-4
		for j, x := range got[i].Tensor().Float64s() {
			if !(math.Abs(x-w[j]) <= tol*max(1, math.Abs(w[j]))) {
				t.Fatalf("%s[%d] is %v, want %v", v.Path, j, x, w[j])
			}
		}
	}
}

// train takes two steps and returns all state.
func (r recipe) train(t *testing.T, run func(*graph.Graph, []*tensor.Tensor)) []*graph.Var {
	units := 4
	if r.act.String() == nn.GLU.String() {
		units = 8
	}
	if r.layers == "" {
		r.layers = "dense"
	}
	net := nn.Sequential(append(append([]nn.Layer{nn.Input(6)}, networks[r.layers]()...),
		nn.Dense(units, r.act, nn.KernelConstraint(nn.MaxNorm(0.6)), nn.KernelRegularizer(nn.OrthogonalRegularizer(0.1, nn.Columns))))...)
	const batch = 16
	y := tensor.New(tensor.Float32, batch, 4)
	for i := range batch {
		tensor.Data[float32](y)[4*i+i*i%4] = 1
	}
	if r.sparse {
		y = tensor.New(tensor.Int32, batch)
		for i := range batch {
			tensor.Data[int32](y)[i] = int32(i % 4)
		}
	}
	in := []*tensor.Tensor{nntest.Sample(tensor.S(tensor.Float32, batch, 6)), y}
	net.Build(nn.NewBuilder(1), in[0].Spec())
	seed, g := nn.NewSeed(3), graph.New()
	c := nn.NewCtx(g, seed)
	c.Training = true
	x, labels := g.Input("x", in[0].Spec()), g.Input("y", y.Spec())
	var weight *graph.Node
	if r.weighted {
		weight = g.Input("w", tensor.S(tensor.Float32, batch))
		w := make([]float32, batch)
		for i := range w {
			w[i] = float32(i%5) / 2
		}
		in = append(in, tensor.Of(w...))
	}
	pred := net.Call(c, x)
	loss := loss.Reduce(r.loss, labels, pred, weight)
	for _, l := range c.Losses() {
		loss = ops.Add(loss, l)
	}
	state, err := r.metric.New(y.Spec(), pred.Spec())
	if err != nil {
		t.Fatal(err)
	}
	state.Update(g, labels, pred, weight)
	var params []*graph.Node
	for _, p := range net.Params() {
		params = append(params, g.Value(p))
	}
	opt := r.opt()
	opt.Build(net.Params())
	opt.Apply(g, autodiff.Grad(loss, params...))
	nn.Constrain(g, net.Params())
	for range 2 {
		run(g, in)
	}
	return append(append(append(net.Vars(), seed), opt.Vars()...), state.Vars()...)
}
