package metric

import (
	"math"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// crossings counts predictions by how many thresholds they exceed, for positive
// labels and for negative ones. That suffices for the confusion matrix at every
// threshold, and takes one addition a prediction, however many thresholds there are.
//
// The state is [columns 2 limits+1]: the weight of the predictions that exceed no limit,
// the least alone, ..., all; of negative labels, then of positive ones.
type crossings struct {
	totals
	metric string
	limits []float64 // ascending
	// even says that the limits lie evenly from 0 to 1. As in Keras, predictions then
	// fall into buckets: those beyond 0 and 1 count as 0 and 1.
	even bool
	// below says that the first limit lies below all predictions.
	below   bool
	columns int // of predictions that are counted apart
}

// maxCrossings is where the numbers of counters are no longer exact in float32.
const maxCrossings = 1 << 24

func newCrossings(metric string, limits []float64, columns int) (*crossings, error) {
	c := &crossings{metric: metric, limits: slices.Sorted(slices.Values(limits)), columns: columns}
	if n := 2 * (len(limits) + 1); columns > maxCrossings/n {
		return nil, graph.Errorf("metric.%s: %d thresholds for each of %d labels: want less than %d counters", metric, len(limits), columns, maxCrossings)
	}
	c.totals = newTotals(metric, tensor.D(columns*2*(len(limits)+1)), "counts")
	return c, nil
}

// evenly reports whether limits lie evenly from 0 to 1, as exactly as Keras wants.
func evenly(limits []float64) bool {
	for i, v := range limits {
		want := float64(i) / float64(len(limits)-1)
		if math.Abs(v-want) > 1e-7+1e-5*want {
			return false
		}
	}
	return len(limits) >= 3
}

// evenLimits returns n limits from 0 to 1.
func evenLimits(n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = float64(i) / float64(n-1)
	}
	return all
}

// checkLimits returns an error for thresholds that are not between 0 and 1.
func checkLimits(metric string, limits []float64) error {
	for _, v := range limits {
		if !(v >= 0 && v <= 1) {
			return graph.Errorf("metric.%s: threshold %g: want 0 to 1", metric, v)
		}
	}
	return nil
}

// count traces the addition of predictions p, whose labels have the same shape. Only
// is nil or says which predictions can be positive; weight is nil or has p's shape.
// If there are columns, they are the last axis.
func (c *crossings) count(g *graph.Graph, label, p, only, weight *graph.Node) {
	n := float64(len(c.limits) + 1)
	at := c.exceeded(g, ops.Cast(p, tensor.Float32))
	if only != nil {
		at = ops.Where(only, at, ops.ScalarLike(at, 0))
	}
	at = ops.Where(ops.Cast(label, tensor.Bool), ops.Add(at, ops.ScalarLike(at, n)), at)
	if c.columns > 1 {
		first := make([]float32, c.columns)
		for i := range first {
			first[i] = float32(i) * 2 * float32(n)
		}
		at = ops.Add(at, g.Const(tensor.Of(first...)))
	}
	at = ops.Cast(ops.Reshape(at, -1), tensor.Int32)
	if weight == nil {
		weight = ops.Full(g, tensor.Spec{DType: tensor.Float64, Shape: at.Shape()}, 1)
	} else {
		weight = ops.Reshape(ops.Cast(weight, tensor.Float64), -1)
	}
	g.Update(c.totals[0], ops.ScatterAdd(g.Value(c.totals[0]), at, weight, 0))
}

// exceeded returns how many limits each of p exceeds, none if it is NaN.
func (c *crossings) exceeded(g *graph.Graph, p *graph.Node) *graph.Node {
	switch n := len(c.limits); {
	case c.even:
		zero := ops.ScalarLike(p, 0)
		p = ops.Minimum(ops.Where(ops.Greater(p, zero), p, zero), ops.ScalarLike(p, 1))
		bucket := ops.Ceil(ops.Scale(p, float64(n-1)))
		if c.below {
			bucket = ops.Maximum(bucket, ops.ScalarLike(p, 1))
		}
		return bucket
	case n == 1:
		return ops.Cast(ops.Greater(p, ops.ScalarLike(p, c.limits[0])), tensor.Float32)
	}
	limits := ops.Cast(g.Const(tensor.Of(c.limits...)), tensor.Float32)
	return ops.Cast(ops.SearchSorted(limits, p), tensor.Float32)
}

// confusion is a confusion matrix for every limit.
type confusion struct{ tp, fp, tn, fn []float64 }

// at returns the confusion matrices of a column.
func (c *crossings) at(column int) confusion {
	n := len(c.limits) + 1
	v := tensor.Data[float64](c.totals[0].Tensor())[column*2*n:][:2*n]
	m := confusion{}
	m.tn, m.fp = split(v[:n])
	m.fn, m.tp = split(v[n:])
	return m
}

// split returns, for every limit, the sums of the predictions up to it and over it.
func split(v []float64) (upTo, over []float64) {
	n := len(v) - 1
	upTo, over = make([]float64, n), make([]float64, n)
	sum := 0.0
	for i := range n {
		sum += v[i]
		upTo[i] = sum
	}
	sum = 0
	for i := n - 1; i >= 0; i-- {
		sum += v[i+1]
		over[i] = sum
	}
	return upTo, over
}

// rates returns a/(a+b), and 0 where that is 0/0.
func rates(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range r {
		r[i] = ratio(a[i], a[i]+b[i])
	}
	return r
}
func precisions(m confusion) []float64    { return rates(m.tp, m.fp) }
func recalls(m confusion) []float64       { return rates(m.tp, m.fn) }
func specificities(m confusion) []float64 { return rates(m.tn, m.fp) }

// ofClass takes one index of the last axis of labels and predictions, which stays with
// length 1.
func ofClass(metric string, id int, nodes ...*graph.Node) []*graph.Node {
	out := make([]*graph.Node, len(nodes))
	for i, n := range nodes {
		if n == nil {
			continue
		}
		if n.Rank() < 2 || id < 0 || id >= n.Shape().At(-1) {
			panic(graph.Errorf("metric.%s: class %d of predictions %v: want [B ... classes]", metric, id, n.Shape()))
		}
		out[i] = ops.SliceAxis(n, -1, id, id+1)
	}
	return out
}

// spreadOver returns weights of samples or places for every one of p, nil for nil.
func spreadOver(weight, p *graph.Node) *graph.Node {
	if weight == nil {
		return nil
	}
	return ops.BroadcastTo(overLast(weight, p), p.Shape())
}
