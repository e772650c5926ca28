package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// MaxPool returns the greatest element of x in every window, channel by channel: y[n, p, c]
// is the maximum of x[n, p·stride + q·dilation - low, c] over the elements q of the window, of
// which size tells the axes. Padding is never the maximum, unless the window has nothing else:
// then the result is -Inf, or the least number of an integer dtype. NaN is greater than any
// number.
//
// Shapes: x [N S... C] -> [N P... C], with 1 to 3 axes S. DTypes: numbers. Gradient: x, the
// first of equal maxima in a window, and the first NaN. Panics with *graph.Error if a shape or
// dtype differs from this, and if the window does not fit into x with its padding.
//
// Source: ONNX MaxPool, with the channels last.
func MaxPool(x *graph.Node, size tensor.Dims, w Window) *graph.Node {
	return graph.Pick(graph.Apply(MaxPoolOp{w, size, true}, x), 0)
}

// MaxPoolIndex returns [MaxPool] of x, and for each result the number of the window's element
// that it is, row-major from 0: the window's size where all is padding.
//
// Shapes: x [N S... C] -> y, index [N P... C], with 1 to 3 axes S. DTypes: numbers; index
// Uint8, Uint16 or Uint32, the first that holds the window's size. Gradient: x, by y. Panics
// with *graph.Error as MaxPool does.
func MaxPoolIndex(x *graph.Node, size tensor.Dims, w Window) (y, index *graph.Node) {
	n := graph.Apply(MaxPoolOp{w, size, true}, x)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// MaxPoolGrad returns the gradient of [MaxPool] by its x, of which places tells the axes between
// the batch and the channels: each dy is added to the element that [MaxPoolIndex] counted.
//
// Shapes: dy, index [N P... C] -> [N S... C]. DTypes: dy floats, index as of MaxPoolIndex;
// float16 and bfloat16 accumulate in float32. Gradient: dy. Panics with *graph.Error if a shape
// or dtype differs from this, and unless MaxPool of such an x has the shape of dy.
func MaxPoolGrad(dy, index *graph.Node, places, size tensor.Dims, w Window) *graph.Node {
	return graph.Apply(MaxPoolGradOp{w, size, places}, dy, index)
}

// MaxPoolAt returns the elements of x that [MaxPoolIndex] counted in another one, and 0 for
// windows of padding.
//
// Shapes: x [N S... C], index [N P... C] -> [N P... C]. DTypes: x floats, index as of
// MaxPoolIndex. Gradient: x. Panics with *graph.Error if a shape or dtype differs from this.
func MaxPoolAt(x, index *graph.Node, size tensor.Dims, w Window) *graph.Node {
	return graph.Apply(MaxPoolAtOp{w, size}, x, index)
}

// AvgPool returns the mean of x in every window, channel by channel: see [MaxPool]. Padding is
// not counted, unless countPadding says that it counts as zeros. The mean of a window of padding
// alone is 0.
//
// Shapes: x [N S... C] -> [N P... C], with 1 to 3 axes S. DTypes: floats; float16 and bfloat16
// accumulate in float32. Gradient: x. Panics with *graph.Error if a shape or dtype differs from
// this, and if the window does not fit into x with its padding.
//
// Source: ONNX AveragePool, with the channels last.
func AvgPool(x *graph.Node, size tensor.Dims, w Window, countPadding bool) *graph.Node {
	return graph.Apply(AvgPoolOp{w, size, countPadding}, x)
}

// AvgPoolGrad returns the gradient of [AvgPool] by its x, of which places tells the axes between
// the batch and the channels.
//
// Shapes: dy [N P... C] -> [N S... C]. DTypes: floats; float16 and bfloat16 accumulate in
// float32. Gradient: dy. Panics with *graph.Error if a shape or dtype differs from this, and
// unless AvgPool of such an x has the shape of dy.
func AvgPoolGrad(dy *graph.Node, places, size tensor.Dims, w Window, countPadding bool) *graph.Node {
	return graph.Apply(AvgPoolGradOp{w, size, places, countPadding}, dy)
}

// MaxPoolOp is the operation behind [MaxPool]. Size holds the axes of the window.
type MaxPoolOp struct {
	Window
	Size tensor.Dims
	// Index adds the second result of [MaxPoolIndex].
	Index bool
}

// MaxPoolGradOp is the operation behind [MaxPoolGrad]. Size holds the axes of the window, Places
// those of the result between the batch and the channels.
type MaxPoolGradOp struct {
	Window
	Size, Places tensor.Dims
}

// MaxPoolAtOp is the operation behind [MaxPoolAt]. Size holds the axes of the window.
type MaxPoolAtOp struct {
	Window
	Size tensor.Dims
}

// AvgPoolOp is the operation behind [AvgPool]. Size holds the axes of the window.
type AvgPoolOp struct {
	Window
	Size         tensor.Dims
	CountPadding bool
}

// AvgPoolGradOp is the operation behind [AvgPoolGrad]. Size holds the axes of the window, Places
// those of the result between the batch and the channels.
type AvgPoolGradOp struct {
	Window
	Size, Places tensor.Dims
	CountPadding bool
}

// Name implements graph.Op.
func (MaxPoolOp) Name() string { return "MaxPool" }

// Name implements graph.Op.
func (MaxPoolGradOp) Name() string { return "MaxPoolGrad" }

// Name implements graph.Op.
func (MaxPoolAtOp) Name() string { return "MaxPoolAt" }

// Name implements graph.Op.
func (AvgPoolOp) Name() string { return "AveragePool" }

// Name implements graph.Op.
func (AvgPoolGradOp) Name() string { return "AveragePoolGrad" }

// Primitive implements [Primitive].
func (MaxPoolOp) Primitive() {}

// Primitive implements [Primitive].
func (MaxPoolGradOp) Primitive() {}

// Primitive implements [Primitive].
func (MaxPoolAtOp) Primitive() {}

// Infer implements graph.Op.
func (o MaxPoolOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantNumber("x", in[0]); err != nil {
		return nil, err
	}
	y, err := o.pool(in[0], o.Size)
	if err == nil && o.Index {
		y = append(y, tensor.Spec{DType: IndexDType(o.Size), Shape: y[0].Shape})
	}
	return y, err
}

// Infer implements graph.Op.
func (o AvgPoolOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantFloat("x", in[0]); err != nil {
		return nil, err
	}
	return o.pool(in[0], o.Size)
}

// Infer implements graph.Op.
func (o MaxPoolAtOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantFloat("x", in[0]); err != nil {
		return nil, err
	}
	y, err := o.pool(in[0], o.Size)
	if err != nil {
		return nil, err
	}
	return y, wantIndex(in[1], y[0].Shape, o.Size)
}

// Infer implements graph.Op.
func (o MaxPoolGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, err := o.unpool(in[0], o.Size, o.Places)
	if err != nil {
		return nil, err
	}
	return x, wantIndex(in[1], in[0].Shape, o.Size)
}

// Infer implements graph.Op.
func (o AvgPoolGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return o.unpool(in[0], o.Size, o.Places)
}

// IndexDType returns the dtype of the indices of [MaxPoolIndex] in windows of a size.
func IndexDType(size tensor.Dims) tensor.DType {
	switch n := size.Size(); {
	case n <= math.MaxUint8:
		return tensor.Uint8
	case n <= math.MaxUint16:
		return tensor.Uint16
	}
	return tensor.Uint32
}

// wantIndex returns an error unless s is the spec of the indices of results of a shape.
func wantIndex(s tensor.Spec, results, size tensor.Dims) error {
	if want := (tensor.Spec{DType: IndexDType(size), Shape: results}); s != want {
		return fmt.Errorf("index is %v: want %v, as MaxPoolIndex makes it", s, want)
	}
	return nil
}

// pool returns the spec of the results of windows of a size over x.
func (w Window) pool(x tensor.Spec, size tensor.Dims) ([]tensor.Spec, error) {
	if x.Rank() < 3 || x.Rank() > 2+MaxPlaces || size.Rank() != x.Rank()-2 {
		return nil, fmt.Errorf("x %v, a window of %v: want x [N S... C] with 1 to %d axes S, and as many of the window", x.Shape, size, MaxPlaces)
	}
	if err := boundWindow(size); err != nil {
		return nil, err
	}
	places, err := w.Slide(Places(x.Shape), size)
	if err != nil {
		return nil, err
	}
	return oneOf(x.DType, x.Shape.To(1), places, x.Shape.From(x.Rank()-1))
}

// boundWindow returns an error unless the elements of a window can be counted in an index.
func boundWindow(size tensor.Dims) error {
	n := 1
	for i := range size.Rank() {
		if size.At(i) < 1 {
			return fmt.Errorf("a window of %v: want at least 1 along each axis", size)
		}
		if size.At(i) > mostPlaces/n {
			return fmt.Errorf("a window of %v: want at most %d elements", size, mostPlaces)
		}
		n *= size.At(i)
	}
	return nil
}

// unpool returns the spec of the input whose results by windows of a size have the spec dy.
func (w Window) unpool(dy tensor.Spec, size, places tensor.Dims) ([]tensor.Spec, error) {
	if err := wantFloat("dy", dy); err != nil {
		return nil, err
	}
	if dy.Rank() < 3 || places.Rank() != dy.Rank()-2 {
		return nil, fmt.Errorf("dy %v, the gradient of places %v: want dy [N P... C] and as many places as axes P", dy.Shape, places)
	}
	x := dy
	for i := range places.Rank() {
		if places.At(i) < 0 || places.At(i) > mostPlaces {
			return nil, fmt.Errorf("the gradient of places %v: want 0 to %d", places, mostPlaces)
		}
		x.Shape = x.Shape.With(i+1, places.At(i))
	}
	y, err := w.pool(x, size)
	if err != nil {
		return nil, err
	}
	if y[0] != dy {
		return nil, fmt.Errorf("dy is %v: want %v, as windows of %v over x %v have it", dy, y[0], size, x.Shape)
	}
	return []tensor.Spec{x}, nil
}

// eachWindow calls f for every window over x, with the place of its result and the places of
// its elements in order, -1 for those in padding. Places count from the first of the batch.
func (w Window) eachWindow(x, size, y tensor.Dims, f func(yi int, xi []int)) {
	px, py := Places(x), Places(y)
	xi := make([]int, size.Size())
	for n := range x.At(0) {
		everyIndex(py, func(p tensor.Dims, result int) {
			everyIndex(size, func(q tensor.Dims, element int) {
				at, inside := 0, true
				for i := range p.Rank() {
					j := p.At(i)*w.Strides.At(i) + q.At(i)*w.Dilations.At(i) - w.Low.At(i)
					inside = inside && j >= 0 && j < px.At(i)
					at = at*px.At(i) + j
				}
				xi[element] = -1
				if inside {
					xi[element] = n*px.Size() + at
				}
			})
			f(n*py.Size()+result, xi)
		})
	}
}

// least returns the number that is less than all others of a dtype.
func least(dt tensor.DType) float64 {
	switch {
	case dt.IsFloat():
		return math.Inf(-1)
	case dt.IsUnsigned():
		return 0
	}
	return -math.Ldexp(1, 8*dt.Size()-1)
}

// Ref implements [Referenced].
func (o MaxPoolOp) Ref(out, in []Array) {
	x, y, channels := in[0], out[0], in[0].Shape.At(-1)
	o.eachWindow(x.Shape, o.Size, y.Shape, func(yi int, xi []int) {
		for c := range channels {
			best, index := least(x.DType), len(xi)
			for q, at := range xi {
				if at < 0 {
					continue
				}
				if v := x.V[at*channels+c]; index == len(xi) || v > best || v != v && best == best {
					best, index = v, q
				}
			}
			y.V[yi*channels+c] = best
			if o.Index {
				out[1].V[yi*channels+c] = float64(index)
			}
		}
	})
}

// Ref implements [Referenced].
func (o MaxPoolGradOp) Ref(out, in []Array) {
	o.eachCounted(out[0].Shape, o.Size, in[1], func(yi, xi int) { out[0].V[xi] += in[0].V[yi] })
}

// Ref implements [Referenced].
func (o MaxPoolAtOp) Ref(out, in []Array) {
	o.eachCounted(in[0].Shape, o.Size, in[1], func(yi, xi int) { out[0].V[yi] = in[0].V[xi] })
}

// eachCounted calls f for every result whose index counts an element of x, with both.
func (w Window) eachCounted(x, size tensor.Dims, index Array, f func(yi, xi int)) {
	channels := x.At(-1)
	w.eachWindow(x, size, index.Shape, func(yi int, xi []int) {
		for c := range channels {
			if q := int(index.V[yi*channels+c]); q < len(xi) && xi[q] >= 0 {
				f(yi*channels+c, xi[q]*channels+c)
			}
		}
	})
}

// Ref implements [Referenced].
func (o AvgPoolOp) Ref(out, in []Array) {
	o.eachShare(in[0].Shape, out[0].Shape, func(yi, xi int, share float64) { out[0].V[yi] += float64(in[0].V[xi] * share) })
}

// Ref implements [Referenced].
func (o AvgPoolGradOp) Ref(out, in []Array) {
	AvgPoolOp{o.Window, o.Size, o.CountPadding}.eachShare(out[0].Shape, in[0].Shape, func(yi, xi int, share float64) { out[0].V[xi] += float64(in[0].V[yi] * share) })
}

// eachShare calls f for every element of x in a window, with the window's result and the
// element's weight in it.
func (o AvgPoolOp) eachShare(x, y tensor.Dims, f func(yi, xi int, share float64)) {
	channels := x.At(-1)
	o.eachWindow(x, o.Size, y, func(yi int, xi []int) {
		share := 1 / float64(o.count(xi))
		for _, at := range xi {
			if at < 0 {
				continue
			}
			for c := range channels {
				f(yi*channels+c, at*channels+c, share)
			}
		}
	})
}

// count returns how many elements of a window the mean counts.
func (o AvgPoolOp) count(xi []int) int {
	n := 0
	for _, at := range xi {
		if at >= 0 || o.CountPadding {
			n++
		}
	}
	return n
}

// VJPs implements [DifferentiableTuple].
func (o MaxPoolOp) VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node {
	if dy[0] == nil {
		return []*graph.Node{nil}
	}
	x, counted := n.In[0], n
	if !o.Index {
		counted = graph.Apply(MaxPoolOp{o.Window, o.Size, true}, x)
	}
	return []*graph.Node{MaxPoolGrad(dy[0], graph.Pick(counted, 1), Places(x.Shape()), o.Size, o.Window)}
}

// VJP implements [Differentiable].
func (o MaxPoolGradOp) VJP(n, dx *graph.Node) []*graph.Node {
	return []*graph.Node{MaxPoolAt(dx, n.In[1], o.Size, o.Window), nil}
}

// VJP implements [Differentiable].
func (o MaxPoolAtOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{MaxPoolGrad(dy, n.In[1], Places(n.In[0].Shape()), o.Size, o.Window), nil}
}

// VJP: the mean is linear in x, and so is its gradient.
func (o AvgPoolOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{AvgPoolGrad(dy, Places(n.In[0].Shape()), o.Size, o.Window, o.CountPadding)}
}

// VJP implements [Differentiable].
func (o AvgPoolGradOp) VJP(_, dx *graph.Node) []*graph.Node {
	return []*graph.Node{AvgPool(dx, o.Size, o.Window, o.CountPadding)}
}

// Compose implements [Composed], by way of [Conv].
func (o AvgPoolOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	channels := x.Shape().At(-1)
	if channels == 0 {
		return zeroChannels(o, x)
	}
	return []*graph.Node{Mul(Conv(x, o.ones(x, channels), o.Window, channels), o.shares(x, Places(x.Shape())))}
}

// Compose implements [Composed], by way of [ConvInputGrad].
func (o AvgPoolGradOp) Compose(in []*graph.Node) []*graph.Node {
	dy, of := in[0], AvgPoolOp{o.Window, o.Size, o.CountPadding}
	channels := dy.Shape().At(-1)
	if channels == 0 {
		return zeroChannels(o, dy)
	}
	shared := Mul(dy, of.shares(dy, o.Places))
	return []*graph.Node{ConvInputGrad(shared, of.ones(dy, channels), o.Places, o.Window, channels)}
}

// zeroChannels returns the result of o for x without elements.
func zeroChannels(o graph.Op, x *graph.Node) []*graph.Node {
	y, err := o.Infer([]tensor.Spec{x.Spec()})
	if err != nil {
		panic(graph.Errorf("ops.%s: %v", o.Name(), err))
	}
	return []*graph.Node{Full(x.Graph(), y[0], 0)}
}

// ones returns the kernel of the sums in windows over each channel, in x's graph and dtype.
func (o AvgPoolOp) ones(x *graph.Node, channels int) *graph.Node {
	return Full(x.Graph(), tensor.Spec{DType: x.DType(), Shape: o.Size.Append(1, channels)}, 1)
}

// shares returns the weights of the elements of each window over so many places, in x's graph
// and dtype: [1 P... 1].
func (o AvgPoolOp) shares(x *graph.Node, places tensor.Dims) *graph.Node {
	if o.CountPadding {
		return ScalarLike(x, 1/float64(o.Size.Size()))
	}
	ones := Full(x.Graph(), tensor.Spec{DType: x.DType(), Shape: tensor.D(1).Append(places.Slice()...).Append(1)}, 1)
	count := Conv(ones, o.ones(x, 1), o.Window, 1)
	return Div(ScalarLike(x, 1), Maximum(count, ScalarLike(x, 1)))
}
