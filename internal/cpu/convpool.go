package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op *backend.Pooled, out, in []tensor.Spec) backend.Kernel {
		y, err := op.Conv.Infer(in)
		if err != nil {
			return nil
		}
		w, ok := windowsOf(op.Pool.Window, op.Pool.Size, y[0], out[0].Shape)
		if !ok {
			return nil
		}
		k := &pooled{into: poolInto{windows: w}}
		k.inner, k.into.conv = convOf(op.Conv, y[0], in)
		if k.into.conv == nil {
			return nil
		}
		c := k.into.conv
		c.Out, c.Into, c.Unit = w.places(), &k.into, w.size
		return k
	})
	register(func(op *backend.Unpooled, out, in []tensor.Spec) backend.Kernel {
		dy, err := op.Grad.Infer(in[op.At:][:2])
		if err != nil {
			return nil
		}
		w, ok := windowsOf(op.Grad.Window, op.Grad.Size, dy[0], in[op.At].Shape)
		if !ok || in[op.At+1].DType != tensor.Uint8 {
			return nil
		}
		k := &unpooled{op: op, from: poolFrom{windows: w}, dy: backend.Buf{Spec: dy[0]}}
		k.args = make([]backend.Buf, len(in)-1)
		in = backend.Ins(op, in, dy[0])
		switch o := op.Op.(type) {
		case ops.ConvKernelGradOp:
			c, ok := newConvKernel[float32](o, out[0], in).(*convKernel[float32])
			if !ok {
				return nil
			}
			c.Out, c.from, k.inner = w.places(), &k.from, c
		case ops.ConvInputGradOp:
			c, ok := newConvInput[float32](o, out[0], in).(*convInput[float32])
			if !ok {
				return nil
			}
			c.Out, c.from, k.inner = w.places(), &k.from, c
		case *backend.Fused:
			grad, ok := o.Head.(ops.ConvInputGradOp)
			if !ok {
				return nil
			}
			x, err := grad.Infer(in[:o.Ins])
			if err != nil {
				return nil
			}
			c, ok := newConvInput[float32](grad, x[0], in[:o.Ins]).(*convInput[float32])
			if !ok {
				return nil
			}
			c.Out, c.from, k.inner = w.places(), &k.from, newFused(o, c, in)
		default:
			return nil
		}
		return k
	})
	overwrites(func(op *backend.Unpooled, result, input int) bool { return op.Overwrites(result, input) })
}

// convOf returns the kernel of a convolution, alone or in a backend.Fused without a program,
// and within it that of the convolution itself: nil if it is of another kind.
func convOf(op any, y tensor.Spec, in []tensor.Spec) (backend.Kernel, *conv[float32]) {
	f, fused := op.(*backend.Fused)
	if fused && f.After == nil && f.Then == nil {
		op = f.Head
	}
	var c *conv[float32]
	switch o := op.(type) {
	case ops.ConvOp:
		c, _ = newConv[float32](o, y, in).(*conv[float32])
	case backend.Packed:
		c, _ = newPacked(o, y, in).(*conv[float32])
	}
	switch {
	case c == nil:
		return nil, nil
	case fused:
		return newFused(f, c, in), c
	}
	return c, c
}

// mostTaps is the largest window of a maximum that a convolution computes.
const mostTaps = 16

// windows are those of a maximum: side by side, without padding.
type windows struct {
	size, count [3]int // of a window; windows along each axis
	channels    int
}

// windowsOf returns the windows of a maximum of x whose result has a shape, and false if
// convolutions cannot compute it.
func windowsOf(w ops.Window, size tensor.Dims, x tensor.Spec, y tensor.Dims) (windows, bool) {
	n := size.Rank()
	plain := w == ops.Window{Strides: size, Dilations: ops.Valid(n).Dilations, Low: ops.Valid(n).Low, High: ops.Valid(n).High}
	return windows{threePlaces(size, 1), threePlaces(ops.Places(y), 1), y.At(-1)},
		plain && x.DType == tensor.Float32 && size.Size() <= mostTaps && y.Size() > 0
}

