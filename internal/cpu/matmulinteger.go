package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	registerStrided(func(op ops.MatMulIntegerOp, out, in []layout) backend.Kernel {
		if k := newMatMulInteger(op, out[0], in); k != nil {
			return k
		}
		return nil
	})
}

// matMulInteger is the kernel of a product of 8-bit integers. The kern product takes one
// batch axis; products of more run it once per outer position.
type matMulInteger struct {
	kern.MatMulInt8
	atA, atB, atC []int // where the matrices of each outer position begin
}

// newMatMulInteger returns nil if a value has gaps along both axes of its matrices, or a
// zero point has.
func newMatMulInteger(op ops.MatMulIntegerOp, out layout, in []layout) *matMulInteger {
	a, b := in[0], in[1]
	batch, m, n, k, _ := op.Dims(a.Spec, b.Spec)
	p := &matMulInteger{atA: []int{0}, atB: []int{0}, atC: []int{0}}
	p.M, p.N, p.K = m, n, k
	p.SignedA, p.SignedB = a.DType == tensor.Int8, b.DType == tensor.Int8
	var turnA, turnB, turnC, okA, okB, okC bool
	p.LDA, turnA, okA = a.rows()
	p.LDB, turnB, okB = b.rows()
	p.LDC, turnC, okC = out.rows()
	if !okA || !okB || !okC || turnC || in[2].gaps() || in[3].gaps() {
		return nil
	}
	p.TransA, p.TransB = op.TransA != turnA, op.TransB != turnB
	axes := batchAxes(batch, out, a, b)
	if r := len(axes); r > 0 {
		last := axes[r-1]
		p.Batch, p.StrideC, p.StrideA, p.StrideB = last.size, last.strides[0], last.strides[1], last.strides[2]
		axes = axes[:r-1]
		// Products that share B and the zero point are one product with more rows.
		if len(axes) == 0 && p.StrideB == 0 && !p.TransA && p.StrideA == m*p.LDA && p.StrideC == m*p.LDC && in[2].Shape.Size() == 1 {
			p.M, p.Batch = p.M*p.Batch, 0
		}
	}
	for _, x := range axes {
		p.atC, p.atA, p.atB = along(p.atC, x.size, x.strides[0]), along(p.atA, x.size, x.strides[1]), along(p.atB, x.size, x.strides[2])
	}
	return p
}

// along returns every position of at, and those that follow it along an axis.
func along(at []int, size, stride int) []int {
	var all []int
	for _, from := range at {
		for i := range size {
			all = append(all, from+i*stride)
		}
	}
	return all
}

// Run implements backend.Kernel.
func (p *matMulInteger) Run(out, in []backend.Buf) {
	if len(out[0].Mem) == 0 {
		return
	}
	p.ZeroA, p.ZeroB = in[2].Mem, in[3].Mem
	for i := range p.atC {
		p.A, p.B, p.C = in[0].Mem[p.atA[i]:], in[1].Mem[p.atB[i]:], backend.Data[int32](out[0])[p.atC[i]:]
		p.MatMulInt8.Run()
	}
	p.A, p.B, p.C, p.ZeroA, p.ZeroB = nil, nil, nil, nil, nil
}
