package loss

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// MeanSquaredError returns the loss mean((yTrue - yPred)²) over the last axis.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
// Source: keras.losses.MeanSquaredError.
func MeanSquaredError(opts ...Option) *MeanSquaredErrorLoss {
	return &MeanSquaredErrorLoss{newConfig("mean_squared_error", opts)}
}

// MeanSquaredErrorLoss is the loss that [MeanSquaredError] makes.
type MeanSquaredErrorLoss struct{ Config }

// Each implements [Loss].
func (l *MeanSquaredErrorLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("MeanSquaredError", yTrue, yPred)
	d := ops.Sub(t, p)
	return ops.ReduceMean(ops.Mul(d, d), -1)
}

// MeanAbsoluteError returns the loss mean(|yTrue - yPred|) over the last axis.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
// Source: keras.losses.MeanAbsoluteError.
func MeanAbsoluteError(opts ...Option) *MeanAbsoluteErrorLoss {
	return &MeanAbsoluteErrorLoss{newConfig("mean_absolute_error", opts)}
}

// MeanAbsoluteErrorLoss is the loss that [MeanAbsoluteError] makes.
type MeanAbsoluteErrorLoss struct{ Config }

// Each implements [Loss].
func (l *MeanAbsoluteErrorLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("MeanAbsoluteError", yTrue, yPred)
	return ops.ReduceMean(ops.Abs(ops.Sub(t, p)), -1)
}

// MeanAbsolutePercentageError returns the loss
//
//	100 · mean(|yTrue - yPred| / max(|yTrue|, 1e-7))
//
// over the last axis. The slope where they are equal is 0.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
// Source: keras.losses.MeanAbsolutePercentageError.
func MeanAbsolutePercentageError(opts ...Option) *MeanAbsolutePercentageErrorLoss {
	return &MeanAbsolutePercentageErrorLoss{newConfig("mean_absolute_percentage_error", opts)}
}

// MeanAbsolutePercentageErrorLoss is the loss that [MeanAbsolutePercentageError] makes.
type MeanAbsolutePercentageErrorLoss struct{ Config }

// Each implements [Loss].
func (l *MeanAbsolutePercentageErrorLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("MeanAbsolutePercentageError", yTrue, yPred)
	size := ops.Maximum(ops.Abs(t), ops.ScalarLike(t, epsilon))
	return ops.Scale(ops.ReduceMean(ops.Abs(ops.Div(ops.Sub(t, p), size)), -1), 100)
}

// MeanSquaredLogarithmicError returns the loss
//
//	mean((ln(1 + max(yTrue, 1e-7)) - ln(1 + max(yPred, 1e-7)))²)
//
// over the last axis.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
// Source: keras.losses.MeanSquaredLogarithmicError.
func MeanSquaredLogarithmicError(opts ...Option) *MeanSquaredLogarithmicErrorLoss {
	return &MeanSquaredLogarithmicErrorLoss{newConfig("mean_squared_logarithmic_error", opts)}
}

// MeanSquaredLogarithmicErrorLoss is the loss that [MeanSquaredLogarithmicError] makes.
type MeanSquaredLogarithmicErrorLoss struct{ Config }

// Each implements [Loss].
func (l *MeanSquaredLogarithmicErrorLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("MeanSquaredLogarithmicError", yTrue, yPred)
	least := ops.ScalarLike(p, epsilon)
	d := ops.Sub(ops.Log1p(ops.Maximum(p, least)), ops.Log1p(ops.Maximum(t, least)))
	return ops.ReduceMean(ops.Mul(d, d), -1)
}

// LogCosh returns the loss mean(ln cosh(yPred - yTrue)) over the last axis: about
// half the square of a small error, and a large error less ln 2.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, if the shapes differ or yPred is not of floats.
// Source: keras.losses.LogCosh.
func LogCosh(opts ...Option) *LogCoshLoss {
	return &LogCoshLoss{newConfig("log_cosh", opts)}
}

// LogCoshLoss is the loss that [LogCosh] makes.
type LogCoshLoss struct{ Config }

