// Package data brings samples to training: sets of samples read by number, in
// batches, from memory here and from files in the packages below.
package data

import "github.com/glia-ml/glia/tensor"

// Batch is what a training step eats: samples side by side. The first axis of
// each tensor counts them. A zero Batch is ready to be read into.
type Batch struct {
	X      *tensor.Tensor // inputs
	Y      *tensor.Tensor // what the network should answer; nil if not known
	Weight *tensor.Tensor // float32 [n], what a sample counts in the loss; nil for 1 each

	rows []int
	work gather
}

// Dataset gives samples by number.
type Dataset interface {
	// Len returns the number of samples.
	Len() int

	// Specs returns dtype and shape of one sample's x and y, without the axis that
	// counts samples in a batch. The y of a set without answers is the zero Spec.
	Specs() (x, y tensor.Spec)

	// Read fills b with the samples numbered idx, in that order; a number may
	// come twice. Tensors in b whose spec is the right one are overwritten, others
	// replaced, so that reading batches of one size over and over allocates
	// nothing. After an error what b holds is undefined. Several goroutines may
	// read at once, each into a batch of its own.
	Read(idx []int, b *Batch) error
}
