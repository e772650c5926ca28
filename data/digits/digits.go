// Package digits draws handwritten-like digits: a data set in the form of MNIST
// that needs no file and no network.
//
// An image is 28x28 uint8, white ink on black, the digit about 20 pixels high
// and centred by its mass; a label is 0 to 9. Each digit has several skeletons
// (a 4 open or closed, a 7 with or without a bar); a sample takes one, moves its
// control points, shears, turns and bends it, and draws it with a pen of its own
// thickness, pressure and sharpness. They are no real handwriting: a figure
// measured on them is not one on MNIST and should not be reported as such.
//
// They are about as hard as MNIST: of 10,000 samples, after 60,000 for training,
// the nearest mean image gets 78 % right, softmax regression 92 %, and a
// 784-128-128-10 network after 10 epochs of Adam 97.8 %.
//
// # Contract
//
// A sample depends on its seed and index alone, and is the same bytes on every
// platform, at any GOMAXPROCS and in every release: the arithmetic is +, -, *, /
// and square roots in float64, never fused. The tests hold the SHA-256 of the
// first 256 samples of seed 1. Every ten samples from an index divisible by ten
// hold each digit once.
package digits

import (
	"fmt"

	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/tensor"
)

const (
	// Side is the height and width of an image in pixels.
	Side = 28
	// Classes is the number of labels.
	Classes = 10
	// MaxSamples is the most that one tensor is given: 2 GB. [Draw] has no limit.
	MaxSamples = 2_500_000
)

// Image is one drawing: row by row, 0 is paper and 255 is ink.
type Image [Side * Side]uint8

// Generate draws samples 0 to n-1 of a seed.
//
// Shapes: images [n 28 28], labels [n]. DTypes: uint8, uint8.
// It returns an error if n is negative or above [MaxSamples].
func Generate(n int, seed uint64) (images, labels *tensor.Tensor, err error) {
	return generate(0, n, seed)
}

// generate draws n samples from index first on.
func generate(first uint64, n int, seed uint64) (images, labels *tensor.Tensor, err error) {
	if n < 0 || n > MaxSamples {
		return nil, nil, fmt.Errorf("digits: %d samples: want 0 to %d", n, MaxSamples)
	}
	images, labels = tensor.New(tensor.Uint8, n, Side, Side), tensor.New(tensor.Uint8, n)
	par.Do((n+batch-1)/batch, &generation{first, seed, images.Bytes(), labels.Bytes()})
	return images, labels, nil
}

// batch is the samples in one piece of work: about a millisecond.
const batch = 64

type generation struct {
	first, seed    uint64
	images, labels []byte
}

// Piece draws one batch.
func (g *generation) Piece(i int, _ *par.Worker) {
	for k := i * batch; k < min((i+1)*batch, len(g.labels)); k++ {
		img := (*Image)(g.images[k*len(Image{}):])
		g.labels[k] = Draw(img, g.seed, g.first+uint64(k))
	}
}

// Draw draws one sample and returns its label. Whatever img held is overwritten.
func Draw(img *Image, seed, index uint64) (label uint8) {
	label = labelOf(seed, index)
	r := stream(seed, index)
	h := newHand(&r)
	var p path
	p.write(pick(&r, glyphs[label]), &h, &r)
	p.bend(&h, &r)
	p.lean(&h)
	p.fit(&h)
	var c canvas
	c.draw(&p, h.soft)
	c.blur(h.blur)
	c.develop(img, &h, &r)
	return label
}

// labelOf deals the ten digits anew for every ten indices.
func labelOf(seed, index uint64) uint8 {
	r := stream(seed, ^(index / Classes)) // far from the indices of samples
	deck := [Classes]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for i := Classes - 1; i > 0; i-- {
		j := r.below(i + 1)
		deck[i], deck[j] = deck[j], deck[i]
	}
	return deck[index%Classes]
}
