package metric_test

import (
	"fmt"

	"github.com/glia-ml/glia/metric"
)

// A network that says of a picture which digit it is, and whether it is odd, has metrics
// for each answer: a model's Compile takes them, its logs have "digit_accuracy".
func ExampleFor() {
	for _, m := range []*metric.OutputMetric{
		metric.For("digit", metric.Accuracy()),
		metric.For("odd", metric.BinaryAccuracy(0.5)),
	} {
		fmt.Println(m.Output, m.Name())
	}
	// Output:
	// digit accuracy
	// odd binary_accuracy
}

func ExampleUnwrap() {
	m, output, weighted := metric.Unwrap(metric.For("odd", metric.WithWeights(metric.BinaryAccuracy(0.5))))
	fmt.Println(m.Name(), output, weighted)
	// Output: binary_accuracy odd true
}
