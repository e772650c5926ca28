package nn

import "github.com/glia-ml/glia/graph"

// Losses returns the weighted sum of losses of the outputs of a network that has
// several: what the model minimizes. An output that is not named is not trained for.
//
//	m.Compile(opt, nn.Losses(
//		nn.For("digit", nn.CategoricalCrossentropy()),
//		nn.For("odd", nn.BinaryCrossentropy()).Weigh(0.2),
//	))
//
// A single loss, without Losses, is that of every output. A model's Compile refuses
// names that no output has or two losses have, and weights that are not finite. Source:
// Keras, Model.compile, loss and loss_weights.
func Losses(of ...OutputLoss) *OutputLosses { return &OutputLosses{of} }

// OutputLosses is the loss that [Losses] makes.
type OutputLosses struct {
	// Of has no two losses of one output.
	Of []OutputLoss
}

// OutputLoss is the loss of one output. [For] makes it.
type OutputLoss struct {
	// Output is the name of the output, which is that of the layer that makes it.
	Output string
	// Loss is one of a single output.
	Loss Loss
	// Weight is what the loss counts in the sum.
	Weight float64
}

// For returns the loss of an output, of weight 1.
func For(output string, l Loss) OutputLoss { return OutputLoss{output, l, 1} }

// Weigh returns the loss with a weight, any finite number.
func (o OutputLoss) Weigh(w float64) OutputLoss {
	o.Weight = w
	return o
}

// Name implements [Loss].
func (*OutputLosses) Name() string { return "loss" }

// Each implements [Loss]. It panics with *graph.Error: the losses of several outputs
// have no common shape. A model takes them one by one.
func (*OutputLosses) Each(_, _ *graph.Node) *graph.Node {
	panic(graph.Errorf("nn.Losses: one output: want the losses of several in a model's Compile"))
}
