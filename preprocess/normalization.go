package preprocess

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Normalization returns a layer that shifts and scales x by the mean and variance of each
// feature along the last axis, or along other axes, see [PerAxis]:
//
//	y = (x - mean) / max(√variance, 1e-7)
//
// [NormalizationLayer.Adapt] takes them from samples, [Moments] gives them. Until then they are
// 0 and 1. [Inverted] takes y back to x. The layer passes on the mask of x.
//
// Shapes: x [B ...] -> y [B ...], mean and variance of the lengths of the axes.
// DTypes: any number; integers become the dtype that the layer computes in first.
// Gradient: x. Panics with *graph.Error, when built, unless x has each axis once, none of them
// the batch, and moments that are given broadcast to their lengths.
//
// Options: [PerAxis], [Moments], [Inverted], and every [nn.LayerOption].
//
// Source: keras.layers.Normalization.
func Normalization(opts ...NormalizationOption) *NormalizationLayer {
	return nn.Setup(newNormalization(), opts...)
}

func newNormalization() *NormalizationLayer { return &NormalizationLayer{Axes: nn.Axes(-1)} }

// NormalizationLayer is the layer that [Normalization] makes.
type NormalizationLayer struct {
	nn.Base
	// Axes are those with a mean and variance for each of their elements, which may count from
	// the end. None stands for one mean and variance of all elements. Normalization sets the
	// last.
	Axes nn.AxisList `json:"axis"`
	// Invert computes x from y.
	Invert bool `json:"invert"`
	// Mean and Variance, both or none, are given. Without them the layer has variables of
	// these names.
	Mean     *Numbers `json:"mean"`
	Variance *Numbers `json:"variance"`

	mean, variance *graph.Var
	adapted        *moments // before the layer was built
	lengths        tensor.Dims
}

func init() {
	nn.Register("keras.layers>Normalization", func() nn.Layer { return newNormalization() })
}

// NormalizationOption is an option of [Normalization].
type NormalizationOption = nn.OptionOf[NormalizationLayer]

// PerAxis gives [Normalization] a mean and variance for each element along some axes, which may
// count from the end: for each channel of x [B height width channels] along axis 3. Along no
// axes there is one mean and variance of all elements.
func PerAxis(axes ...int) nn.SettingOf[NormalizationLayer] {
	return func(l *NormalizationLayer) { l.Axes = nn.Axes(axes...) }
}

// Moments gives [Normalization] the mean and variance of each feature, or one for all.
func Moments(mean, variance []float64) nn.SettingOf[NormalizationLayer] {
	return func(l *NormalizationLayer) {
		l.Mean, l.Variance = NumbersOf(mean...), NumbersOf(variance...)
	}
}

// Inverted has [Normalization] take normalized numbers back to what they were.
func Inverted() nn.SettingOf[NormalizationLayer] {
	return func(l *NormalizationLayer) { l.Invert = true }
}

// least is Keras's epsilon, the least divisor.
const least = 1e-7

// SetDefaults sets no axes, which Keras writes as a list.
func (l *NormalizationLayer) SetDefaults() {
	if l.Axes == nil {
		l.Axes = nn.Axes()
	}
}

// OfIntegers implements [nn.IntegerLayer].
func (*NormalizationLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Float32 }

// Build implements [nn.Layer].
func (l *NormalizationLayer) Build(b *nn.Builder, in tensor.Spec) {
	kept, err := l.kept(in.Rank())
	if err != nil {
		panic(graph.Errorf("preprocess.Normalization: x %v: %v", in, err))
	}
	l.mean, l.variance, l.lengths = nil, nil, lengthsOf(in.Shape, kept)
	if l.Mean != nil || l.Variance != nil {
		l.given(in.Shape)
		return
	}
	mean, variance := nn.Zeros, nn.Ones
	if l.adapted != nil {
		if l.adapted.lengths != l.lengths {
			panic(graph.Errorf("preprocess.Normalization: x %v: Adapt had samples with lengths %v along axes %v: want the same", in, l.adapted.lengths, l.Axes))
		}
		mean, variance = nn.ConstantTensor(l.adapted.mean), nn.ConstantTensor(l.adapted.variance())
	}
	spec := tensor.Spec{DType: b.DType.VariableDType(), Shape: l.lengths}
	l.mean, l.variance = b.State("mean", spec, mean), b.State("variance", spec, variance)
	b.State("count", tensor.S(tensor.Int32), nn.Zeros) // Keras's files have it
}

