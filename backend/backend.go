// Package backend is the interface between graphs and hardware. A [Device] compiles whole
// graphs. For a device that is a table of [Kernels], looked up by the operation's type,
// internal/plan compiles, and makes the fused operations of this package.
package backend

import (
	"unsafe"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Buf is the memory of one value during a run, row-major and, but in a kernel of a
// [Strided], without gaps.
type Buf struct {
	tensor.Spec
	Mem []byte
}

// Data returns the elements of b, whose dtype must be that of T.
func Data[T tensor.Element](b Buf) []T {
	var z T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b.Mem))), len(b.Mem)/int(unsafe.Sizeof(z)))
}

// Tensor returns b as a tensor, without a copy.
func (b Buf) Tensor() *tensor.Tensor {
	t, err := tensor.FromBytes(b.Spec, b.Mem)
	if err != nil {
		panic(err)
	}
	return t
}

// Kernel computes the results of one operation. It checks nothing: the plan has
// proved dtypes, shapes and sizes. An instance serves one run at a time, so it
// may keep memory of its own between calls.
type Kernel interface {
	Run(out, in []Buf)
}

// KernelFunc is a function as a kernel, without memory of its own.
type KernelFunc func(out, in []Buf)

// Run implements [Kernel].
func (f KernelFunc) Run(out, in []Buf) { f(out, in) }

// Kernels makes the kernels of one device, which plans call.
type Kernels interface {
	// Name returns the device's name for people.
	Name() string
	// Kernel returns a new kernel of op for results and inputs of these specs, or nil if
	// the device has no such kernel.
	Kernel(op graph.Op, out, in []tensor.Spec) Kernel
	// Fuses reports whether op, on inputs of these specs, can be an instruction
	// of a [Program].
	Fuses(op graph.Op, out, in []tensor.Spec) bool
	// Heads reports whether op, on inputs of these specs, can be the head of a
	// [Fused].
	Heads(op graph.Op, out, in []tensor.Spec) bool
	// Packs returns the dtype and the length of the vector in which the kernel of a [Packed]
	// reads the weights of op, its input 1, and false if there is no such kernel, or no gain
	// by it.
	Packs(op graph.Op, out, in []tensor.Spec) (packed tensor.Spec, ok bool)
	// InPlace reports whether the kernel of op may compute a result in the memory of an
	// input of the same spec that is not read later: it reads every element of that input
	// before, or together with, writing the same element of the result.
	InPlace(op graph.Op, result, input int) bool
}
