package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Conv returns the convolution of x with a kernel, as neural networks call the
// cross-correlation: y[n, p, o] is the sum of x[n, p·stride + q·dilation - low, c] ·
// kernel[q, c, o] over the elements q of the window and the channels c. Padding is 0.
// With groups, the channels fall into as many parts, and each part of the results sees one
// part of x.
//
// Shapes: x [N S... C], kernel [K... C/groups O] -> [N P... O], with 1 to 3 axes S.
// DTypes: floats, one for both; float16 and bfloat16 accumulate in float32. Gradient: x,
// kernel. Panics with *graph.Error if a shape or dtype differs from this, if groups does
// not divide C and O, and if the window does not fit into x with its padding.
//
// Source: ONNX Conv, with the channels last.
func Conv(x, kernel *graph.Node, w Window, groups int) *graph.Node {
	return graph.Apply(ConvOp{w, groups}, x, kernel)
}

// ConvInputGrad returns the gradient of [Conv] by its x, of which size tells the axes
// between the batch and the channels: the transposed convolution. Element dy[n, p, o] adds
// dy · kernel[q, c, o] to every x[n, p·stride + q·dilation - low, c] that is there.
//
// Shapes: dy [N P... O], kernel [K... C/groups O] -> [N S... C]. DTypes: floats, one for
// both; float16 and bfloat16 accumulate in float32. Gradient: dy, kernel. Panics with
// *graph.Error if a shape or dtype differs from this, and unless Conv of such an x has the
// shape of dy.
//
// Source: Zeiler et al. 2010, "Deconvolutional networks"; ONNX ConvTranspose, with the
// channels last.
func ConvInputGrad(dy, kernel *graph.Node, size tensor.Dims, w Window, groups int) *graph.Node {
	return graph.Apply(ConvInputGradOp{w, groups, size}, dy, kernel)
}

// ConvKernelGrad returns the gradient of [Conv] by its kernel, of which size tells the
// axes of the window.
//
// Shapes: x [N S... C], dy [N P... O] -> [K... C/groups O]. DTypes: floats, one for both;
// float16 and bfloat16 accumulate in float32. Gradient: x, dy. Panics with *graph.Error if
// a shape or dtype differs from this, and unless Conv of x with such a kernel has the shape
// of dy.
func ConvKernelGrad(x, dy *graph.Node, size tensor.Dims, w Window, groups int) *graph.Node {
	return graph.Apply(ConvKernelGradOp{w, groups, size}, x, dy)
}

// ConvOp is the operation behind [Conv].
type ConvOp struct {
	Window
	Groups int
}

// ConvInputGradOp is the operation behind [ConvInputGrad]. Size holds the axes of its
// result between the batch and the channels.
type ConvInputGradOp struct {
	Window
	Groups int
	Size   tensor.Dims
}

// ConvKernelGradOp is the operation behind [ConvKernelGrad]. Size holds the axes of the
// kernel's window.
type ConvKernelGradOp struct {
	Window
	Groups int
	Size   tensor.Dims
}

// Name implements graph.Op.
func (ConvOp) Name() string { return "Conv" }

// Name implements graph.Op.
func (ConvInputGradOp) Name() string { return "ConvInputGrad" }

// Name implements graph.Op.
func (ConvKernelGradOp) Name() string { return "ConvKernelGrad" }

// Primitive implements [Primitive].
func (ConvOp) Primitive() {}

// Primitive implements [Primitive].
func (ConvInputGradOp) Primitive() {}

// Primitive implements [Primitive].
func (ConvKernelGradOp) Primitive() {}

// Infer implements graph.Op.
func (o ConvOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, kernel := in[0], in[1]
	if err := floatsAlike("x", x, "kernel", kernel); err != nil {
		return nil, err
	}
	if x.Rank() != kernel.Rank() || x.Rank() < 3 || x.Rank() > 2+MaxPlaces {
		return nil, fmt.Errorf("x %v, kernel %v: want [N S... C] and [K... C/groups O], with as many S as K, 1 to %d", x.Shape, kernel.Shape, MaxPlaces)
	}
	c, each, results := x.Shape.At(-1), kernel.Shape.At(-2), kernel.Shape.At(-1)
	if err := checkGroups(o.Groups, c, results); err != nil {
		return nil, err
	}
	if c != each*o.Groups {
		return nil, fmt.Errorf("x %v, kernel %v, %d groups: want the kernel for %d channels each, not %d", x.Shape, kernel.Shape, o.Groups, c/o.Groups, each)
	}
	places, err := o.Slide(Places(x.Shape), kernel.Shape.To(x.Rank()-2))
	if err != nil {
		return nil, err
	}
	if err := o.checkPadding(x.Shape); err != nil {
		return nil, err
	}
	return oneOf(x.DType, x.Shape.To(1), places, tensor.D(results))
}

