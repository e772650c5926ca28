package loss

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// The focal losses are cross-entropies in which well predicted examples count less: they
// are weighted with 1 less the probability of the true class, to the power of gamma.
//
// Source: Lin et al. 2017, arXiv:1708.02002, section 3.

// Gamma is the exponent of focal losses, which reduces the loss of well predicted examples,
// 2 by default, and the scale of [Circle], 80 by default.
type Gamma float64

// Alpha is the weight of class 1 in [BinaryFocalCrossentropy], of all classes in
// [CategoricalFocalCrossentropy], 0.25 by default in both, and of false positives in
// [Tversky], 0.5 by default.
type Alpha float64

// Alphas are weights of classes in [CategoricalFocalCrossentropy].
type Alphas []float64

// ClassBalancing makes [BinaryFocalCrossentropy] weigh class 1 with alpha and class 0
// with 1 - alpha.
const ClassBalancing classBalancing = true

type classBalancing bool

// BinaryFocalCrossentropy returns the loss of yes-or-no labels t and their predicted
// probabilities p, clipped to 1e-7 and 1 - 1e-7 in the logarithms:
//
//	q = t·p + (1-t)·(1-p)
//	mean((1-q)^gamma · (-t·ln p - (1-t)·ln(1-p)))
//
// over the last axis, or that of the option.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without that axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, unless gamma is 0 or more and alpha from 0 to 1.
//
// Options: [FromLogits], [LabelSmoothing], an [Axis], a [Gamma], [ClassBalancing], an
// [Alpha], [Name], a [Reduction].
//
// Source: keras.losses.BinaryFocalCrossentropy; Lin et al. 2017, arXiv:1708.02002, section 3.
func BinaryFocalCrossentropy(opts ...BinaryFocalOption) *BinaryFocalCrossentropyLoss {
	l := &BinaryFocalCrossentropyLoss{crossentropyConfig("binary_focal_crossentropy", nil), false, 0.25, 2}
	for _, o := range opts {
		o.binaryFocal(l)
	}
	return l
}

// BinaryFocalCrossentropyLoss is the loss that [BinaryFocalCrossentropy] makes.
type BinaryFocalCrossentropyLoss struct {
	CrossentropyConfig
	// ApplyClassBalancing weighs class 1 with Alpha and class 0 with 1 - Alpha.
	ApplyClassBalancing bool    `json:"apply_class_balancing"`
	Alpha               float64 `json:"alpha"`
	// Gamma is the exponent that reduces the loss of well predicted examples.
	Gamma float64 `json:"gamma"`
}

// BinaryFocalOption is an option of [BinaryFocalCrossentropy].
type BinaryFocalOption interface {
	binaryFocal(*BinaryFocalCrossentropyLoss)
}

func (n Name) binaryFocal(l *BinaryFocalCrossentropyLoss)           { n.loss(&l.Config) }
func (r Reduction) binaryFocal(l *BinaryFocalCrossentropyLoss)      { r.loss(&l.Config) }
func (f fromLogits) binaryFocal(l *BinaryFocalCrossentropyLoss)     { l.FromLogits = bool(f) }
func (s LabelSmoothing) binaryFocal(l *BinaryFocalCrossentropyLoss) { l.LabelSmoothing = float64(s) }
func (a Axis) binaryFocal(l *BinaryFocalCrossentropyLoss)           { l.Axis = &a }
func (g Gamma) binaryFocal(l *BinaryFocalCrossentropyLoss)          { l.Gamma = float64(g) }
func (a Alpha) binaryFocal(l *BinaryFocalCrossentropyLoss)          { l.Alpha = float64(a) }
func (c classBalancing) binaryFocal(l *BinaryFocalCrossentropyLoss) { l.ApplyClassBalancing = bool(c) }

// Each implements [Loss].
func (l *BinaryFocalCrossentropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	const name = "BinaryFocalCrossentropy"
	wantGamma(name, l.Gamma)
	if !(l.Alpha >= 0 && l.Alpha <= 1) {
		panic(graph.Errorf("loss.%s: alpha %g: want 0 to 1", name, l.Alpha))
	}
	t, p := matched(name, yTrue, yPred)
	t = l.smooth(name, t, 2)
	if l.FromLogits {
		p = ops.Sigmoid(p)
	}
	one := ops.ScalarLike(p, 1)
	no := ops.Sub(one, t)
	hit := ops.Add(ops.Mul(t, p), ops.Mul(no, ops.Sub(one, p)))
	losses := ops.Mul(power(ops.Sub(one, hit), l.Gamma), logLikelihood(t, p))
	if l.ApplyClassBalancing {
		losses = ops.Mul(losses, ops.Add(ops.Scale(t, l.Alpha), ops.Scale(no, 1-l.Alpha)))
	}
	return ops.Neg(ops.ReduceMean(losses, l.Axis.of(name, p)))
}

