package ops

import (
	"slices"

	"github.com/glia-ml/glia/graph"
)

// PerSample is an operation that may treat samples, which lie along an axis of its
// inputs and results, one by one. Elementwise operations and reductions need not
// implement it.
type PerSample interface {
	graph.Op
	// PerSample reports whether each sample of a result, along axis out, depends on the
	// same sample of the inputs alone and not on how many there are. In has the axis of
	// the samples for each input of n, -1 for one that all samples share. Several numbers
	// of one sample may lie along the axis, next to each other.
	PerSample(n *graph.Node, in []int, out int) bool
}

// IsPerSample reports whether the operation of n treats samples one by one, as
// [PerSample] says. It is false for operations that do not say.
func IsPerSample(n *graph.Node, in []int, out int) bool {
	switch op := n.Op.(type) {
	case PerSample:
		return op.PerSample(n, in, out)
	case Unary, Binary, Ternary, Tuple:
		return aligned(n, in, out)
	case Reducing:
		return !slices.Contains(op.Over().Axes.Slice(), in[0])
	}
	return false
}

// aligned reports whether axes that broadcast to the result's meet in axis out.
func aligned(n *graph.Node, in []int, out int) bool {
	for i, axis := range in {
		if axis >= 0 && axis+n.Specs()[0].Rank()-n.In[i].Rank() != out {
			return false
		}
	}
	return true
}

// across reports whether samples lie along another axis than one, in inputs and results
// of the same axes.
func across(axis int, in []int, out int) bool {
	for _, a := range in {
		if a >= 0 && a != out {
			return false
		}
	}
	return out != axis
}

// PerSample implements [PerSample].
func (CastOp) PerSample(n *graph.Node, in []int, out int) bool { return aligned(n, in, out) }

// PerSample implements [PerSample].
func (BroadcastOp) PerSample(n *graph.Node, in []int, out int) bool { return aligned(n, in, out) }

// PerSample implements [PerSample]: the samples of the result are all the same.
func (FullOp) PerSample(*graph.Node, []int, int) bool { return true }

// PerSample implements [PerSample]: samples are the same, or numbered.
func (IotaOp) PerSample(*graph.Node, []int, int) bool { return true }

// PerSample implements [PerSample]: the samples stay in their order if the axes before
// them keep their number of elements.
func (o ReshapeOp) PerSample(n *graph.Node, in []int, out int) bool {
	return n.In[0].Shape().To(in[0]).Size() == o.Shape.To(out).Size()
}

// PerSample implements [PerSample].
func (o TransposeOp) PerSample(_ *graph.Node, in []int, out int) bool { return o.Perm.At(out) == in[0] }

// PerSample implements [PerSample]: all samples stay.
func (o SliceOp) PerSample(n *graph.Node, in []int, out int) bool {
	return in[0] == out && o.Start.At(out) == 0 && o.Step.At(out) == 1 && o.Size.At(out) == n.In[0].Shape().At(out)
}

// PerSample implements [PerSample]: none is added.
func (o PadOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return in[0] == out && o.Before.At(out) == 0 && o.After.At(out) == 0
}

// PerSample implements [PerSample]. A shared input is the same in each sample.
func (o ConcatOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return !slices.Contains(in, -1) && across(o.Axis, in, out)
}

// PerSample implements [PerSample].
func (o SplitOp) PerSample(_ *graph.Node, in []int, out int) bool { return across(o.Axis, in, out) }

// PerSample implements [PerSample].
func (o SoftmaxOp) PerSample(_ *graph.Node, in []int, out int) bool { return across(o.Axis, in, out) }

// PerSample implements [PerSample].
func (o SoftmaxGradOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return across(o.Axis, in, out)
}

// PerSample implements [PerSample].
func (o LogSoftmaxGradOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return across(o.Axis, in, out)
}

