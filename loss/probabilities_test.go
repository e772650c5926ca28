package loss_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/glia-ml/glia/loss"
)

func TestProbabilities(t *testing.T) {
	logits := loss.FromLogits
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name    string
		l       loss.Loss
		outputs []float64
		want    []float64
	}{
		{"none", loss.CategoricalCrossentropy(logits), nil, nil},
		{"probability of the second", loss.BinaryCrossentropy(), []float64{0.75}, []float64{0.25, 0.75}},
		{"logit of the second", loss.BinaryCrossentropy(logits), []float64{math.Log(3)}, []float64{0.25, 0.75}},
		{"large logit", loss.BinaryCrossentropy(logits), []float64{-1000}, []float64{1, 0}},
		{"no probability", loss.BinaryCrossentropy(), []float64{1.5}, nil},
		{"not a number", loss.BinaryCrossentropy(), []float64{nan}, nil},
		{"one number", loss.MeanSquaredError(), []float64{0.5}, nil},
		{"one number, unknown loss", nil, []float64{0.5}, nil},
		{"probabilities", loss.CategoricalCrossentropy(), []float64{0.2, 0.3, 0.5}, []float64{0.2, 0.3, 0.5}},
		{"probabilities, unknown loss", nil, []float64{0, 1}, []float64{0, 1}},
		{"rounded", nil, []float64{0.3333, 0.3333, 0.3335}, []float64{0.3333, 0.3333, 0.3335}},
		{"another sum", loss.CategoricalCrossentropy(), []float64{0.2, 0.3, 0.4}, nil},
		{"outside", loss.CategoricalCrossentropy(), []float64{-0.5, 1.5}, nil},
		{"infinite", nil, []float64{inf, -inf}, nil},
		{"not numbers", nil, []float64{nan, 1}, nil},
		{"logits", loss.CategoricalCrossentropy(logits), []float64{0, math.Log(3)}, []float64{0.25, 0.75}},
		{"logits of class numbers", loss.SparseCategoricalCrossentropy(logits), []float64{1000, 1000}, []float64{0.5, 0.5}},
		{"logits that look like probabilities", loss.SparseCategoricalCrossentropy(logits), []float64{0.5, 0.5}, []float64{0.5, 0.5}},
	} {
		got := loss.Probabilities(c.l, c.outputs)
		if len(got) != len(c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			continue
		}
		for i, v := range got {
			if math.Abs(v-c.want[i]) > 1e-12 {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}

// The outputs of a model that ends in logits.
func ExampleProbabilities() {
	l := loss.SparseCategoricalCrossentropy(loss.FromLogits)
	fmt.Printf("%.3f\n", loss.Probabilities(l, []float64{2, 1, 0}))
	// Output: [0.665 0.245 0.090]
}
