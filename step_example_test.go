package glia_test

import (
	"fmt"
	"log"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
)

// A step of one's own: the loss counts the predictions of mirrored samples, too.
func ExampleStepFunc() {
	m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.NoBias))
	m.TrainStep = func(s *glia.Step) (loss *graph.Node, pred []*graph.Node) {
		pred = s.Call(s.X...)
		odd := ops.Add(pred[0], s.Call(ops.Neg(s.X[0]))[0]) // 0 for f(-x) = -f(x)
		loss = ops.Add(s.Loss(pred), ops.ReduceMean(ops.Square(odd)))
		s.Minimize(loss)
		return loss, pred
	}
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	h, err := m.Fit(line(), glia.Epochs(50), glia.BatchSize(8))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("slope %.1f, loss less than at first: %v\n", m.Network().Vars()[0].Tensor().Item(), h.Epochs[49].Loss < h.Epochs[0].Loss)
	// Output: slope 1.9, loss less than at first: true
}

// A loop of one's own over batches.
func ExampleModel_TrainOnBatch() {
	m := straight()
	var b data.Batch
	for range 100 {
		if err := line().Read([]int{0, 10, 20, 30}, &b); err != nil {
			log.Fatal(err)
		}
		if _, err := m.TrainOnBatch(&b); err != nil {
			log.Fatal(err)
		}
	}
	r, err := m.TestOnBatch(&b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("loss %.3f\n", r.Loss)
	// Output: loss 0.000
}

// Epochs of 10 batches each, validated after every fifth.
func ExampleStepsPerEpoch() {
	h, err := straight().Fit(line(), glia.Epochs(10), glia.BatchSize(4), glia.StepsPerEpoch(10),
		glia.ValidationSplit(0.25), glia.ValidationFreq(5))
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range h.Epochs {
		if e.Validation != nil {
			fmt.Println("validated epoch", e.Epoch)
		}
	}
	// Output:
	// validated epoch 5
	// validated epoch 10
}
