package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// newProduct returns the kernel of a matrix product of integers, in an unsigned type of
// their size, since low bits do not depend on signs. Package kern has no such product.
func newProduct(op ops.MatMulOp, out tensor.Spec, in []tensor.Spec) backend.Kernel {
	switch out.DType.Size() {
	case 1:
		return newIntProduct[uint8](op, out, in)
	case 2:
		return newIntProduct[uint16](op, out, in)
	case 4:
		return newIntProduct[uint32](op, out, in)
	}
	return newIntProduct[uint64](op, out, in)
}

// intProduct is the kernel of a product of integers: a unit is a row of the result.
type intProduct[T uint8 | uint16 | uint32 | uint64] struct {
	m, n, k  int
	transA   bool
	transB   bool
	atA, atB []int // where the matrices of each product of the batch begin
}

func newIntProduct[T uint8 | uint16 | uint32 | uint64](op ops.MatMulOp, out tensor.Spec, in []tensor.Spec) backend.Kernel {
	a, b := in[0], in[1]
	p := &intProduct[T]{transA: op.TransA, transB: op.TransB}
	var batch tensor.Dims
	batch, p.m, p.n, p.k, _ = op.Dims(a, b)
	wa := newWalk(ops.BroadcastStrides(a.Shape.To(a.Rank()-2), batch), batch)
	wb := newWalk(ops.BroadcastStrides(b.Shape.To(b.Rank()-2), batch), batch)
	if out.Shape.Size() > 0 {
		for i := range batch.Size() {
			ia, _, _ := wa.run(i)
			ib, _, _ := wb.run(i)
			p.atA, p.atB = append(p.atA, ia*p.m*p.k), append(p.atB, ib*p.k*p.n)
		}
	}
	return newSpread(len(p.atA)*p.m, p.n*p.k, p.rows)
}

// rows computes rows [lo,hi) of the result, counted through the batch.
func (p *intProduct[T]) rows(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
	for r := lo; r < hi; r++ {
		a, b := view[T](in[0].Mem)[p.atA[r/p.m]:], view[T](in[1].Mem)[p.atB[r/p.m]:]
		c, i := view[T](out.Mem)[r*p.n:][:p.n], r%p.m
		clear(c)
		for k := range p.k {
			x := a[p.at(p.transA, i, k, p.m, p.k)]
			if p.transB {
				for j := range c {
					c[j] += x * b[j*p.k+k]
				}
				continue
			}
			for j, y := range b[k*p.n:][:p.n] {
				c[j] += x * y
			}
		}
	}
}

// at returns where element (i, j) of an [m n] matrix lies that may be stored [n m].
func (*intProduct[T]) at(trans bool, i, j, m, n int) int {
	if trans {
		return j*m + i
	}
	return i*n + j
}
