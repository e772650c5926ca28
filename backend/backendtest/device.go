package backendtest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Device tests a device: the cases of optest, and without -short the large ones, each
// compiled as a graph of its own, against the operations' references; variables, which
// runs and the host change by turns; concurrent runs; and errors for tensors that do not
// fit.
func Device(t *testing.T, d backend.Device) {
	t.Run("Ops", func(t *testing.T) { testOps(t, d) })
	t.Run("Variables", func(t *testing.T) { testVariables(t, d) })
	t.Run("Exchange", func(t *testing.T) { testExchange(t, d) })
	t.Run("Concurrent", func(t *testing.T) { testConcurrent(t, d) })
	t.Run("Misfits", func(t *testing.T) { testMisfits(t, d) })
}

func testOps(t *testing.T, d backend.Device) {
	cases := optest.Cases()
	if !testing.Short() {
		cases = append(cases, Large()...)
	} else if _, ok := d.(*apart); ok {
		n := 0 // every third of them, which the device inside computes
		cases = slices.DeleteFunc(cases, func(optest.Case) bool { n++; return n%3 != 0 })
	}
	for _, c := range cases {
		if err := testOp(d, c); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// testOp runs a graph of one operation twice.
func testOp(d backend.Device, c optest.Case) error {
	g := graph.New()
	nodes, in := make([]*graph.Node, len(c.In)), make([]*tensor.Tensor, len(c.In))
	for i, a := range c.In {
		nodes[i], in[i] = g.Input(fmt.Sprintf("in[%d]", i), a.Spec), optest.ToTensor(a)
	}
	n := g.Apply(c.Op, nodes...)
	results := make([]*graph.Node, len(n.Specs()))
	for i := range results {
		results[i] = graph.Pick(n, i)
	}
	e, err := d.Compile(g, results)
	if err != nil {
		return err
	}
	if e.String() == "" {
		return fmt.Errorf("got an empty String: want a listing")
	}
	first := outputsOf(e)
	if err := e.Run(first, in); err != nil {
		return err
	}
	got := make([]ops.Array, len(first))
	for i, x := range first {
		got[i] = optest.FromTensor(x)
		for j, v := range got[i].V {
			got[i].V[j] = optest.Round(x.DType(), v)
		}
	}
	if err := widened(c).Check(got); err != nil {
		return err
	}
	again := outputsOf(e)
	if err := e.Run(again, in); err != nil {
		return err
	}
	for i, x := range again {
		if !bytes.Equal(x.Bytes(), first[i].Bytes()) {
			return fmt.Errorf("result %d of the second run differs from that of the first", i)
		}
	}
	for i, x := range in {
		if !bytes.Equal(x.Bytes(), optest.ToTensor(c.In[i]).Bytes()) {
			return fmt.Errorf("input %d was changed", i)
		}
	}
	return nil
}

// outputsOf returns tensors for the outputs of e, filled with canary bytes.
func outputsOf(e backend.Executable) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(e.Outputs()))
	for i, s := range e.Outputs() {
		out[i] = tensor.NewSpec(s)
		if s.DType != tensor.Bool {
			b := out[i].Bytes()
			for j := range b {
				b[j] = canary
			}
		}
	}
	return out
}

// testVariables adds to a variable on the device and sets it on the host.
func testVariables(t *testing.T, d backend.Device) {
	v := graph.NewVar("total", tensor.Of[float32](1, 2, 3))
	g := graph.New()
	x := g.Input("x", v.Spec())
	before := g.Value(v)
	g.Update(v, ops.Add(before, x))
	e, err := d.Compile(g, []*graph.Node{before, g.Value(v)})
	if err != nil {
		t.Fatal(err)
	}
	// A second graph reads it, before and after runs of the first.
	g = graph.New()
	reader, err := d.Compile(g, []*graph.Node{ops.Neg(g.Value(v))})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{1, 2, 3}
	check := func(when string) {
		t.Helper()
		out := outputsOf(reader)
		if err := reader.Run(out, nil); err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			if got := out[0].Float64s()[i]; got != -w {
				t.Errorf("%s: another graph reads %v at %d, want %v", when, -got, i, w)
			}
		}
		if got := v.Tensor().Float64s(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the host reads %v, want %v", when, got, want)
		}
	}
	check("at first")
	add := func(n float32) {
		t.Helper()
		out := outputsOf(e)
		if err := e.Run(out, []*tensor.Tensor{tensor.Of(n, n, n)}); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			old := want[i]
			want[i] += float64(n)
			if b, a := out[0].Float64s()[i], out[1].Float64s()[i]; b != old || a != want[i] {
				t.Errorf("adding %v at %d: %v became %v, want %v and %v", n, i, b, a, old, want[i])
			}
		}
	}
	add(10)
	add(5)
	check("after two runs")
	if err := v.Set(tensor.Of[float32](7, 8, 9)); err != nil {
		t.Fatal(err)
	}
	want = []float64{7, 8, 9}
	check("after Set")
	add(1)
	if err := v.Set(tensor.Of[float32](0, 0, 0)); err != nil {
		t.Fatal(err)
	}
	want = []float64{0, 0, 0}
	add(2)
	check("after a run, Set and a run")
}

