package metric

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// RootMeanSquaredError returns the square root of the mean of the squared differences,
// over all samples and their elements.
//
// Shapes: labels and predictions [B ...]; [B] counts as [B 1].
//
// Options: [Name], a [Direction].
func RootMeanSquaredError(opts ...MeanOption) *MeanMetric {
	m := meanOf("RootMeanSquaredError", Down, opts, func(yTrue, yPred *graph.Node) *graph.Node {
		t, p := pair("RootMeanSquaredError", yTrue, yPred)
		return ops.Square(ops.Sub(p, t))
	})
	m.after = math.Sqrt
	return m
}

// LogCoshError returns the mean of log(cosh(prediction - label)): about x²/2 for small
// differences x and |x| - log 2 for large ones. Its name in logs is "logcosh".
//
// Shapes: labels and predictions [B ... C]; the mean is over the last axis, too.
//
// Options: [Name], a [Direction].
func LogCoshError(opts ...MeanOption) *MeanMetric {
	named := append([]MeanOption{Name("logcosh")}, opts...)
	return meanOf("LogCoshError", Down, named, func(yTrue, yPred *graph.Node) *graph.Node {
		t, p := pair("LogCoshError", yTrue, yPred)
		x := ops.Sub(p, t)
		return ops.Offset(ops.Add(x, ops.Softplus(ops.Scale(x, -2))), -math.Ln2)
	})
}

// CosineSimilarity returns the mean of the cosine of the angle between labels and
// predictions, 1 where they point the same way:
//
//	Σ labels·predictions / (|labels|·|predictions|)
//
// Lengths below 1e-7 count as 1e-7. The loss of this name is its negative.
//
// Shapes: labels and predictions [B ... C]. Vectors lie along the last axis unless
// there is an [Axis].
//
// Options: [Axis], [Axes], [Name], a [Direction].
func CosineSimilarity(opts ...AlongOption) *MeanMetric {
	return along("CosineSimilarity", opts, func(t, p *graph.Node, axes []int) *graph.Node {
		unit := func(x *graph.Node) *graph.Node {
			least := ops.ScalarLike(x, 1e-14)
			return ops.Div(x, ops.Sqrt(ops.Maximum(ops.ReduceSumKeep(ops.Square(x), axes...), least)))
		}
		return ops.ReduceSum(ops.Mul(unit(t), unit(p)), axes...)
	})
}

// PearsonCorrelation returns the mean of Pearson's correlation of labels and
// predictions, -1 to 1:
//
//	cov(labels, predictions) / (std(labels)·std(predictions))
//
// It is NaN where either is constant. It correlates the elements of each sample, along
// the last axis unless there is an [Axis], not one sample with another: with one value a
// sample, use the axis 0, and mind that batches are then correlated each on its own.
//
// Shapes: labels and predictions [B ... C].
//
// Options: [Axis], [Axes], [Name], a [Direction].
func PearsonCorrelation(opts ...AlongOption) *MeanMetric {
	return along("PearsonCorrelation", opts, func(t, p *graph.Node, axes []int) *graph.Node {
		t, p = ops.Sub(t, ops.ReduceMeanKeep(t, axes...)), ops.Sub(p, ops.ReduceMeanKeep(p, axes...))
		vars := ops.Mul(ops.ReduceMean(ops.Square(t), axes...), ops.ReduceMean(ops.Square(p), axes...))
		return ops.Div(ops.ReduceMean(ops.Mul(t, p), axes...), ops.Sqrt(vars))
	})
}

// ConcordanceCorrelation returns the mean of Lin's concordance correlation, which also
// wants predictions of the labels' scale and place:
//
//	2·cov(labels, predictions) / (var(labels) + var(predictions) + (mean(labels) - mean(predictions))² + 1e-7)
//
// Shapes and options are those of [PearsonCorrelation].
//
// Source: Lin 1989, "A Concordance Correlation Coefficient to Evaluate
// Reproducibility", Biometrics 45.
func ConcordanceCorrelation(opts ...AlongOption) *MeanMetric {
	return along("ConcordanceCorrelation", opts, func(t, p *graph.Node, axes []int) *graph.Node {
		tMean, pMean := ops.ReduceMeanKeep(t, axes...), ops.ReduceMeanKeep(p, axes...)
		t, p = ops.Sub(t, tMean), ops.Sub(p, pMean)
		off := ops.ReduceMean(ops.Square(ops.Sub(tMean, pMean)), axes...)
		norm := ops.Add(ops.Add(ops.ReduceMean(ops.Square(t), axes...), ops.ReduceMean(ops.Square(p), axes...)), off)
		return ops.Div(ops.Scale(ops.ReduceMean(ops.Mul(t, p), axes...), 2), ops.Offset(norm, 1e-7))
	})
}

// AlongOption is an option of metrics that look along axes.
type AlongOption interface{ along(*MeanMetric) }

// Axes makes a metric look along several axes at once.
func Axes(axes ...int) AlongOption { return axisList(axes) }

type axisList []int

func (a axisList) along(m *MeanMetric)  { m.settings.Axis = a }
func (a Axis) along(m *MeanMetric)      { m.settings.Axis = axisList{int(a)} }
func (n Name) along(m *MeanMetric)      { n.mean(m) }
func (d Direction) along(m *MeanMetric) { d.mean(m) }

// along returns a mean of the results of f along axes, in float64.
func along(class string, opts []AlongOption, f func(t, p *graph.Node, axes []int) *graph.Node) *MeanMetric {
	m := meanOf(class, Up, nil, nil)
	m.settings.Axis = axisList{-1}
	for _, o := range opts {
		o.along(m)
	}
	axes := m.settings.Axis
	m.each = func(yTrue, yPred *graph.Node) *graph.Node {
		t, p := pair(class, yTrue, yPred)
		for _, a := range axes {
			if a < -t.Rank() || a >= t.Rank() {
				panic(graph.Errorf("metric.%s: axis %d of %v: want one that there is", class, a, t.Spec()))
			}
		}
		v := f(ops.Cast(t, tensor.Float64), ops.Cast(p, tensor.Float64), axes)
		if v.Rank() == 0 { // the batch is one value
			v = ops.Reshape(v, 1)
		}
		return v
	}
	return m
}

// pair returns labels and predictions of one shape and the dtype of predictions.
func pair(metric string, yTrue, yPred *graph.Node) (t, p *graph.Node) {
	t, p = matched(metric, yTrue, yPred)
	if !p.DType().IsFloat() {
		p = ops.Cast(p, tensor.Float32)
	}
	return ops.Cast(t, p.DType()), p
}
