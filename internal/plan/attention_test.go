package plan_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

var update = flag.Bool("update", false, "write the golden plans of testdata anew")

// attention traces self-attention of several heads out of plain operations: one
// projection to queries, keys and values.
func attention(dt tensor.DType) (out *graph.Node, params []*graph.Node) {
	const batch, time, heads, depth = 2, 5, 3, 4
	const width = heads * depth
	g := graph.New()
	param := func(name string, dims ...int) *graph.Node {
		params = append(params, g.Input(name, tensor.S(dt, dims...)))
		return params[len(params)-1]
	}
	x := param("x", batch, time, width)
	w, b := param("qkv/kernel", width, 3*width), param("qkv/bias", 3*width)
	o, c := param("output/kernel", width, width), param("output/bias", width)
	var split [3]*graph.Node // [B H T D]
	for i, part := range ops.Split(ops.Add(ops.MatMul(x, w), b), 2, width, width, width) {
		split[i] = ops.Transpose(ops.Reshape(part, batch, time, heads, depth), 0, 2, 1, 3)
	}
	scores := ops.Scale(ops.MatMulT(split[0], split[1], false, true), 1/math.Sqrt(depth))
	y := ops.Transpose(ops.MatMul(ops.Softmax(scores, -1), split[2]), 0, 2, 1, 3)
	return ops.Add(ops.MatMul(ops.Reshape(y, batch, time, width), o), c), params
}

// TestAttention keeps the plans of an attention block, in which nothing is copied, and
// compares them with the references.
func TestAttention(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.Float32, tensor.BFloat16, tensor.Float64} {
		y, params := attention(dt)
		loss := ops.ReduceSum(ops.Mul(y, y))
		for name, outs := range map[string][]*graph.Node{
			"forward":  {y},
			"training": append([]*graph.Node{loss}, autodiff.Grad(loss, params...)...),
		} {
			p := plan.Compile(y.Graph(), outs, cpu.Kernels{})
			got, same := runOnce(t, p), runOnce(t, plan.Compile(y.Graph(), outs, packed{}))
			tol := map[tensor.DType]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-4}[dt]
			for i, want := range optest.Eval(outs, randomInputs(p)...) {
				if err := tensor.AllClose(got[i], optest.ToTensor(want), tol, tol); err != nil && tol > 0 {
					t.Errorf("%v, %s, output %d: %v", dt, name, i, err)
				}
				if string(got[i].Bytes()) != string(same[i].Bytes()) {
					t.Errorf("%v, %s, output %d: got other bits than from a plan that copies", dt, name, i)
				}
			}
			dump := p.String()
			for _, op := range []string{"Transpose", "Slice", "Split", "Concat", "Reshape", "Copy"} {
				if strings.Contains(dump, "  "+op) {
					t.Errorf("%v, %s: a step of %s: want no copies", dt, name, op)
				}
			}
			if dt == tensor.Float32 {
				golden(t, "attention_"+name, dump)
			}
		}
	}
}

// packed is the CPU without kernels that take values with gaps.
type packed struct{ cpu.Kernels }

func (k packed) Kernel(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	if _, gaps := op.(*backend.Strided); gaps {
		return nil
	}
	return k.Kernels.Kernel(op, out, in)
}

// golden compares a dump with the one in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant, as in %s:\n%s", got, file, want)
	}
}
