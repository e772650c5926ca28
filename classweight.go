package glia

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/tensor"
)

// ClassWeights multiplies the loss of samples by the weight of their class, 1 for
// classes that are not named. Labels are class numbers [n] or [n 1], or one-hot
// rows [n classes]. Where the loss or the rows say how many classes there are, one that is not
// among them is an error. The model has one output with a loss; see [ClassWeightsFor].
func ClassWeights(w map[int]float64) Option {
	return fitOption("ClassWeights", func(c *config) { c.weighClasses("", w) })
}

// ClassWeightsFor is [ClassWeights] of the loss of one output of several: the labels of
// that output say the class. It may be given for several outputs.
func ClassWeightsFor(output string, w map[int]float64) Option {
	return fitOption("ClassWeightsFor", func(c *config) { c.weighClasses(output, w) })
}

// classWeights are the weights of the classes of an output, "" being the only one.
type classWeights struct {
	output string
	of     map[int]float64
}

// weighClasses sets the weights of the classes of an output.
func (c *config) weighClasses(output string, w map[int]float64) {
	c.classWeights = slices.DeleteFunc(c.classWeights, func(w classWeights) bool { return w.output == output })
	c.classWeights = append(c.classWeights, classWeights{output, w})
}

// name returns how the caller gave them.
func (w classWeights) name() string {
	if w.output == "" {
		return "ClassWeights"
	}
	return fmt.Sprintf("ClassWeightsFor(%q)", w.output)
}

func checkClassWeights(all []classWeights) error {
	for _, w := range all {
		for class, v := range w.of {
			if class < 0 || !(v >= 0) || math.IsInf(v, 1) {
				return fmt.Errorf("glia: Fit: %s: class %d has weight %v: want classes and weights of 0 or more", w.name(), class, v)
			}
		}
	}
	return nil
}

// classWeigher gives the samples of a batch the weights of their classes.
type classWeigher struct {
	targets []*targetWeigher // for each target, nil if its classes have no weights
	weights []*tensor.Tensor // of a batch
}

// newClassWeigher returns the weigher of samples with targets y, nil if there are no
// weights of classes.
func (m *totals) newClassWeigher(all []classWeights, y []tensor.Spec) (*classWeigher, error) {
	if len(all) == 0 {
		return nil, nil
	}
	c := &classWeigher{targets: make([]*targetWeigher, len(y)), weights: make([]*tensor.Tensor, len(y))}
	for _, w := range all {
		target, err := m.weighed(w, len(y))
		if err == nil && c.targets[target] != nil {
			err = errors.New("the output has weights by ClassWeights, too: want one of them")
		}
		if err == nil {
			err = m.wantLabels(y[target], m.outputOf(target, len(y)))
		}
		if err == nil {
			err = m.wantClasses(w, y[target], m.outputOf(target, len(y)))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name(), err)
		}
		c.targets[target] = &targetWeigher{name: w.name(), of: w.of, labels: map[int]*tensor.Tensor{}, weights: map[int]*tensor.Tensor{}}
	}
	return c, nil
}

// weighed returns which of so many targets w is for.
func (m *compiled) weighed(w classWeights, targets int) (int, error) {
	if w.output == "" && targets == 1 {
		return 0, nil
	}
	found := -1
	for i, a := range m.outputLosses {
		if a.loss == nil || w.output != "" && w.output != a.output {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("outputs %q have a loss: want ClassWeightsFor one of them", outputsOf(withLoss(m.outputLosses)))
		}
		found = i
	}
	if found < 0 {
		return 0, fmt.Errorf("no such output has a loss: want one of %q", outputsOf(withLoss(m.outputLosses)))
	}
	target := m.targetOf(found, targets)
	if target < 0 || target >= targets {
		return 0, fmt.Errorf("samples have %d targets: want one for each of the model's outputs, or for each that has a loss", targets)
	}
	return target, nil
}

// wantLabels returns an error unless the targets of an output can say the class of a
// sample, whose spec is y.
func (m *totals) wantLabels(y tensor.Spec, output int) error {
	switch {
	case y.Rank() > 1:
		return fmt.Errorf("labels are %v: want [n], [n 1] or rows [n classes]", batchSpecs(-1, []tensor.Spec{y})[0])
	case y.Rank() == 1 && y.Shape.At(0) > 1 && output < len(m.pred) && m.pred[output].Shape.From(1) != y.Shape:
		return fmt.Errorf("a sample has %d labels, its predictions are %v: want one label or a row of classes", y.Shape.At(0), m.pred[output].Shape.From(1))
	}
	return nil
}

