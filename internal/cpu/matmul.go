package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	registerStrided(func(op ops.MatMulOp, out, in []layout) backend.Kernel {
		switch dt := in[0].DType; {
		case dt == tensor.Float32 || narrowOf(dt) != kern.NotNarrow:
			if k := newMatMul[float32](op, out[0], in); k != nil {
				return k
			}
		case dt == tensor.Float64:
			if k := newMatMul[float64](op, out[0], in); k != nil {
				return k
			}
		case !out[0].gaps() && !in[0].gaps() && !in[1].gaps():
			return newProduct(op, out[0].Spec, []tensor.Spec{in[0].Spec, in[1].Spec})
		}
		return nil
	})
	registerStridedHead(func(op ops.MatMulOp, out, in []layout) head {
		if k := newMatMul[float32](op, out[0], in); k != nil {
			return k
		}
		return nil
	})
}

// matMul is the kernel of a matrix product; T is float32 for 16-bit floats too. The
// kern product takes two batch axes; products of more run it once per outer position.
type matMul[T kern.Float] struct {
	kern.Product[T]
	outer            []int // sizes of the batch axes that are walked here
	outA, outB, outC []int // their strides
	at               int   // the element of the result where the present product begins
	then             *epilogue
	packed           bool // B is packed
}

// newMatMul returns nil if a value has gaps along both axes of its matrices.
func newMatMul[T kern.Float](op ops.MatMulOp, out layout, in []layout) *matMul[T] {
	a, b := in[0], in[1]
	batch, m, n, k, _ := op.Dims(a.Spec, b.Spec)
	p := &matMul[T]{}
	p.Narrow = narrowOf(a.DType)
	p.M, p.N, p.K = m, n, k
	var turnA, turnB, turnC, okA, okB, okC bool
	p.LDA, turnA, okA = a.rows()
	p.LDB, turnB, okB = b.rows()
	p.LDC, turnC, okC = out.rows()
	if !okA || !okB || !okC || turnC {
		return nil
	}
	p.TransA, p.TransB = op.TransA != turnA, op.TransB != turnB
	axes := batchAxes(batch, out, a, b)
	p.Batch = 1
	if r := len(axes); r > 0 {
		last := axes[r-1]
		p.Batch, p.StrideC, p.StrideA, p.StrideB = last.size, last.strides[0], last.strides[1], last.strides[2]
		axes = axes[:r-1]
		// Products that share B are one product with more rows.
		if len(axes) == 0 && p.StrideB == 0 && !p.TransA && p.StrideA == m*p.LDA && p.StrideC == m*p.LDC {
			p.M, p.Batch, p.StrideA, p.StrideC = p.M*p.Batch, 1, 0, 0
		}
	}
	if r := len(axes); r > 0 {
		last := axes[r-1]
		p.Inner = p.Batch
		p.Batch, p.OuterC, p.OuterA, p.OuterB = p.Batch*last.size, last.strides[0], last.strides[1], last.strides[2]
		axes = axes[:r-1]
	}
	for _, x := range axes {
		p.outer = append(p.outer, x.size)
		p.outC, p.outA, p.outB = append(p.outC, x.strides[0]), append(p.outA, x.strides[1]), append(p.outB, x.strides[2])
	}
	return p
}

// rows returns the distance of the rows of the matrices; turned if columns take the part
// of rows. It is not ok if neither rows nor columns are contiguous.
func (l layout) rows() (ld int, turned, ok bool) {
	m, n := l.Shape.At(-2), l.Shape.At(-1)
	toNext, along := l.strides.At(-2), l.strides.At(-1)
	switch {
	case along == 1 || n <= 1:
		return max(toNext, n, 1), false, m <= 1 || toNext >= n
	case toNext == 1 || m <= 1:
		return max(along, m), true, along >= m
	}
	return 0, false, false
}

// batchAxis is an axis of a batch, with the strides of several values along it.
type batchAxis struct {
	size    int
	strides [3]int
}

// batchAxes returns the axes of a batch that are longer than 1. Neighbours that every
// value walks through in one stride are joined.
func batchAxes(batch tensor.Dims, values ...layout) []batchAxis {
	var axes []batchAxis
	for i := range batch.Rank() {
		x := batchAxis{size: batch.At(i)}
		if x.size == 1 {
			continue
		}
		for v, l := range values {
			if j := i - batch.Rank() + l.Rank() - 2; j >= 0 && l.Shape.At(j) != 1 {
				x.strides[v] = l.strides.At(j)
			}
		}
		if n := len(axes); n > 0 && axes[n-1].strides == [3]int{x.strides[0] * x.size, x.strides[1] * x.size, x.strides[2] * x.size} {
			x.size *= axes[n-1].size
			axes[n-1] = x
			continue
		}
		axes = append(axes, x)
	}
	return axes
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
	if p.then != nil {
		p.Bias, p.Add = viewOrNil[T](p.then.bias), viewOrNil[T](p.then.add)
	}
	if p.packed {
		p.PackedB = backend.Data[T](b)
	}
	count := 1
	for _, d := range p.outer {
		count *= d
	}
	for i := range count {
		atA, atB, atC := 0, 0, 0
		for axis, rest := len(p.outer)-1, i; axis >= 0; axis-- {
			atA += rest % p.outer[axis] * p.outA[axis]
			atB += rest % p.outer[axis] * p.outB[axis]
			atC += rest % p.outer[axis] * p.outC[axis]
			rest /= p.outer[axis]
		}
		p.at = atC
		if p.Narrow != kern.NotNarrow {
			p.A16, p.B16, p.C16 = bits16(a)[atA:], bits16(b)[atB:], bits16(c)[p.at:]
		} else {
			p.A, p.B, p.C = backend.Data[T](a)[atA:], backend.Data[T](b)[atB:], backend.Data[T](c)[p.at:]
		}
		p.Product.Run()
	}
	p.A, p.B, p.C = nil, nil, nil
	p.A16, p.B16, p.C16 = nil, nil, nil
	p.Bias, p.Add, p.PackedB = nil, nil, nil
}

// attach implements head.
func (p *matMul[T]) attach(e *epilogue) {
	p.then = e
	if e.relu {
		p.Act = kern.ReLU
	}
	p.Cap = T(e.limit)
	if e.hasPrograms() {
		p.After = p
	}
}

// Block implements kern.Epilogue: it runs the program over a finished block.
func (p *matMul[T]) Block(b, i0, i1, j0, j1 int, w *par.Worker) {
	base := p.at + b*p.M*p.N
	p.then.block(base+i0*p.N+j0, i1-i0, j1-j0, p.N, w)
}
