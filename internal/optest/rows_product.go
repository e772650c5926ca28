package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).products) }

func (t *table) products() {
	for _, s := range []struct {
		batchA, batchB tensor.Dims
		m, n, k        int
	}{
		{d(), d(), 3, 4, 5}, {d(), d(), 1, 1, 1}, {d(2), d(2), 2, 3, 2}, {d(2, 1), d(3), 2, 1, 3}, {d(3), d(), 1, 2, 4},
		{d(), d(), 3, 4, 0}, {d(), d(), 0, 4, 3}, {d(0), d(0), 2, 2, 2},
		{d(), d(), 37, 41, 53}, {d(), d(), 128, 10, 128}, {d(), d(), 1, 67, 301}, {d(), d(), 65, 1, 129}, {d(3), d(3), 17, 33, 16},
	} {
		for _, o := range []ops.MatMulOp{{}, {TransA: true}, {TransB: true}, {TransA: true, TransB: true}} {
			a, b := s.batchA.Append(s.m, s.k), s.batchB.Append(s.k, s.n)
			if o.TransA {
				a = s.batchA.Append(s.k, s.m)
			}
			if o.TransB {
				b = s.batchB.Append(s.n, s.k)
			}
			dtypes := floats
			if s.k < 50 {
				dtypes = numbers
			}
			t.add(o, dtypes, 2, 2*float64(s.k), input{shape: a, v: anyReal}, input{shape: b, v: anyReal})
		}
	}
}
