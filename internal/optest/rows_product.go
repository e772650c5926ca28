package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).products, (*table).integerProducts) }

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

func (t *table) integerProducts() {
	bytes := []tensor.DType{tensor.Int8, tensor.Uint8}
	ends := list(0, 1, 127, -128, 128, 255, -1, 77, -100, 3, 254)
	for i, s := range []struct {
		batchA, batchB, zeroA, zeroB tensor.Dims
		m, n, k                      int
	}{
		{d(), d(), d(), d(), 3, 4, 5}, {d(), d(), d(1), d(1), 1, 1, 1}, {d(2), d(2), d(2), d(3), 2, 3, 2}, {d(2, 1), d(3), d(), d(1), 2, 1, 3},
		{d(3), d(), d(), d(4), 5, 4, 7}, {d(3), d(), d(5), d(), 5, 4, 7}, {d(), d(), d(3), d(4), 3, 4, 0}, {d(), d(), d(), d(), 0, 4, 3},
		{d(0), d(0), d(2), d(), 2, 2, 2}, {d(), d(), d(37), d(41), 37, 41, 53}, {d(), d(), d(), d(), 130, 10, 128}, {d(2, 3), d(3), d(1), d(67), 7, 67, 33},
	} {
		for _, o := range []ops.MatMulIntegerOp{{}, {TransA: true}, {TransB: true}, {TransA: true, TransB: true}} {
			a, b := s.batchA.Append(s.m, s.k), s.batchB.Append(s.k, s.n)
			if o.TransA {
				a = s.batchA.Append(s.k, s.m)
			}
			if o.TransB {
				b = s.batchB.Append(s.n, s.k)
			}
			dt := bytes[i%2]
			t.add(o, bytes, 0, 0, input{shape: a, v: ends}, input{b, ends, dt}, input{shape: s.zeroA, v: ends}, input{s.zeroB, ends, dt})
		}
	}
}
