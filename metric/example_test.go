package metric_test

import (
	"fmt"
	"log"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// of measures labels and predictions with m.
func of(m metric.Metric, labels, predictions *tensor.Tensor) *tensor.Tensor {
	s, err := m.New(labels.Spec(), predictions.Spec())
	if err != nil {
		log.Fatal(err)
	}
	g := graph.New()
	s.Update(g, g.Input("y", labels.Spec()), g.Input("p", predictions.Spec()), nil)
	nntest.Run(g, nil, labels, predictions)
	return s.Result()
}

// show measures labels and predictions with m and prints the result.
func show(m metric.Metric, labels, predictions *tensor.Tensor) {
	fmt.Printf("%s:\n%v\n", m.Name(), of(m, labels, predictions))
}

func Example() {
	labels, predictions := tensor.Of[float32](1, 0, 1, 1), tensor.Of[float32](0.9, 0.6, 0.8, 0.2)
	show(metric.Accuracy(), labels, predictions)
	show(metric.Precision(), labels, predictions)
	show(metric.Recall(metric.Thresholds(0.1)), labels, predictions)
	show(metric.FromLoss(loss.MeanSquaredError()), labels, tensor.Of[float32](1, 0.5, 1, 1))
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

// matrix returns one of n columns.
func matrix(n int, v ...float32) *tensor.Tensor {
	t, err := tensor.FromSlice(v, len(v)/n, n)
	if err != nil {
		panic(err)
	}
	return t
}

// Accuracy sees from the shapes what is meant.
func ExampleAccuracy() {
	p := matrix(3, 0.7, 0.2, 0.1, 0.3, 0.3, 0.4)
	show(metric.Accuracy(), tensor.Of[int32](0, 1), p)                  // class numbers
	show(metric.Accuracy(), matrix(3, 1, 0, 0, 0, 0, 1), p)             // one-hot rows
	show(metric.Accuracy(), matrix(1, 1, 0, 1), matrix(1, 0.9, 0.2, 1)) // yes or no
	// Output:
	// accuracy:
	// 0.5
	// accuracy:
	// 1.0
	// accuracy:
	// 1.0
}

func ExampleBinaryAccuracy() {
	show(metric.BinaryAccuracy(0.75), tensor.Of[float32](1, 0, 1, 0), tensor.Of[float32](0.9, 0.7, 0.7, 0.1))
	// Output:
	// binary_accuracy:
	// 0.75
}

func ExampleSparseTopKCategoricalAccuracy() {
	labels, p := tensor.Of[int32](1, 2), matrix(3, 0.5, 0.3, 0.2, 0.5, 0.3, 0.2)
	show(metric.SparseCategoricalAccuracy(), labels, p)
	show(metric.SparseTopKCategoricalAccuracy(2), labels, p)
	// Output:
	// sparse_categorical_accuracy:
	// 0.0
	// sparse_top_k_categorical_accuracy:
	// 0.5
}

func ExampleTopKCategoricalAccuracy() {
	labels, p := matrix(3, 0, 1, 0, 0, 0, 1), matrix(3, 0.5, 0.3, 0.2, 0.5, 0.3, 0.2)
	show(metric.CategoricalAccuracy(), labels, p)
	show(metric.TopKCategoricalAccuracy(2), labels, p)
	// Output:
	// categorical_accuracy:
	// 0.0
	// top_k_categorical_accuracy:
	// 0.5
}

// Several thresholds give several results.
func ExamplePrecision() {
	labels, p := tensor.Of[float32](0, 1, 0, 1), tensor.Of[float32](0.1, 0.4, 0.6, 0.9)
	show(metric.Precision(metric.Thresholds(0, 0.5, 0.75)), labels, p)
	// Output:
	// precision:
	// [0.5 0.5 1. ]
}

// Of the two greatest predictions of a sample, class 2 alone counts.
func ExampleRecall() {
	labels := matrix(3, 0, 0, 1, 0, 0, 1)
	p := matrix(3, 0.1, 0.2, 0.7, 0.5, 0.4, 0.1)
	show(metric.Recall(metric.TopK(2), metric.ClassID(2), metric.Name("recall of class 2")), labels, p)
	// Output:
	// recall of class 2:
	// 0.5
}

func ExampleTruePositives() {
	labels, p := tensor.Of[float32](1, 1, 0, 0), tensor.Of[float32](0.9, 0.8, 0.7, 0.1)
	for _, m := range []metric.Metric{
		metric.TruePositives(), metric.FalsePositives(), metric.TrueNegatives(), metric.FalseNegatives(),
	} {
		show(m, labels, p)
	}
	// Output:
	// true_positives:
	// 2.0
	// false_positives:
	// 1.0
	// true_negatives:
	// 1.0
	// false_negatives:
	// 0.0
}

func ExampleF1Score() {
	labels, p := matrix(2, 1, 0, 0, 1, 1, 0, 1, 0), matrix(2, 0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7)
	fmt.Printf("%.3f\n", of(metric.F1Score(), labels, p).Float64s()) // one for each class
	fmt.Printf("%.3f\n", of(metric.F1Score(metric.Macro), labels, p).Item())
	fmt.Printf("%.3f\n", of(metric.FBetaScore(2, metric.Macro, metric.Threshold(0.35)), labels, p).Item())
	// Output:
	// [0.800 0.667]
	// 0.733
	// 0.714
}

func ExampleConfusionMatrix() {
	p := matrix(3, 0.8, 0.1, 0.1, 0.2, 0.1, 0.7, 0.1, 0.2, 0.7)
	show(metric.ConfusionMatrix(3), tensor.Of[int32](0, 1, 2), p) // a row for each labeled class
	// Output:
	// confusion_matrix:
	// [[1. 0. 0.]
	//  [0. 0. 1.]
	//  [0. 0. 1.]]
}

func ExampleFromLoss() {
	labels, p := tensor.Of[int32](0, 1), matrix(2, 0.75, 0.25, 0.5, 0.5)
	m := metric.FromLoss(loss.SparseCategoricalCrossentropy(loss.IgnoreClass(1), loss.Name("surprise")))
	fmt.Printf("%s %.3f\n", m.Name(), of(m, labels, p).Item()) // -ln(0.75) and 0
	// Output:
	// surprise 0.144
}

func ExampleFromConfig() {
	m, err := metric.FromConfig("Precision", []byte(`{"name": "sure", "thresholds": [0.9]}`))
	fmt.Println(m.Name(), err)
	_, err = metric.FromConfig("MyMetric", []byte(`{}`))
	fmt.Println(err)
	// Output:
	// sure <nil>
	// metric: metric "MyMetric": want what glia has of Keras
}

// A state adds up batch after batch; Result may be asked for at any time.
func ExampleState() {
	labels, p := tensor.Of[float32](1, 0), tensor.Of[float32](0.9, 0.8)
	s, err := metric.Accuracy().New(labels.Spec(), p.Spec())
	if err != nil {
		fmt.Println(err)
		return
	}
	g := graph.New()
	s.Update(g, g.Input("y", labels.Spec()), g.Input("p", p.Spec()), nil)
	nntest.Run(g, nil, labels, p)
	fmt.Println(s.Result())
	nntest.Run(g, nil, labels, labels)
	fmt.Println(s.Result())
	s.Reset()
	fmt.Println(s.Result())
	// Output:
	// 0.5
	// 0.75
	// 0.0
}

func ExampleToConfig() {
	module, class, config, err := metric.ToConfig(metric.Precision(metric.Thresholds(0.25, 0.75)))
	fmt.Println(module, class, string(config), err)
	module, class, config, err = metric.ToConfig(metric.Accuracy())
	fmt.Printf("%q %s %q %v\n", module, class, config, err)
	// Output:
	// keras.metrics Precision {"name":"precision","thresholds":[0.25,0.75]} <nil>
	// "" accuracy "" <nil>
}

func ExampleMeanMetric_Loss() {
	fmt.Println(metric.FromLoss(loss.MeanSquaredError()).Loss().Name(), metric.Accuracy().Loss())
	// Output: mean_squared_error <nil>
}
