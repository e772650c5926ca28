package ops

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/resample"
	"github.com/glia-ml/glia/tensor"
)

// Interpolation says how elements between others are made. Elements are intervals around their
// centers: element i of m covers from i·n/m to (i+1)·n/m of the n that it is made of.
type Interpolation string

// The interpolations. Bilinear, Bicubic, Lanczos3 and Lanczos5 weigh a neighborhood by the
// distances of its centers; they cut it off at the border, so that the weights sum to 1. With
// antialiasing the neighborhood grows as elements get fewer, so that all count.
const (
	// Nearest takes the element whose interval holds the center.
	Nearest Interpolation = "nearest"
	// Bilinear weighs the two next elements along each axis by their distances.
	Bilinear Interpolation = "bilinear"
	// Bicubic is Keys's cubic of four elements, with a = -0.5.
	Bicubic Interpolation = "bicubic"
	// Lanczos3 and Lanczos5 are windowed sincs of six and of ten elements.
	Lanczos3 Interpolation = "lanczos3"
	Lanczos5 Interpolation = "lanczos5"
	// Area takes the mean of the interval.
	Area Interpolation = "area"

	// whole takes the mean of all elements that the interval touches.
	whole Interpolation = "whole"
)

var resampling = map[Interpolation]resample.Filter{
	Bilinear: {Radius: 1, Kernel: resample.Triangle},
	Bicubic:  {Radius: 2, Kernel: resample.Keys(-0.5)},
	Lanczos3: {Radius: 3, Kernel: resample.Lanczos(3)},
	Lanczos5: {Radius: 5, Kernel: resample.Lanczos(5)},
	Area:     {Area: resample.Cover},
	whole:    {Area: resample.Whole},
}

// Check returns an error unless p is one of the interpolations.
func (p Interpolation) Check() error {
	if _, ok := resampling[p]; p == Nearest || ok && p != whole {
		return nil
	}
	return fmt.Errorf("interpolation %q: want %q, %q, %q, %q, %q or %q", p, Nearest, Bilinear, Bicubic, Lanczos3, Lanczos5, Area)
}

// Resize returns x with another number of elements along the axes between the batch and the
// channels, as Keras's resizing of images, with centers at halves: see [Interpolation].
// Antialias makes all elements count as they get fewer: it spreads Bilinear, Bicubic, Lanczos3
// and Lanczos5.
//
// Bicubic is exact, as with Keras on JAX and PyTorch; TensorFlow rounds distances to 1/1024
// unless it antialiases.
//
// Shapes: x [N S... C], size [R...] -> [N R... C], with 1 to 3 axes S. DTypes: any with
// Nearest, else numbers; integers are computed in float32, rounded to the nearest even and kept
// in range; float16 and bfloat16 accumulate in float32. Gradient: x, if floats. Panics with
// *graph.Error if a shape or dtype differs from this, there is no such interpolation, or a size
// or axis S is 0.
//
// Source: keras.ops.image.resize.
func Resize(x *graph.Node, size tensor.Dims, by Interpolation, antialias bool) *graph.Node {
	if err := by.Check(); err != nil {
		panic(graph.Errorf("ops.Resize: %v", err))
	}
	wantResize("Resize", x, size)
	if by == Nearest {
		for i := range size.Rank() {
			x = nearest(x, i+1, size.At(i))
		}
		return x
	}
	dt := x.DType()
	if !dt.IsFloat() {
		x = Cast(x, tensor.Float32)
	}
	x = resizeAxes(x, size, by, antialias && by != Area)
	if !dt.IsFloat() {
		x = Cast(Round(x), dt)
	}
	return x
}

