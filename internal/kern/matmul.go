package kern

import "github.com/glia-ml/glia/internal/par"

// Float is the element types of the matrix product.
type Float interface{ float32 | float64 }

// Act is the activation that the matrix product applies.
type Act uint8

const (
	NoAct Act = iota
	ReLU      // 0 where x < 0, else x: a NaN stays a NaN
)

// An Epilogue goes on with a matrix product's results while they are in cache.
type Epilogue interface {
	// Block says that rows [i0,i1) and columns [j0,j1) of C of batch b are final.
	// The blocks of a product cover C exactly once. Each call comes from the
	// goroutine that wrote the block, soon after. w.Extra is free for it to use.
	Block(b, i0, i1, j0, j1 int, w *par.Worker)
}

// Product is C = act(op(A)·op(B) + bias), then After on every finished block, for
// every matrix of a batch. Matrices are row-major.
//
// Each element of C is one chain of multiply-adds, for k = 0 ... K-1, that starts
// from the bias, or from 0: its bits do not depend on M, N, the place in C, or the
// number of threads.
type Product[T Float] struct {
	M, N, K        int
	TransA, TransB bool // A is stored [K M], B is stored [N K]
	A, B, C        []T
	LDA, LDB, LDC  int // elements from one row to the next, as stored

	Batch                     int // 0 means 1
	StrideA, StrideB, StrideC int // elements from one matrix to the next; 0 for a shared operand

	Bias  []T // [N] or nil
	Act   Act
	After Epilogue // or nil
}

// MatMul is the float32 matrix product, the one that has vector kernels.
type MatMul = Product[float32]

// MatMul64 is the float64 matrix product.
type MatMul64 = Product[float64]

// Run computes the product. C must not overlap A, B or Bias. Once warm it
// allocates nothing; a Product runs once at a time.
func (m *Product[T]) Run() {
	if m.M == 0 || m.N == 0 {
		return
	}
	par.Do(max(m.Batch, 1)*m.M, (*byRow[T])(m))
}

type byRow[T Float] Product[T]

// Piece computes one row of one C.
func (m *byRow[T]) Piece(p int, w *par.Worker) {
	b, i := p/m.M, p%m.M
	c := m.C[b*m.StrideC+i*m.LDC:][:m.N]
	clear(c)
	copy(c, m.Bias)
	a := m.A[min(len(m.A), b*m.StrideA):]
	bb := m.B[min(len(m.B), b*m.StrideB):]
	for k := range m.K {
		var x T
		if m.TransA {
			x = a[k*m.LDA+i]
		} else {
			x = a[i*m.LDA+k]
		}
		for j := range c {
			if m.TransB {
				c[j] += T(x * bb[j*m.LDB+k])
			} else {
				c[j] += T(x * bb[k*m.LDB+j])
			}
		}
	}
	if m.Act == ReLU {
		for j, x := range c {
			if x < 0 {
				c[j] = 0
			}
		}
	}
	if m.After != nil {
		m.After.Block(b, i, i+1, 0, m.N, w)
	}
}