// kept returns the places of the axes that are kept apart, in ascending order.
func (l *NormalizationLayer) kept(rank int) ([]int, error) {
	var kept []int
	for _, a := range l.Axes {
		at := a
		if at < 0 {
			at += rank
		}
		switch {
		case at < 1 || at >= rank:
			return nil, fmt.Errorf("axis %d: want an axis of a sample, 1 to %d or from the end", a, rank-1)
		case slices.Contains(kept, at):
			return nil, fmt.Errorf("axes %v: axis %d stands twice: want it once", l.Axes, at)
		}
		kept = append(kept, at)
	}
	slices.Sort(kept)
	return kept, nil
}

func lengthsOf(x tensor.Dims, axes []int) (lengths tensor.Dims) {
	for _, a := range axes {
		lengths = lengths.Append(x.At(a))
	}
	return lengths
}

// given returns mean and variance, as given, in shapes that broadcast to x. It panics unless
// they do.
func (l *NormalizationLayer) given(x tensor.Dims) (mean, variance *tensor.Tensor) {
	if l.Mean == nil || l.Variance == nil {
		panic(graph.Errorf("preprocess.Normalization: a mean without a variance, or a variance without a mean: want both"))
	}
	m, v := l.Mean.tensor(), l.Variance.tensor()
	if m.Shape() != v.Shape() {
		panic(graph.Errorf("preprocess.Normalization: mean %v, variance %v: want one shape", m.Shape(), v.Shape()))
	}
	if s, err := ops.Broadcast(m.Shape(), l.lengths); err != nil || s != l.lengths {
		panic(graph.Errorf("preprocess.Normalization: mean and variance %v, x %v along axes %v: want moments that broadcast to lengths %v", m.Shape(), x, l.Axes, l.lengths))
	}
	kept, _ := l.kept(x.Rank())
	shape := ones(x.Rank())
	for i := range m.Shape().Rank() { // from the last axis on
		shape[kept[len(kept)-1-i]] = m.Shape().At(-1 - i)
	}
	return reshaped(m, shape), reshaped(v, shape)
}

func ones(rank int) []int { return slices.Repeat([]int{1}, rank) }

func reshaped(t *tensor.Tensor, shape []int) *tensor.Tensor {
	r, err := t.Reshape(shape...)
	if err != nil {
		panic(graph.Errorf("preprocess.Normalization: %v", err))
	}
	return r
}

// Call implements [nn.Layer].
func (l *NormalizationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	kept, err := l.kept(x.Rank())
	if err != nil || lengthsOf(x.Shape(), kept) != l.lengths {
		panic(graph.Errorf("preprocess.Normalization: x %v: the layer was built for lengths %v along axes %v", x.Spec(), l.lengths, l.Axes))
	}
	y := x
	if !x.DType().IsFloat() {
		y = ops.Cast(x, c.ComputeDType())
	}
	var mean, variance *graph.Node
	if l.mean == nil {
		m, v := l.given(x.Shape())
		mean, variance = c.Graph().Const(m), c.Graph().Const(v)
	} else {
		shape := ones(x.Rank())
		for i, a := range kept {
			shape[a] = l.lengths.At(i)
		}
		mean, variance = ops.Reshape(c.Graph().Value(l.mean), shape...), ops.Reshape(c.Graph().Value(l.variance), shape...)
	}
	mean, variance = ops.Cast(mean, y.DType()), ops.Cast(variance, y.DType())
	deviation := ops.Maximum(ops.Sqrt(variance), ops.ScalarLike(variance, least))
	if l.Invert {
		y = ops.Add(mean, ops.Mul(y, deviation))
	} else {
		y = ops.Div(ops.Sub(y, mean), deviation)
	}
	c.SetMask(y, c.Mask(x))
	return y
}

// adaptBatch bounds the elements that Adapt reads at once.
const adaptBatch = 1 << 20

// Adapt takes the mean and variance from the samples of a set, instead of what the layer had:
// the mean of the squared distances from the mean, over all axes that are not kept apart. The
// layer may be built or not. Targets and weights are not looked at.
//
// It returns an error if the set is empty or has not one input of numbers, if its samples do
// not have the axes or not the lengths that the layer was built for, if reading fails, or if
// the layer was given [Moments].
func (l *NormalizationLayer) Adapt(set data.Dataset) error {
	if err := l.adapt(set); err != nil {
		return fmt.Errorf("preprocess: Normalization.Adapt: %w", err)
	}
	return nil
}

