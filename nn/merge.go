package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// MergeLayer is the layer that [Add], [Subtract], [Multiply], [Average], [Maximum] and
// [Minimum] make. It merges its inputs element by element: any number of them, of
// shapes that broadcast. One of fewer axes gets axes of 1 behind the batch.
//
// Shapes: x [B ...], y [B ...] -> z [B ...].
// DTypes: numbers; different ones are converted to [tensor.Promote] of all, integers beside
// floats to these. Gradient: all inputs; of a maximum or minimum that two share, half goes
// to each.
// Panics with *graph.Error, when built, if the shapes do not broadcast, the batches
// differ, or there are no inputs. Source: keras.layers, merging layers.
type MergeLayer struct {
	Base
	class string
}

func merge(class string, opts []LayerOption) *MergeLayer {
	return &MergeLayer{Base: NewBase(opts...), class: class}
}

// Add returns a layer that adds its inputs.
//
// Shapes: x [B ...], y [B ...] -> z [B ...], broadcast. Panics with *graph.Error, when
// built, if they do not fit: see [MergeLayer]. Source: keras.layers.Add.
func Add(opts ...LayerOption) *MergeLayer { return merge("Add", opts) }

// Subtract returns a layer that subtracts the second of two inputs from the first.
//
// Shapes: x [B ...], y [B ...] -> z [B ...], broadcast. Panics with *graph.Error, when
// built, if they do not fit or are not two: see [MergeLayer]. Source: keras.layers.Subtract.
func Subtract(opts ...LayerOption) *MergeLayer { return merge("Subtract", opts) }

// Multiply returns a layer that multiplies its inputs.
//
// Shapes: x [B ...], y [B ...] -> z [B ...], broadcast. Panics with *graph.Error, when
// built, if they do not fit: see [MergeLayer]. Source: keras.layers.Multiply.
func Multiply(opts ...LayerOption) *MergeLayer { return merge("Multiply", opts) }

// Average returns a layer that takes the mean of its inputs. The sum of integers is
// converted to the dtype that the layer computes in.
//
// Shapes: x [B ...], y [B ...] -> z [B ...], broadcast. Panics with *graph.Error, when
// built, if they do not fit: see [MergeLayer]. Source: keras.layers.Average.
func Average(opts ...LayerOption) *MergeLayer { return merge("Average", opts) }

// Maximum returns a layer that takes the greatest of its inputs.
//
// Shapes: x [B ...], y [B ...] -> z [B ...], broadcast. Panics with *graph.Error, when
// built, if they do not fit: see [MergeLayer]. Source: keras.layers.Maximum.
func Maximum(opts ...LayerOption) *MergeLayer { return merge("Maximum", opts) }

// Minimum returns a layer that takes the least of its inputs.
//
// Shapes: x [B ...], y [B ...] -> z [B ...], broadcast. Panics with *graph.Error, when
// built, if they do not fit: see [MergeLayer]. Source: keras.layers.Minimum.
func Minimum(opts ...LayerOption) *MergeLayer { return merge("Minimum", opts) }

// merges holds the functions of two inputs by class.
var merges = map[string]func(a, b *graph.Node) *graph.Node{
	"Add": ops.Add, "Subtract": ops.Sub, "Multiply": ops.Mul, "Average": ops.Add, "Maximum": ops.Maximum, "Minimum": ops.Minimum,
}

func init() {
	for class := range merges {
		addLayer(class, vocab.Into[Layer](func() *MergeLayer { return &MergeLayer{class: class} }))
	}
}

// Class returns Keras's name of the layer.
func (l *MergeLayer) Class() string { return l.class }

// OfIntegers implements [IntegerLayer].
func (l *MergeLayer) OfIntegers(in tensor.DType) tensor.DType {
	if l.class == "Average" {
		return tensor.Float32
	}
	return in
}

// Build implements [Layer].
func (l *MergeLayer) Build(*Builder, tensor.Spec) {}

// BuildAll implements [MultiLayer].
func (l *MergeLayer) BuildAll(*Builder, []tensor.Spec) {}

// Call implements [Layer]: it merges one input.
func (l *MergeLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *MergeLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	if n := len(x); n == 0 || l.class == "Subtract" && n != 2 {
		want := "one or more"
		if l.class == "Subtract" {
			want = "2"
		}
		panic(graph.Errorf("nn.%s: %d inputs: want %s", l.class, n, want))
	}
	rank := 0
	for _, n := range x {
		rank = max(rank, n.Rank())
	}
	masked := x
	x = promoted(x)
	y := raised(x[0], rank)
	for i, n := range x[1:] {
		if a, b := x[0].Shape().At(0), n.Shape().At(0); a != b {
			panic(graph.Errorf("nn.%s: inputs 0 and %d are batches of %d and %d: want one length", l.class, i+1, a, b))
		}
		y = merges[l.class](y, raised(n, rank))
	}
	if l.class == "Average" {
		if !y.DType().IsFloat() {
			y = ops.Cast(y, c.ComputeDType())
		}
		y = ops.Scale(y, 1/float64(len(x)))
	}
	setMergedMask(c, y, masked)
	return []*graph.Node{y}
}

