// Descents compares the textbook's three ways down the same loss: gradient
// descent, which looks at all samples before a step; stochastic gradient descent,
// which looks at one; and mini-batches between the two.
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

func main() {
	if err := run(os.Stdout, 10_000, 2_000); err != nil {
		log.Fatal(err)
	}
}

func run(w io.Writer, samples, tests int) error {
	train, test, err := digits.Load(samples, tests, 1)
	if err != nil {
		return err
	}
	train, test = train.Scale(1.0/255).OneHot(digits.Classes), test.Scale(1.0/255).OneHot(digits.Classes)

	fmt.Fprintln(w, "                              steps  seconds  test loss  accuracy")
	for _, way := range []struct {
		name      string
		batchSize int
	}{
		{"gradient descent", glia.FullBatch},
		{"stochastic gradient descent", 1},
		{"mini-batches of 32", 32},
	} {
		m := glia.Sequential(
			nn.Input(digits.Side, digits.Side),
			nn.Flatten(),
			nn.Dense(32, nn.ReLU),
			nn.Dense(digits.Classes, nn.Softmax),
		)
		if err := m.Compile(optim.SGD(0.02), loss.CategoricalCrossentropy(), metric.Accuracy()); err != nil {
			return err
		}
		steps := 0
		count := glia.Callback{OnBatchEnd: func(*glia.Model, int, int, float64) error { steps++; return nil }}
		h, err := m.Fit(train, glia.Epochs(3), glia.BatchSize(way.batchSize), glia.Use(count))
		if err != nil {
			return err
		}
		seconds := 0.0
		for _, e := range h.Epochs {
			seconds += e.Seconds
		}
		r, err := m.Evaluate(test)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-28s  %5d  %7.2f  %9.3f  %8.3f\n", way.name, steps, seconds, r.Loss, r.Get("accuracy"))
	}
	return nil
}
