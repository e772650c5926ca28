package loss

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// KLDivergence returns the loss of labels t and predictions p that are probabilities
// of classes, clipped to 1e-7 and 1:
//
//	Σ t·ln(t/p)
//
// over the last axis.
//
// Shapes: yTrue, yPred [B ... C] -> [B ...].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
//
// Source: keras.losses.KLDivergence; Kullback, Leibler 1951, "On Information and Sufficiency".
func KLDivergence(opts ...Option) *KLDivergenceLoss {
	return &KLDivergenceLoss{newConfig("kl_divergence", opts)}
}

// KLDivergenceLoss is the loss that [KLDivergence] makes.
type KLDivergenceLoss struct{ Config }

// Each implements [Loss].
func (l *KLDivergenceLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t := ops.Clip(rowsFor("KLDivergence", yTrue, yPred), epsilon, 1)
	p := ops.Clip(yPred, epsilon, 1)
	return ops.ReduceSum(ops.Mul(t, ops.Log(ops.Div(t, p))), -1)
}

// Poisson returns the loss mean(yPred - yTrue·ln(yPred + 1e-7)) over the last axis, of
// counts and their predicted means.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
// Source: keras.losses.Poisson.
func Poisson(opts ...Option) *PoissonLoss { return &PoissonLoss{newConfig("poisson", opts)} }

// PoissonLoss is the loss that [Poisson] makes.
type PoissonLoss struct{ Config }

// Each implements [Loss].
func (l *PoissonLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("Poisson", yTrue, yPred)
	return ops.ReduceMean(ops.Sub(p, ops.Mul(t, ops.Log(ops.Offset(p, epsilon)))), -1)
}

// CategoricalGeneralizedCrossEntropy returns the loss of class numbers and the
// predicted probabilities p of their classes:
//
//	(1 - p^q)/q
//
// The nearer q is to 0, the nearer the loss is to the cross-entropy; the nearer to 1,
// to the absolute error, which is less sensitive to wrong labels. Q is 0.5 by default. The
// slope where p is 0 is infinite.
//
// Shapes: yTrue [B ...] or [B ... 1], of integers or of floats that are whole; yPred
// [B ... C] -> [B ...]. A label that is no class number gives NaN.
// Panics with *graph.Error, when used, unless 0 < q < 1.
//
// Options: a [Q], [Name], a [Reduction].
//
// Source: keras.losses.CategoricalGeneralizedCrossEntropy; Zhang, Sabuncu 2018, arXiv:1805.07836, section 3.2.
func CategoricalGeneralizedCrossEntropy(opts ...GeneralizedOption) *CategoricalGeneralizedCrossEntropyLoss {
	l := &CategoricalGeneralizedCrossEntropyLoss{Config: newConfig("categorical_generalized_cross_entropy", nil), Q: 0.5}
	for _, o := range opts {
		o.generalized(l)
	}
	return l
}

// CategoricalGeneralizedCrossEntropyLoss is the loss that
// [CategoricalGeneralizedCrossEntropy] makes.
type CategoricalGeneralizedCrossEntropyLoss struct {
	Config
	// Q is between 0, the cross-entropy, and 1, the absolute error.
	Q float64 `json:"q"`
}

// GeneralizedOption is an option of [CategoricalGeneralizedCrossEntropy].
type GeneralizedOption interface {
	generalized(*CategoricalGeneralizedCrossEntropyLoss)
}

// Q is the exponent of [CategoricalGeneralizedCrossEntropy].
type Q float64

func (n Name) generalized(l *CategoricalGeneralizedCrossEntropyLoss)      { n.loss(&l.Config) }
func (r Reduction) generalized(l *CategoricalGeneralizedCrossEntropyLoss) { r.loss(&l.Config) }
func (q Q) generalized(l *CategoricalGeneralizedCrossEntropyLoss)         { l.Q = float64(q) }

// Each implements [Loss].
func (l *CategoricalGeneralizedCrossEntropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	if !(l.Q > 0 && l.Q < 1) {
		panic(graph.Errorf("loss.CategoricalGeneralizedCrossEntropy: q %g: want more than 0 and less than 1", l.Q))
	}
	labels := numbersFor("CategoricalGeneralizedCrossEntropy", yTrue, yPred)
	wantSeveral("CategoricalGeneralizedCrossEntropy", yPred, -1)
	p := ops.Squeeze(ops.GatherAlong(yPred, ops.ExpandDims(labels, -1), -1), -1)
	if !labels.DType().IsUnsigned() {
		p = ops.Where(ops.Less(labels, ops.ScalarLike(labels, 0)), ops.ScalarLike(p, math.NaN()), p)
	}
	return ops.Scale(ops.Sub(ops.ScalarLike(p, 1), power(p, l.Q)), 1/l.Q)
}

// BadLabel returns the place in y of the first label that is no class number: see the
// function [BadLabel].
func (l *CategoricalGeneralizedCrossEntropyLoss) BadLabel(y *tensor.Tensor, classes int) int {
	return BadLabel(y, classes)
}

// power returns x^c for a constant c. If c is 0 it has no gradient: the formula's would be
// 0 times infinity at x = 0.
func power(x *graph.Node, c float64) *graph.Node {
	switch c {
	case 0:
		return ops.Ones(x)
	case 1:
		return x
	case 2:
		return ops.Square(x)
	case 0.5:
		return ops.Sqrt(x)
	}
	return ops.Pow(x, ops.ScalarLike(x, c))
}