// promoted returns x converted to one dtype: [tensor.Promote] of all.
func promoted(x []*graph.Node) []*graph.Node {
	dt := x[0].DType()
	for _, n := range x[1:] {
		dt = tensor.Promote(dt, n.DType())
	}
	all := make([]*graph.Node, len(x))
	for i, n := range x {
		all[i] = ops.Cast(n, dt)
	}
	return all
}

// raised gives n axes of 1 behind the batch until it has as many as asked for.
func raised(n *graph.Node, rank int) *graph.Node {
	for n.Rank() < rank {
		n = ops.ExpandDims(n, 1)
	}
	return n
}

// Concatenate returns a layer that joins its inputs along an axis, the last unless an
// [Axis] is given. Their other axes have the same lengths.
//
// Shapes: x [B ... n], y [B ... m] -> z [B ... n+m].
// DTypes: any; different ones are converted to [tensor.Promote] of all. Gradient: all inputs.
// Panics with *graph.Error, when built, if shapes do not fit, the axis is the batch or out of
// range, or there are no inputs. Source: keras.layers.Concatenate.
func Concatenate(opts ...ConcatenateOption) *ConcatenateLayer {
	l := &ConcatenateLayer{Base: NewBase(), Axis: -1}
	wantOptions(opts)
	for _, o := range opts {
		o.concatenate(l)
	}
	return l
}

// ConcatenateOption is an option of [Concatenate]: an [Axis], or a [LayerOption].
type ConcatenateOption interface{ concatenate(*ConcatenateLayer) }

func (a Axis) concatenate(l *ConcatenateLayer)         { l.Axis = int(a) }
func (s LayerSetting) concatenate(l *ConcatenateLayer) { s(&l.Base) }
func (p DTypePolicy) concatenate(l *ConcatenateLayer)  { l.DType = p }

// ConcatenateLayer is the layer that [Concatenate] makes.
type ConcatenateLayer struct {
	Base
	// Axis is the axis along which inputs are joined, from the end if negative. The
	// batch is axis 0.
	Axis int `json:"axis"`
}

func init() {
	addLayer("Concatenate", vocab.Into[Layer](func() *ConcatenateLayer { return &ConcatenateLayer{Axis: -1} }))
}

