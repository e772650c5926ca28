// Mnist trains the network that textbooks begin with on handwritten digits.
package main

import (
	"log"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/mnist"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

func main() {
	train, test, err := mnist.Load()
	if err == nil {
		_, err = run(train.Scale(1.0/255).OneHot(10), test.Scale(1.0/255).OneHot(10), 10)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(train, test data.Dataset, epochs int) (glia.Result, error) {
	m := glia.Sequential(
		nn.Input(28, 28), nn.Flatten(),
		nn.Dense(128, nn.ReLU),
		nn.Dense(128, nn.ReLU),
		nn.Dense(10, nn.Softmax),
	)
	if err := m.Compile(optim.Adam(1e-3), nn.CategoricalCrossentropy(), metric.Accuracy()); err != nil {
		return glia.Result{}, err
	}
	if _, err := m.Fit(train, glia.Epochs(epochs), glia.BatchSize(128), glia.Progress(os.Stdout)); err != nil {
		return glia.Result{}, err
	}
	return m.Evaluate(test, glia.Progress(os.Stdout))
}
