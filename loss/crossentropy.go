package loss

import (
	"cmp"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// The cross-entropies take probabilities unless they are made with [FromLogits].
// Probabilities that are the unchanged result of a softmax over the last axis, or of a
// sigmoid, are traced back to their logits, from which value and gradient are
// computed without loss of precision, in float32 if they have 16 bits. Other
// probabilities are clipped to 1e-7 and 1 - 1e-7, as in Keras.

// epsilon is the distance from 0 and 1 that probabilities are clipped to.
const epsilon = 1e-7

// FromLogits says that predictions are logits, not probabilities.
const FromLogits fromLogits = true

type fromLogits bool

// LabelSmoothing moves labels by this fraction of the way to the uniform distribution.
type LabelSmoothing float64

// IgnoreClass makes [SparseCategoricalCrossentropy] give 0 for labels of this class.
type IgnoreClass int

// CrossentropyOption is an option of [BinaryCrossentropy] and
// [CategoricalCrossentropy]: [FromLogits], [LabelSmoothing], an [Axis], [Name], a
// [Reduction].
type CrossentropyOption interface {
	crossentropy(*CrossentropyConfig)
}

// CrossentropyConfig holds the settings that cross-entropies have in common.
type CrossentropyConfig struct {
	Config
	// FromLogits says that predictions are logits.
	FromLogits bool `json:"from_logits"`
	// LabelSmoothing is the fraction of the way to the uniform distribution that labels are
	// moved by.
	LabelSmoothing float64 `json:"label_smoothing"`
	// Axis is the axis that the loss reduces, nil the last one.
	Axis *Axis `json:"axis,omitempty"`
}

func (n Name) crossentropy(c *CrossentropyConfig)           { n.loss(&c.Config) }
func (r Reduction) crossentropy(c *CrossentropyConfig)      { r.loss(&c.Config) }
func (f fromLogits) crossentropy(c *CrossentropyConfig)     { c.FromLogits = bool(f) }
func (s LabelSmoothing) crossentropy(c *CrossentropyConfig) { c.LabelSmoothing = float64(s) }
func (a Axis) crossentropy(c *CrossentropyConfig)           { c.Axis = &a }

func crossentropyConfig(name string, opts []CrossentropyOption) CrossentropyConfig {
	c := CrossentropyConfig{Config: newConfig(name, nil)}
	for _, o := range opts {
		o.crossentropy(&c)
	}
	return c
}

// smooth moves labels toward 1/classes.
func (c *CrossentropyConfig) smooth(loss string, labels *graph.Node, classes int) *graph.Node {
	s := c.LabelSmoothing
	if s == 0 {
		return labels
	}
	if !(s > 0 && s <= 1) {
		panic(graph.Errorf("loss.%s: label smoothing %g: want 0 to 1", loss, s))
	}
	return ops.Offset(ops.Scale(labels, 1-s), s/float64(classes))
}

// BinaryCrossentropy returns the loss of yes-or-no labels t and their predicted
// probabilities p:
//
//	mean(-t·ln p - (1-t)·ln(1-p))
//
// over the last axis, or that of the option.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without that axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ, yPred is not of floats, the
// axis is out of range or the label smoothing is not from 0 to 1.
//
// Options: [FromLogits], [LabelSmoothing], an [Axis], [Name], a [Reduction].
//
// Source: keras.losses.BinaryCrossentropy.
func BinaryCrossentropy(opts ...CrossentropyOption) *BinaryCrossentropyLoss {
	return &BinaryCrossentropyLoss{crossentropyConfig("binary_crossentropy", opts)}
}

// BinaryCrossentropyLoss is the loss that [BinaryCrossentropy] makes.
type BinaryCrossentropyLoss struct{ CrossentropyConfig }

// Each implements [Loss].
func (l *BinaryCrossentropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	logits := l.FromLogits
	if p := beforeWidening(yPred); !logits {
		if _, ok := p.Op.(ops.SigmoidOp); ok {
			yPred, logits = ops.Cast(p.In[0], yPred.DType()), true
		}
	}
	t, p := matched("BinaryCrossentropy", yTrue, yPred)
	t = l.smooth("BinaryCrossentropy", t, 2)
	axis := l.Axis.of("BinaryCrossentropy", p)
	if logits {
		return ops.ReduceMean(ops.SigmoidCrossEntropy(p, t), axis)
	}
	return ops.Neg(ops.ReduceMean(logLikelihood(t, p), axis))
}

// logLikelihood returns t·ln p + (1-t)·ln(1-p), with p clipped away from 0 and 1.
func logLikelihood(t, p *graph.Node) *graph.Node {
	p = ops.Clip(p, epsilon, 1-epsilon)
	one := ops.ScalarLike(p, 1)
	yes, no := ops.Mul(t, ops.Log(p)), ops.Mul(ops.Sub(one, t), ops.Log(ops.Sub(one, p)))
	return ops.Add(yes, no)
}

// CategoricalCrossentropy returns the loss of labels t that are probabilities of
// classes, such as one-hot rows, and their predictions p, which are scaled to sum
// to 1:
//
//	-Σ t·ln p
//
// over the last axis, or that of the option.
//
// For labels that are class numbers, see [SparseCategoricalCrossentropy].
//
// Shapes: yTrue, yPred [B ... C] -> [B ...].
// Panics with *graph.Error, when used, if the shapes differ, yPred is not of floats, the
// axis is out of range or has one class, or the label smoothing is not from 0 to 1.
//
// Options: [FromLogits], [LabelSmoothing], an [Axis], [Name], a [Reduction].
//
// Source: keras.losses.CategoricalCrossentropy.
func CategoricalCrossentropy(opts ...CrossentropyOption) *CategoricalCrossentropyLoss {
	return &CategoricalCrossentropyLoss{crossentropyConfig("categorical_crossentropy", opts)}
}

// CategoricalCrossentropyLoss is the loss that [CategoricalCrossentropy] makes.
type CategoricalCrossentropyLoss struct{ CrossentropyConfig }

// Each implements [Loss].
func (l *CategoricalCrossentropyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	yTrue = rowsFor("CategoricalCrossentropy", yTrue, yPred)
	axis := l.Axis.of("CategoricalCrossentropy", yPred)
	wantSeveral("CategoricalCrossentropy", yPred, axis)
	t := toLast(l.smooth("CategoricalCrossentropy", yTrue, yPred.Shape().At(axis)), axis)
	if z := logitsOf(yPred, axis, l.FromLogits); z != nil {
		return ops.SoftmaxCrossEntropy(toLast(z, axis), t)
	}
	return ops.Neg(ops.ReduceSum(ops.Mul(t, ops.Log(normalized(toLast(yPred, axis)))), -1))
}

// rowsFor returns labels that are rows of probabilities, with the dtype of the
// predictions. It panics for labels of another shape.
func rowsFor(loss string, yTrue, yPred *graph.Node) *graph.Node {
	wantClasses(loss, yPred)
	if yTrue.Shape() != yPred.Shape() {
		twin := ""
		if loss == "CategoricalCrossentropy" {
			twin = "loss.SparseCategoricalCrossentropy"
		}
		hint := cmp.Or(LabelHint(yTrue.Spec(), yPred.Spec(), twin), "want one shape")
		panic(graph.Errorf("loss.%s: labels %v, predictions %v: %s", loss, yTrue.Spec(), yPred.Spec(), hint))
	}
	if yTrue.DType() != yPred.DType() {
		yTrue = ops.Cast(yTrue, yPred.DType())
	}
	return yTrue
}

// logitsOf returns the logits behind predictions that are a softmax over an axis, or
// nil if they are not known.
func logitsOf(yPred *graph.Node, axis int, fromLogits bool) *graph.Node {
	if fromLogits {
		return yPred
	}
	p := beforeWidening(yPred)
	if s, ok := p.Op.(ops.SoftmaxOp); ok && s.Axis == axis {
		return ops.Cast(p.In[0], yPred.DType())
	}
	return nil
}

// beforeWidening returns the floats that x was converted from if it has more bits than
// they, x otherwise.
func beforeWidening(x *graph.Node) *graph.Node {
	if _, ok := x.Op.(ops.CastOp); ok && x.In[0].DType().IsFloat() && x.In[0].DType().Size() < x.DType().Size() {
		return x.In[0]
	}
	return x
}

// normalized returns probabilities scaled to sum to 1 and clipped away from 0 and 1.
func normalized(p *graph.Node) *graph.Node {
	return ops.Clip(ops.Div(p, ops.ReduceSumKeep(p, -1)), epsilon, 1-epsilon)
}
