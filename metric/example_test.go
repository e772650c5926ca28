package metric_test

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// show measures labels and predictions with m and prints the result.
func show(m metric.Metric, labels, predictions *tensor.Tensor) {
	s, err := m.New(labels.Spec(), predictions.Spec())
	if err != nil {
		fmt.Println(err)
		return
	}
	g := graph.New()
	s.Update(g, g.Input("y", labels.Spec()), g.Input("p", predictions.Spec()), nil)
	nntest.Run(g, nil, labels, predictions)
	fmt.Printf("%s:\n%v\n", m.Name(), s.Result())
}

func Example() {
	labels, predictions := tensor.Of[float32](1, 0, 1, 1), tensor.Of[float32](0.9, 0.6, 0.8, 0.2)
	show(metric.Accuracy(), labels, predictions)
	show(metric.Precision(), labels, predictions)
	show(metric.Recall(metric.Thresholds(0.1)), labels, predictions)
	show(metric.FromLoss(nn.MeanSquaredError()), labels, tensor.Of[float32](1, 0.5, 1, 1))
	show(metric.ConfusionMatrix(2), labels, predictions)
	// Output:
	// accuracy:
	// 0.5
	// precision:
	// 0.6666666666666666
	// recall:
	// 1.0
	// mean_squared_error:
	// 0.0625
	// confusion_matrix:
	// [[0. 1.]
	//  [1. 2.]]
}

// A metric of your own is the mean of what a function traces.
func ExampleMean() {
	close := metric.Mean("within a tenth", func(yTrue, yPred *graph.Node) *graph.Node {
		d := ops.Abs(ops.Sub(yTrue, yPred))
		return ops.Less(d, ops.Full(d.Graph(), d.Spec(), 0.1))
	})
	show(close, tensor.Of[float32](1, 2, 3, 4), tensor.Of[float32](1.05, 2.5, 3, 4))
	// Output:
	// within a tenth:
	// 0.75
}
