package main

import (
	"context"
	"fmt"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
)

// task is what a network learns to tell apart.
type task struct {
	name  string // of the data
	about string // how much of them there is
	train data.Dataset
	// validation is nil where --validation-split says what part of train it is.
	validation data.Dataset
	tested     *tested // nil if nothing is left to test with
	names      []string
	model      func() (*glia.Model, error)
}

// digits returns the task of MNIST.
func (t *training) digits(ctx context.Context) (*task, error) {
	set, err := t.source.load(ctx, t.stderr, t.quiet)
	if err != nil {
		return nil, err
	}
	set = set.scaled()
	return &task{
		name: set.name, about: fmt.Sprintf("%d images for training, %d for testing", set.train.Len(), set.test.Len()),
		train: set.train, tested: testDigits(set.name, set.test),
		model: func() (*glia.Model, error) { return t.setup.model(set.train, t.newOptimizer(), t.seed) },
	}, nil
}