// CategoricalFocalCrossentropy returns the loss of labels t that are probabilities of
// classes, such as one-hot rows, and their predictions p, which are scaled to sum to 1
// and clipped to 1e-7 and 1 - 1e-7:
//
//	-Σ alpha·(1-p)^gamma · t·ln p
//
// over the last axis, or that of the option.
//
// Shapes: yTrue, yPred [B ... C] -> [B ...].
// Panics with *graph.Error, when used, unless gamma and alpha are 0 or more and there are
// several classes.
//
// Options: [FromLogits], [LabelSmoothing], an [Axis], a [Gamma], an [Alpha] or
// [Alphas], [Name], a [Reduction].
//
// Source: keras.losses.CategoricalFocalCrossentropy; Lin et al. 2017, arXiv:1708.02002,
// section 3.
func CategoricalFocalCrossentropy(opts ...CategoricalFocalOption) *CategoricalFocalCrossentropyLoss {
	l := &CategoricalFocalCrossentropyLoss{crossentropyConfig("categorical_focal_crossentropy", nil), Alphas{0.25}, 2}
	for _, o := range opts {
		o.categoricalFocal(l)
	}
	return l
}

// CategoricalFocalCrossentropyLoss is the loss that [CategoricalFocalCrossentropy]
// makes.
type CategoricalFocalCrossentropyLoss struct {
	CrossentropyConfig
	// Alpha holds the weight of all classes, or one for each.
	Alpha Alphas `json:"alpha"`
	// Gamma is the exponent that reduces the loss of well predicted examples.
	Gamma float64 `json:"gamma"`
}

// CategoricalFocalOption is an option of [CategoricalFocalCrossentropy].
type CategoricalFocalOption interface {
	categoricalFocal(*CategoricalFocalCrossentropyLoss)
}

func (n Name) categoricalFocal(l *CategoricalFocalCrossentropyLoss)       { n.loss(&l.Config) }
func (r Reduction) categoricalFocal(l *CategoricalFocalCrossentropyLoss)  { r.loss(&l.Config) }
func (f fromLogits) categoricalFocal(l *CategoricalFocalCrossentropyLoss) { l.FromLogits = bool(f) }
func (s LabelSmoothing) categoricalFocal(l *CategoricalFocalCrossentropyLoss) {
	l.LabelSmoothing = float64(s)
}
func (a Axis) categoricalFocal(l *CategoricalFocalCrossentropyLoss)   { l.Axis = &a }
func (g Gamma) categoricalFocal(l *CategoricalFocalCrossentropyLoss)  { l.Gamma = float64(g) }
func (a Alpha) categoricalFocal(l *CategoricalFocalCrossentropyLoss)  { l.Alpha = Alphas{float64(a)} }
func (a Alphas) categoricalFocal(l *CategoricalFocalCrossentropyLoss) { l.Alpha = a }

// Each implements [Loss].
func (l *CategoricalFocalCrossentropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	const name = "CategoricalFocalCrossentropy"
	wantGamma(name, l.Gamma)
	yTrue = rowsFor(name, yTrue, yPred)
	axis := l.Axis.of(name, yPred)
	wantSeveral(name, yPred, axis)
	t := toLast(l.smooth(name, yTrue, yPred.Shape().At(axis)), axis)
	p := toLast(yPred, axis)
	if l.FromLogits {
		p = ops.Softmax(p, -1)
	}
	p = normalized(p)
	rest := power(ops.Sub(ops.ScalarLike(p, 1), p), l.Gamma)
	losses := ops.Mul(ops.Mul(rest, l.Alpha.like(p)), ops.Mul(t, ops.Log(p)))
	return ops.Neg(ops.ReduceSum(losses, -1))
}

// like returns the weights to multiply predictions [... C] with.
func (a Alphas) like(p *graph.Node) *graph.Node {
	for _, v := range a {
		if !(v >= 0) {
			panic(graph.Errorf("loss.CategoricalFocalCrossentropy: alpha %v: want 0 or more", a))
		}
	}
	switch c := p.Shape().At(-1); len(a) {
	case 1:
		return ops.ScalarLike(p, a[0])
	case c:
		return ops.Cast(p.Graph().Const(tensor.Of(a...)), p.DType())
	default:
		panic(graph.Errorf("loss.CategoricalFocalCrossentropy: %d alphas for %d classes: want one, or one a class", len(a), c))
	}
}

// MarshalJSON writes one weight as a number, as Keras does.
func (a Alphas) MarshalJSON() ([]byte, error) { return vocab.MarshalOneOrList(a) }

// UnmarshalJSON reads a number or a list.
func (a *Alphas) UnmarshalJSON(b []byte) error { return vocab.UnmarshalOneOrList(b, (*[]float64)(a)) }

func wantGamma(loss string, gamma float64) {
	if !(gamma >= 0) {
		panic(graph.Errorf("loss.%s: gamma %g: want 0 or more", loss, gamma))
	}
}
