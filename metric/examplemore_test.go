package metric_test

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// What four patients have, and how likely a model finds it.
var ill, likely = tensor.Of[float32](0, 0, 1, 1), tensor.Of[float32](0.1, 0.6, 0.4, 0.9)

func ExampleAUC() {
	for _, m := range []metric.Metric{
		metric.AUC(),
		metric.AUC(metric.PR),
		metric.AUC(metric.PR, metric.Majoring, metric.NumThresholds(3)),
		metric.AUC(metric.FromLogits, metric.Thresholds(0.55, 0.6)),
	} {
		fmt.Printf("%.4f\n", of(m, ill, likely).Item())
	}
	// Output:
	// 0.7500
	// 0.7973
	// 0.5000
	// 0.6250
}

// One area for each label; the second counts twice.
func ExampleLabelWeights() {
	labels, p := matrix(2, 0, 1, 1, 1, 0, 0), matrix(2, 0.1, 0.8, 0.7, 0.2, 0.3, 0.4)
	m := metric.AUC(metric.MultiLabel, metric.LabelWeights(1, 2))
	fmt.Printf("%.4f\n", of(m, labels, p).Item())
	// Output: 0.6667
}

func ExamplePrecisionAtRecall() {
	fmt.Printf("%.4f\n", of(metric.PrecisionAtRecall(0.75), ill, likely).Item())
	// Output: 0.6667
}

func ExampleRecallAtPrecision() {
	show(metric.RecallAtPrecision(0.9), ill, likely)
	// Output:
	// recall_at_precision:
	// 0.5
}

func ExampleSensitivityAtSpecificity() {
	show(metric.SensitivityAtSpecificity(0.5), ill, likely)
	// Output:
	// sensitivity_at_specificity:
	// 1.0
}

func ExampleSpecificityAtSensitivity() {
	show(metric.SpecificityAtSensitivity(0.5, metric.NumThresholds(11)), ill, likely)
	// Output:
	// specificity_at_sensitivity:
	// 1.0
}

func ExampleTrueNegatives() {
	show(metric.TrueNegatives(metric.Thresholds(0, 0.5, 1)), ill, likely)
	// Output:
	// true_negatives:
	// [0. 1. 2.]
}

func ExampleFalsePositives() {
	show(metric.FalsePositives(), ill, likely)
	// Output:
	// false_positives:
	// 1.0
}

func ExampleFalseNegatives() {
	show(metric.FalseNegatives(metric.Thresholds(0.95)), ill, likely)
	// Output:
	// false_negatives:
	// 2.0
}

func ExampleFBetaScore() {
	labels, p := matrix(2, 1, 0, 0, 1, 1, 0), matrix(2, 0.9, 0.1, 0.8, 0.2, 0.6, 0.4)
	for _, a := range []metric.Average{metric.Micro, metric.Macro, metric.Weighted} {
		fmt.Printf("%s %.4f\n", a, of(metric.FBetaScore(0.5, a), labels, p).Item())
	}
	// Output:
	// micro 0.6667
	// macro 0.3571
	// weighted 0.4762
}

func ExampleIoU() {
	labels, p := tensor.Of[int32](0, 0, 1, 2), tensor.Of[int32](0, 1, 1, 2)
	fmt.Printf("%.4f\n", of(metric.IoU(3, []int{0, 2}), labels, p).Item()) // of 1/2 and 1
	fmt.Printf("%.4f\n", of(metric.IoU(3, []int{0, 2}, metric.IgnoreClass(2)), labels, p).Item())
	// Output:
	// 0.7500
	// 0.5000
}

func ExampleMeanIoU() {
	labels, p := tensor.Of[int32](0, 1), matrix(2, 0.9, 0.1, 0.7, 0.3)
	fmt.Printf("%.4f\n", of(metric.MeanIoU(2, metric.DensePredictions), labels, p).Item())
	// Output: 0.2500
}

func ExampleBinaryIoU() {
	fmt.Printf("%.4f\n", of(metric.BinaryIoU(0.5, nil), ill, likely).Item())
	fmt.Printf("%.4f\n", of(metric.BinaryIoU(0.3, []int{1}), ill, likely).Item())
	// Output:
	// 0.3333
	// 0.6667
}

func ExampleOneHotIoU() {
	labels, p := matrix(2, 1, 0, 0, 1, 0, 1), matrix(2, 0.8, 0.2, 0.6, 0.4, 0.1, 0.9)
	fmt.Printf("%.4f\n", of(metric.OneHotIoU(2, []int{1}), labels, p).Item())
	// Output: 0.5000
}

