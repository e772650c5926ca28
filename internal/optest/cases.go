package optest

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Case is one operation on given inputs.
type Case struct {
	// Name tells the case from others: op, dtype and shapes.
	Name string
	Op   graph.Op
	// In holds values that the inputs' dtypes can represent.
	In []ops.Array
	// Ulps and Abs are the error allowed of a float result w of a device:
	// (Ulps·|w| + Abs)·ε, where ε is the distance from 1 to the next number of the
	// result's dtype. A result that is right but for its rounding needs 0.5.
	Ulps, Abs float64
	// NoGrad is set where the inputs hold values at which there is no gradient to
	// check: special values, ties, indices outside.
	NoGrad bool
	// Once is set for operations with a gradient that has no gradient itself.
	Once bool
}

// Small reports whether the case is small enough for central differences.
func (c Case) Small() bool {
	for _, a := range c.In {
		if len(a.V) > 40 {
			return false
		}
	}
	return true
}

// Cases returns every case of the table: each row in each of its dtypes. Their arrays are
// the same in every call, and stay as they are.
func Cases() []Case { return slices.Clone(cases()) }

// cases makes the cases, once: rounding their inputs takes a second.
var cases = sync.OnceValue(func() []Case {
	var all []Case
	seen := map[string]int{}
	for _, r := range rows() {
		for _, dt := range r.dtypes {
			c := r.in(dt)
			if seen[c.Name]++; seen[c.Name] > 1 { // other values
				c.Name += fmt.Sprintf(" #%d", seen[c.Name])
			}
			all = append(all, c)
		}
	}
	return all
})

// row is an operation with the shapes and values of its inputs, for some dtypes.
type row struct {
	op        graph.Op
	dtypes    []tensor.DType
	inputs    []input
	ulps, abs float64
	noGrad    bool
	once      bool
}

// input describes an input. Dt is the row's dtype if it is Invalid.
type input struct {
	shape tensor.Dims
	v     values
	dt    tensor.DType
}

// in returns the case of r in a dtype.
func (r row) in(dt tensor.DType) Case {
	var name strings.Builder
	c := Case{Op: withDType(r.op, dt), Ulps: r.ulps, Abs: r.abs, NoGrad: r.noGrad, Once: r.once}
	fmt.Fprintf(&name, "%s/%s", strings.TrimSuffix(reflect.TypeOf(c.Op).Name(), "Op"), graph.Describe(c.Op))
	for _, in := range r.inputs {
		s := tensor.Spec{DType: in.dt, Shape: in.shape}
		if s.DType == tensor.Invalid {
			s.DType = dt
		}
		fmt.Fprintf(&name, " %v", s)
		c.In = append(c.In, ops.NewArray(s))
	}
	if len(r.inputs) == 0 {
		fmt.Fprintf(&name, " %v", dt)
	}
	c.Name = name.String()
	h := fnv.New64a()
	h.Write([]byte(c.Name))
	random := source(h.Sum64())
	for k, a := range c.In {
		for i := range a.V {
			a.V[i] = fit(a.DType, r.inputs[k].v(random, i, len(a.V)))
		}
	}
	return c
}

// withDType sets the dtype of the spec that an operation without inputs of the
// row's dtype makes its result of.
func withDType(op graph.Op, dt tensor.DType) graph.Op {
	switch o := op.(type) {
	case ops.FullOp:
		o.Spec.DType = dt
		return o
	case ops.IotaOp:
		o.Spec.DType = dt
		return o
	case ops.RandomUniformOp:
		o.Spec.DType = dt
		return o
	case ops.RandomNormalOp:
		o.Spec.DType = dt
		return o
	case ops.BernoulliOp:
		o.Spec.DType = dt
		return o
	case ops.OneHotOp:
		o.DType = dt
		return o
	}
	return op
}

// fit makes v a value of dtype dt: integers take four times the number, cut off,
// so that numbers about 0 stay different ones.
func fit(dt tensor.DType, v float64) float64 {
	switch {
	case dt == tensor.Bool:
		if v > 0 {
			return 1
		}
		return 0
	case dt.IsUnsigned() && v < 0:
		v = -v
	}
	if dt.IsInt() && v == v && v-float64(int64(v)) != 0 {
		v = float64(int64(4 * v))
	}
	return Round(dt, v)
}
