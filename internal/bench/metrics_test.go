package bench

import (
	"context"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// What metrics add is a small part of a step, and is not measured once the context ends.
func TestMetrics(t *testing.T) {
	x, y := tensor.New(tensor.Float32, batch, 28, 28), tensor.New(tensor.Float32, batch, 10)
	for i := range batch {
		tensor.Data[float32](y)[10*i+i%10] = 1
	}
	train, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	got, err := metrics(t.Context(), train)
	for _, part := range []float64{got.OfStep1, got.OfStepAll} {
		if err != nil || !(part > -0.5 && part < 1) || part == 0 {
			t.Errorf("metrics add %v of a step, error %v: want a part of it", part, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := metrics(ended, train); err == nil {
		t.Error("metrics were measured with a context that had ended")
	}
}
