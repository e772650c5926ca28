package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// LSTMCell computes the elementwise part of one step of a long short-term memory from the
// inputs of the gates, in Keras's order, and the cell's state:
//
//	c' = σ(f)·c + σ(i)·tanh(g)
//	h = σ(o)·tanh(c')
//
// Shapes: i, f, g, o, c [... U], which broadcast -> h, c' [... U]. DTypes: floats,
// one for all; float16 and bfloat16 compute in float32. Gradient: all inputs. Panics
// with *graph.Error if they do not broadcast, or their dtypes differ or are not
// floats.
//
// Source: Hochreiter, Schmidhuber 1997, Neural Computation 9(8), with the forget gate of
// Gers, Schmidhuber, Cummins 2000.
func LSTMCell(i, f, g, o, c *graph.Node) (h, next *graph.Node) {
	n := graph.Apply(LSTMCellOp{}, i, f, g, o, c)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// LSTMCellOp is the operation behind [LSTMCell].
type LSTMCellOp struct{}

// Name implements graph.Op.
func (LSTMCellOp) Name() string { return "LSTMCell" }

// Infer implements graph.Op.
func (LSTMCellOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	var shape tensor.Dims
	for i, s := range in {
		name := string("ifgoc"[i])
		if err := wantFloat(name, s); err != nil {
			return nil, err
		}
		if s.DType != in[0].DType {
			return nil, fmt.Errorf("i is %v, %s is %v: want one dtype; ops.Cast converts", in[0], name, s)
		}
		var err error
		if shape, err = Broadcast(shape, s.Shape); err != nil {
			return nil, err
		}
	}
	spec := tensor.Spec{DType: in[0].DType, Shape: shape}
	return []tensor.Spec{spec, spec}, nil
}

// EvalAll implements [Tuple].
func (LSTMCellOp) EvalAll(x Elements) Elements {
	next := sigmoid(x[1])*x[4] + sigmoid(x[0])*math.Tanh(x[2])
	return Elements{sigmoid(x[3]) * math.Tanh(next), next}
}

// VJPs implements [DifferentiableTuple]. The gates are computed again: in a plan they are
// part of the one pass that computes the gradients.
func (LSTMCellOp) VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node {
	i, f, g, o := Sigmoid(n.In[0]), Sigmoid(n.In[1]), Tanh(n.In[2]), Sigmoid(n.In[3])
	c, next := n.In[4], Tanh(graph.Pick(n, 1))
	dx := make([]*graph.Node, 5)
	dnext := dy[1]
	if dh := dy[0]; dh != nil {
		dx[3] = graph.Apply(SigmoidGradOp{}, o, Mul(dh, next))
		d := graph.Apply(TanhGradOp{}, next, Mul(dh, o))
		if dnext == nil {
			dnext = d
		} else {
			dnext = Add(dnext, d)
		}
	}
	dx[0] = graph.Apply(SigmoidGradOp{}, i, Mul(dnext, g))
	dx[1] = graph.Apply(SigmoidGradOp{}, f, Mul(dnext, c))
	dx[2] = graph.Apply(TanhGradOp{}, g, Mul(dnext, i))
	dx[4] = Mul(dnext, f)
	return dx
}

// Compose implements [Composed].
func (LSTMCellOp) Compose(in []*graph.Node) []*graph.Node {
	next := Add(Mul(Sigmoid(in[1]), in[4]), Mul(Sigmoid(in[0]), Tanh(in[2])))
	return []*graph.Node{Mul(Sigmoid(in[3]), Tanh(next)), next}
}