// mostPadded bounds the elements of an image with its padding, which kernels may copy.
const mostPadded = 1 << 28

// checkPadding returns an error if padding makes an image too large.
func (o ConvOp) checkPadding(x tensor.Dims) error {
	n, padded := max(x.At(-1), 1), false
	for i := range o.Low.Rank() {
		side := x.At(i+1) + o.Low.At(i) + o.High.At(i)
		padded = padded || side > x.At(i+1)
		if n > mostPadded/max(side, 1) {
			n = mostPadded + 1
			break
		}
		n *= side
	}
	if padded && n > mostPadded {
		return fmt.Errorf("x %v with %v places of padding before and %v behind: want at most %d elements an image", x, o.Low, o.High, mostPadded)
	}
	return nil
}

// Infer implements graph.Op.
func (o ConvInputGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	dy, kernel := in[0], in[1]
	if dy.Rank() != o.Size.Rank()+2 || kernel.Rank() != dy.Rank() || o.Groups < 1 {
		return nil, fmt.Errorf("dy %v, kernel %v, size %v, %d groups: want [N P... O], [K... C/groups O], as many sizes as P and K, and groups from 1", dy.Shape, kernel.Shape, o.Size, o.Groups)
	}
	x := tensor.Spec{DType: dy.DType, Shape: dy.Shape}
	for i := range o.Size.Rank() {
		if o.Size.At(i) < 0 || o.Size.At(i) > mostPlaces {
			return nil, fmt.Errorf("size %v: want 0 to %d", o.Size, mostPlaces)
		}
		x.Shape = x.Shape.With(i+1, o.Size.At(i))
	}
	each := kernel.Shape.At(-2)
	if each > mostPlaces || o.Groups > mostPlaces {
		return nil, fmt.Errorf("kernel %v, %d groups: want at most %d channels", kernel.Shape, o.Groups, mostPlaces)
	}
	x.Shape = x.Shape.With(-1, each*o.Groups)
	return inferGrad(ConvOp{o.Window, o.Groups}, x, kernel, dy, x)
}

// Infer implements graph.Op.
func (o ConvKernelGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, dy := in[0], in[1]
	if x.Rank() != o.Size.Rank()+2 || dy.Rank() != x.Rank() || o.Groups < 1 {
		return nil, fmt.Errorf("x %v, dy %v, size %v, %d groups: want [N S... C], [N P... O], as many sizes as S and P, and groups from 1", x.Shape, dy.Shape, o.Size, o.Groups)
	}
	kernel := tensor.Spec{DType: x.DType, Shape: o.Size.Append(x.Shape.At(-1)/o.Groups, dy.Shape.At(-1))}
	return inferGrad(ConvOp{o.Window, o.Groups}, x, kernel, dy, kernel)
}

// inferGrad returns the spec want if the convolution of x and kernel is dy.
func inferGrad(o ConvOp, x, kernel, dy, want tensor.Spec) ([]tensor.Spec, error) {
	y, err := o.Infer([]tensor.Spec{x, kernel})
	if err != nil {
		return nil, err
	}
	if y[0] != dy {
		return nil, fmt.Errorf("dy is %v: want %v, as the convolution of x %v with a kernel %v has it", dy, y[0], x.Shape, kernel.Shape)
	}
	return one(want.DType, want.Shape)
}

// floatsAlike returns an error unless a and b are of one float dtype.
func floatsAlike(nameA string, a tensor.Spec, nameB string, b tensor.Spec) error {
	if err := wantFloat(nameA, a); err != nil {
		return err
	}
	if a.DType != b.DType {
		return fmt.Errorf("%s is %v, %s is %v: want one dtype; ops.Cast converts", nameA, a, nameB, b)
	}
	return nil
}

