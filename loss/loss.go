// Package loss measures how far predictions are from targets, for training to minimize,
// with Keras's names, defaults and numbers.
//
// A loss gives one number a sample, or one for every place in it; [Reduce] reduces those of
// a batch. A loss of your own is a [Func], or any type with the methods of [Loss].
package loss

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Loss measures how far predictions are from targets. Any type with these methods is one.
// A loss is also a metric, its mean.
type Loss interface {
	// Name is the name in logs.
	Name() string
	// Each returns a loss for every sample, or for every place in it, over the last
	// axis of yPred, which vanishes; some losses give one for the whole batch. A type of
	// your own gets labels and predictions as the function [Each] gives them.
	Each(yTrue, yPred *graph.Node) *graph.Node
}

// Reducer is a [Loss] with a reduction. Other losses are reduced by [MeanOverBatch].
type Reducer interface {
	Loss
	// ReducedBy returns the reduction; "" is the default.
	ReducedBy() Reduction
}

// Masker is a [Loss] that excludes some losses from means, such as those of padding.
type Masker interface {
	Loss
	// Mask returns bools of the losses' shape, true for the losses that count; nil if all do.
	Mask(yTrue, yPred *graph.Node) *graph.Node
}

// LabelChecker is a [Loss] of labels that are class numbers. A model checks them before a
// step, which cannot fail half-way.
type LabelChecker interface {
	Loss
	// BadLabel returns the place in y of the first label that is no class number, 0 or
	// more and less than classes; -1 if there is none.
	BadLabel(y *tensor.Tensor, classes int) int
}

// Ignorer is a [LabelChecker] that may ignore a class, whose number need not be one of the
// others.
type Ignorer interface {
	LabelChecker
	// IgnoredClass returns the class, and whether there is one.
	IgnoredClass() (class int, ok bool)
}

// Ranged is a [Loss] whose targets lie in a range. A model tells of others before a step.
type Ranged interface {
	Loss
	// TargetRange returns the least and the greatest target.
	TargetRange() (low, high float64)
}

// Reduction says how the losses of a batch become one number. As an option it
// sets that of a loss. The zero Reduction is [MeanOverBatch].
type Reduction string

// The reductions. NoReduction keeps one loss a sample, which cannot be trained on.
const (
	// MeanOverBatch is Σ weight·loss / n, n being the number of losses.
	MeanOverBatch Reduction = "sum_over_batch_size"
	// MeanByWeight is Σ weight·loss / Σ weight, both over all losses: the weight of a sample
	// of several losses counts with each. Keras 3.15 refuses such weights [B]; weights [B 1]
	// it counts once a sample, so that its result is no mean.
	MeanByWeight Reduction = "mean_with_sample_weight"
	// Sum is Σ weight·loss.
	Sum Reduction = "sum"
	// NoReduction is weight·loss.
	NoReduction Reduction = "none"
)

// UnmarshalJSON reads a reduction as Keras writes it; null is [NoReduction].
func (r *Reduction) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("reduction: %w", err)
	}
	switch {
	case s == nil:
		*r = NoReduction
	case *s == "mean": // another name of MeanOverBatch
		*r = MeanOverBatch
	default:
		switch *r = Reduction(*s); *r {
		case MeanOverBatch, MeanByWeight, Sum, NoReduction:
		default:
			return fmt.Errorf("reduction %q: want one of %q, %q, %q, %q", *s, MeanOverBatch, MeanByWeight, Sum, NoReduction)
		}
	}
	return nil
}

// Option is an option of every loss: [Name] and a [Reduction].
type Option interface{ loss(*Config) }

// Config holds the settings that losses have in common.
type Config struct {
	// LossName is the name in logs; by default that of the loss in Keras.
	LossName string `json:"name"`
	// Reduction is [MeanOverBatch] by default.
	Reduction Reduction `json:"reduction"`
}

// Name names a loss in logs.
type Name string

func (n Name) loss(c *Config)      { c.LossName = string(n) }
func (r Reduction) loss(c *Config) { c.Reduction = r }

// SetDefaults sets the reduction, if it is not set, to the default that it stands for.
func (c *Config) SetDefaults() {
	if c.Reduction == "" {
		c.Reduction = MeanOverBatch
	}
}

// Name returns the name in logs.
func (c *Config) Name() string { return c.LossName }

// ReducedBy implements [Reducer].
func (c *Config) ReducedBy() Reduction { return c.Reduction }

func newConfig(name string, opts []Option) Config {
	c := Config{name, MeanOverBatch}
	for _, o := range opts {
		o.loss(&c)
	}
	return c
}

