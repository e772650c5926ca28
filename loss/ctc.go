package loss

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// CTC returns the loss of sequences of logits that spell labels at unknown times: -ln of the
// softmax probability of all alignments, see [ops.CTCLoss].
// Class 0 is the blank; a row of labels is padded with zeros. Labels that do not fit in the
// times of a sequence, with a blank between equal ones, add about 1e5 each to the loss.
//
// Shapes: yTrue [B L], class numbers; yPred [B T C], logits -> [B].
// Panics with *graph.Error, when used, if they have other shapes.
//
// Options: [Name], a [Reduction].
//
// Source: keras.losses.CTC; Graves et al. 2006, "Connectionist Temporal Classification", section 4.
func CTC(opts ...Option) *CTCLoss { return &CTCLoss{newConfig("ctc", opts)} }

// CTCLoss is the loss that [CTC] makes.
type CTCLoss struct{ Config }

// Each implements [Loss].
func (l *CTCLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	if yTrue.Rank() != 2 || yPred.Rank() != 3 || yTrue.Shape().At(0) != yPred.Shape().At(0) || !yPred.DType().IsFloat() {
		panic(graph.Errorf("loss.CTC: labels %v, predictions %v: want labels [batch labels] and floats [batch times classes]", yTrue.Spec(), yPred.Spec()))
	}
	labels := yTrue
	if !labels.DType().IsInt() {
		labels = ops.Cast(labels, tensor.Int32)
	}
	counts := ops.Cast(ops.NotEqual(labels, ops.ScalarLike(labels, 0)), tensor.Int32)
	shape := yPred.Shape()
	times := ops.Full(yPred.Graph(), tensor.S(tensor.Int32, shape.At(0)), float64(shape.At(1)))
	return ops.CTCLoss(ops.LogSoftmax(yPred, -1), labels, ops.ReduceSum(counts, -1), times)
}

// BadLabel returns the place in y of the first label that is no class number: see the
// function [BadLabel].
func (l *CTCLoss) BadLabel(y *tensor.Tensor, classes int) int {
	return BadLabel(y, classes)
}
