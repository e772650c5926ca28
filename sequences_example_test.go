package glia_test

import (
	"fmt"
	"log"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Sequences of different lengths, in batches of about the same: padded to 4, 8 or 16
// steps. The class of a sequence is the sign of its sum.
func Example_sequences() {
	var x []*tensor.Tensor
	var y []int32
	for i := range 120 {
		steps := 1 + i*7%16
		values := make([]float32, steps)
		sum := float32(0)
		for t := range values {
			values[t] = float32((i*31+t*17)%23-11) / 11
			sum += values[t]
		}
		one, err := tensor.FromSlice(values, steps, 1)
		if err != nil {
			log.Fatal(err)
		}
		x = append(x, one)
		y = append(y, 0)
		if sum > 0 {
			y[i] = 1
		}
	}
	train, err := data.PaddedBatches(x, tensor.Of(y...), 4, 8, 16)
	if err != nil {
		log.Fatal(err)
	}
	overSteps := func(x *graph.Node) *graph.Node { return ops.ReduceSum(x, 1) }
	m := glia.Sequential(
		nn.Input(nn.Any, 1),
		nn.Dense(8, nn.Tanh, nn.NoBias), // so that padding stays 0
		nn.Lambda(overSteps),
		nn.Dense(2),
	)
	err = m.Compile(optim.Adam(0.05), loss.SparseCategoricalCrossentropy(loss.FromLogits), metric.Accuracy())
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.Fit(train, glia.Epochs(60), glia.BatchSize(12)); err != nil {
		log.Fatal(err)
	}
	r, err := m.Evaluate(train)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("more than 9 of 10 are right:", r.Get("accuracy") > 0.9)
	// Output: more than 9 of 10 are right: true
}

// Every step of a sequence has a target: whether the sum up to there is more than 0.
// Masking keeps the padding, -9, from the loss and the accuracy.
func Example_sequencesOfTargets() {
	var x, y []*tensor.Tensor
	for i := range 120 {
		steps := 1 + i*7%16
		values, positive := make([]float32, steps), make([]int32, steps)
		sum := float32(0)
		for t := range values {
			values[t] = float32((i*31+t*17)%23-11) / 11
			if sum += values[t]; sum > 0 {
				positive[t] = 1
			}
		}
		one, err := tensor.FromSlice(values, steps, 1)
		if err != nil {
			log.Fatal(err)
		}
		x, y = append(x, one), append(y, tensor.Of(positive...))
	}
	train, err := data.PaddedBatches(x, nil, 4, 8, 16)
	if err != nil {
		log.Fatal(err)
	}
	if train, err = train.WithTargets(y); err != nil {
		log.Fatal(err)
	}
	if train, err = train.PadWith(-9); err != nil {
		log.Fatal(err)
	}
	m := glia.Sequential(
		nn.Input(nn.Any, 1),
		nn.Masking(-9),
		&runningSum{},
		nn.Dense(8, nn.Tanh),
		nn.Dense(2),
	)
	err = m.Compile(optim.Adam(0.05), loss.SparseCategoricalCrossentropy(loss.FromLogits), metric.Accuracy())
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.Fit(train, glia.Epochs(20), glia.BatchSize(12)); err != nil {
		log.Fatal(err)
	}
	r, err := m.Evaluate(train)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("more than 9 of 10 are right:", r.Get("accuracy") > 0.9)
	// Output: more than 9 of 10 are right: true
}

// runningSum is a layer that adds up the steps, and keeps their mask.
type runningSum struct{ nn.Base }

func (*runningSum) Build(*nn.Builder, tensor.Spec) {}

func (*runningSum) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	y := ops.CumSum(x, 1)
	c.SetMask(y, c.Mask(x))
	return y
}
