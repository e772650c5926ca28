package backend

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Reference is the table whose kernels run every operation's reference: slow, in
// float64, and right. Results are rounded to their dtype after each operation.
type Reference struct{}

// Name implements [Kernels].
func (Reference) Name() string { return "reference" }

// Fuses implements [Kernels]: nothing is gained by it.
func (Reference) Fuses(graph.Op, []tensor.Spec, []tensor.Spec) bool { return false }

// Heads implements [Kernels]: nothing is gained by it.
func (Reference) Heads(graph.Op, []tensor.Spec, []tensor.Spec) bool { return false }

// Packs implements [Kernels]: nothing is gained by it.
func (Reference) Packs(graph.Op, []tensor.Spec, []tensor.Spec) (packed tensor.Spec, ok bool) {
	return packed, false
}

// InPlace implements [Kernels]: a kernel copies all inputs before it writes a result.
func (Reference) InPlace(graph.Op, int, int) bool { return true }

// Kernel implements [Kernels]: for every operation on values without gaps.
func (Reference) Kernel(op graph.Op, _, _ []tensor.Spec) Kernel {
	if _, gaps := op.(*Strided); gaps {
		return nil
	}
	return KernelFunc(func(out, in []Buf) {
		args, res := make([]ops.Array, len(in)), make([]ops.Array, len(out))
		for i, b := range in {
			args[i] = ops.Array{Spec: b.Spec, V: b.Tensor().Float64s()}
		}
		for i, b := range out {
			res[i] = ops.NewArray(b.Spec)
		}
		ops.Reference(op, res, args)
		for i, b := range out {
			if err := b.Tensor().SetFloat64s(res[i].V); err != nil {
				panic(err)
			}
		}
	})
}
