// Package data brings samples to training: sets of samples read by number, in
// batches, from memory here and from files in the packages below.
package data

import "github.com/glia-ml/glia/tensor"

// Batch holds the samples of one training step. The first axis of each tensor counts
// them. A zero Batch is ready to be read into.
type Batch struct {
	// X holds one tensor for each of the network's inputs.
	X []*tensor.Tensor
	// Y holds the targets: one tensor for each output, or for each output that has a loss, or
	// no tensor if they are unknown.
	Y []*tensor.Tensor
	// Weight holds the weights of the samples in the loss, float32 [n], or [n steps] with
	// more of the targets' first axes: no tensor if each weighs 1, one for all outputs, or
	// one for each of Y, of which some may be nil.
	Weight []*tensor.Tensor

	rows    []int
	work    gather
	mapping *mapping // nil without Map
}

// NewBatch returns a batch of one input and output, x [n ...] and y [n ...], which it
// shares.
func NewBatch(x, y *tensor.Tensor) *Batch {
	return &Batch{X: []*tensor.Tensor{x}, Y: []*tensor.Tensor{y}}
}

// Dataset gives samples by number. One that says which samples may share a batch
// implements [Grouped], too, one whose samples differ from epoch to epoch [Augmented], one
// whose samples take long to read [Slow].
type Dataset interface {
	// Len returns the number of samples. It may be any number, up to math.MaxInt of a
	// source that does not end: the order of more than 16 million is computed as it is
	// needed. Fit and Evaluate ask for it once, at their start.
	Len() int

	// Specs returns the dtypes and shapes of one sample for each input and output of the
	// network, or for each output that has a loss, without the axis that counts samples in a batch. A set without targets
	// has no y. An axis whose length depends on the batch is -1.
	Specs() (x, y []tensor.Spec)

	// Read fills b with the samples numbered idx, in that order; a number may
	// come twice. Tensors in b whose spec is the right one are overwritten, others
	// replaced, so that reading batches of one size over and over allocates
	// nothing. After an error the content of b is undefined. Several goroutines may
	// read at once, each into a batch of its own. idx is the caller's.
	Read(idx []int, b *Batch) error
}

// Grouped is a [Dataset] whose samples do not all fit into one batch, such as sequences
// padded to different lengths: Fit and Evaluate make batches of the samples of one group.
// The last batch of a group may be smaller. Fit shuffles the samples of each group, and
// the batches, by its seed and the number of the epoch; in order the groups follow one
// another, that of the least number first. There may be up to 64 million samples.
type Grouped interface {
	Dataset
	// Group returns the number of the group of sample i, which may be any and stays the
	// same.
	Group(i int) int
}
