package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/tensor"
)

// head is a kernel that calls an epilogue for each part of its result while that is in
// the cache.
type head interface {
	backend.Kernel
	// attach makes e the epilogue of every run. It holds the bias and the memory of the
	// current run.
	attach(e *epilogue)
}

var heads = map[reflect.Type]func(op graph.Op, out, in []tensor.Spec) head{}

// registerHead adds the kernel of an operation that can have an epilogue, for results of
// float32 and of half types.
func registerHead[O graph.Op](f func(op O, out, in []tensor.Spec) head) {
	heads[reflect.TypeFor[O]()] = func(op graph.Op, out, in []tensor.Spec) head { return f(op.(O), out, in) }
}

// Heads implements backend.Kernels.
func (Kernels) Heads(op graph.Op, out, _ []tensor.Spec) bool {
	return len(out) == 1 && (out[0].DType == tensor.Float32 || isHalf(out[0].DType)) && heads[reflect.TypeOf(op)] != nil
}

func init() {
	register(func(op *backend.Fused, _, in []tensor.Spec) backend.Kernel {
		out, err := op.Head.Infer(in[:op.Ins])
		if err != nil || !(Kernels{}).Heads(op.Head, out, in[:op.Ins]) {
			return nil
		}
		return newFused(op, heads[reflect.TypeOf(op.Head)](op.Head, out, in[:op.Ins]), in)
	})
	overwrites(func(op *backend.Fused, result, input int) bool { return op.Overwrites(result, input) })
}

// fused is the kernel of a backend.Fused.
type fused struct {
	op     *backend.Fused
	head   head
	native *native // or nil: the program, if the head computes it
	epilogue
	home int
	args []backend.Buf // of the program
	read []backend.Buf // by the second program
	wide []float32     // a bias of 16 bits, widened
}

func newFused(op *backend.Fused, h head, in []tensor.Spec) *fused {
	k := &fused{op: op, head: h, home: op.Home()}
	k.relu = op.Act == backend.ReluAct
	if op.Bias && in[op.Ins].DType != tensor.Float32 {
		k.wide = make([]float32, in[op.Ins].Shape.Size())
	}
	if k.native = nativeOf(op, h); k.native != nil {
		k.relu, k.limit = k.relu || k.native.relu, k.native.limit
	} else if op.After != nil {
		k.after = newProgram(op.After, nil)
		k.patches = newPatches(op.After, k.after)
		k.args = make([]backend.Buf, len(op.After.In))
	}
	if op.Then != nil {
		k.then = newSink(op.Then)
		k.read = make([]backend.Buf, len(op.Then.In))
	}
	h.attach(&k.epilogue)
	return k
}

// Run implements backend.Kernel.
func (k *fused) Run(out, in []backend.Buf) {
	switch {
	case k.wide != nil:
		loadAs(k.wide, in[k.op.Ins], 0, 1)
		k.bias = k.wide
	case k.op.Bias:
		k.bias = floats(in[k.op.Ins])
	}
	if k.after != nil {
		rest := in[k.op.Rest():k.op.First()]
		copy(k.args, rest[:k.op.Acc])
		k.args[k.op.Acc] = out[k.home]
		copy(k.args[k.op.Acc+1:], rest[k.op.Acc:])
		k.after.in, k.after.out = k.args, out
	}
	if k.then != nil {
		own := in[k.op.First():]
		for i, r := range k.op.Reads {
			if r >= 0 {
				k.read[i] = out[r]
			} else {
				k.read[i], own = own[0], own[1:]
			}
		}
		k.then.begin(out[k.op.Whole():], k.read)
	}
	if k.native != nil && k.native.adds {
		k.add = floats(in[k.op.Rest()])
	}
	k.result = out[k.home]
	k.head.Run(out[k.home:k.home+1], in[:k.op.Ins])
	if k.then != nil {
		k.then.end()
	}
	k.bias, k.add, k.result = nil, nil, backend.Buf{}
}

// epilogue computes a bias, an activation and programs on the parts of a head's result.
type epilogue struct {
	bias    []float32 // along the last axis, or nil
	add     []float32 // or nil: added to the result, with the bias
	relu    bool
	limit   float64  // an upper bound, or 0 for none
	after   *program // or nil
	patches *patches // of after
	then    *sink    // or nil
	result  backend.Buf
}

// hasPrograms reports whether the epilogue is more than what a head does itself.
func (e *epilogue) hasPrograms() bool { return e.after != nil || e.then != nil }

// span runs the epilogue for elements [lo,hi) of the result.
func (e *epilogue) span(lo, hi int, w *par.Worker) {
	switch {
	case e.bias == nil && !e.relu:
	case e.result.DType == tensor.Float32:
		e.activate(floats(e.result)[lo:hi], lo)
	default:
		wide := view[float32](w.Extra((hi - lo) * 4))
		loadAs(wide, e.result, lo, 1)
		e.activate(wide, lo)
		saveAs(e.result, lo, 1, wide)
	}
	e.block(lo, 1, hi-lo, hi-lo, w)
}

// activate adds the bias to x, elements of the result from at on, and takes the ReLU.
func (e *epilogue) activate(x []float32, at int) {
	if len(e.bias) > 0 {
		bias := e.bias[at%len(e.bias):]
		for rest := x; len(rest) > 0; bias = e.bias {
			n := min(len(rest), len(bias))
			kern.Add(rest[:n], rest[:n], bias[:n])
			rest = rest[n:]
		}
	}
	if e.relu {
		kern.Relu(x, x)
	}
}

// block runs the programs for rows of cols elements, the first at at and the others ld
// apart.
func (e *epilogue) block(at, rows, cols, ld int, w *par.Worker) {
	if e.after != nil {
		mem := w.Extra(e.patches.scratch())
		if cols == ld {
			e.after.run(mem, at, at+rows*ld)
		} else {
			e.patches.run(mem, at, rows, cols, ld)
		}
	}
	if e.then != nil {
		e.then.take(at, rows, cols, ld, w)
	}
}

// viewOrNil returns x as a slice of T, nil if it is nil.
func viewOrNil[T kern.Float](x []float32) []T {
	if x == nil {
		return nil
	}
	return view[T](x)
}