// Reduce returns the loss of a batch: a scalar, unless the loss was made with
// [NoReduction]. Weight may be nil; otherwise it holds one number a sample [B],
// or one for every loss, and may broadcast. Predictions of 16 bits are converted to float32.
//
// Shapes: yTrue and yPred as the loss takes them -> scalar.
// Panics with *graph.Error if shapes or dtypes do not fit.
func Reduce(l Loss, yTrue, yPred, weight *graph.Node) *graph.Node {
	return ReduceMasked(l, yTrue, yPred, weight, nil)
}

// ReduceMasked is [Reduce] of the losses where mask is true: the others are excluded, from
// the count of a mean too. Mask may be nil; otherwise it holds one bool a sample [B], or one
// for every loss, and may broadcast.
//
// Panics with *graph.Error if shapes or dtypes do not fit.
func ReduceMasked(l Loss, yTrue, yPred, weight, mask *graph.Node) *graph.Node {
	return ReduceCounted(l, yTrue, yPred, weight, mask).Loss
}

// Reduced is the loss of a batch.
type Reduced struct {
	// Loss is what [ReduceMasked] returns.
	Loss *graph.Node
	// Count is what Loss is a mean over, float64: the number of losses that count, or with
	// [MeanByWeight] the sum of their weights. It is nil for a mean over all losses of the
	// batch, and for what is no mean.
	Count *graph.Node
	// IsSum says that Loss is the [Sum] of the losses.
	IsSum bool
}

// ReduceCounted is [ReduceMasked] with what the losses of several batches must be weighted
// with, so that their mean is that of all samples together.
func ReduceCounted(l Loss, yTrue, yPred, weight, mask *graph.Node) Reduced {
	yPred = ops.AtLeastFloat32(yPred)
	losses := Each(l, yTrue, yPred)
	r := MeanOverBatch
	if c, ok := l.(Reducer); ok && c.ReducedBy() != "" {
		r = c.ReducedBy()
	}
	switch r {
	case MeanOverBatch, MeanByWeight, Sum, NoReduction:
	default:
		panic(graph.Errorf("loss: %s: reduction %q: want one of %q, %q, %q, %q", l.Name(), r, MeanOverBatch, MeanByWeight, Sum, NoReduction))
	}
	if weight != nil && weight.DType() != losses.DType() {
		weight = ops.Cast(weight, losses.DType())
	}
	if m, ok := l.(Masker); ok {
		mask = both(mask, m.Mask(Pair(l, yTrue, yPred)))
	}
	of := Reduced{IsSum: r == Sum}
	if mask != nil && r == MeanOverBatch {
		of.Count = countOf(mask, losses)
	}
	if weight = masked(weight, mask, losses, r); weight != nil {
		losses, weight = weightsFor(losses, weight)
		if losses.Rank() == 0 { // one loss of the whole batch
			losses = ops.BroadcastTo(losses, weight.Shape())
		}
		if s, err := ops.Broadcast(losses.Shape(), weight.Shape()); err != nil || s != losses.Shape() {
			panic(graph.Errorf("loss.Reduce: weights %v of losses %v: want one a sample or one a loss", weight.Shape(), losses.Shape()))
		}
		losses = ops.Mul(losses, weight)
	}
	switch {
	case r == NoReduction:
		of.Loss = losses
	case r == Sum:
		of.Loss = ops.ReduceSum(losses)
	case r == MeanByWeight && weight != nil:
		all := ops.ReduceSum(ops.BroadcastTo(weight, losses.Shape()))
		of.Loss, of.Count = ratio(ops.ReduceSum(losses), all), ops.Cast(all, tensor.Float64)
	default:
		of.Loss = ops.Scale(ops.ReduceSum(losses), 1/max(1, float64(losses.Shape().Size())))
	}
	return of
}

// countOf returns how many of the losses a mask keeps.
func countOf(mask, losses *graph.Node) *graph.Node {
	count := ops.ReduceSum(ops.Cast(mask, tensor.Float64))
	if n, all := mask.Shape().Size(), losses.Shape().Size(); n > 0 && n < all {
		count = ops.Scale(count, float64(all)/float64(n))
	}
	return count
}

// both returns where two masks that may be nil are true.
func both(a, b *graph.Node) *graph.Node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	a, b = weightsFor(a, b)
	return ops.And(a, b)
}

// masked returns weights that are 0 where keep is false, scaled so that a mean over the
// batch is one over the other losses.
func masked(weight, keep, losses *graph.Node, r Reduction) *graph.Node {
	if keep == nil {
		return weight
	}
	if keep.DType() != tensor.Bool {
		panic(graph.Errorf("loss.Reduce: mask is %v: want bool", keep.Spec()))
	}
	mask := ops.Cast(keep, losses.DType())
	if r == MeanOverBatch {
		mask = ops.Mul(mask, ratio(ops.ScalarLike(mask, float64(mask.Shape().Size())), ops.ReduceSum(mask)))
	}
	if weight != nil {
		mask, weight = weightsFor(mask, weight)
		mask = ops.Mul(mask, weight)
	}
	return mask
}

