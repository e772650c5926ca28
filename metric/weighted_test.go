package metric_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/glia-ml/glia/metric"
)

// One accuracy that counts all samples alike, and one that counts their weights.
func ExampleWithWeights() {
	plain, weighted := metric.Accuracy(), metric.WithWeights(metric.Accuracy())
	fmt.Println(plain.Name(), weighted.Name())
	// Output: accuracy accuracy
}

func TestWithWeightsConfig(t *testing.T) {
	plain, err := json.Marshal(metric.Recall())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(metric.WithWeights(metric.Recall()))
	if err != nil || string(got) != string(plain) {
		t.Errorf("config %s (%v), want that of the metric, %s", got, err, plain)
	}
}