// testExchange swaps two variables, whose old values are outputs too.
func testExchange(t *testing.T, d backend.Device) {
	a, b := graph.NewVar("a", tensor.Of[float32](1)), graph.NewVar("b", tensor.Of[float32](2))
	g := graph.New()
	x, y := g.Value(a), g.Value(b)
	g.Update(a, y)
	g.Update(b, x)
	e, err := d.Compile(g, []*graph.Node{x, y})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		out := outputsOf(e)
		if err := e.Run(out, nil); err != nil {
			t.Fatal(err)
		}
		was := [2]float64{float64(1 + i%2), float64(2 - i%2)}
		if got := [2]float64{out[0].Item(), out[1].Item()}; got != was {
			t.Errorf("run %d: old values %v, want %v", i, got, was)
		}
		if got, want := [2]float64{a.Tensor().Item(), b.Tensor().Item()}, [2]float64{was[1], was[0]}; got != want {
			t.Errorf("run %d: new values %v, want %v", i, got, want)
		}
	}
}

// testConcurrent runs an executable that reads a variable from many goroutines.
func testConcurrent(t *testing.T, d backend.Device) {
	const n, runs = 8, 20
	v := graph.NewVar("w", numbersTensor(n, n))
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, n, n))
	e, err := d.Compile(g, []*graph.Node{ops.Tanh(ops.MatMul(ops.MatMul(x, g.Value(v)), g.Value(v)))})
	if err != nil {
		t.Fatal(err)
	}
	in := []*tensor.Tensor{numbersTensor(n, n)}
	want := outputsOf(e)
	if err := e.Run(want, in); err != nil {
		t.Fatal(err)
	}
	if err := v.Set(v.Tensor().Clone()); err != nil { // the host's copy is newer
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range runs {
				got := outputsOf(e)
				if err := e.Run(got, in); err != nil {
					t.Error(err)
				} else if !bytes.Equal(got[0].Bytes(), want[0].Bytes()) {
					t.Errorf("beside other runs: got %v, want %v", got[0], want[0])
				}
			}
		})
	}
	wg.Wait()
}

func numbersTensor(dims ...int) *tensor.Tensor {
	return optest.ToTensor(numbers(tensor.S(tensor.Float32, dims...)))
}

// testMisfits runs an executable on tensors that it does not take.
func testMisfits(t *testing.T, d backend.Device) {
	v := graph.NewVar("v", tensor.Of[float32](1, 2))
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 2))
	g.Update(v, ops.Add(g.Value(v), x))
	e, err := d.Compile(g, []*graph.Node{ops.Neg(x)})
	if err != nil {
		t.Fatal(err)
	}
	fits := tensor.Of[float32](1, 2)
	gaps, err := tensor.Of[float32](1, 2, 3).Slice(0, 0, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]*tensor.Tensor{nil, {fits, fits}, {nil}, {tensor.Of[float32](1)}, {tensor.Of[float64](1, 2)}, {gaps}} {
		if err := e.Run([]*tensor.Tensor{fits.Clone()}, bad); err == nil {
			t.Errorf("inputs %v: no error, want one", bad)
		}
		if err := e.Run(bad, []*tensor.Tensor{fits}); err == nil {
			t.Errorf("outputs %v: no error, want one", bad)
		}
	}
	if got := v.Tensor().Float64s(); got[0] != 1 || got[1] != 2 {
		t.Errorf("runs that failed changed a variable to %v", got)
	}
}