// places returns the places that windows cover.
func (w *windows) places() [3]int {
	return [3]int{w.size[0] * w.count[0], w.size[1] * w.count[1], w.size[2] * w.count[2]}
}

// row returns the first element of a row of windows of an image.
func (w *windows) row(image, d, h int) int {
	return ((image*w.count[0]+d)*w.count[1] + h) * w.count[2] * w.channels
}

// number returns the number of the first element in a row of a window.
func (w *windows) number(d, h int) int { return (d*w.size[1] + h) * w.size[2] }

// pooled is the kernel of a backend.Pooled.
type pooled struct {
	inner backend.Kernel
	into  poolInto
}

// Run implements backend.Kernel.
func (k *pooled) Run(out, in []backend.Buf) {
	k.into.y = floats(out[0])
	if len(out) > 1 {
		k.into.index = out[1].Mem
	}
	k.inner.Run(out[:1], in)
	k.into.y, k.into.index = nil, nil
}

// poolInto takes the maxima of what a convolution computes.
type poolInto struct {
	windows
	conv  *conv[float32]
	y     []float32
	index []uint8 // or nil
}

// Take implements kern.Sink.
func (p *poolInto) Take(results []float32, image int, first, count [3]int, j0, j1 int) {
	cols := j1 - j0
	var from [mostTaps]int
	var numbers [mostTaps]int32
	n := 0
	for d := range p.size[0] {
		for h := range p.size[1] {
			for w := range p.size[2] {
				from[n], numbers[n] = ((d*count[1]+h)*count[2]+w)*cols, int32(n)
				n++
			}
		}
	}
	for d := 0; d < count[0]; d += p.size[0] {
		for h := 0; h < count[1]; h += p.size[1] {
			src := results[(d*count[1]+h)*count[2]*cols:]
			at := p.row(image, (first[0]+d)/p.size[0], (first[1]+h)/p.size[1]) + first[2]/p.size[2]*p.channels + j0
			if p.index == nil {
				kern.PoolMax(p.y[at:], src, from[:n], count[2]/p.size[2], p.channels, p.size[2]*cols, cols)
			} else {
				kern.PoolMaxIndex(p.y[at:], src, p.index[at:], from[:n], numbers[:n], count[2]/p.size[2], p.channels, p.size[2]*cols, cols)
			}
		}
	}
}

// unpooled is the kernel of a backend.Unpooled.
type unpooled struct {
	op    *backend.Unpooled
	inner backend.Kernel
	from  poolFrom
	dy    backend.Buf // stands for the gradient of the maximum
	args  []backend.Buf
}

// Run implements backend.Kernel.
func (k *unpooled) Run(out, in []backend.Buf) {
	k.from.dy, k.from.index = floats(in[k.op.At]), in[k.op.At+1].Mem
	copy(k.args, in[:k.op.At])
	k.args[k.op.At] = k.dy
	copy(k.args[k.op.At+1:], in[k.op.At+2:])
	k.inner.Run(out, k.args)
	clear(k.args)
	k.from.dy, k.from.index = nil, nil
}

// poolFrom computes the gradient of a maximum where windows are.
type poolFrom struct {
	windows
	dy    []float32
	index []uint8
}

// Part implements kern.Source.
func (p *poolFrom) Part(dst []float32, at int) {
	places := p.places()
	place, n := at/p.channels, len(dst)/p.channels
	x0, row := place%places[2], place/places[2]
	h, d, image := row%places[1], row/places[1]%places[0], row/places[1]/places[0]
	first, number := p.row(image, d/p.size[0], h/p.size[1]), p.number(d%p.size[0], h%p.size[1])
	for k := range p.size[2] {
		x := x0 + (k-x0%p.size[2]+p.size[2])%p.size[2]
		if x >= x0+n {
			continue
		}
		from, numbers := [1]int{first + x/p.size[2]*p.channels}, [1]int32{int32(number + k)}
		kern.PoolCounted(dst[(x-x0)*p.channels:], p.dy, p.index, from[:], numbers[:], (x0+n-1-x)/p.size[2]+1, p.size[2]*p.channels, p.channels, p.channels)
	}
}
