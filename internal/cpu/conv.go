package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.ConvOp, out, in []tensor.Spec) backend.Kernel {
		if in[0].DType == tensor.Float64 {
			return newConv[float64](op, out[0], in)
		}
		return newConv[float32](op, out[0], in)
	})
	registerHead(func(op ops.ConvOp, out, in []tensor.Spec) head { return newConv[float32](op, out[0], in) })
	register(func(op ops.ConvInputGradOp, out, in []tensor.Spec) backend.Kernel {
		if in[0].DType == tensor.Float64 {
			return newConvInput[float64](op, out[0], in)
		}
		return newConvInput[float32](op, out[0], in)
	})
	registerHead(func(op ops.ConvInputGradOp, out, in []tensor.Spec) head { return newConvInput[float32](op, out[0], in) })
	register(func(op ops.ConvKernelGradOp, out, in []tensor.Spec) backend.Kernel {
		if in[0].DType == tensor.Float64 {
			return newConvKernel[float64](op, out[0], in)
		}
		return newConvKernel[float32](op, out[0], in)
	})
}

// pointwise reports whether a convolution looks at each place by itself, so that it is a
// matrix product of places and channels.
func pointwise(w ops.Window, groups int, kernel tensor.Dims) bool {
	n := w.Strides.Rank()
	return groups == 1 && kernel.To(n).Size() == 1 && w == ops.Window{Strides: ops.Valid(n).Strides, Dilations: w.Dilations, Low: ops.Valid(n).Low, High: ops.Valid(n).High}
}

// asMatrix returns the layout of a value as a matrix with the columns of its last axis.
func asMatrix(s tensor.Spec) layout {
	s.Shape = tensor.D(s.Shape.To(s.Rank()-1).Size(), s.Shape.At(-1))
	return layout{s, s.Shape.Strides()}
}

// newPointwise returns the kernel of a pointwise convolution, or of one of its gradients.
func newPointwise[T kern.Float](op ops.MatMulOp, out tensor.Spec, in []tensor.Spec) *matMul[T] {
	return newMatMul[T](op, asMatrix(out), []layout{asMatrix(in[0]), asMatrix(in[1])})
}

// geometry returns the geometry of a convolution of x with a kernel.
func geometry(w ops.Window, groups int, x, kernel, y tensor.Dims) kern.Conv {
	c := kern.Conv{
		Images: x.At(0), Channels: x.At(-1), Results: y.At(-1), Groups: groups,
		Size: threePlaces(ops.Places(x), 1), Out: threePlaces(ops.Places(y), 1), Window: threePlaces(kernel.To(x.Rank()-2), 1),
		Stride: threePlaces(w.Strides, 1), Dilation: threePlaces(w.Dilations, 1), Low: threePlaces(w.Low, 0),
	}
	return c
}

// threePlaces returns d as the last of three numbers.
func threePlaces(d tensor.Dims, others int) [3]int {
	a := [3]int{others, others, others}
	copy(a[3-d.Rank():], d.Slice())
	return a
}

// valuesOf returns the elements of a buffer, floats or 16-bit floats.
func valuesOf[T kern.Float](b backend.Buf, narrow kern.Narrow) kern.Values[T] {
	if narrow != kern.NotNarrow {
		return kern.Values[T]{Bits: bits16(b), Narrow: narrow}
	}
	return kern.Values[T]{Wide: backend.Data[T](b)}
}

// matrixEpilogue runs an epilogue on the blocks of a matrix of so many columns.
type matrixEpilogue struct {
	*epilogue
	columns int
}

// Block implements kern.Epilogue.
func (e *matrixEpilogue) Block(_, i0, i1, j0, j1 int, w *par.Worker) {
	e.block(i0*e.columns+j0, i1-i0, j1-j0, e.columns, w)
}

// attachTo makes e the epilogue of a kernel whose fields these are.
func (e *matrixEpilogue) attachTo(act *kern.Act, after *kern.Epilogue) {
	if e.relu {
		*act = kern.ReLU
	}
	if e.hasPrograms() {
		*after = e
	}
}

// conv is the kernel of a convolution.
type conv[T kern.Float] struct {
	kern.ConvForward[T]
	narrow kern.Narrow
	then   matrixEpilogue
	packed bool // the weights are packed
}

