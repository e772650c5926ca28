package cpu

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/backend/backendtest"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func TestKernels(t *testing.T) { backendtest.Kernels(t, Kernels{}) }

// TestPortable runs the kernels without vector instructions.
func TestPortable(t *testing.T) {
	if testing.Short() {
		t.Skip("every case with portable loops: not in short mode")
	}
	defer impl.Select("kern", impl.Portable)()
	backendtest.Kernels(t, Kernels{})
}

// TestMissing sees to it that every operation has a kernel for every dtype it takes.
func TestMissing(t *testing.T) {
	for _, m := range backendtest.Missing(Kernels{}) {
		t.Errorf("no kernel for %s", m)
	}
}

// TestSameBits compares the results of all kernels under any number of processors
// and under both vector implementations.
func TestSameBits(t *testing.T) {
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	cases := append(optest.Cases(), backendtest.Large()...)
	if testing.Short() {
		n := 0 // every third of them
		cases = slices.DeleteFunc(cases, func(optest.Case) bool { n++; return n%3 != 0 })
	}
	processors := impltest.Processors()
	runtime.GOMAXPROCS(processors[0])
	want := bitsOf(cases)
	best := impl.ISA()
	compare := func(what string) {
		t.Helper()
		for i, got := range bitsOf(cases) {
			if !bytes.Equal(got, want[i]) {
				t.Errorf("%s: %s: bits differ from those with one processor and %s", what, cases[i].Name, best)
			}
		}
	}
	for _, n := range processors[1:] {
		runtime.GOMAXPROCS(n)
		compare(fmt.Sprintf("GOMAXPROCS %d", n))
	}
	for _, name := range impl.Names("kern") {
		if name != impl.Portable && name != best {
			restore := impl.Select("kern", name)
			compare(name)
			restore()
		}
	}
}

// bitsOf returns the results of every case, those of all its kernels together.
func bitsOf(cases []optest.Case) [][]byte {
	all := make([][]byte, len(cases))
	for i, c := range cases {
		r := backendtest.NewRunner(c)
		for _, k := range backendtest.KernelsOf(Kernels{}, c) {
			r.Run(k)
			all[i] = append(all[i], bytes.Join(r.Results(), nil)...)
		}
	}
	return all
}

// eval runs the kernel of an operation.
func eval(t *testing.T, op graph.Op, in ...*tensor.Tensor) []*tensor.Tensor {
	t.Helper()
	var src, dst []backend.Buf
	var specs []tensor.Spec
	for _, x := range in {
		specs = append(specs, x.Spec())
		src = append(src, backend.Buf{Spec: x.Spec(), Mem: x.Bytes()})
	}
	outs, err := op.Infer(specs)
	if err != nil {
		t.Fatal(err)
	}
	var results []*tensor.Tensor
	for _, s := range outs {
		y := tensor.NewSpec(s)
		results = append(results, y)
		dst = append(dst, backend.Buf{Spec: s, Mem: y.Bytes()})
	}
	k := Kernels{}.Kernel(op, outs, specs)
	if k == nil {
		t.Fatalf("no kernel for %s of %v", op.Name(), specs)
	}
	k.Run(dst, src)
	return results
}

