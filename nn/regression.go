package nn

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// MeanSquaredError returns the loss mean((yTrue - yPred)²) over the last axis.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
func MeanSquaredError(opts ...LossOption) *MeanSquaredErrorLoss {
	return &MeanSquaredErrorLoss{lossConfig("mean_squared_error", opts)}
}

// MeanSquaredErrorLoss is the loss that [MeanSquaredError] makes.
type MeanSquaredErrorLoss struct{ LossConfig }

// Class returns Keras's name of the type.
func (l *MeanSquaredErrorLoss) Class() string { return "MeanSquaredError" }

// Each implements [Loss].
func (l *MeanSquaredErrorLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("MeanSquaredError", yTrue, yPred)
	d := ops.Sub(t, p)
	return ops.ReduceMean(ops.Mul(d, d), -1)
}

// MeanAbsoluteError returns the loss mean(|yTrue - yPred|) over the last axis.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without the last axis; [B] counts as [B 1].
func MeanAbsoluteError(opts ...LossOption) *MeanAbsoluteErrorLoss {
	return &MeanAbsoluteErrorLoss{lossConfig("mean_absolute_error", opts)}
}

// MeanAbsoluteErrorLoss is the loss that [MeanAbsoluteError] makes.
type MeanAbsoluteErrorLoss struct{ LossConfig }

// Class returns Keras's name of the type.
func (l *MeanAbsoluteErrorLoss) Class() string { return "MeanAbsoluteError" }

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
func MeanAbsolutePercentageError(opts ...LossOption) *MeanAbsolutePercentageErrorLoss {
	return &MeanAbsolutePercentageErrorLoss{lossConfig("mean_absolute_percentage_error", opts)}
}

// MeanAbsolutePercentageErrorLoss is the loss that [MeanAbsolutePercentageError] makes.
type MeanAbsolutePercentageErrorLoss struct{ LossConfig }

// Class returns Keras's name of the type.
func (l *MeanAbsolutePercentageErrorLoss) Class() string { return "MeanAbsolutePercentageError" }

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
func MeanSquaredLogarithmicError(opts ...LossOption) *MeanSquaredLogarithmicErrorLoss {
	return &MeanSquaredLogarithmicErrorLoss{lossConfig("mean_squared_logarithmic_error", opts)}
}

// MeanSquaredLogarithmicErrorLoss is the loss that [MeanSquaredLogarithmicError] makes.
type MeanSquaredLogarithmicErrorLoss struct{ LossConfig }

// Class returns Keras's name of the type.
func (l *MeanSquaredLogarithmicErrorLoss) Class() string { return "MeanSquaredLogarithmicError" }

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
func LogCosh(opts ...LossOption) *LogCoshLoss {
	return &LogCoshLoss{lossConfig("log_cosh", opts)}
}

// LogCoshLoss is the loss that [LogCosh] makes.
type LogCoshLoss struct{ LossConfig }

// Class returns Keras's name of the type.
func (l *LogCoshLoss) Class() string { return "LogCosh" }

// Each implements [Loss].
func (l *LogCoshLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := matched("LogCosh", yTrue, yPred)
	e := ops.Sub(p, t)
	return ops.ReduceMean(ops.Offset(ops.Add(e, ops.Softplus(ops.Scale(e, -2))), -math.Ln2), -1)
}

// Huber returns the loss that is a half of the square of an error e up to delta, and
// grows linearly beyond:
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
// Source: Huber 1964, "Robust Estimation of a Location Parameter".
func Huber(opts ...HuberOption) *HuberLoss {
	l := &HuberLoss{LossConfig: lossConfig("huber_loss", nil), Delta: 1}
	for _, o := range opts {
		o.huber(l)
	}
	return l
}

// HuberLoss is the loss that [Huber] makes.
type HuberLoss struct {
	LossConfig
	// Delta is the size from which on errors count linearly.
	Delta float64 `json:"delta"`
}

// HuberOption is an option of [Huber].
type HuberOption interface{ huber(*HuberLoss) }

// Delta is the size from which on errors count linearly in [Huber].
type Delta float64

func (s LayerSetting) huber(l *HuberLoss) { s.loss(&l.LossConfig) }
func (r Reduction) huber(l *HuberLoss)    { r.loss(&l.LossConfig) }
func (d Delta) huber(l *HuberLoss)        { l.Delta = float64(d) }

// Class returns Keras's name of the type.
func (l *HuberLoss) Class() string { return "Huber" }

// Each implements [Loss].
func (l *HuberLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	wantOver0("Huber", "delta", l.Delta)
	t, p := matched("Huber", yTrue, yPred)
	e := ops.Sub(p, t)
	size := ops.Abs(e)
	near := ops.LessEqual(size, ops.ScalarLike(e, l.Delta))
	far := ops.Offset(ops.Scale(size, l.Delta), -0.5*l.Delta*l.Delta)
	return ops.ReduceMean(ops.Where(near, ops.Scale(ops.Square(e), 0.5), far), -1)
}

// CosineSimilarity returns the loss that is the cosine of the angle between labels
// and predictions, times -1:
//
//	-Σ yTrue·yPred / (|yTrue|·|yPred|)
//
// over the last axis, or that of the option. Lengths are at least 1e-7.
//
// Shapes: yTrue, yPred [B ...] -> [B ...] without that axis.
//
// Options: an [Axis], [Name], a [Reduction].
func CosineSimilarity(opts ...CosineOption) *CosineSimilarityLoss {
	l := &CosineSimilarityLoss{LossConfig: lossConfig("cosine_similarity", nil)}
	for _, o := range opts {
		o.cosine(l)
	}
	return l
}

// CosineSimilarityLoss is the loss that [CosineSimilarity] makes.
type CosineSimilarityLoss struct {
	LossConfig
	// Axis is that of the vectors, nil is the last axis.
	Axis *Axis `json:"axis,omitempty"`
}

// CosineOption is an option of [CosineSimilarity].
type CosineOption interface{ cosine(*CosineSimilarityLoss) }

func (s LayerSetting) cosine(l *CosineSimilarityLoss) { s.loss(&l.LossConfig) }
func (r Reduction) cosine(l *CosineSimilarityLoss)    { r.loss(&l.LossConfig) }
func (a Axis) cosine(l *CosineSimilarityLoss)         { l.Axis = &a }

// Class returns Keras's name of the type.
func (l *CosineSimilarityLoss) Class() string { return "CosineSimilarity" }

// Each implements [Loss].
func (l *CosineSimilarityLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := paired("CosineSimilarity", yTrue, yPred)
	axis := l.Axis.of("CosineSimilarity", p)
	return ops.Neg(ops.ReduceSum(ops.Mul(unit(t, axis), unit(p, axis)), axis))
}
