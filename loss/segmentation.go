package loss

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Dice returns the loss of masks t and their predictions p
//
//	1 - 2·Σ t·p / (Σ t + Σ p + 1e-7)
//
// over all axes, the batch too, or those of the option.
//
// Shapes: yTrue, yPred [B ...] -> without the axes; a scalar by default.
// Panics with *graph.Error, when used, if the shapes differ, yPred is not of floats or an
// axis is out of range.
//
// Options: [Axes], [Name], a [Reduction].
//
// Source: keras.losses.Dice; Milletari, Navab, Ahmadi 2016, arXiv:1606.04797, section 3.
func Dice(opts ...DiceOption) *DiceLoss {
	l := &DiceLoss{Config: newConfig("dice", nil)}
	for _, o := range opts {
		o.dice(l)
	}
	return l
}

// DiceLoss is the loss that [Dice] makes.
type DiceLoss struct {
	Config
	// Axes are the axes of one mask, nil all.
	Axes AxisList `json:"axis"`
}

// DiceOption is an option of [Dice].
type DiceOption interface{ dice(*DiceLoss) }

func (n Name) dice(l *DiceLoss)      { n.loss(&l.Config) }
func (r Reduction) dice(l *DiceLoss) { r.loss(&l.Config) }
func (a AxisList) dice(l *DiceLoss)  { l.Axes = a }

// Each implements [Loss].
func (l *DiceLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	t, p := paired("Dice", yTrue, yPred)
	common := ops.ReduceSum(ops.Mul(t, p), l.Axes...)
	all := ops.Add(ops.ReduceSum(t, l.Axes...), ops.ReduceSum(p, l.Axes...))
	return ops.Sub(ops.Ones(all), ops.Div(ops.Scale(common, 2), ops.Offset(all, epsilon)))
}

// Tversky returns the loss of masks t and their predictions p
//
//	1 - Σ t·p / (Σ t·p + alpha·Σ (1-t)·p + beta·Σ t·(1-p) + 1e-7)
//
// over all axes, the batch too, or those of the option. Alpha and beta are 0.5 by
// default, which is the loss of [Dice]. Keras before 3.16 has them the other way round.
//
// Shapes: yTrue, yPred [B ...] -> without the axes; a scalar by default.
// Panics with *graph.Error, when used, unless alpha and beta are finite and 0 or more.
//
// Options: [Axes], an [Alpha], a [Beta], [Name], a [Reduction].
//
// Source: keras.losses.Tversky; Salehi, Erdogmus, Gholipour 2017, arXiv:1706.05721, section 2.
func Tversky(opts ...TverskyOption) *TverskyLoss {
	l := &TverskyLoss{Config: newConfig("tversky", nil), Alpha: 0.5, Beta: 0.5}
	for _, o := range opts {
		o.tversky(l)
	}
	return l
}

// TverskyLoss is the loss that [Tversky] makes.
type TverskyLoss struct {
	Config
	// Alpha weights false positives, Beta false negatives.
	Alpha float64 `json:"alpha"`
	Beta  float64 `json:"beta"`
	// Axes are the axes of one mask, nil all.
	Axes AxisList `json:"axis"`
}

// TverskyOption is an option of [Tversky].
type TverskyOption interface{ tversky(*TverskyLoss) }

// Beta is the weight of false negatives in [Tversky], 0.5 by default.
type Beta float64

func (n Name) tversky(l *TverskyLoss)      { n.loss(&l.Config) }
func (r Reduction) tversky(l *TverskyLoss) { r.loss(&l.Config) }
func (a AxisList) tversky(l *TverskyLoss)  { l.Axes = a }
func (a Alpha) tversky(l *TverskyLoss)     { l.Alpha = float64(a) }
func (b Beta) tversky(l *TverskyLoss)      { l.Beta = float64(b) }

// Each implements [Loss].
func (l *TverskyLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	if !(l.Alpha >= 0 && l.Beta >= 0) || math.IsInf(l.Alpha+l.Beta, 1) {
		panic(graph.Errorf("loss.Tversky: alpha %g, beta %g: want finite numbers of 0 or more", l.Alpha, l.Beta))
	}
	t, p := paired("Tversky", yTrue, yPred)
	one := ops.ScalarLike(p, 1)
	common := ops.ReduceSum(ops.Mul(t, p), l.Axes...)
	wrong := ops.ReduceSum(ops.Mul(ops.Sub(one, t), p), l.Axes...)
	missed := ops.ReduceSum(ops.Mul(t, ops.Sub(one, p)), l.Axes...)
	all := ops.Add(ops.Add(common, ops.Scale(wrong, l.Alpha)), ops.Scale(missed, l.Beta))
	return ops.Sub(ops.Ones(all), ops.Div(common, ops.Offset(all, epsilon)))
}