// weightsFor gives weights of samples as many axes as there are losses in a sample.
func weightsFor(losses, weight *graph.Node) (*graph.Node, *graph.Node) {
	losses, weight = ops.SameRank(losses, weight)
	for weight.Rank() < losses.Rank() {
		weight = ops.ExpandDims(weight, -1)
	}
	return losses, weight
}

// ratio returns a/b for scalars, 0 where b is 0.
func ratio(a, b *graph.Node) *graph.Node {
	none := ops.Equal(b, ops.Zeros(b))
	return ops.Where(none, ops.Zeros(a), ops.Div(a, ops.Where(none, ops.Ones(b), b)))
}

// matched returns the targets with the dtype and shape of the predictions, [B 1] if
// both were [B], so that there is a loss for every sample.
func matched(loss string, yTrue, yPred *graph.Node) (*graph.Node, *graph.Node) {
	t, p := paired(loss, yTrue, yPred)
	if p.Rank() == 1 {
		t, p = ops.ExpandDims(t, -1), ops.ExpandDims(p, -1)
	}
	return t, p
}

// paired returns the targets with the dtype and shape of the predictions.
func paired(loss string, yTrue, yPred *graph.Node) (*graph.Node, *graph.Node) {
	if !yPred.DType().IsFloat() {
		panic(graph.Errorf("loss.%s: predictions are %v: want a float dtype", loss, yPred.Spec()))
	}
	labels := yTrue.Spec()
	if yTrue.DType() != yPred.DType() {
		yTrue = ops.Cast(yTrue, yPred.DType())
	}
	t, p := ops.SameRank(yTrue, yPred)
	if t.Shape() != p.Shape() || p.Rank() == 0 {
		hint := ""
		if labels.DType.IsInt() { // others may be values to come near to
			hint = LabelHint(labels, yPred.Spec(), "loss.SparseCategoricalCrossentropy")
		}
		panic(graph.Errorf("loss.%s: labels %v, predictions %v: %s", loss, yTrue.Shape(), yPred.Shape(), cmp.Or(hint, "want one shape")))
	}
	return t, p
}

// wantClasses panics unless yPred has an axis beside the batch, for the classes.
func wantClasses(loss string, yPred *graph.Node) {
	if yPred.Rank() < 1 || !yPred.DType().IsFloat() {
		panic(graph.Errorf("loss.%s: predictions are %v: want floats [B ... classes]", loss, yPred.Spec()))
	}
}

// Func returns a loss of your own: f returns a loss for every sample [B], or for
// every place in one. To be saved it needs [FuncLoss.Register]. The name may have a package
// in front, "my_package>pinball", which is not part of the name in logs.
//
// As by Keras, f is given labels and predictions with as many axes: [B] and [B 1] are both
// [B 1]. Shapes that would still broadcast into a larger one are refused, see [Together].
// Labels of integers, truths or other floats that f cannot combine with the predictions are
// converted to their dtype, see [Converted].
//
// Shapes: yTrue and yPred as f takes them -> [B ...].
// Panics with *graph.Error, when used, if f is nil or does not return floats.
func Func(name string, f func(yTrue, yPred *graph.Node) *graph.Node, opts ...Option) *FuncLoss {
	return &FuncLoss{newConfig(vocab.ShortName(name), opts), name, f}
}

// FuncLoss is the loss that [Func] makes.
type FuncLoss struct {
	Config
	name string // with the package
	f    func(yTrue, yPred *graph.Node) *graph.Node
}

// Register makes the function known to files under its name, as a function with Keras's
// decorator keras.saving.register_keras_serializable is: see the function [Register]. It
// returns the loss. It panics if the name is registered for another function.
func (l *FuncLoss) Register() *FuncLoss {
	losses.RegisterValue(l.name, l, l.f)
	return l
}

// object returns the object that Keras writes for a function as a loss.
func (l *FuncLoss) object() (*vocab.Object, error) {
	if r := l.ReducedBy(); r != "" && r != MeanOverBatch {
		return nil, fmt.Errorf("%q reduces by %q: Keras's files cannot store that of a function: want %q", l.name, r, MeanOverBatch)
	}
	return losses.Function(l.name)
}

// Each implements [Loss].
func (l *FuncLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	if l.f == nil {
		panic(graph.Errorf("loss.Func: the function of %q is nil", l.LossName))
	}
	yTrue, yPred = Pair(l, yTrue, yPred)
	y := Converted(l.f, yTrue, yPred)
	if !y.DType().IsFloat() {
		panic(graph.Errorf("loss.Func: %q gives %v: want floats", l.LossName, y.Spec()))
	}
	return y
}

// MarshalJSON fails: a function has no settings that could be compared.
func (l *FuncLoss) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("loss: %q is a function of your own, which has no settings", l.LossName)
}