// OfIntegers implements [IntegerLayer].
func (*ConcatenateLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Build implements [Layer].
func (l *ConcatenateLayer) Build(*Builder, tensor.Spec) {}

// BuildAll implements [MultiLayer].
func (l *ConcatenateLayer) BuildAll(*Builder, []tensor.Spec) {}

// Call implements [Layer]: the only input is the output.
func (l *ConcatenateLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *ConcatenateLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	if len(x) == 0 {
		panic(graph.Errorf("nn.Concatenate: no inputs: want one or more"))
	}
	axis, rank := l.Axis, x[0].Rank()
	if axis < 0 {
		axis += rank
	}
	if axis < 1 || axis >= rank {
		panic(graph.Errorf("nn.Concatenate: axis %d of x %v: want one from 1 to %d, or from -1 to %d", l.Axis, x[0].Spec(), rank-1, 1-rank))
	}
	y := ops.Concat(axis, promoted(x)...)
	setJoinedMask(c, y, x, axis)
	return []*graph.Node{y}
}

// Dot returns a layer that multiplies two inputs and sums along one axis of each: the
// last axes, unless [DotAxes] are given; see also [Normalize]. The remaining axes of the
// first input come before those of the second.
//
// Shapes: x [B n], y [B n] -> z [B 1]; x [B n k], y [B m k] -> z [B n m].
// DTypes: numbers, floats to normalize them; different ones are converted to
// [tensor.Promote] of both. Gradient: both.
// Panics with *graph.Error, when built, if there are not two inputs, the axes have
// different lengths or are the batch, or the batches differ. Source: keras.layers.Dot.
func Dot(opts ...DotOption) *DotLayer {
	l := &DotLayer{Base: NewBase(), Axes: DotAxes{-1, -1}}
	wantOptions(opts)
	for _, o := range opts {
		o.dot(l)
	}
	return l
}

// DotOption is an option of [Dot]: [DotAxes], [Normalize], or a [LayerOption].
type DotOption interface{ dot(*DotLayer) }

// DotSetting is an option that sets a part of a [DotLayer].
type DotSetting func(*DotLayer)

func (a DotAxes) dot(l *DotLayer)      { l.Axes = a }
func (s DotSetting) dot(l *DotLayer)   { s(l) }
func (s LayerSetting) dot(l *DotLayer) { s(&l.Base) }
func (p DTypePolicy) dot(l *DotLayer)  { l.DType = p }

// Normalize makes [Dot] scale the vectors to length 1 first: the output is the cosine of the
// angle between them.
var Normalize DotSetting = func(l *DotLayer) { l.Normalize = true }

// DotLayer is the layer that [Dot] makes.
type DotLayer struct {
	Base
	// Axes are those of the two inputs that are summed along, from the end if negative.
	Axes DotAxes `json:"axes"`
	// Normalize scales each vector along these axes to length 1 first: the output is the
	// cosine of the angle between them.
	Normalize bool `json:"normalize"`
}

func init() { addLayer("Dot", layerOf[DotLayer]()) }

// DotAxes are an axis of each of two inputs, from the end if negative. It is an option
// of [Dot].
type DotAxes [2]int

// MarshalJSON writes two axes, or one for both.
func (a DotAxes) MarshalJSON() ([]byte, error) {
	if a[0] == a[1] {
		return json.Marshal(a[0])
	}
	return json.Marshal(a[:])
}

// UnmarshalJSON reads one axis for both, or two.
func (a *DotAxes) UnmarshalJSON(b []byte) error {
	var one int
	if json.Unmarshal(b, &one) == nil {
		*a = DotAxes{one, one}
		return nil
	}
	var two []int
	if err := json.Unmarshal(b, &two); err != nil || len(two) != 2 {
		return fmt.Errorf("nn: Dot: axes %s: want one integer or two", b)
	}
	*a = DotAxes(two)
	return nil
}

// OfIntegers implements [IntegerLayer].
func (l *DotLayer) OfIntegers(in tensor.DType) tensor.DType {
	if l.Normalize {
		return tensor.Invalid
	}
	return in
}

// Build implements [Layer].
func (l *DotLayer) Build(*Builder, tensor.Spec) {}

// BuildAll implements [MultiLayer].
func (l *DotLayer) BuildAll(*Builder, []tensor.Spec) {}

// Call implements [Layer]. It panics: a Dot has two inputs.
func (l *DotLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *DotLayer) CallAll(_ *Ctx, x []*graph.Node) []*graph.Node {
	if len(x) != 2 {
		panic(graph.Errorf("nn.Dot: %d inputs: want 2", len(x)))
	}
	x = promoted(x)
	var rest [2][]int // the axes that stay, without the batch
	var m [2]*graph.Node
	for i, n := range x {
		axis := l.Axes[i]
		if axis < 0 {
			axis += n.Rank()
		}
		if axis < 1 || axis >= n.Rank() {
			panic(graph.Errorf("nn.Dot: axis %d of input %d %v: want one from 1 to %d, or from -1 to %d", l.Axes[i], i, n.Spec(), n.Rank()-1, 1-n.Rank()))
		}
		if l.Normalize {
			n = ops.L2Normalize(n, axis) // as CosineSimilarity does
		}
		rest[i], m[i] = flattened(n, axis, i == 1)
	}
	if a, b := x[0].Shape().At(0), x[1].Shape().At(0); a != b {
		panic(graph.Errorf("nn.Dot: inputs 0 and 1 are batches of %d and %d: want one length", a, b))
	}
	if a, b := m[0].Shape().At(2), m[1].Shape().At(1); a != b {
		panic(graph.Errorf("nn.Dot: axes %v of %v and %v: want the same lengths", l.Axes, x[0].Spec(), x[1].Spec()))
	}
	shape := append(append([]int{x[0].Shape().At(0)}, rest[0]...), rest[1]...)
	if len(shape) == 1 {
		shape = append(shape, 1)
	}
	return []*graph.Node{ops.Reshape(ops.MatMul(m[0], m[1]), shape...)}
}

// flattened returns the lengths of x's axes but for the batch and one axis, and x with
// these in one: [B rest axis], or [B axis rest] if the axis is to come first.
func flattened(x *graph.Node, axis int, first bool) (rest []int, m *graph.Node) {
	perm := []int{0}
	size := 1
	for i := 1; i < x.Rank(); i++ {
		if i != axis {
			perm, rest, size = append(perm, i), append(rest, x.Shape().At(i)), size*x.Shape().At(i)
		}
	}
	b, n := x.Shape().At(0), x.Shape().At(axis)
	if first {
		perm = append([]int{0, axis}, perm[1:]...)
		return rest, ops.Reshape(ops.Transpose(x, perm...), b, n, size)
	}
	return rest, ops.Reshape(ops.Transpose(x, append(perm, axis)...), b, size, n)
}
