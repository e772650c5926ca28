package ops

import "github.com/glia-ml/glia/graph"

// SameRank gives a and b as many axes where they differ by one at the end of length
// 1, as Keras does with labels and predictions.
//
// Shapes: [B], [B 1] -> [B 1], [B 1]; [B T], [B T 1] -> [B T], [B T]; others stay.
// DTypes: any. Gradient: a, b. Never panics.
//
// Source: keras.losses, squeeze_or_expand_to_same_rank.
func SameRank(a, b *graph.Node) (*graph.Node, *graph.Node) {
	switch {
	case a.Rank() == b.Rank()+1 && a.Shape().At(-1) == 1:
		a, b = dropOrAdd(a, b)
	case b.Rank() == a.Rank()+1 && b.Shape().At(-1) == 1:
		b, a = dropOrAdd(b, a)
	}
	return a, b
}

// dropOrAdd takes the last axis from long, or adds one to short if it has only one.
func dropOrAdd(long, short *graph.Node) (*graph.Node, *graph.Node) {
	if short.Rank() == 1 {
		return long, ExpandDims(short, -1)
	}
	return Squeeze(long, -1), short
}
