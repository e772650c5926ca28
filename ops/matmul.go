package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// MatMul returns the matrix product of the last two axes; leading axes are a
// batch and broadcast.
//
// Shapes: a [... M K], b [... K N] -> [... M N]. DTypes: numbers, one for both;
// float16 and bfloat16 accumulate in float32. Gradient: a, b. Panics with
// *graph.Error if a shape or dtype differs from this.
//
// Source: numpy.matmul, for two axes or more on each side.
func MatMul(a, b *graph.Node) *graph.Node { return graph.Apply(MatMulOp{}, a, b) }

// MatMulT returns [MatMul] of a, transposed with transA, and b, transposed with
// transB.
//
// Shapes: a [... M K], or [... K M] with transA, b [... K N], or [... N K] with
// transB -> [... M N]. DTypes: numbers, one for both; float16 and bfloat16 accumulate
// in float32. Gradient: a, b. Panics with *graph.Error if a shape or dtype differs
// from this.
func MatMulT(a, b *graph.Node, transA, transB bool) *graph.Node {
	return graph.Apply(MatMulOp{transA, transB}, a, b)
}

// MatMulOp is the operation behind [MatMul] and [MatMulT].
type MatMulOp struct{ TransA, TransB bool }

// Name implements graph.Op.
func (MatMulOp) Name() string { return "MatMul" }

// Primitive implements [Primitive].
func (MatMulOp) Primitive() {}

// Dims returns the batch shape and the sizes of the product of a and b.
func (o MatMulOp) Dims(a, b tensor.Spec) (batch tensor.Dims, m, n, k int, err error) {
	if a.DType != b.DType {
		return batch, 0, 0, 0, fmt.Errorf("a is %v, b is %v: want one dtype; ops.Cast converts", a, b)
	}
	if err := wantNumber("a", a); err != nil {
		return batch, 0, 0, 0, err
	}
	if a.Rank() < 2 || b.Rank() < 2 {
		return batch, 0, 0, 0, fmt.Errorf("a %v · b %v: want two axes or more on each side", a.Shape, b.Shape)
	}
	m, k = a.Shape.At(-2), a.Shape.At(-1)
	if o.TransA {
		m, k = k, m
	}
	kb, n := b.Shape.At(-2), b.Shape.At(-1)
	if o.TransB {
		kb, n = n, kb
	}
	if k != kb {
		axisA, axisB := "a[-1]", "b[-2]"
		if o.TransA {
			axisA = "a[-2]"
		}
		if o.TransB {
			axisB = "b[-1]"
		}
		return batch, 0, 0, 0, fmt.Errorf("a %v · b %v: want %s == %s", a.Shape, b.Shape, axisA, axisB)
	}
	batch, err = Broadcast(a.Shape.To(a.Rank()-2), b.Shape.To(b.Rank()-2))
	return batch, m, n, k, err
}

// Infer implements graph.Op.
func (o MatMulOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	batch, m, n, _, err := o.Dims(in[0], in[1])
	if err != nil {
		return nil, err
	}
	if batch.Rank()+2 > tensor.MaxRank {
		return nil, fmt.Errorf("a %v · b %v: got %d axes, want at most %d", in[0].Shape, in[1].Shape, batch.Rank()+2, tensor.MaxRank)
	}
	return one(in[0].DType, batch.Append(m, n))
}

// Ref implements [Referenced].
func (o MatMulOp) Ref(out, in []Array) {
	a, b := in[0], in[1]
	batch, m, n, k, _ := o.Dims(a.Spec, b.Spec)
	ia := broadcastIndex(a.Shape.To(a.Rank()-2), batch)
	ib := broadcastIndex(b.Shape.To(b.Rank()-2), batch)
	for p := range batch.Size() {
		A, B, C := a.V[ia(p)*m*k:], b.V[ib(p)*k*n:], out[0].V[p*m*n:]
		for i := range m {
			for j := range n {
				var s float64
				for l := range k {
					x, y := i*k+l, l*n+j
					if o.TransA {
						x = l*m + i
					}
					if o.TransB {
						y = j*k + l
					}
					s += A[x] * B[y]
				}
				C[i*n+j] = s
			}
		}
	}
}

// VJP: for C = A·B, dA = dC·Bᵀ and dB = Aᵀ·dC; transposed sides swap roles.
func (o MatMulOp) VJP(n, dy *graph.Node) []*graph.Node {
	a, b := n.In[0], n.In[1]
	var da, db *graph.Node
	if o.TransA {
		da = MatMulT(b, dy, o.TransB, true)
	} else {
		da = MatMulT(dy, b, false, !o.TransB)
	}
	if o.TransB {
		db = MatMulT(dy, a, true, o.TransA)
	} else {
		db = MatMulT(a, dy, !o.TransA, false)
	}
	return []*graph.Node{da, db}
}
