package loss

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Circle returns the loss of embeddings, vectors of length 1, that draws those of one
// class together and those of others apart. With d = max(1 - cosine, 0) of two samples
// of a batch, and m the margin, a sample's loss is
//
//	positive = ln Σ exp(-gamma·max(m + d, 0)·(m - d))           over its own class
//	negative = ln Σ exp(gamma·max(1 + m - d, 0)·(1 - m - d))    over the others
//	ln(1 + exp(positive + negative))
//
// It is 0 for a sample without another one of its class, or without one of another class.
// Means are over the samples whose loss is not 0.
//
// Shapes: yTrue [B] or [B 1], class numbers; yPred [B D] -> [B].
// Panics with *graph.Error, when used, unless gamma and the margin are finite and 0 or
// more.
//
// Options: a [Gamma], a [Margin], [KeepDiagonal], [Name], a [Reduction].
//
// Source: keras.losses.Circle; Sun et al. 2020, arXiv:2002.10857, section 3.
func Circle(opts ...CircleOption) *CircleLoss {
	l := &CircleLoss{Config: newConfig("circle", nil), Gamma: 80, Margin: 0.4, RemoveDiagonal: true}
	for _, o := range opts {
		o.circle(l)
	}
	return l
}

// CircleLoss is the loss that [Circle] makes.
type CircleLoss struct {
	Config
	// Gamma is the scale.
	Gamma float64 `json:"gamma"`
	// Margin relaxes the wanted distances.
	Margin float64 `json:"margin"`
	// RemoveDiagonal counts no sample among those of its own class.
	RemoveDiagonal bool `json:"remove_diagonal"`
}

// CircleOption is an option of [Circle].
type CircleOption interface{ circle(*CircleLoss) }

// Margin relaxes the distances that [Circle] wants, 0.4 by default.
type Margin float64

// KeepDiagonal makes [Circle] count a sample among those of its own class.
const KeepDiagonal keepDiagonal = true

type keepDiagonal bool

func (n Name) circle(l *CircleLoss)         { n.loss(&l.Config) }
func (r Reduction) circle(l *CircleLoss)    { r.loss(&l.Config) }
func (g Gamma) circle(l *CircleLoss)        { l.Gamma = float64(g) }
func (m Margin) circle(l *CircleLoss)       { l.Margin = float64(m) }
func (k keepDiagonal) circle(l *CircleLoss) { l.RemoveDiagonal = !bool(k) }

// Each implements [Loss].
func (l *CircleLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	m := l.Margin
	if !(l.Gamma >= 0 && m >= 0) || math.IsInf(l.Gamma+m, 1) {
		panic(graph.Errorf("loss.Circle: gamma %g, margin %g: want finite numbers of 0 or more", l.Gamma, m))
	}
	if yPred.Rank() != 2 {
		panic(graph.Errorf("loss.Circle: predictions are %v: want [batch dimensions]", yPred.Spec()))
	}
	labels := numbersFor("Circle", yTrue, yPred)
	d := ops.Relu(ops.Offset(ops.Neg(ops.MatMulT(yPred, yPred, false, true)), 1)) // [B B]
	own := ops.Equal(ops.ExpandDims(labels, 1), ops.ExpandDims(labels, 0))
	others := ops.Not(own)
	if l.RemoveDiagonal {
		b := labels.Shape().At(0)
		i := ops.Iota(d.Graph(), tensor.S(tensor.Int32, b, 1), 0)
		j := ops.Iota(d.Graph(), tensor.S(tensor.Int32, 1, b), 1)
		own = ops.And(own, ops.NotEqual(i, j))
	}
	near := ops.Mul(ops.Relu(ops.Offset(d, m)), ops.Offset(ops.Neg(d), m))
	far := ops.Mul(ops.Relu(ops.Offset(ops.Neg(d), 1+m)), ops.Offset(ops.Neg(d), 1-m))
	positive := logSumExpWhere(own, ops.Scale(near, -l.Gamma))
	negative := logSumExpWhere(others, ops.Scale(far, l.Gamma))
	losses := ops.Softplus(ops.Add(positive, negative))
	return ops.Where(ops.And(ops.Any(own, -1), ops.Any(others, -1)), losses, ops.Zeros(losses))
}

// Mask implements [Masker]: it is false for losses of 0.
func (l *CircleLoss) Mask(yTrue, yPred *graph.Node) *graph.Node {
	losses := l.Each(yTrue, yPred)
	return ops.Greater(losses, ops.Zeros(losses))
}

// logSumExpWhere returns ln Σ e^x over the elements of the last axis where in is true, 0 if
// there are none. The other elements have no gradient.
func logSumExpWhere(in, x *graph.Node) *graph.Node {
	any := ops.ExpandDims(ops.Any(in, -1), -1)
	x = ops.Where(in, x, ops.ScalarLike(x, math.Inf(-1)))
	top := ops.StopGradient(ops.ReduceMaxKeep(x, -1))
	top = ops.Where(any, top, ops.Zeros(top))
	sum := ops.ReduceSumKeep(ops.Exp(ops.Sub(x, top)), -1)
	sum = ops.Where(any, sum, ops.Ones(sum))
	return ops.Squeeze(ops.Add(ops.Log(sum), top), -1)
}