// checkGroups returns an error unless groups divides the channels of x and of the result.
func checkGroups(groups, channels, results int) error {
	if groups < 1 || channels%groups != 0 || results%groups != 0 {
		return fmt.Errorf("%d groups of %d channels and %d results: want a number from 1 that divides both", groups, channels, results)
	}
	return nil
}

// Ref implements [Referenced]. Conversions keep compilers from fusing what they add up.
func (o ConvOp) Ref(out, in []Array) {
	x, kernel, y := in[0], in[1], out[0]
	o.each(x.Shape, kernel.Shape, y.Shape, func(xi, ki, yi int) { y.V[yi] += float64(x.V[xi] * kernel.V[ki]) })
}

// Ref implements [Referenced].
func (o ConvInputGradOp) Ref(out, in []Array) {
	dy, kernel, dx := in[0], in[1], out[0]
	ConvOp{o.Window, o.Groups}.each(dx.Shape, kernel.Shape, dy.Shape, func(xi, ki, yi int) { dx.V[xi] += float64(dy.V[yi] * kernel.V[ki]) })
}

// Ref implements [Referenced].
func (o ConvKernelGradOp) Ref(out, in []Array) {
	x, dy, dk := in[0], in[1], out[0]
	ConvOp{o.Window, o.Groups}.each(x.Shape, dk.Shape, dy.Shape, func(xi, ki, yi int) { dk.V[ki] += float64(dy.V[yi] * x.V[xi]) })
}

// each calls f for every product that the convolution adds up: with the flat indices of
// the element of x, of the kernel and of the result.
func (o ConvOp) each(x, kernel, y tensor.Dims, f func(xi, ki, yi int)) {
	places, window := Places(y), kernel.To(kernel.Rank()-2)
	c, results := kernel.At(-2), kernel.At(-1)
	perGroup := results / o.Groups
	for n := range x.At(0) {
		everyIndex(places, func(p tensor.Dims, yi int) {
			everyIndex(window, func(q tensor.Dims, ki int) {
				xi, inside := 0, true
				for i := range p.Rank() {
					at := p.At(i)*o.Strides.At(i) + q.At(i)*o.Dilations.At(i) - o.Low.At(i)
					inside = inside && at >= 0 && at < x.At(i+1)
					xi = xi*x.At(i+1) + at
				}
				if !inside {
					return
				}
				xi += n * Places(x).Size()
				for j := range results {
					first := j / perGroup * c
					for l := range c {
						f(xi*x.At(-1)+first+l, (ki*c+l)*results+j, (n*places.Size()+yi)*results+j)
					}
				}
			})
		})
	}
}

// everyIndex calls f for every index of shape, in order, with its flat index.
func everyIndex(shape tensor.Dims, f func(at tensor.Dims, flat int)) {
	strides := shape.Strides()
	for flat := range shape.Size() {
		at := shape
		for i, rest := 0, flat; i < shape.Rank(); i++ {
			at = at.With(i, rest/strides.At(i))
			rest %= strides.At(i)
		}
		f(at, flat)
	}
}

// VJP: a convolution is linear in x and in the kernel, and so are its gradients.
func (o ConvOp) VJP(n, dy *graph.Node) []*graph.Node {
	x, kernel := n.In[0], n.In[1]
	return []*graph.Node{
		ConvInputGrad(dy, kernel, Places(x.Shape()), o.Window, o.Groups),
		ConvKernelGrad(x, dy, kernel.Shape().To(kernel.Rank()-2), o.Window, o.Groups),
	}
}

// VJP implements [Differentiable].
func (o ConvInputGradOp) VJP(n, dx *graph.Node) []*graph.Node {
	y, kernel := n.In[0], n.In[1]
	return []*graph.Node{
		Conv(dx, kernel, o.Window, o.Groups),
		ConvKernelGrad(dx, y, kernel.Shape().To(kernel.Rank()-2), o.Window, o.Groups),
	}
}

// VJP implements [Differentiable].
func (o ConvKernelGradOp) VJP(n, dk *graph.Node) []*graph.Node {
	x, y := n.In[0], n.In[1]
	return []*graph.Node{
		ConvInputGrad(y, dk, Places(x.Shape()), o.Window, o.Groups),
		Conv(x, dk, o.Window, o.Groups),
	}
}
