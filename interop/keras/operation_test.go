package keras_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// array is a tensor of operations.json.
type array struct {
	Name, DType string
	Shape       []int
	Values      []float64
}

func (a array) tensor(t *testing.T) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(a.Values, a.Shape...)
	if err != nil {
		t.Fatal(err)
	}
	return x.AsType(tensor.ParseDType(a.DType))
}

// TestOperations reads a model of arithmetic that Keras wrote, and one that glia wrote of it,
// and wants Keras's dtypes, shapes and numbers.
func TestOperations(t *testing.T) {
	raw, err := os.ReadFile("testdata/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Inputs, Outputs []array }
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	var in []*tensor.Tensor
	for _, a := range golden.Inputs {
		in = append(in, a.tensor(t))
	}
	m, err := glia.Load("testdata/operations.keras")
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/again.keras"
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := glia.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range []*glia.Model{m, again} {
		out, err := m.PredictAll(in...)
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range golden.Outputs {
			w, got := want.tensor(t), out[j]
			if got.Spec() != w.Spec() {
				t.Errorf("file %d, %s: %v, want %v", i, want.Name, got.Spec(), w.Spec())
				continue
			}
			for k, v := range got.Float64s() {
				if e := w.Float64s()[k]; math.Abs(v-e) > 1e-5*(1+math.Abs(e)) && !(math.IsNaN(v) && math.IsNaN(e)) {
					t.Errorf("file %d, %s: element %d is %v, want %v", i, want.Name, k, v, e)
					break
				}
			}
		}
	}
}

// TestDicts reads a model of Keras's whose inputs and outputs are dicts, in the order of their
// names, and gives it data by name.
func TestDicts(t *testing.T) {
	m, err := glia.Load("testdata/dicts.keras")
	if err != nil {
		t.Fatal(err)
	}
	ones := func(dims ...int) *tensor.Tensor {
		x := tensor.New(tensor.Float32, dims...)
		for i := range tensor.Data[float32](x) {
			tensor.Data[float32](x)[i] = 1
		}
		return x
	}
	x := map[string]*tensor.Tensor{"zeta": ones(4, 2), "alpha": ones(4, 3)}
	out, err := m.PredictNamed(x)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float64{"kind": {0.2679233, 0.7320766}, "size": {0.0449442}} {
		for i, v := range want {
			if got := out[name].Float64s()[i]; math.Abs(got-v) > 1e-6 {
				t.Errorf("%s is %v, want %v as in Keras 3.15.1", name, out[name].Float64s(), want)
			}
		}
	}
	kind, err := tensor.FromSlice([]float32{1, 0, 0, 1, 1, 0, 0, 1}, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	ds, err := data.FromMaps(x, map[string]*tensor.Tensor{"size": ones(4, 1), "kind": kind})
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Evaluate(ds)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.Loss-1.2705281) > 1e-6 || math.Abs(r.Get("kind_loss")-0.8144622) > 1e-6 || r.Get("kind_accuracy") != 0.5 {
		t.Errorf("measured %+v, want loss 1.2705281, kind_loss 0.8144622, kind_accuracy 0.5 as in Keras 3.15.1", r)
	}
}
