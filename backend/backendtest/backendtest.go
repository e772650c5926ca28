// Package backendtest holds the suite that every device passes: each operation, on each
// dtype that it takes, against the reference, and how devices keep variables.
package backendtest

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Kernels tests a table of kernels on the cases of optest and on large ones. Results are compared with those of the operations' references, within the errors
// that the cases allow. Each kernel runs twice, between guarded borders, and may
// keep nothing from one run to the next, change no input, and allocate no memory
// once it is warm. Operations without a kernel are skipped; [Missing]
// lists them.
func Kernels(t *testing.T, table backend.Kernels) {
	groups := map[string][]optest.Case{}
	for _, c := range append(optest.Cases(), Large()...) {
		name := reflect.TypeOf(c.Op).Name()
		groups[name] = append(groups[name], c)
	}
	for _, name := range sortedKeys(groups) {
		t.Run(name, func(t *testing.T) {
			for _, c := range groups[name] {
				testKernel(t, table, c)
			}
		})
	}
}

// allocations returns the number of allocations of f. If the first run makes some, they
// may be the runtime's own, so more runs decide.
func allocations(f func()) float64 {
	if testing.AllocsPerRun(1, f) == 0 {
		return 0
	}
	return testing.AllocsPerRun(20, f)
}

func testKernel(t *testing.T, table backend.Kernels, c optest.Case) {
	for _, k := range KernelsOf(table, c) {
		r := NewRunner(c)
		r.Run(k)
		first := r.Results()
		if err := widened(c).Check(r.Arrays()); err != nil {
			t.Errorf("%T: %v", k, err)
			continue
		}
		r.Run(k)
		for i, b := range r.Results() {
			if !bytes.Equal(b, first[i]) {
				t.Errorf("%s: %T: result %d of the second run differs from that of the first", c.Name, k, i)
			}
		}
		if err := r.CheckMemory(); err != nil {
			t.Errorf("%s: %T: %v", c.Name, k, err)
		}
		if n := allocations(func() { k.Run(r.out, r.in) }); n != 0 {
			t.Errorf("%s: %T: %v allocations in a warm run, want 0", c.Name, k, n)
		}
	}
}

// widened returns c with the error allowed where the reference itself is not exact: that
// of Softmax computes ln Σ e^x, whose rounding grows with x.
func widened(c optest.Case) optest.Case {
	if _, ok := c.Op.(ops.SoftmaxOp); ok && c.In[0].DType == tensor.Float64 {
		for _, v := range c.In[0].V {
			if !math.IsInf(v, 0) {
				c.Ulps = max(c.Ulps, 16+math.Abs(v))
			}
		}
	}
	return c
}

// KernelsOf returns the kernels of a table for a case: the operation's own, and
// that of a program of this one operation if it can be in a program.
func KernelsOf(table backend.Kernels, c optest.Case) []backend.Kernel {
	in, out := Specs(c)
	var kernels []backend.Kernel
	if k := table.Kernel(c.Op, out, in); k != nil {
		kernels = append(kernels, k)
	}
	if table.Fuses(c.Op, out, in) {
		p := backend.ProgramOf(c.Op, out, in)
		if k := table.Kernel(p, out, in); k != nil {
			kernels = append(kernels, k)
		}
	}
	return kernels
}

// Specs returns the specs of the inputs and the results of a case.
func Specs(c optest.Case) (in, out []tensor.Spec) {
	for _, a := range c.In {
		in = append(in, a.Spec)
	}
	out, err := c.Op.Infer(in)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", c.Name, err))
	}
	return in, out
}

// border is the length of the guarded memory before and behind each buffer.
const border = 64

// Runner has memory for the inputs and results of a case.
type Runner struct {
	in, out []backend.Buf
	before  [][]byte // copies of the inputs
	guarded [][]byte // all memory, with its borders
}

// NewRunner returns a runner with the inputs of c.
func NewRunner(c optest.Case) *Runner {
	r := &Runner{}
	_, out := Specs(c)
	for _, a := range c.In {
		b := r.buf(a.Spec)
		copy(b.Mem, optest.ToTensor(a).Bytes())
		r.in, r.before = append(r.in, b), append(r.before, bytes.Clone(b.Mem))
	}
	for _, s := range out {
		r.out = append(r.out, r.buf(s))
	}
	return r
}

// buf returns memory between borders.
func (r *Runner) buf(s tensor.Spec) backend.Buf {
	n := s.Bytes()
	mem := tensor.Alloc(n + 2*border)
	r.guarded = append(r.guarded, mem)
	for i := range border {
		mem[i], mem[border+n+i] = canary, canary
	}
	return backend.Buf{Spec: s, Mem: mem[border : border+n : border+n]}
}

const canary = 0xA5

// Run fills the results with canary bytes and runs a kernel.
func (r *Runner) Run(k backend.Kernel) {
	for _, b := range r.out {
		for i := range b.Mem {
			b.Mem[i] = canary
		}
	}
	k.Run(r.out, r.in)
}

// Results returns copies of the results' memory.
func (r *Runner) Results() [][]byte {
	var all [][]byte
	for _, b := range r.out {
		all = append(all, bytes.Clone(b.Mem))
	}
	return all
}

// Arrays returns the values of the results. Integers of 64 bits that float64 rounds up
// beyond their dtype wrap around, as those of references do.
func (r *Runner) Arrays() []ops.Array {
	var all []ops.Array
	for _, b := range r.out {
		a := ops.Array{Spec: b.Spec, V: b.Tensor().Float64s()}
		for i, v := range a.V {
			a.V[i] = optest.Round(b.DType, v)
		}
		all = append(all, a)
	}
	return all
}

// CheckMemory returns an error if a kernel wrote outside of the results.
func (r *Runner) CheckMemory() error {
	for i, b := range r.in {
		if !bytes.Equal(b.Mem, r.before[i]) {
			return fmt.Errorf("input %d was changed", i)
		}
	}
	for i, mem := range r.guarded {
		for j := range border {
			if mem[j] != canary || mem[len(mem)-1-j] != canary {
				return fmt.Errorf("memory %d bytes outside of buffer %d was changed", border-j, i)
			}
		}
	}
	return nil
}

// Missing lists the operations of package ops, with the dtypes of their inputs, that
// the shape rules accept and the table has no kernel for.
func Missing(table backend.Kernels) []string {
	missing := map[string]bool{}
	for _, c := range optest.Cases() {
		if _, ok := c.Op.(graph.Control); ok { // plans run it
			continue
		}
		if _, ok := c.Op.(ops.Composed); ok { // plans compose it where there is no kernel
			continue
		}
		in, _ := Specs(c)
		for _, from := range dtypes(in) {
			for _, to := range tensor.DTypes() {
				other := slices.Clone(in)
				for i := range other {
					if other[i].DType == from {
						other[i].DType = to
					}
				}
				out, err := c.Op.Infer(other)
				if err == nil && table.Kernel(c.Op, out, other) == nil {
					missing[fmt.Sprintf("%s %v -> %v", reflect.TypeOf(c.Op).Name(), dtypesOf(other), dtypesOf(out))] = true
				}
			}
		}
	}
	return sortedKeys(missing)
}

// dtypesOf returns the dtype of each spec.
func dtypesOf(specs []tensor.Spec) []tensor.DType {
	var list []tensor.DType
	for _, s := range specs {
		list = append(list, s.DType)
	}
	return list
}

// dtypes returns the dtypes that occur, Invalid if there are no inputs.
func dtypes(in []tensor.Spec) []tensor.DType {
	list := dtypesOf(in)
	if len(list) == 0 {
		return []tensor.DType{tensor.Invalid}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
