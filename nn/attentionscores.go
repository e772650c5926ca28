package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// wantQueries panics unless the inputs are query and value, or query, value and key.
func wantQueries(layer string, in []tensor.Spec) {
	if len(in) != 2 && len(in) != 3 {
		panic(graph.Errorf("nn.%s: %d inputs: want query and value, or query, value and key", layer, len(in)))
	}
	q, v, k := in[0], in[1], in[len(in)-1]
	for _, s := range in {
		wantFloat(layer, s)
		if s.Rank() != 3 {
			panic(graph.Errorf("nn.%s: query %v, value %v, key %v: want [batch steps features]", layer, q, v, k))
		}
	}
	if q.Shape.At(0) != v.Shape.At(0) || k.Shape.To(2) != v.Shape.To(2) || q.Shape.At(2) != k.Shape.At(2) {
		panic(graph.Errorf("nn.%s: query %v, value %v, key %v: want one batch, as many keys as values, and queries and keys of one length", layer, q, v, k))
	}
}

// attended is [ops.Attention] with dropout in training.
func attended(c *Ctx, q, k, v, mask *graph.Node, rate float64, s ops.AttentionSettings) *graph.Node {
	var seed *graph.Node
	if c.Training && rate > 0 {
		s.Rate = rate
		seed, s.Stream = c.Seed()
	}
	return ops.Attention(q, k, v, mask, seed, s)
}

// weighed returns the means of values weighed by scores [B T S] and, if the call asks for them, the
// shares after dropout.
func weighed(c *Ctx, scores *graph.Node, x []*graph.Node, rate float64) []*graph.Node {
	v := x[1]
	var seen *graph.Node
	if m := c.Mask(v); m != nil {
		seen = ops.ExpandDims(m, 1)
	}
	if c.Argument(UseCausalMask) {
		causal := causalMask(c, scores.Shape().At(1), scores.Shape().At(2))
		if seen != nil {
			causal = ops.And(causal, seen)
		}
		seen = causal
	}
	if seen != nil {
		far := 1e9
		if scores.DType() == tensor.Float16 {
			far = 65504
		}
		scores = ops.Where(seen, scores, ops.Offset(scores, -far))
	}
	p := ops.Softmax(scores, -1)
	if c.Training && rate > 0 {
		p = dropout(c, p, rate, p.Shape())
	}
	y := []*graph.Node{ofQueries(c, x[0], ops.MatMul(p, v))}
	if c.Argument(ReturnAttentionScores) {
		y = append(y, p)
	}
	return y
}

// ofQueries returns y with 0 for queries that a mask leaves out, and that mask.
func ofQueries(c *Ctx, query, y *graph.Node) *graph.Node {
	m := c.Mask(query)
	if m != nil {
		y = ops.Where(ops.ExpandDims(m, -1), y, ops.ScalarLike(y, 0))
		c.SetMask(y, m)
	}
	return y
}

// causalMask returns bools [1 T S] that are true where a query is not before a key.
func causalMask(c *Ctx, queries, keys int) *graph.Node {
	s := tensor.S(tensor.Int32, 1, queries, keys)
	return ops.GreaterEqual(ops.Iota(c.g, s, 1), ops.Iota(c.g, s, 2))
}

func specsOf(x []*graph.Node) []tensor.Spec {
	specs := make([]tensor.Spec, len(x))
	for i, n := range x {
		specs[i] = n.Spec()
	}
	return specs
}