func ExampleOneHotMeanIoU() {
	labels := matrix(2, 1, 0, 0, 1, 0, 1)
	m := metric.OneHotMeanIoU(2, metric.SparsePredictions)
	fmt.Printf("%.4f\n", of(m, labels, tensor.Of[int32](0, 0, 1)).Item())
	// Output: 0.5000
}

func ExampleRootMeanSquaredError() {
	show(metric.RootMeanSquaredError(), tensor.Of[float32](1, 2), tensor.Of[float32](4, 6))
	// Output:
	// root_mean_squared_error:
	// 3.5355339059327378
}

func ExampleLogCoshError() {
	fmt.Printf("%.4f\n", of(metric.LogCoshError(), tensor.Of[float32](0, 0), tensor.Of[float32](0.1, 10)).Item())
	// Output: 4.6559
}

func ExampleCosineSimilarity() {
	labels, p := matrix(2, 0, 1, 1, 1), matrix(2, 1, 0, 1, 1)
	fmt.Printf("%.4f\n", of(metric.CosineSimilarity(), labels, p).Item()) // of 0 and 1
	// Output: 0.5000
}

func ExamplePearsonCorrelation() {
	labels, p := matrix(3, 0, 1, 0.5, 1, 1, 0.2), matrix(3, 0.1, 0.9, 0.5, 1, 0.9, 0.2)
	fmt.Printf("%.4f\n", of(metric.PearsonCorrelation(), labels, p).Item())
	// Output: 0.9967
}

func ExampleConcordanceCorrelation() {
	labels, p := matrix(3, 0, 1, 0.5, 1, 1, 0.2), matrix(3, 0.1, 0.9, 0.5, 1, 0.9, 0.2)
	fmt.Printf("%.4f\n", of(metric.ConcordanceCorrelation(), labels, p).Item())
	// Output: 0.9816
}

// Both outputs of every sample as one row of numbers.
func ExampleAxes() {
	labels, p := matrix(2, 1, 2, 3, 4), matrix(2, 2, 4, 6, 8)
	fmt.Printf("%.4f\n", of(metric.CosineSimilarity(metric.Axes(0, 1)), labels, p).Item())
	// Output: 1.0000
}

func ExampleR2Score() {
	labels, p := matrix(1, 1, 4, 3), matrix(1, 2, 4, 4)
	fmt.Printf("%.4f\n", of(metric.R2Score(), labels, p).Item())
	fmt.Printf("%.4f\n", of(metric.R2Score(metric.NumRegressors(1)), labels, p).Item())
	// Output:
	// 0.5714
	// 0.1429
}

func ExampleSum() {
	wrong := metric.Sum("mistakes", func(yTrue, yPred *graph.Node) *graph.Node {
		return ops.NotEqual(yTrue, ops.Round(yPred))
	}, metric.Down)
	show(wrong, ill, likely)
	// Output:
	// mistakes:
	// 2.0
}

func ExamplePredictions() {
	fmt.Printf("%.2f\n", of(metric.Mean("mean", metric.Predictions), ill, likely).Item())
	// Output: 0.50
}

func ExampleExactAccuracy() {
	show(metric.ExactAccuracy(), tensor.Of[int32](1, 2, 3, 4), tensor.Of[int32](0, 2, 3, 4))
	// Output:
	// accuracy:
	// 0.75
}

func ExampleCategoricalAccuracy() {
	show(metric.CategoricalAccuracy(metric.Name("hits")), matrix(2, 0, 1, 1, 0), matrix(2, 0.2, 0.8, 0.4, 0.6))
	// Output:
	// hits:
	// 0.5
}

// A model that ranks says which classes are best, not how likely each is.
func ExampleSparseCategoricalAccuracy() {
	ranked := matrix(3, 4, 2, 0, 1, 3, 2)
	show(metric.SparseTopKCategoricalAccuracy(2, metric.FromSortedIDs), tensor.Of[int32](2, 2), ranked)
	show(metric.SparseCategoricalAccuracy(), tensor.Of[int32](2, 1), ranked)
	// Output:
	// sparse_top_k_categorical_accuracy:
	// 0.5
	// sparse_categorical_accuracy:
	// 0.5
}

func ExampleDirectionOf() {
	fmt.Println(metric.DirectionOf(metric.AUC()), metric.DirectionOf(metric.FromLoss(loss.MeanSquaredError())), metric.DirectionOf(metric.TruePositives()))
	fmt.Println(metric.DirectionOf(metric.Mean("misses", metric.Predictions, metric.Down)))
	// Output:
	// Up Down Unknown
	// Down
}

func ExampleLabelChecker() {
	s, err := metric.SparseCategoricalAccuracy().New(tensor.S(tensor.Int32, 1), tensor.S(tensor.Float32, 1, 10))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.(metric.LabelChecker).BadLabel(tensor.Of[int32](3, 9, 10)))
	// Output: 2
}
