// Package metric measures models while they train and when they are evaluated,
// with Keras's names, defaults and numbers.
//
// Totals are kept in float64 on the device and cover the whole epoch: they are
// not averages of batches. A loss serves as a metric, too: see [FromLoss].
package metric

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Metric is a kind of measurement. It holds no numbers: those are in a [State].
type Metric interface {
	// Name is the name in logs.
	Name() string
	// New returns a fresh state for labels and predictions of these specs, whose
	// axis 0 is the batch and may differ between updates.
	New(yTrue, yPred tensor.Spec) (State, error)
}

// State is the measurement of one model over one epoch.
type State interface {
	// Vars returns the totals, all zero at the start of an epoch.
	Vars() []*graph.Var
	// Update traces the addition of a batch to the totals. Weight is nil or holds a
	// weight for every sample [B], or more finely. It panics with *graph.Error if
	// the batch does not fit.
	Update(g *graph.Graph, yTrue, yPred, weight *graph.Node)
	// Result computes the measurement from the values of the totals: float64, a
	// scalar for most metrics.
	Result() *tensor.Tensor
	// Reset sets the totals to zero.
	Reset()
}

// Masked is a [State] that skips masked predictions, such as those of padding. Other
// states count them, as in Keras.
type Masked interface {
	State
	// UpdateMasked is Update with a mask: truths for the first axes of yPred, nil if all
	// predictions count.
	UpdateMasked(g *graph.Graph, yTrue, yPred, weight, mask *graph.Node)
}

// LabelChecker is a [State] that takes class numbers for labels. A step cannot fail
// half-way, so labels are checked before.
type LabelChecker interface {
	State
	// BadLabel returns the index in y of the first label that is not a class number, 0 or
	// more and less than the number of classes; -1 if all are.
	BadLabel(y *tensor.Tensor) int
}

// ClassLabels is a [LabelChecker] that tells its classes, and can be told of a label that
// is none of them but that a loss ignores: it then counts as a wrong label, as in Keras, or
// not at all where labels and predictions are counted in pairs.
type ClassLabels interface {
	LabelChecker
	// LabelClasses returns the number of classes, 0 if labels are no class numbers.
	LabelClasses() int
	// AllowLabel has BadLabel accept a label.
	AllowLabel(class int)
}

// Ranged is a [State] of labels that lie in a range. A model tells of others before a step.
type Ranged interface {
	State
	// LabelRange returns the least and the greatest label, and whether there are such.
	LabelRange() (low, high float64, ok bool)
}

// totals is the variables of a state.
type totals []*graph.Var

// Vars implements State.
func (t totals) Vars() []*graph.Var { return t }

// Reset implements State.
func (t totals) Reset() {
	for _, v := range t {
		v.Clear()
	}
}

// newTotals returns one float64 variable for every name, of the given shape.
func newTotals(metric string, shape tensor.Dims, names ...string) totals {
	t := make(totals, len(names))
	for i, n := range names {
		t[i] = graph.NewVar(metric+"/"+n, tensor.NewSpec(tensor.Spec{DType: tensor.Float64, Shape: shape}))
	}
	return t
}