// wantResize panics unless x can have elements of size.
func wantResize(op string, x *graph.Node, size tensor.Dims) {
	if x.Rank() < 3 || x.Rank() > 2+MaxPlaces || size.Rank() != x.Rank()-2 {
		panic(graph.Errorf("ops.%s: x %v, size %v: want x [N S... C] with 1 to %d axes S, and as many sizes", op, x.Shape(), size, MaxPlaces))
	}
	for i := range size.Rank() {
		if size.At(i) < 1 || x.Shape().At(i+1) < 1 {
			panic(graph.Errorf("ops.%s: x %v, size %v: want one element or more along each axis", op, x.Shape(), size))
		}
	}
}

// nearest returns x with n elements along an axis, each one of those that there are.
func nearest(x *graph.Node, axis, n int) *graph.Node {
	length := x.Shape().At(axis)
	if n == length {
		return x
	}
	if n > mostPlaces { // before memory is taken
		panic(graph.Errorf("ops.Resize: x %v, %d elements along axis %d: want at most %d", x.Shape(), n, axis, mostPlaces))
	}
	index, from := make([]int32, n), resample.Centered(length, n)
	for i := range index {
		index[i] = int32(min(from(i), length-1))
	}
	return Gather(x, x.Graph().Const(tensor.Of(index...)), axis)
}

