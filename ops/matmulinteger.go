package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// MatMulInteger returns the matrix product of 8-bit integers less their zero points, in
// int32, as quantized networks compute it:
//
//	c[..., i, j] = Σ_k (a[..., i, k] - zeroA[i])·(b[..., k, j] - zeroB[j])
//
// Leading axes are a batch and broadcast. Sums wrap around and never saturate. A zero point
// that is nil is 0.
//
// Shapes: a [... M K], b [... K N], zeroA [], [1] or [M], zeroB [], [1] or [N] -> [... M N].
// DTypes: Int8 or Uint8, each on its own for a and b; a zero point has the dtype of its
// matrix, so that it lies in the matrix's range -> Int32. No gradient. Panics with
// *graph.Error if a shape or dtype differs from this.
//
// Source: ONNX operator set 10, MatMulInteger.
func MatMulInteger(a, b, zeroA, zeroB *graph.Node) *graph.Node {
	return MatMulIntegerT(a, b, zeroA, zeroB, false, false)
}

// MatMulIntegerT returns [MatMulInteger] of a, transposed with transA, and b, transposed
// with transB.
//
// Shapes: a [... M K], or [... K M] with transA, b [... K N], or [... N K] with transB,
// zeroA [], [1] or [M], zeroB [], [1] or [N] -> [... M N]. DTypes: Int8 or Uint8, each on its
// own for a and b, and the same for their zero points -> Int32. No gradient. Panics with
// *graph.Error if a shape or dtype differs from this.
func MatMulIntegerT(a, b, zeroA, zeroB *graph.Node, transA, transB bool) *graph.Node {
	return graph.Apply(MatMulIntegerOp{transA, transB}, a, b, zeroPoint(zeroA, a), zeroPoint(zeroB, b))
}

// zeroPoint returns z, or the zero of the dtype of x if it is nil.
func zeroPoint(z, x *graph.Node) *graph.Node {
	if z != nil || x == nil {
		return z
	}
	return Full(x.Graph(), tensor.S(x.DType()), 0)
}

// MatMulIntegerOp is the operation behind [MatMulInteger] and [MatMulIntegerT].
type MatMulIntegerOp struct{ TransA, TransB bool }

// Name implements graph.Op.
func (MatMulIntegerOp) Name() string { return "MatMulInteger" }

// Primitive implements [Primitive].
func (MatMulIntegerOp) Primitive() {}

// Dims returns the batch shape and the sizes of the product of a and b.
func (o MatMulIntegerOp) Dims(a, b tensor.Spec) (batch tensor.Dims, m, n, k int, err error) {
	b.DType = a.DType
	return MatMulOp(o).Dims(a, b)
}

// Infer implements graph.Op.
func (o MatMulIntegerOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	for i, name := range []string{"a", "b"} {
		if dt := in[i].DType; dt != tensor.Int8 && dt != tensor.Uint8 {
			return nil, fmt.Errorf("%s is %v: want int8 or uint8", name, in[i])
		}
	}
	out, err := MatMulOp(o).Infer([]tensor.Spec{in[0], {DType: in[0].DType, Shape: in[1].Shape}})
	if err != nil {
		return nil, err
	}
	c := out[0].Shape
	for i, name := range []string{"a", "b"} {
		zero, size := in[2+i], c.At(i-2)
		if zero.DType != in[i].DType {
			return nil, fmt.Errorf("the zero point of %s is %v, %s is %v: want one dtype", name, zero, name, in[i])
		}
		if zero.Rank() > 1 || zero.Rank() == 1 && zero.Shape.At(0) != 1 && zero.Shape.At(0) != size {
			return nil, fmt.Errorf("the zero point of %s is %v: want [], [1] or [%d]", name, zero.Shape, size)
		}
	}
	return one(tensor.Int32, c)
}

// Ref implements [Referenced].
func (o MatMulIntegerOp) Ref(out, in []Array) {
	_, m, n, k, _ := o.Dims(in[0].Spec, in[1].Spec)
	shifted := func(x, zero Array, inner, outer int, rows bool) Array {
		y := NewArray(x.Spec)
		for i, v := range x.V {
			at := i % inner
			if rows {
				at = i / inner % outer
			}
			y.V[i] = v - zero.V[min(at, len(zero.V)-1)]
		}
		return y
	}
	if len(out[0].V) == 0 {
		return
	}
	var a, b Array
	if o.TransA {
		a = shifted(in[0], in[2], m, k, false)
	} else {
		a = shifted(in[0], in[2], k, m, true)
	}
	if o.TransB {
		b = shifted(in[1], in[3], k, n, true)
	} else {
		b = shifted(in[1], in[3], n, k, false)
	}
	b.DType = a.DType
	MatMulOp(o).Ref(out, []Array{a, b})
}