// PerSample implements [PerSample]: what is kept depends on the last two axes.
func (TriluOp) PerSample(n *graph.Node, in []int, out int) bool {
	return in[0] == out && out < n.In[0].Rank()-2
}

// PerSample implements [PerSample]: all samples share the edges.
func (SearchSortedOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return in[0] < 0 && in[1] == out
}

// PerSample implements [PerSample].
func (o ScatterAlongOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return !slices.Contains(in, -1) && across(o.Axis, in, out)
}

// PerSample implements [PerSample]: the last axis, of the classes, goes.
func (SoftmaxCrossEntropyOp) PerSample(n *graph.Node, in []int, out int) bool {
	return across(n.In[0].Rank()-1, in, out)
}

// PerSample implements [PerSample]: the last axis, of the classes, goes.
func (SparseSoftmaxCrossEntropyOp) PerSample(n *graph.Node, in []int, out int) bool {
	return across(n.In[0].Rank()-1, in, out)
}

// PerSample implements [PerSample].
func (o LogSoftmaxOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return across(o.Axis, in, out)
}

// PerSample implements [PerSample].
func (o SparsemaxOp) PerSample(_ *graph.Node, in []int, out int) bool { return across(o.Axis, in, out) }

// PerSample implements [PerSample].
func (o CumSumOp) PerSample(_ *graph.Node, in []int, out int) bool { return across(o.Axis, in, out) }

// PerSample implements [PerSample].
func (o TopKOp) PerSample(n *graph.Node, in []int, out int) bool {
	return across(n.In[0].Rank()-1, in, out)
}

// PerSample implements [PerSample]: the axis that is searched goes.
func (o ArgMaxOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return without(o.Axis, in[0], out)
}

// PerSample implements [PerSample]: the axis that is searched goes.
func (o ArgMinOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return without(o.Axis, in[0], out)
}

// without reports whether axis in is axis out of a result from which axis is removed.
func without(axis, in, out int) bool {
	return in < axis && out == in || in > axis && out == in-1
}

// PerSample implements [PerSample]: the new axis is the last.
func (OneHotOp) PerSample(_ *graph.Node, in []int, out int) bool { return in[0] == out }

// PerSample implements [PerSample]: either the indices are per sample and x is shared,
// or x is per sample and the indices are shared.
func (o GatherOp) PerSample(n *graph.Node, in []int, out int) bool {
	switch x, indices := in[0], in[1]; {
	case x < 0:
		return out == o.Axis+indices
	case indices >= 0 || x == o.Axis:
		return false
	case x < o.Axis:
		return out == x
	default:
		return out == x+n.In[1].Rank()-1
	}
}

// PerSample implements [PerSample].
func (o GatherAlongOp) PerSample(_ *graph.Node, in []int, out int) bool {
	return !slices.Contains(in, -1) && across(o.Axis, in, out)
}

// PerSample implements [PerSample], as MatMul's. A zero point for each row comes with the
// rows.
func (o MatMulIntegerOp) PerSample(n *graph.Node, in []int, out int) bool {
	rows := in[0] >= 0 && in[0]-n.In[0].Rank() >= -2
	perRow := n.In[2].Shape().Size() > 1
	if in[3] >= 0 || in[2] >= 0 && !rows || rows && perRow && in[2] < 0 {
		return false
	}
	return MatMulOp(o).PerSample(n, in[:2], out)
}

// PerSample implements [PerSample]: samples are rows of the first matrix, or of the batch
// of matrices.
func (o MatMulOp) PerSample(n *graph.Node, in []int, out int) bool {
	rank := n.Specs()[0].Rank()
	for i, axis := range in {
		if axis < 0 {
			continue
		}
		switch fromEnd := axis - n.In[i].Rank(); {
		case fromEnd < -2: // of the batch
			if rank+fromEnd != out {
				return false
			}
		case i == 0 && (fromEnd == -2) != o.TransA && in[1] < 0: // rows
			if out != rank-2 {
				return false
			}
		default:
			return false
		}
	}
	return true
}