// resizeAxes resizes axis by axis, those first that get shortest: the others have less to do
// then. Of axes that grow alike the last is first, whose elements lie closest.
func resizeAxes(x *graph.Node, size tensor.Dims, by Interpolation, antialias bool) *graph.Node {
	axes := make([]int, size.Rank())
	growth := func(i int) float64 { return float64(size.At(i)) / float64(x.Shape().At(i+1)) }
	for i := range axes {
		axes[i] = len(axes) - 1 - i
		if growth(0) < 1 {
			axes[i] = i
		}
	}
	slices.SortStableFunc(axes, func(i, j int) int {
		switch a, b := growth(i), growth(j); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	y := x
	for _, i := range axes {
		if by == whole || size.At(i) != x.Shape().At(i+1) {
			y = graph.Apply(ResizeOp{i + 1, size.At(i), by, antialias}, y)
		}
	}
	return y
}

// AdaptiveAvgPool returns the means of size windows over x, channel by channel, which divide
// each axis as evenly as can be: window i of m takes the elements from i·n/m, rounded down, to
// (i+1)·n/m, rounded up.
//
// Shapes: x [N S... C], size [P...] -> [N P... C], with 1 to 3 axes S. DTypes: floats; float16
// and bfloat16 accumulate in float32. Gradient: x. Panics with *graph.Error if a shape or dtype
// differs from this, or a size or axis S is 0.
//
// Source: keras.ops.adaptive_average_pool.
func AdaptiveAvgPool(x *graph.Node, size tensor.Dims) *graph.Node {
	wantResize("AdaptiveAvgPool", x, size)
	if window, w, even := evenWindows(x, size); even {
		return AvgPool(x, window, w, false)
	}
	return resizeAxes(x, size, whole, false)
}

// AdaptiveMaxPool returns the greatest element of x in each of size windows, which are those of
// [AdaptiveAvgPool].
//
// Shapes: x [N S... C], size [P...] -> [N P... C], with 1 to 3 axes S. DTypes: numbers.
// Gradient: x. Panics with *graph.Error if a shape or dtype differs from this, or a size or axis
// S is 0.
//
// Source: keras.ops.adaptive_max_pool.
func AdaptiveMaxPool(x *graph.Node, size tensor.Dims) *graph.Node {
	wantResize("AdaptiveMaxPool", x, size)
	if window, w, even := evenWindows(x, size); even {
		return MaxPool(x, window, w)
	}
	for i := range size.Rank() {
		x = maxOfWindows(x, i+1, size.At(i))
	}
	return x
}

// evenWindows returns the windows that divide x, and whether they do so without a rest.
func evenWindows(x *graph.Node, size tensor.Dims) (window tensor.Dims, w Window, even bool) {
	window, w, even = size, Valid(size.Rank()), true
	for i := range size.Rank() {
		each := max(1, x.Shape().At(i+1)/size.At(i))
		even = even && each*size.At(i) == x.Shape().At(i+1)
		window = window.With(i, each)
	}
	w.Strides = window
	return window, w, even
}

// maxOfWindows returns the greatest elements of x in n windows along an axis.
func maxOfWindows(x *graph.Node, axis, n int) *graph.Node {
	shape := x.Shape()
	f := resampling[whole]
	windows := f.Table(shape.At(axis), n)
	index := make([]int32, 0, n*windows.Most) // of windows of one length: the last element is repeated
	for i, at := range windows.At {
		for j := range windows.Most {
			index = append(index, int32(at+min(j, windows.Length[i]-1)))
		}
	}
	split := append(append(shape.To(axis).Slice(), n, windows.Most), shape.From(axis+1).Slice()...)
	rows := Gather(x, x.Graph().Const(tensor.Of(index...)), axis)
	return ReduceMax(Reshape(rows, split...), axis+1)
}

// CropToAspect returns the middle of images, as large as can be, that has the proportions of
// height to width: of an odd rest the larger half is cut at the end.
//
// Shapes: x [N H W C] -> [N H' W' C]. DTypes: any. Gradient: x. Panics with *graph.Error if the
// shape differs from this, or a size is 0.
//
// Source: keras.ops.image.resize, crop_to_aspect_ratio.
func CropToAspect(x *graph.Node, height, width int) *graph.Node {
	wantImages("CropToAspect", x, height, width)
	h, w := x.Shape().At(1), x.Shape().At(2)
	newH := max(min(h, inProportion(w, height, width)), 1)
	newW := max(min(w, inProportion(h, width, height)), 1)
	top, left := (h-newH)/2, (w-newW)/2
	return SliceAxis(SliceAxis(x, 1, top, top+newH), 2, left, left+newW)
}

// PadToAspect returns images with rows above and below, or columns at both sides, of a value, as
// few as give the proportions of height to width. There are as many at both ends: one too few of
// an odd number.
//
// Shapes: x [N H W C] -> [N H' W' C]. DTypes: any. Gradient: x. Panics with *graph.Error if the
// shape differs from this, or a size is 0.
//
// Source: keras.ops.image.resize, pad_to_aspect_ratio.
func PadToAspect(x *graph.Node, height, width int, value float64) *graph.Node {
	wantImages("PadToAspect", x, height, width)
	h, w := x.Shape().At(1), x.Shape().At(2)
	top, left := max(0, inProportion(w, height, width)-h)/2, max(0, inProportion(h, width, height)-w)/2
	if top == 0 && left == 0 {
		return x
	}
	return Pad(x, []int{0, top, left, 0}, []int{0, top, left, 0}, value)
}

// inProportion returns n·a/b, rounded down.
func inProportion(n, a, b int) int { return int(float64(n) * float64(a) / float64(b)) }

func wantImages(op string, x *graph.Node, height, width int) {
	if x.Rank() != 4 || height < 1 || width < 1 {
		panic(graph.Errorf("ops.%s: x %v, height %d, width %d: want x [N H W C] and 1 or more", op, x.Shape(), height, width))
	}
	wantResize(op, x, tensor.D(height, width))
}

// ResizeOp makes Size elements along an axis, each a weighted sum of neighbors: [Resize] and
// [AdaptiveAvgPool] consist of it.
type ResizeOp struct {
	Axis, Size int
	By         Interpolation
	Antialias  bool
}

// ResizeGradOp is the gradient of [ResizeOp] by its x, whose axis has Size elements.
type ResizeGradOp struct {
	Axis, Size int
	By         Interpolation
	Antialias  bool
}

// Name implements graph.Op.
func (ResizeOp) Name() string { return "Resize" }

// Name implements graph.Op.
func (ResizeGradOp) Name() string { return "ResizeGrad" }

// Infer implements graph.Op.
func (o ResizeOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferResize(in[0], o.Axis, o.Size, o.By)
}

// Infer implements graph.Op.
func (o ResizeGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferResize(in[0], o.Axis, o.Size, o.By)
}

func inferResize(x tensor.Spec, axis, size int, by Interpolation) ([]tensor.Spec, error) {
	if err := wantFloat("x", x); err != nil {
		return nil, err
	}
	if err := wantAxis(axis, x); err != nil {
		return nil, err
	}
	if _, ok := resampling[by]; !ok {
		return nil, fmt.Errorf("interpolation %q makes no sums of neighbors", by)
	}
	if size < 1 || size > mostPlaces || x.Shape.At(axis) < 1 {
		return nil, fmt.Errorf("x %v, size %d of axis %d: want 1 to %d elements", x.Shape, size, axis, mostPlaces)
	}
	return one(x.DType, x.Shape.With(axis, size))
}

// Table returns, for each element of the result of an axis of some length, the run of elements
// of x that it is the sum of, and their weights.
func (o ResizeOp) Table(length int) *resample.Table {
	f := resampling[o.By]
	f.Spread = o.Antialias
	return f.Table(length, o.Size)
}

// Table returns, for each element of the gradient, the run of elements of a dy of some length
// that it is the sum of, and their weights.
func (o ResizeGradOp) Table(length int) *resample.Table {
	return ResizeOp{o.Axis, length, o.By, o.Antialias}.Table(o.Size).Transposed(o.Size)
}

// Ref implements [Referenced].
func (o ResizeOp) Ref(out, in []Array) {
	refResize(o.Table(in[0].Shape.At(o.Axis)), o.Axis, out[0], in[0])
}

// Ref implements [Referenced].
func (o ResizeGradOp) Ref(out, in []Array) {
	refResize(o.Table(in[0].Shape.At(o.Axis)), o.Axis, out[0], in[0])
}

// refResize sets y to the sums of x along an axis.
func refResize(t *resample.Table, axis int, y, x Array) {
	lanes(y.Shape, axis, func(_, start, step, m int) {
		from := start/max(m*step, 1)*x.Shape.At(axis)*step + start%step
		for i := range m {
			sum := 0.0
			for k, w := range t.Of(i) {
				sum += float64(w * x.V[from+(t.At[i]+k)*step])
			}
			y.V[start+i*step] = sum
		}
	})
}

// VJP: the sums are linear in x, and so is their gradient.
func (o ResizeOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(ResizeGradOp{o.Axis, n.In[0].Shape().At(o.Axis), o.By, o.Antialias}, dy)}
}

// VJP implements [Differentiable].
func (o ResizeGradOp) VJP(n, dx *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(ResizeOp{o.Axis, n.In[0].Shape().At(o.Axis), o.By, o.Antialias}, dx)}
}

// Compose implements [Composed], by a product with all weights.
func (o ResizeOp) Compose(in []*graph.Node) []*graph.Node {
	return []*graph.Node{timesTable(o.Table(in[0].Shape().At(o.Axis)), o.Axis, in[0])}
}

// Compose implements [Composed], by a product with all weights.
func (o ResizeGradOp) Compose(in []*graph.Node) []*graph.Node {
	return []*graph.Node{timesTable(o.Table(in[0].Shape().At(o.Axis)), o.Axis, in[0])}
}

// timesTable returns the sums of x along an axis.
func timesTable(t *resample.Table, axis int, x *graph.Node) *graph.Node {
	shape := x.Shape()
	n, m := shape.At(axis), len(t.At)
	all := make([]float64, m*n)
	for i, at := range t.At {
		copy(all[i*n+at:], t.Of(i))
	}
	weights := Cast(Reshape(x.Graph().Const(tensor.Of(all...)), m, n), x.DType())
	flat := Reshape(x, shape.To(axis).Size(), n, shape.From(axis+1).Size())
	return Reshape(MatMul(weights, flat), shape.With(axis, m).Slice()...)
}
