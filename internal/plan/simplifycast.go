package plan

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// joinCasts replaces a cast of a cast by one, if the first changes no number.
func joinCasts(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(ops.CastOp)
	if !ok {
		return nil
	}
	x := in[0]
	if x.Spec() == n.Spec() {
		return x
	}
	if _, again := x.Op.(ops.CastOp); !again {
		return nil
	}
	from := x.In[0].DType()
	if !holds(x.DType(), from) || !from.IsFloat() && !op.To.IsFloat() { // floats and integers convert to integers by different rules
		return nil
	}
	return s.castTo(op.To, x.In[0])
}

func (s *rewriter) castTo(dt tensor.DType, x *graph.Node) *graph.Node {
	if x.DType() == dt {
		return x
	}
	return s.g.Apply(ops.CastOp{To: dt}, x)
}

// holds reports whether the float type dt holds every value of another type.
func holds(dt, of tensor.DType) bool {
	switch of {
	case tensor.Bool, tensor.Int8, tensor.Uint8:
		return dt.IsFloat()
	case tensor.Int16, tensor.Uint16, tensor.Float16, tensor.BFloat16:
		return dt == tensor.Float32 || dt == tensor.Float64
	case tensor.Int32, tensor.Uint32, tensor.Float32:
		return dt == tensor.Float64
	}
	return false
}