// TestWideIntegers uses integers that float64, and so the references, cannot hold.
func TestWideIntegers(t *testing.T) {
	const big = 1<<60 + 1
	const huge = 1<<63 + 1 // no int64
	i64, u64 := tensor.Of[int64], tensor.Of[uint64]
	over := ops.Reduction{Axes: tensor.D(0)}
	x := i64(big, -3, big+4, 7)
	for _, c := range []struct {
		op   graph.Op
		in   []*tensor.Tensor
		want *tensor.Tensor
	}{
		{ops.ReduceSumOp{Reduction: over}, []*tensor.Tensor{x}, tensor.Scalar[int64](2*big + 8)},
		{ops.ReduceMaxOp{Reduction: over}, []*tensor.Tensor{x}, tensor.Scalar[int64](big + 4)},
		{ops.ReduceMaxOp{Reduction: over}, []*tensor.Tensor{u64(5, huge, huge+1)}, tensor.Scalar[uint64](huge + 1)},
		{ops.ReduceMinOp{Reduction: over}, []*tensor.Tensor{u64(huge+1, huge)}, tensor.Scalar[uint64](huge)},
		{ops.ReduceProdOp{Reduction: over}, []*tensor.Tensor{i64(big, 3)}, tensor.Scalar[int64](3 * big)},
		{ops.ArgMaxOp{}, []*tensor.Tensor{x}, tensor.Scalar[int64](2)},
		{ops.ArgMinOp{}, []*tensor.Tensor{u64(huge+1, huge, huge+2)}, tensor.Scalar[int64](1)},
		{ops.CumSumOp{}, []*tensor.Tensor{x}, i64(big, big-3, 2*big+1, 2*big+8)},
		{ops.TopKOp{K: 2}, []*tensor.Tensor{x}, i64(big+4, big)},
		{ops.TopKOp{K: 2}, []*tensor.Tensor{u64(1, huge, huge+1)}, u64(huge+1, huge)},
		{ops.AddOp{}, []*tensor.Tensor{x, i64(1, 1, 1, 1)}, i64(big+1, -2, big+5, 8)},
		{ops.MulOp{}, []*tensor.Tensor{u64(huge, 2), u64(3, huge)}, u64(3*(huge&math.MaxInt64)+1<<63, 2)},
		{ops.EqualOp{}, []*tensor.Tensor{x, i64(big+1, -3, big+4, 8)}, tensor.Of(false, true, true, false)},
		{ops.LessOp{}, []*tensor.Tensor{u64(huge, 1, huge), u64(1, huge, huge+1)}, tensor.Of(false, true, true)},
		{ops.MaximumOp{}, []*tensor.Tensor{u64(huge, 1), u64(1, huge)}, u64(huge, huge)},
		{ops.WhereOp{}, []*tensor.Tensor{tensor.Of(true, false), u64(huge, 1), u64(2, huge+1)}, u64(huge, huge+1)},
		{ops.CastOp{To: tensor.Uint64}, []*tensor.Tensor{i64(-1, big)}, u64(math.MaxUint64, big)},
		{ops.CastOp{To: tensor.Int64}, []*tensor.Tensor{u64(huge, big)}, i64(math.MinInt64+1, big)},
		{ops.CastOp{To: tensor.Int8}, []*tensor.Tensor{u64(huge, 255)}, tensor.Of[int8](1, -1)},
		{ops.CastOp{To: tensor.Float32}, []*tensor.Tensor{u64(1 << 63)}, tensor.Of[float32](0x1p63)},
		{ops.CastOp{To: tensor.Int64}, []*tensor.Tensor{tensor.Of(math.Inf(1), math.Inf(-1), math.NaN(), -2.9)}, i64(math.MaxInt64, math.MinInt64, 0, -2)},
		{ops.CastOp{To: tensor.Uint64}, []*tensor.Tensor{tensor.Of[float32](0x1p64, -1, 2.9)}, u64(math.MaxUint64, 0, 2)},
		{ops.MatMulOp{}, []*tensor.Tensor{reshape(i64(big, 1, 0, 1), 2, 2), reshape(i64(2, 5), 2, 1)}, reshape(i64(2*big+5, 5), 2, 1)},
		{ops.TransposeOp{Perm: tensor.D(1, 0)}, []*tensor.Tensor{reshape(x, 2, 2)}, reshape(i64(big, big+4, -3, 7), 2, 2)},
		{ops.ScatterAddOp{Size: 2}, []*tensor.Tensor{tensor.Of[uint64](huge, 1, 1), i64(9, big, 1)}, i64(0, big+1)},
		{ops.GatherOp{}, []*tensor.Tensor{x, tensor.Of[uint64](huge, math.MaxUint64, 2)}, i64(0, 0, big+4)},
		{ops.OneHotOp{Depth: 2, DType: tensor.Int64}, []*tensor.Tensor{u64(math.MaxUint64, 1)}, reshape(i64(0, 0, 0, 1), 2, 2)},
	} {
		if got := eval(t, c.op, c.in...)[0]; !tensor.Equal(got, c.want) {
			t.Errorf("%s of %v: got %v, want %v", graph.Describe(c.op), c.in, got, c.want)
		}
	}
}

func reshape(t *tensor.Tensor, dims ...int) *tensor.Tensor {
	r, err := tensor.FromBytes(tensor.S(t.DType(), dims...), t.Bytes())
	if err != nil {
		panic(err)
	}
	return r
}
