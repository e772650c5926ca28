package optim

import (
	"math"
	"regexp"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Muon returns steps for matrices that are nearly orthogonal: momentum whose singular
// values a few products of matrices bring near to 1,
//
//	m = momentum·m + g
//	x = g + momentum·m            m without Nesterov
//	x = x/|x|, then NSSteps times: A = x·xᵀ, x = a·x + (b·A + c·A²)·x
//	w -= lr · rate·√max(rows, columns) · x
//
// and steps of [AdamW] for all other parameters: those that have not two axes, embeddings
// and those that [ExcludeLayers] names, which should be the last layer.
//
// Keras's default for lr is 0.001. Others are momentum 0.95 with Nesterov, 5 steps with
// a 3.4445, b -4.7750, c 2.0315, rate 0.2, weight decay 0.004 for both, and for AdamW β1
// 0.9, β2 0.999, ε 1e-7 and the learning rate as it is.
//
// Options: [Momentum], [NoNesterov], [NSSteps], [NSCoefficients], [RMSRate],
// [ExcludeLayers], [IncludeEmbeddings], [AdamWeightDecay], [AdamRateRatio], [Beta1],
// [Beta2], [Epsilon], and those of every optimizer, see [Option].
//
// Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks";
// Liu et al. 2025, arXiv:2502.16982, section 2; as in keras.optimizers.Muon.
func Muon[R Number](lr R, opts ...MuonOption) *MuonOptimizer {
	o := &MuonOptimizer{
		Config: newConfig("muon", rate(lr)), AdamBeta1: 0.9, AdamBeta2: 0.999, Epsilon: 1e-7, ExcludeLayers: []string{},
		A: 3.4445, B: -4.7750, C: 2.0315, AdamRateRatio: 1, Momentum: 0.95, NSSteps: 5, Nesterov: true,
		ExcludeEmbeddings: true, AdamWeightDecay: 0.004, RMSRate: 0.2,
	}
	o.WeightDecay = 0.004
	for _, opt := range opts {
		opt.muon(o)
	}
	return o
}

// MuonOptimizer is the optimizer that [Muon] makes.
type MuonOptimizer struct {
	Config
	// AdamBeta1, AdamBeta2 and Epsilon are those of AdamW.
	AdamBeta1 float64 `json:"adam_beta_1"`
	AdamBeta2 float64 `json:"adam_beta_2"`
	Epsilon   float64 `json:"epsilon"`
	// ExcludeLayers are regular expressions: where one is found in a parameter's path,
	// AdamW has it.
	ExcludeLayers []string `json:"exclude_layers"`
	// A, B and C are the factors of x, A·x and A²·x in the Newton-Schulz iteration.
	A float64 `json:"muon_a"`
	B float64 `json:"muon_b"`
	C float64 `json:"muon_c"`
	// AdamRateRatio is the learning rate of AdamW by that of Muon.
	AdamRateRatio float64 `json:"adam_lr_ratio"`
	// Momentum is the part of a step that the next one keeps.
	Momentum float64 `json:"momentum"`
	// NSSteps is how often the Newton-Schulz iteration is done: 100 times at most.
	NSSteps int `json:"ns_steps"`
	// Nesterov looks ahead by the momentum.
	Nesterov bool `json:"nesterov"`
	// ExcludeEmbeddings leaves parameters with "embedding" in their path to AdamW.
	ExcludeEmbeddings bool `json:"exclude_embeddings"`
	// AdamWeightDecay is the weight decay of AdamW.
	AdamWeightDecay Optional `json:"adam_weight_decay"`
	// RMSRate is the root mean square of a step at the learning rate 1; without it
	// steps are as the iteration leaves them.
	RMSRate Optional `json:"rms_rate"`

	m, v []*graph.Var // v is nil for matrices
}

// mostNSSteps bounds the graph that a file can ask for: each iteration is three products
// of every matrix.
const mostNSSteps = 100

// MuonOption is an option of [Muon].
type MuonOption interface{ muon(*MuonOptimizer) }

type (
	// NSSteps is how often a step of [Muon] does the Newton-Schulz iteration.
	NSSteps int
	// RMSRate is the root mean square of a step of [Muon] at the learning rate 1; 0
	// leaves steps as they are.
	RMSRate float64
	// AdamWeightDecay is the weight decay of the parameters that [Muon] leaves to AdamW.
	AdamWeightDecay float64
	// AdamRateRatio is the learning rate of the parameters that [Muon] leaves to AdamW,
	// by that of the others.
	AdamRateRatio float64
)

// NoNesterov makes the momentum of [Muon] plain.
const NoNesterov noNesterov = true

// IncludeEmbeddings gives [Muon] the matrices of embeddings too.
const IncludeEmbeddings includeEmbeddings = true

type (
	noNesterov        bool
	includeEmbeddings bool
	excludeLayers     []string
	nsCoefficients    [3]float64
)

// ExcludeLayers makes [Muon] use AdamW for parameters whose path matches one of these
// regular expressions.
func ExcludeLayers(paths ...string) MuonOption { return excludeLayers(paths) }

// NSCoefficients are the factors of the Newton-Schulz iteration of [Muon].
func NSCoefficients(a, b, c float64) MuonOption { return nsCoefficients{a, b, c} }

func (x NSSteps) muon(o *MuonOptimizer)           { o.NSSteps = int(x) }
func (x RMSRate) muon(o *MuonOptimizer)           { o.RMSRate = Optional(x) }
func (x AdamWeightDecay) muon(o *MuonOptimizer)   { o.AdamWeightDecay = Optional(x) }
func (x AdamRateRatio) muon(o *MuonOptimizer)     { o.AdamRateRatio = float64(x) }
func (x noNesterov) muon(o *MuonOptimizer)        { o.Nesterov = !bool(x) }
func (x includeEmbeddings) muon(o *MuonOptimizer) { o.ExcludeEmbeddings = !bool(x) }
func (x excludeLayers) muon(o *MuonOptimizer)     { o.ExcludeLayers = append(o.ExcludeLayers, x...) }
func (x nsCoefficients) muon(o *MuonOptimizer)    { o.A, o.B, o.C = x[0], x[1], x[2] }

// Class returns Keras's name of the type.
func (o *MuonOptimizer) Class() string { return "Muon" }

// Build implements [Optimizer].
func (o *MuonOptimizer) Build(params []*graph.Var) {
	o.build(params)
	o.wantBetas(o.AdamBeta1, o.AdamBeta2)
	o.wantEpsilon(o.Epsilon)
	for name, x := range map[string]float64{
		"RMS rate": float64(o.RMSRate), "weight decay of AdamW": float64(o.AdamWeightDecay), "rate ratio of AdamW": o.AdamRateRatio,
	} {
		if !(x >= 0) || math.IsInf(x, 1) {
			panic(o.errorf("%s %g: want a finite number, 0 or more", name, x))
		}
	}
	switch {
	case !(o.Momentum >= 0 && o.Momentum <= 1):
		panic(o.errorf("momentum %g: want 0 to 1", o.Momentum))
	case o.NSSteps < 0 || o.NSSteps > mostNSSteps:
		panic(o.errorf("%d steps of Newton and Schulz: want 0 to %d", o.NSSteps, mostNSSteps))
	}
	o.m, o.v = nil, make([]*graph.Var, len(params))
	excluded := o.excluded()
	for i, p := range params {
		o.m = append(o.m, o.slot(p, "momentum"))
		if excluded(p) {
			o.v[i] = o.slot(p, "velocity")
		}
	}
}

// excluded returns a function that reports whether AdamW updates a parameter.
func (o *MuonOptimizer) excluded() func(p *graph.Var) bool {
	var patterns []*regexp.Regexp
	for _, s := range o.ExcludeLayers {
		re, err := regexp.Compile(s)
		if err != nil {
			panic(o.errorf("ExcludeLayers %q: %v", s, err))
		}
		patterns = append(patterns, re)
	}
	return func(p *graph.Var) bool {
		if p.Spec().Rank() != 2 || o.ExcludeEmbeddings && strings.Contains(strings.ToLower(p.Path), "embedding") {
			return true
		}
		for _, re := range patterns {
			if re.MatchString(p.Path) {
				return true
			}
		}
		return false
	}
}

// Apply implements [Optimizer].
func (o *MuonOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	s.gather()
	for i, p := range o.params {
		if o.v[i] != nil {
			lr := ops.Scale(s.lr, o.AdamRateRatio)
			rule := ops.ApplyAdamOp{OneMinusBeta1: 1 - o.AdamBeta1, OneMinusBeta2: 1 - o.AdamBeta2, Eps: o.Epsilon}
			slots := []*graph.Var{o.m[i], o.v[i]}
			s.apply(rule, i, slots, s.corrected(lr, o.AdamBeta1, o.AdamBeta2, p), s.decayBy(i, o.AdamWeightDecay))
			continue
		}
		m := ops.Add(ops.Scale(g.Value(o.m[i]), o.Momentum), s.grads[i])
		s.update(o.m[i], m, s.on)
		x := m
		if o.Nesterov {
			x = ops.Add(s.grads[i], ops.Scale(m, o.Momentum))
		}
		s.grads[i] = o.orthogonal(x)
		lr := s.lr
		if o.RMSRate != 0 {
			dims := p.Spec().Shape
			lr = ops.Scale(lr, math.Sqrt(float64(max(dims.At(0), dims.At(1))))*float64(o.RMSRate))
		}
		s.apply(ops.ApplySGDOp{}, i, nil, lr, s.decay(i))
	}
	s.end()
}

// orthogonal brings the singular values of a matrix near to 1: by x = (a·I + b·A +
// c·A²)·x with A = x·xᵀ, or for a tall matrix from the other side, with A = xᵀ·x. The
// sums are taken on A, the smaller matrix, while it is computed; so the first step scales
// x.
func (o *MuonOptimizer) orthogonal(x *graph.Node) *graph.Node {
	tall := x.Shape().At(0) > x.Shape().At(1)
	k := min(x.Shape().At(0), x.Shape().At(1))
	inv := inverse(ops.Offset(ops.Sqrt(ops.ReduceSumSquare(x)), 1e-7))
	if o.NSSteps == 0 {
		return ops.Mul(x, inv)
	}
	eye, zero := ops.OneHot(ops.Iota(x.Graph(), tensor.S(tensor.Int32, k), 0), k, x.DType()), ops.ScalarLike(x, 0)
	for i := range o.NSSteps {
		square := ops.MatMulT(x, x, tall, !tall)
		if i == 0 { // an infinite norm leaves zeros, as in Keras
			square = ops.Where(ops.Equal(inv, zero), zero, ops.Mul(square, ops.Square(inv)))
		}
		factor := ops.Add(ops.Scale(square, o.B), ops.Scale(ops.MatMul(square, square), o.C))
		if o.A != 0 { // eye itself is read, for a·eye would be one step that all matrices wait for
			factor = ops.Scale(ops.Add(ops.Scale(factor, 1/o.A), eye), o.A)
		}
		if i == 0 {
			factor = ops.Mul(factor, inv)
		}
		if tall {
			x = ops.MatMul(x, factor)
		} else {
			x = ops.MatMul(factor, x)
		}
	}
	return x
}
