package bench

import (
	"context"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// Both policies are measured, with weights of float32, and not once the context ends.
func TestMixed(t *testing.T) {
	train, err := data.New(tensor.New(tensor.Float32, batch, 28, 28), tensor.New(tensor.Float32, batch, 10))
	if err != nil {
		t.Fatal(err)
	}
	got, err := mixed(t.Context(), train)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, error %v: want two policies", got, err)
	}
	for _, m := range got {
		for _, part := range []float64{m.OfStep1, m.OfStepAll} {
			if !(part > 0.05 && part < 20) {
				t.Errorf("%s: %v of a step: want a part of it", m.Policy, part)
			}
		}
		s, err := newStepsIn(m.Policy)
		if err != nil {
			t.Fatal(err)
		}
		if r := s.Network().Records(); r[2].Out[0].DType != m.Policy.ComputeDType() || r[4].Out[0].DType != nn.Float32.ComputeDType() || s.Network().Vars()[0].Spec().DType != tensor.Float32 {
			t.Errorf("%s: layers make %v and %v", m.Policy, r[2].Out, r[4].Out)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := mixed(ended, train); err == nil {
		t.Error("steps were measured with a context that had ended")
	}
}