// Each implements [Loss].
func (l *LogCoshLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("LogCosh", yTrue, yPred)
	e := ops.Sub(p, t)
	return ops.ReduceMean(ops.Offset(ops.Add(e, ops.Softplus(ops.Scale(e, -2))), -math.Ln2), -1)
}

// Huber returns the loss of half the square of an error e up to delta, which grows linearly
// beyond:
//
//	mean(e²/2                    where |e| <= delta,
//	     delta·|e| - delta²/2    elsewhere)
//
// over the last axis. Delta is 1 by default.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
// Panics with *graph.Error, when used, unless delta is finite and over 0.
//
// Options: a [Delta], [Name], a [Reduction].
//
// Source: keras.losses.Huber; Huber 1964, "Robust Estimation of a Location Parameter".
func Huber(opts ...HuberOption) *HuberLoss {
	l := &HuberLoss{Config: newConfig("huber_loss", nil), Delta: 1}
	for _, o := range opts {
		o.huber(l)
	}
	return l
}

// HuberLoss is the loss that [Huber] makes.
type HuberLoss struct {
	Config
	// Delta is the size of errors above which the loss is linear.
	Delta float64 `json:"delta"`
}

// HuberOption is an option of [Huber].
type HuberOption interface{ huber(*HuberLoss) }

// Delta is the size of errors above which [Huber] is linear.
type Delta float64

func (n Name) huber(l *HuberLoss)      { n.loss(&l.Config) }
func (r Reduction) huber(l *HuberLoss) { r.loss(&l.Config) }
func (d Delta) huber(l *HuberLoss)     { l.Delta = float64(d) }

// Each implements [Loss].
func (l *HuberLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	if !(l.Delta > 0) || math.IsInf(l.Delta, 1) {
		panic(graph.Errorf("loss.Huber: delta %g: want a finite number over 0", l.Delta))
	}
	t, p := matched("Huber", yTrue, yPred)
	e := ops.Sub(p, t)
	size := ops.Abs(e)
	near := ops.LessEqual(size, ops.ScalarLike(e, l.Delta))
	far := ops.Offset(ops.Scale(size, l.Delta), -0.5*l.Delta*l.Delta)
	return ops.ReduceMean(ops.Where(near, ops.Scale(ops.Square(e), 0.5), far), -1)
}

// CosineSimilarity returns the negative cosine of the angle between targets and
// predictions as a loss:
//
//	-Σ yTrue·yPred / (|yTrue|·|yPred|)
//
// over the last axis, or that of the option. Lengths are at least 1e-7.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without that axis.
// Panics with *graph.Error, when used, if the shapes differ, yPred is not of floats or the
// axis is out of range.
//
// Options: an [Axis], [Name], a [Reduction].
//
// Source: keras.losses.CosineSimilarity.
func CosineSimilarity(opts ...CosineOption) *CosineSimilarityLoss {
	l := &CosineSimilarityLoss{Config: newConfig("cosine_similarity", nil)}
	for _, o := range opts {
		o.cosine(l)
	}
	return l
}

// CosineSimilarityLoss is the loss that [CosineSimilarity] makes.
type CosineSimilarityLoss struct {
	Config
	// Axis is the axis of the vectors, nil the last one.
	Axis *Axis `json:"axis,omitempty"`
}

// CosineOption is an option of [CosineSimilarity].
type CosineOption interface{ cosine(*CosineSimilarityLoss) }

func (n Name) cosine(l *CosineSimilarityLoss)      { n.loss(&l.Config) }
func (r Reduction) cosine(l *CosineSimilarityLoss) { r.loss(&l.Config) }
func (a Axis) cosine(l *CosineSimilarityLoss)      { l.Axis = &a }

// Each implements [Loss].
func (l *CosineSimilarityLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := paired("CosineSimilarity", yTrue, yPred)
	axis := l.Axis.of("CosineSimilarity", p)
	return ops.Neg(ops.ReduceSum(ops.Mul(ops.L2Normalize(t, axis), ops.L2Normalize(p, axis)), axis))
}
