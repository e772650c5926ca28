package loss

import (
	"math"
	"reflect"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Pair returns labels and predictions as [Reduce] gives them to a loss of your own, a
// [Func] or a type: with as many axes, see [ops.SameRank]. Losses of this package get them
// as they are, and do that themselves. [Together] says what it refuses.
func Pair(l Loss, yTrue, yPred *graph.Node) (*graph.Node, *graph.Node) {
	if isOwn(l) {
		return Together("loss "+l.Name(), yTrue, yPred)
	}
	return yTrue, yPred
}

// Together returns labels and predictions with as many axes, see [ops.SameRank], for a
// function that combines them element by element.
//
// Shapes: [B], [B 1] -> [B 1], [B 1]; [B T], [B T 1] -> [B T], [B T]; others stay, such as
// class numbers [B] with rows [B C].
// Panics with *graph.Error, which names who wants them, if they would still broadcast into
// a shape larger than either, as [B] and [B 1 1] do: a sample would meet the labels of
// all others.
func Together(who string, yTrue, yPred *graph.Node) (*graph.Node, *graph.Node) {
	t, p := ops.SameRank(yTrue, yPred)
	if spreads(t.Shape(), p.Shape()) {
		panic(graph.Errorf("%s: labels %v, predictions %v: want shapes that do not broadcast into a larger one, such as one shape", who, yTrue.Spec(), yPred.Spec()))
	}
	return t, p
}

// Converted returns what f, a function or method of a user's, makes of labels and predictions.
// Labels of a dtype that f cannot combine with the predictions are converted to that of the
// predictions, as Keras's operations do it. Labels that f takes stay, such as class numbers to
// index with.
//
// Panics with *graph.Error, that of the labels as they are, if f takes neither.
func Converted(f func(yTrue, yPred *graph.Node) *graph.Node, yTrue, yPred *graph.Node) *graph.Node {
	if yTrue.DType() == yPred.DType() || !yPred.DType().IsFloat() {
		return f(yTrue, yPred)
	}
	var y *graph.Node
	err := graph.Catch(func() { y = f(yTrue, yPred) })
	if err == nil {
		return y
	}
	if graph.Catch(func() { y = f(ops.Cast(yTrue, yPred.DType()), yPred) }) != nil {
		panic(err)
	}
	return y
}

// Each returns l.Each of labels and predictions as [Pair] and, for a loss of your own,
// [Converted] give them.
func Each(l Loss, yTrue, yPred *graph.Node) *graph.Node {
	yTrue, yPred = Pair(l, yTrue, yPred)
	if isOwn(l) {
		return Converted(l.Each, yTrue, yPred)
	}
	return l.Each(yTrue, yPred)
}

// spreads reports whether shapes broadcast into one larger than either, whatever the
// length of the batch: one that is by chance that of another axis, or 1, counts as others.
func spreads(t, p tensor.Dims) bool {
	if t.Rank() > 0 && p.Rank() > 0 && t.At(0) == p.At(0) {
		const batch = math.MaxInt32
		t, p = t.With(0, batch), p.With(0, batch)
	}
	s, err := ops.Broadcast(t, p)
	return err == nil && s != t && s != p
}

// isOwn reports whether a loss is a function or a type of the user's.
func isOwn(l Loss) bool {
	if _, ok := l.(*FuncLoss); ok {
		return true
	}
	t := reflect.TypeOf(l)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() != reflect.TypeFor[Config]().PkgPath()
}
