package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op backend.Pack, _, in []tensor.Spec) backend.Kernel {
		k := &pack{}
		k.Conv = weightsOf(op.Op.(ops.ConvOp), op.Weights.Shape)
		return k
	})
	register(func(op backend.Packed, out, in []tensor.Spec) backend.Kernel { return newPacked(op, out[0], in) })
	registerHead(func(op backend.Packed, out, in []tensor.Spec) head { return newPacked(op, out[0], in) })
}

// leastPlaces is the number of places below which a pointwise convolution reads weights where
// they are.
const leastPlaces = 8

// Packs implements backend.Kernels, for convolutions but those with a filter for each channel.
func (Kernels) Packs(op graph.Op, out, in []tensor.Spec) (packed tensor.Spec, ok bool) {
	c, conv := op.(ops.ConvOp)
	if !conv || !all(tensor.Float32, out, in) || out[0].Shape.Size() == 0 || in[1].Shape.Size() == 0 {
		return packed, false
	}
	if c.Groups > 1 && in[1].Shape.At(-2) == 1 || out[0].Shape.To(out[0].Rank()-1).Size() < leastPlaces {
		return packed, false
	}
	p := kern.ConvPack[float32]{Conv: weightsOf(c, in[1].Shape)}
	return tensor.S(tensor.Float32, p.Len()), true
}

// weightsOf returns what a convolution with weights of a shape says of these.
func weightsOf(op ops.ConvOp, shape tensor.Dims) kern.Conv {
	n := shape.Rank() - 2
	return kern.Conv{Channels: shape.At(n) * op.Groups, Results: shape.At(n + 1), Groups: op.Groups, Window: threePlaces(shape.To(n), 1)}
}

// pack is the kernel of a backend.Pack.
type pack struct{ kern.ConvPack[float32] }

// Run implements backend.Kernel.
func (k *pack) Run(out, in []backend.Buf) {
	k.W, k.Packed = floats(in[0]), floats(out[0])
	k.ConvPack.Run()
	k.W, k.Packed = nil, nil
}

// newPacked returns the kernel of a convolution with packed weights.
func newPacked(op backend.Packed, out tensor.Spec, in []tensor.Spec) head {
	h := newConv[float32](op.Op.(ops.ConvOp), out, []tensor.Spec{in[0], op.Weights})
	switch k := h.(type) {
	case *matMul[float32]:
		k.packed = true
	case *conv[float32]:
		k.packed = true
	}
	return h
}

// native is a program that products and convolutions compute with their results: what is
// added to these, a ReLU, and a limit to that.
type native struct {
	adds, relu bool
	limit      float64 // or 0
}

// nativeOf returns the program of op if h computes it, or nil.
func nativeOf(op *backend.Fused, h head) *native {
	p := op.After
	if p == nil || op.Act != backend.NoAct || p.Columns || p.Axes > 0 || len(p.Results) != 1 || p.DType(p.Results[0]) != tensor.Float32 {
		return nil
	}
	switch k := h.(type) {
	case *matMul[float32]:
		if k.Narrow != kern.NotNarrow {
			return nil
		}
	case *conv[float32]:
		if k.narrow != kern.NotNarrow || k.Groups > 1 && k.Channels == k.Groups && len(p.In) > 1 {
			return nil
		}
	default:
		return nil
	}
	n, v := &native{}, op.Acc // v: the value so far
	for i, c := range p.Code {
		if c.Outs() != 1 {
			return nil
		}
		switch o := c.Op.(type) {
		case ops.AddOp:
			other := 1 - op.Acc
			if i > 0 || len(p.In) != 2 || !(c.Args[0] == v && c.Args[1] == other || c.Args[0] == other && c.Args[1] == v) ||
				p.In[other] != (tensor.Spec{DType: tensor.Float32, Shape: p.Shape}) {
				return nil
			}
			n.adds = true
		case ops.ReluOp:
			if i+1 < len(p.Code) || c.Args[0] != v {
				return nil
			}
			n.relu = true
		case ops.ClipOp:
			if i+1 < len(p.Code) || c.Args[0] != v || o.Lo != 0 || o.Hi <= 0 {
				return nil
			}
			n.relu, n.limit = true, o.Hi
		default:
			return nil
		}
		v = len(p.In) + i
	}
	if v != p.Results[0] || n.adds != (len(p.In) == 2) {
		return nil
	}
	return n
}