func newConv[T kern.Float](op ops.ConvOp, out tensor.Spec, in []tensor.Spec) head {
	if pointwise(op.Window, op.Groups, in[1].Shape) {
		return newPointwise[T](ops.MatMulOp{}, out, in)
	}
	k := &conv[T]{narrow: narrowOf(out.DType)}
	k.Conv = geometry(op.Window, op.Groups, in[0].Shape, in[1].Shape, out.Shape)
	return k
}

// Run implements backend.Kernel.
func (k *conv[T]) Run(out, in []backend.Buf) {
	k.X, k.W, k.Y = valuesOf[T](in[0], k.narrow), valuesOf[T](in[1], k.narrow), valuesOf[T](out[0], k.narrow)
	if k.packed {
		k.Packed = k.W.Wide
	}
	if k.then.epilogue != nil {
		k.Bias, k.Add = viewOrNil[T](k.then.bias), viewOrNil[T](k.then.add)
	}
	k.ConvForward.Run()
	k.X, k.W, k.Y = kern.Values[T]{}, kern.Values[T]{}, kern.Values[T]{}
	k.Packed, k.Bias, k.Add = nil, nil, nil
}

// attach implements head.
func (k *conv[T]) attach(e *epilogue) {
	k.then = matrixEpilogue{e, k.Results}
	k.then.attachTo(&k.Act, &k.After)
	k.Cap = T(e.limit)
}

// convInput is the kernel of the gradient of a convolution by its input.
type convInput[T kern.Float] struct {
	kern.ConvInput[T]
	narrow kern.Narrow
	then   matrixEpilogue
	from   kern.Source[T] // or nil: what computes the gradient that it takes
}

func newConvInput[T kern.Float](op ops.ConvInputGradOp, out tensor.Spec, in []tensor.Spec) head {
	if pointwise(op.Window, op.Groups, in[1].Shape) {
		return newPointwise[T](ops.MatMulOp{TransB: true}, out, in)
	}
	k := &convInput[T]{narrow: narrowOf(out.DType)}
	k.Conv = geometry(op.Window, op.Groups, out.Shape, in[1].Shape, in[0].Shape)
	return k
}

// Run implements backend.Kernel.
func (k *convInput[T]) Run(out, in []backend.Buf) {
	k.DY, k.W, k.X = valuesOf[T](in[0], k.narrow), valuesOf[T](in[1], k.narrow), valuesOf[T](out[0], k.narrow)
	k.DY.From = k.from
	if k.then.epilogue != nil && k.then.bias != nil {
		k.Bias = view[T](k.then.bias)
	}
	k.ConvInput.Run()
	k.DY, k.W, k.X, k.Bias = kern.Values[T]{}, kern.Values[T]{}, kern.Values[T]{}, nil
}

// attach implements head.
func (k *convInput[T]) attach(e *epilogue) {
	k.then = matrixEpilogue{e, k.Channels}
	k.then.attachTo(&k.Act, &k.After)
}

// convKernel is the kernel of the gradient of a convolution by its kernel.
type convKernel[T kern.Float] struct {
	kern.ConvKernel[T]
	narrow kern.Narrow
	from   kern.Source[T] // or nil: what computes the gradient that it takes
}

func newConvKernel[T kern.Float](op ops.ConvKernelGradOp, out tensor.Spec, in []tensor.Spec) backend.Kernel {
	if pointwise(op.Window, op.Groups, out.Shape) {
		return newPointwise[T](ops.MatMulOp{TransA: true}, out, in)
	}
	k := &convKernel[T]{narrow: narrowOf(out.DType)}
	k.Conv = geometry(op.Window, op.Groups, in[0].Shape, out.Shape, in[1].Shape)
	return k
}

// Run implements backend.Kernel.
func (k *convKernel[T]) Run(out, in []backend.Buf) {
	k.X, k.DY, k.W = valuesOf[T](in[0], k.narrow), valuesOf[T](in[1], k.narrow), valuesOf[T](out[0], k.narrow)
	k.DY.From = k.from
	k.ConvKernel.Run()
	k.X, k.DY, k.W = kern.Values[T]{}, kern.Values[T]{}, kern.Values[T]{}
}
