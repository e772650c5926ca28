package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// layout is the spec of a value and the distances of its elements along each axis: known
// before the run.
type layout struct {
	tensor.Spec
	strides tensor.Dims
}

// gaps reports whether the elements do not follow each other.
func (l layout) gaps() bool { return l.strides != l.Shape.Strides() }

// broadcast returns the strides of a value that is repeated up to a shape.
func (l layout) broadcast(shape tensor.Dims) tensor.Dims {
	steps := shape
	for i := range shape.Rank() {
		steps = steps.With(i, 0)
		if j := i - shape.Rank() + l.Rank(); j >= 0 && l.Shape.At(j) != 1 {
			steps = steps.With(i, l.strides.At(j))
		}
	}
	return steps
}

// layouts returns the layouts of values of these strides; nil and the zero Dims stand
// for values without gaps.
func layouts(specs []tensor.Spec, strides []tensor.Dims) []layout {
	list := make([]layout, len(specs))
	for i, s := range specs {
		list[i] = layout{s, s.Shape.Strides()}
		if i < len(strides) && strides[i].Rank() > 0 {
			list[i].strides = strides[i]
		}
	}
	return list
}

// stridedMaker is a maker for values of any layout that it supports.
type stridedMaker func(op graph.Op, out, in []layout) backend.Kernel

var (
	stridedMakers = map[reflect.Type]stridedMaker{}
	stridedHeads  = map[reflect.Type]func(op graph.Op, out, in []layout) head{}
)

// registerStrided adds the kernel of one operation type, which takes values with gaps,
// unless f returns nil.
func registerStrided[O graph.Op](f func(op O, out, in []layout) backend.Kernel) {
	stridedMakers[reflect.TypeFor[O]()] = func(op graph.Op, out, in []layout) backend.Kernel { return f(op.(O), out, in) }
	register(func(op O, out, in []tensor.Spec) backend.Kernel { return f(op, layouts(out, nil), layouts(in, nil)) })
}

// registerStridedHead is [registerHead] for kernels that take values with gaps.
func registerStridedHead[O graph.Op](f func(op O, out, in []layout) head) {
	stridedHeads[reflect.TypeFor[O]()] = func(op graph.Op, out, in []layout) head { return f(op.(O), out, in) }
	registerHead(func(op O, out, in []tensor.Spec) head { return f(op, layouts(out, nil), layouts(in, nil)) })
}

func init() {
	register(func(s *backend.Strided, out, in []tensor.Spec) backend.Kernel {
		if m := stridedMakers[reflect.TypeOf(s.Op)]; m != nil {
			return m(s.Op, layouts(out, s.Out), layouts(in, s.In))
		}
		return nil
	})
	stridedMakers[reflect.TypeFor[*backend.Fused]()] = func(op graph.Op, out, in []layout) backend.Kernel {
		return stridedFused(op.(*backend.Fused), out, in)
	}
}

// stridedFused returns the kernel of a head and an epilogue, if only the head's inputs
// have gaps and, without a program, the head's result.
func stridedFused(op *backend.Fused, out, in []layout) backend.Kernel {
	f := stridedHeads[reflect.TypeOf(op.Head)]
	specs := make([]tensor.Spec, len(in))
	for i, l := range in {
		specs[i] = l.Spec
		if i >= op.Ins && l.gaps() {
			return nil
		}
	}
	result, err := op.Head.Infer(specs[:op.Ins])
	if err != nil || f == nil || !(Kernels{}).Heads(op.Head, result, specs[:op.Ins]) {
		return nil
	}
	written := layouts(result, nil)
	if op.After == nil {
		written = out
	}
	for _, l := range out {
		if l.gaps() && op.After != nil {
			return nil
		}
	}
	h := f(op.Head, written, in[:op.Ins])
	if h == nil {
		return nil
	}
	return newFused(op, h, specs)
}