func (l *NormalizationLayer) adapt(set data.Dataset) error {
	switch {
	case l.Mean != nil || l.Variance != nil:
		return errors.New("the layer has moments that were given: want none")
	case set == nil:
		return errors.New("the set is nil: want one of samples")
	case set.Len() < 1:
		return errors.New("the set has no samples: want one or more")
	}
	specs, _ := set.Specs()
	if len(specs) != 1 || !specs[0].DType.IsFloat() && !specs[0].DType.IsInt() {
		return fmt.Errorf("samples of %v: want one input of numbers", specs)
	}
	kept, err := l.kept(specs[0].Rank() + 1)
	if err != nil {
		return fmt.Errorf("samples of %v: %w", specs[0], err)
	}
	size := 1
	for _, d := range specs[0].Shape.Slice() {
		size *= max(d, 1)
	}
	var all *moments
	step := max(1, adaptBatch/size)
	var b data.Batch
	for at := 0; at < set.Len(); at += step {
		idx := make([]int, min(step, set.Len()-at))
		for i := range idx {
			idx[i] = at + i
		}
		if err := set.Read(idx, &b); err != nil {
			return err
		}
		if len(b.X) != 1 || b.X[0].Shape().Rank() != specs[0].Rank()+1 {
			return fmt.Errorf("samples %d to %d: %d inputs: want one of %v", at, at+len(idx)-1, len(b.X), specs[0])
		}
		m := momentsOf(b.X[0], kept)
		if all == nil {
			all = m
		} else if err := all.add(m); err != nil {
			return fmt.Errorf("samples %d to %d: %w", at, at+len(idx)-1, err)
		}
	}
	if l.mean == nil {
		l.adapted = all
		return nil
	}
	if all.lengths != l.lengths {
		return fmt.Errorf("samples with lengths %v along axes %v: the layer was built for %v", all.lengths, l.Axes, l.lengths)
	}
	if err := l.mean.Set(all.mean.AsType(l.mean.Spec().DType)); err != nil {
		return err
	}
	return l.variance.Set(all.variance().AsType(l.variance.Spec().DType))
}

// moments holds the mean of some numbers, and the sum of their squared distances from it, for
// each element along the axes that are kept apart.
type moments struct {
	lengths tensor.Dims
	mean    *tensor.Tensor // float64
	sums    []float64
	count   float64 // of numbers for each
}

// momentsOf returns the moments of x in two passes.
func momentsOf(x *tensor.Tensor, kept []int) *moments {
	m := &moments{lengths: lengthsOf(x.Shape(), kept)}
	m.mean, m.sums = tensor.New(tensor.Float64, m.lengths.Slice()...), make([]float64, m.lengths.Size())
	mean, v := tensor.Data[float64](m.mean), x.Float64s()
	m.count = float64(len(v)) / float64(len(mean))
	cells := cellsOf(x.Shape(), kept)
	for i, x := range v {
		mean[cells[i%len(cells)]] += x
	}
	for i := range mean {
		mean[i] /= m.count
	}
	for i, x := range v {
		cell := cells[i%len(cells)]
		m.sums[cell] += (x - mean[cell]) * (x - mean[cell])
	}
	return m
}

// cellsOf returns, for each element of a sample of x, which of the kept elements it counts for.
func cellsOf(x tensor.Dims, kept []int) []int {
	cells := make([]int, x.From(1).Size())
	for i := range cells {
		rest, stride := i, 1
		for a := x.Rank() - 1; a > 0; a-- {
			if slices.Contains(kept, a) {
				cells[i] += rest % x.At(a) * stride
				stride *= x.At(a)
			}
			rest /= x.At(a)
		}
	}
	return cells
}

// add counts the numbers of other moments, too.
func (m *moments) add(other *moments) error {
	if m.lengths != other.lengths {
		return fmt.Errorf("lengths %v along the axes, %v in samples before: want the same", other.lengths, m.lengths)
	}
	a, b := tensor.Data[float64](m.mean), tensor.Data[float64](other.mean)
	all := m.count + other.count
	for i := range a {
		d := b[i] - a[i]
		a[i] += d * other.count / all
		m.sums[i] += other.sums[i] + d*d*m.count*other.count/all
	}
	m.count = all
	return nil
}

func (m *moments) variance() *tensor.Tensor {
	v := tensor.New(tensor.Float64, m.lengths.Slice()...)
	for i, sum := range m.sums {
		tensor.Data[float64](v)[i] = math.Abs(sum) / m.count
	}
	return v
}
