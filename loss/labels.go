package loss

import (
	"math"

	"github.com/glia-ml/glia/tensor"
)

// LabelHint returns what helps where labels do not go with predictions for their form, "" if
// they do not look like it: class numbers where rows of all classes are wanted, or such rows
// where class numbers are. It is the one rule of losses and metrics. twin names what takes
// the labels as they are, "" if nothing does.
func LabelHint(yTrue, yPred tensor.Spec, twin string) string {
	want := func(are, made string) string {
		if twin == "" {
			return "the labels look like " + are + ": want " + made + " makes them"
		}
		return "the labels look like " + are + ": want " + twin + ", or " + made + " makes them"
	}
	switch {
	case yPred.Rank() > 1 && yPred.Shape.At(-1) > 1 && isNumbers(yTrue, yPred):
		return want("class numbers", "rows of probabilities as ops.OneHot")
	case yPred.Rank() > 1 && yTrue.Shape == yPred.Shape:
		return want("rows of probabilities", "class numbers as ops.ArgMax")
	}
	return ""
}

// isNumbers reports whether labels have the shape of class numbers: that of predictions
// without their last axis, or with 1 there.
func isNumbers(labels, pred tensor.Spec) bool {
	s := pred.Shape
	return labels.Shape == s.To(s.Rank()-1) || labels.Rank() == s.Rank() && labels.Shape == s.With(-1, 1)
}

// BadLabel returns the place in y of the first label that is neither a class number, 0 or
// more and less than classes, nor one of those to be ignored; -1 if there is none. It is
// the one rule of losses and metrics; a model tells of such a label before the step, which
// cannot fail half-way.
func BadLabel(y *tensor.Tensor, classes int, ignored ...int) int {
	return firstBad(y, labels{low: 0, high: math.Nextafter(float64(classes), -1), whole: true, ignored: ignored})
}

// OutOfRange returns the place in y of the first number below low or above high, or NaN; -1
// if there is none.
func OutOfRange(y *tensor.Tensor, low, high float64) int {
	return firstBad(y, labels{low: low, high: high})
}

// labels says which labels are valid: those from low to high, of which only whole numbers
// perhaps, and those to be ignored.
type labels struct {
	low, high float64
	whole     bool
	ignored   []int
}

func (l *labels) ignores(label float64) bool {
	for _, class := range l.ignored {
		if label == float64(class) {
			return true
		}
	}
	return false
}

// firstBad returns the place in y of the first label that is not valid, -1 if there is none.
func firstBad(y *tensor.Tensor, valid labels) int {
	valid.whole = valid.whole && y.DType().IsFloat() // others are whole
	switch y.DType() {
	case tensor.Bool:
		return badAmong(y.Bytes(), valid)
	case tensor.Int8:
		return badAmong(tensor.Data[int8](y), valid)
	case tensor.Int16:
		return badAmong(tensor.Data[int16](y), valid)
	case tensor.Int32:
		return badAmong(tensor.Data[int32](y), valid)
	case tensor.Int64:
		return badAmong(tensor.Data[int64](y), valid)
	case tensor.Uint8:
		return badAmong(tensor.Data[uint8](y), valid)
	case tensor.Uint16:
		return badAmong(tensor.Data[uint16](y), valid)
	case tensor.Uint32:
		return badAmong(tensor.Data[uint32](y), valid)
	case tensor.Uint64:
		return badAmong(tensor.Data[uint64](y), valid)
	case tensor.Float32:
		return badAmong(tensor.Data[float32](y), valid)
	case tensor.Float64:
		return badAmong(tensor.Data[float64](y), valid)
	}
	return badAmong(y.Float64s(), valid)
}

func badAmong[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64](y []T, valid labels) int {
	low, high, whole := valid.low, valid.high, valid.whole // in registers: each step runs this loop
	for i, v := range y {
		f := float64(v)
		if f >= low && f <= high && (!whole || f == float64(int64(f))) {
			continue
		}
		if !valid.ignores(f) {
			return i
		}
	}
	return -1
}

// TargetRange implements [Ranged]: labels are 0 and 1, or probabilities between.
func (*BinaryCrossentropyLoss) TargetRange() (low, high float64) { return 0, 1 }

// TargetRange implements [Ranged]: labels are 0 and 1, or probabilities between.
func (*BinaryFocalCrossentropyLoss) TargetRange() (low, high float64) { return 0, 1 }

// TargetRange implements [Ranged]: labels are -1 and 1, or 0 and 1.
func (*HingeLoss) TargetRange() (low, high float64) { return -1, 1 }

// TargetRange implements [Ranged]: labels are -1 and 1, or 0 and 1.
func (*SquaredHingeLoss) TargetRange() (low, high float64) { return -1, 1 }

// BadLabel returns the place in y of the first label that is neither a class number, 0 to
// classes-1, nor IgnoreClass; -1 if there is none.
func (l *SparseCategoricalCrossentropyLoss) BadLabel(y *tensor.Tensor, classes int) int {
	if class := l.IgnoreClass; class != nil {
		return BadLabel(y, classes, *class)
	}
	return BadLabel(y, classes)
}

// IgnoredClass implements [Ignorer].
func (l *SparseCategoricalCrossentropyLoss) IgnoredClass() (class int, ok bool) {
	if l.IgnoreClass == nil {
		return 0, false
	}
	return *l.IgnoreClass, true
}
