// Mnist trains the network that textbooks begin with on handwritten digits.
package main

import (
	"log"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/mnist"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

func main() {
	train, test, err := mnist.Load()
	check(err)
	run(train.Scale(1.0/255).OneHot(10), test.Scale(1.0/255).OneHot(10), 10)
}

func run(train, test data.Dataset, epochs int) glia.Result {
	m := glia.Sequential(nn.Input(28, 28), nn.Flatten(), nn.Dense(128, nn.ReLU), nn.Dense(128, nn.ReLU), nn.Dense(10, nn.Softmax))
	check(m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy()))
	_, err := m.Fit(train, glia.Epochs(epochs), glia.BatchSize(128), glia.Progress(log.Writer()))
	check(err)
	result, err := m.Evaluate(test, glia.Progress(log.Writer()))
	check(err)
	var first data.Batch
	check(test.Read([]int{0}, &first))
	probabilities, err := m.Predict(first.X[0])
	check(err)
	class, err := glia.Classes(probabilities)
	check(err)
	log.Printf("the first image is %v; predicted: %v, so class %d", first.Y[0], probabilities, class.Int64s()[0])
	return result
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
