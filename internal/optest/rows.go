package optest

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// The sets of dtypes that operations take.
var (
	floats  = []tensor.DType{tensor.Float64, tensor.Float32, tensor.Float16, tensor.BFloat16}
	wide    = []tensor.DType{tensor.Float64, tensor.Float32}
	numbers = append([]tensor.DType{tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64,
		tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64}, floats...)
	bools = []tensor.DType{tensor.Bool}
	all   = tensor.DTypes()
)

// d is a shape.
func d(dims ...int) tensor.Dims { return tensor.D(dims...) }

// table collects rows.
type table struct{ rows []row }

// families holds the functions that add rows, family by family; each file rows_*.go
// appends its own.
var families []func(*table)

// rows returns the rows of all families.
func rows() []row {
	var t table
	for _, add := range families {
		add(&t)
	}
	return t.rows
}

// add adds one row.
func (t *table) add(op graph.Op, dtypes []tensor.DType, ulps, abs float64, in ...input) {
	t.rows = append(t.rows, row{op: op, dtypes: dtypes, inputs: in, ulps: ulps, abs: abs})
}

// addNoGrad adds one row whose values have no gradient to check.
func (t *table) addNoGrad(op graph.Op, dtypes []tensor.DType, ulps, abs float64, in ...input) {
	t.add(op, dtypes, ulps, abs, in...)
	t.rows[len(t.rows)-1].noGrad = true
}

// unary adds an elementwise operation of one input on arrays of many sizes, and on
// special values.
func (t *table) unary(op graph.Op, dtypes []tensor.DType, v values, ulps, abs float64) {
	for _, s := range []tensor.Dims{d(), d(7), d(3, 5), d(0, 4), d(2, 3, 173)} {
		t.add(op, dtypes, ulps, abs, input{shape: s, v: v})
	}
	if dtypes[0].IsFloat() {
		t.addNoGrad(op, dtypes, ulps, abs, input{shape: d(13), v: special})
	}
}

// binary adds an elementwise operation of two inputs on shapes that broadcast.
func (t *table) binary(op graph.Op, dtypes []tensor.DType, a, b values, ulps, abs float64) {
	for _, s := range [][2]tensor.Dims{
		{d(), d()}, {d(3, 4), d(3, 4)}, {d(3, 4), d(4)}, {d(4), d(3, 4)}, {d(3, 1), d(1, 4)}, {d(), d(5)},
		{d(2, 1, 3), d(4, 1)}, {d(0, 3), d(3)}, {d(1, 3), d(0, 1)},
		{d(1031), d(1031)}, {d(37, 31), d(31)}, {d(37, 1), d(37, 31)}, {d(33, 34), d()}, {d(3, 1, 5, 1, 7), d(4, 5, 6, 1)},
	} {
		t.add(op, dtypes, ulps, abs, input{shape: s[0], v: a}, input{shape: s[1], v: b})
	}
}

// noGradLast marks the last n rows.
func (t *table) noGradLast(n int) {
	for i := range n {
		t.rows[len(t.rows)-1-i].noGrad = true
	}
}
