package keras_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/glia-ml/glia"
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
