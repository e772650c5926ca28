package loss

import "github.com/glia-ml/glia/graph"

// PerOutput returns the weighted sum of losses of the outputs of a network that has
// several. An output that is not named adds nothing to it.
//
//	m.Compile(opt, loss.PerOutput(
//		loss.For("digit", loss.CategoricalCrossentropy()),
//		loss.For("odd", loss.BinaryCrossentropy()).Weighted(0.2),
//	))
//
// A single loss, without PerOutput, is that of every output. A model's Compile refuses
// names that no output has or two losses have, and weights that are not finite. Source:
// Keras, Model.compile, loss and loss_weights.
func PerOutput(of ...OutputLoss) *PerOutputLoss { return &PerOutputLoss{of} }

// PerOutputLoss is the loss that [PerOutput] makes.
type PerOutputLoss struct {
	// Of has no two losses of one output.
	Of []OutputLoss
}

// OutputLoss is the loss of one output. [For] makes it.
type OutputLoss struct {
	// Output is the name of the output, which is that of the layer that makes it.
	Output string
	// Loss is the loss of that output, not another PerOutput.
	Loss Loss
	// Weight is the factor of the loss in the sum.
	Weight float64
}

// For returns the loss of an output, of weight 1.
func For(output string, l Loss) OutputLoss { return OutputLoss{output, l, 1} }

// Weighted returns the loss with a weight, any finite number.
func (o OutputLoss) Weighted(w float64) OutputLoss {
	o.Weight = w
	return o
}

// Name implements [Loss].
func (*PerOutputLoss) Name() string { return "loss" }

// Each implements [Loss]. It panics with *graph.Error: the losses of several outputs
// have no common shape. A model takes them one by one.
func (*PerOutputLoss) Each(_, _ *graph.Node) *graph.Node {
	panic(graph.Errorf("loss.PerOutput: one output: want the losses of several in a model's Compile"))
}
