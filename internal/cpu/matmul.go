package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.MatMulOp, out, in []tensor.Spec) backend.Kernel {
		switch {
		case all(tensor.Float32, in):
			return newMatMul[float32](op, out[0], in)
		case all(tensor.Float64, in):
			return newMatMul[float64](op, out[0], in)
		case narrowOf(out[0].DType) != kern.NotNarrow:
			return newMatMul[float32](op, out[0], in)
		}
		return newProduct(op, out[0], in)
	})
	registerHead(func(op ops.MatMulOp, out, in []tensor.Spec) head { return newMatMul[float32](op, out[0], in) })
}

// matMul is the kernel of a matrix product; T is float32 for 16-bit floats too. The
// kern product takes one batch axis; products that broadcast several run it once per
// outer position.
type matMul[T kern.Float] struct {
	kern.Product[T]
	outer      []int // sizes of the batch axes that are walked here
	outA, outB []int // their strides
	at         int   // the element of the result where the present product begins
	then       *epilogue
}

func newMatMul[T kern.Float](op ops.MatMulOp, out tensor.Spec, in []tensor.Spec) *matMul[T] {
	a, b := in[0], in[1]
	batch, m, n, k, _ := op.Dims(a, b)
	p := &matMul[T]{}
	p.Narrow = narrowOf(a.DType)
	p.M, p.N, p.K, p.TransA, p.TransB = m, n, k, op.TransA, op.TransB
	p.LDA, p.LDB, p.LDC = a.Shape.At(-1), b.Shape.At(-1), n
	p.StrideC = m * n
	p.Batch = 1
	sa := ops.BroadcastStrides(a.Shape.To(a.Rank()-2), batch).Slice()
	sb := ops.BroadcastStrides(b.Shape.To(b.Rank()-2), batch).Slice()
	dims := batch.Slice()
	if r := len(dims); r > 0 {
		p.Batch, p.StrideA, p.StrideB = dims[r-1], sa[r-1]*m*k, sb[r-1]*k*n
		dims, sa, sb = dims[:r-1], sa[:r-1], sb[:r-1]
		// Outer axes that continue the last one join it.
		for r := len(dims); r > 0 && sa[r-1]*m*k == p.StrideA*p.Batch && sb[r-1]*k*n == p.StrideB*p.Batch; r-- {
			p.Batch *= dims[r-1]
			dims, sa, sb = dims[:r-1], sa[:r-1], sb[:r-1]
		}
		// A product whose B is shared is one with more rows.
		if len(dims) == 0 && p.StrideB == 0 && !p.TransA && p.StrideA == m*k {
			p.M, p.Batch, p.StrideA, p.StrideC = p.M*p.Batch, 1, 0, 0
		}
	}
	p.outer = dims
	for i := range dims {
		p.outA, p.outB = append(p.outA, sa[i]*m*k), append(p.outB, sb[i]*k*n)
	}
	return p
}

// narrowOf returns the format of the elements if they are of 16 bits.
func narrowOf(dt tensor.DType) kern.Narrow {
	switch dt {
	case tensor.BFloat16:
		return kern.BF16
	case tensor.Float16:
		return kern.F16
	}
	return kern.NotNarrow
}

// Run implements backend.Kernel.
func (p *matMul[T]) Run(out, in []backend.Buf) { p.run(out[0], in[0], in[1]) }

func (p *matMul[T]) run(c, a, b backend.Buf) {
	if len(c.Mem) == 0 {
		return
	}
	if p.then != nil && p.then.bias != nil {
		p.Bias = view[T](p.then.bias)
	}
	count := 1
	for _, d := range p.outer {
		count *= d
	}
	for i := range count {
		atA, atB := 0, 0
		for axis, rest := len(p.outer)-1, i; axis >= 0; axis-- {
			atA += rest % p.outer[axis] * p.outA[axis]
			atB += rest % p.outer[axis] * p.outB[axis]
			rest /= p.outer[axis]
		}
		p.at = i * p.Batch * p.M * p.N
		if p.Narrow != kern.NotNarrow {
			p.A16, p.B16, p.C16 = bits16(a)[atA:], bits16(b)[atB:], bits16(c)[p.at:]
		} else {
			p.A, p.B, p.C = backend.Data[T](a)[atA:], backend.Data[T](b)[atB:], backend.Data[T](c)[p.at:]
		}
		p.Product.Run()
	}
	p.A, p.B, p.C = nil, nil, nil
	p.A16, p.B16, p.C16 = nil, nil, nil
	p.Bias = nil
}

// attach implements head.
func (p *matMul[T]) attach(e *epilogue) {
	p.then = e
	if e.relu {
		p.Act = kern.ReLU
	}
	if e.after != nil {
		p.After = p
	}
}

// Block implements kern.Epilogue: it runs the program over a finished block.
func (p *matMul[T]) Block(b, i0, i1, j0, j1 int, w *par.Worker) {
	base := p.at + b*p.M*p.N
	p.then.block(base+i0*p.N+j0, i1-i0, j1-j0, p.N, w)
}