// wantClasses returns an error if w names a class that the labels of an output, whose spec is
// y, cannot say. It is nil where their classes are not known, as with a loss of a user's.
func (m *totals) wantClasses(w classWeights, y tensor.Spec, output int) error {
	n := m.classesOf(y, output)
	ignored, ignores := m.ignoredClass(output)
	for _, class := range slices.Sorted(maps.Keys(w.of)) {
		if n > 0 && class >= n && !(ignores && class == ignored) {
			return fmt.Errorf("class %d has weight %v, the labels are of %d classes: want %s", class, w.of[class], n, classNumbers(n))
		}
	}
	return nil
}

// classesOf returns how many classes the labels of an output say, whose spec is y, 0 if that is
// not known.
func (m *totals) classesOf(y tensor.Spec, output int) int {
	if y.Rank() == 1 && y.Shape.At(0) > 1 {
		return y.Shape.At(0)
	}
	if output >= len(m.outputLosses) { // for a custom step
		return 0
	}
	switch l := m.outputLosses[output].loss.(type) {
	case loss.LabelChecker:
		if p := m.pred[output]; p.Rank() > 0 {
			return p.Shape.At(-1)
		}
	case loss.Ranged:
		if _, high := l.TargetRange(); high == 1 {
			return 2
		}
	}
	return 0
}

// weigh returns the weights of the samples idx in b, 1 if it has none, times those of the
// classes.
func (c *classWeigher) weigh(b *data.Batch, idx []int) ([]*tensor.Tensor, error) {
	if len(b.Y) != len(c.targets) {
		return nil, fmt.Errorf("samples have %d targets, the first ones %d: want as many", len(b.Y), len(c.targets))
	}
	for i, t := range c.targets {
		var w *tensor.Tensor
		if len(b.Weight) > 0 {
			w = b.Weight[min(i, len(b.Weight)-1)]
		}
		if c.weights[i] = w; t == nil {
			continue
		}
		var err error
		if c.weights[i], err = t.weigh(b.Y[i], w, idx); err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return c.weights, nil
}

// targetWeigher weighs the samples by one target. It keeps its tensors, one pair for every
// length of a batch.
type targetWeigher struct {
	name    string // of the option
	of      map[int]float64
	labels  map[int]*tensor.Tensor // float64, of the shape of y
	weights map[int]*tensor.Tensor // float32 [n]
}

// weigh returns the weights of the classes of labels times w, which may be nil.
func (c *targetWeigher) weigh(y, w *tensor.Tensor, idx []int) (*tensor.Tensor, error) {
	if y.Shape().Rank() > 2 {
		return nil, fmt.Errorf("labels are %v: want [n], [n 1] or rows [n classes]", y.Spec())
	}
	if w != nil && w.Shape().Rank() > 1 {
		return nil, fmt.Errorf("samples have weights %v: want one a sample", w.Spec())
	}
	n := y.Shape().At(0)
	if c.labels[n] == nil || c.labels[n].Shape() != y.Shape() {
		c.labels[n] = tensor.NewSpec(tensor.Spec{DType: tensor.Float64, Shape: y.Shape()})
		c.weights[n] = tensor.New(tensor.Float32, n)
	}
	if err := tensor.Convert(c.labels[n], y); err != nil {
		return nil, err
	}
	labels, weights := tensor.Data[float64](c.labels[n]), tensor.Data[float32](c.weights[n])
	for i := range weights {
		label := labels[i*len(labels)/n:][:len(labels)/n]
		class, ok := classOf(label)
		if !ok {
			return nil, fmt.Errorf("sample %d: label %v: want a class number", idx[i], label[0])
		}
		of, named := c.of[class]
		if !named {
			of = 1
		}
		weights[i] = float32(of)
	}
	if w != nil {
		for i, v := range tensor.Data[float32](w) {
			weights[i] *= v
		}
	}
	return c.weights[n], nil
}

// classOf returns the class of a label: its number, which may be one to ignore, or the
// place of the greatest in a row. It is not ok if it is no number of a class.
func classOf(label []float64) (class int, ok bool) {
	if len(label) == 1 {
		v := label[0]
		return int(v), v == math.Trunc(v) && math.Abs(v) <= 1<<53
	}
	best := 0
	for i, v := range label {
		if v > label[best] {
			best = i
		}
	}
	return best, true
}
