// Transfer trains a convolutional network on the digits 0 to 4, and uses what it learned for
// 5 to 9: a new head on its frozen layers first, then all of it.
//
// After keras/examples/mnist_transfer_cnn of Keras 2.
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
	"github.com/glia-ml/glia/tensor"
)

func main() {
	train, test, err := mnist.Load()
	check(err)
	run(train, test, 5)
}

func run(train, test *data.Memory, epochs int) (old, frozen, thawed glia.Result) {
	features := nn.Sequential(
		nn.Reshape(28, 28, 1), nn.Conv2D(32, 3, nn.ReLU), nn.MaxPooling2D(2), nn.Conv2D(32, 3, nn.ReLU), nn.MaxPooling2D(2),
		nn.Dropout(0.25), nn.Flatten(),
	)
	withHead := func() *glia.Model {
		return glia.Sequential(nn.Input(28, 28), features, nn.Dense(64, nn.ReLU), nn.Dense(5, nn.Softmax))
	}
	old = fit("0 to 4", withHead(), 1e-3, epochs, of(train, 0), of(test, 0))
	m := withHead() // the same features under a new head
	features.Frozen = true
	frozen = fit("5 to 9, features frozen", m, 1e-3, epochs, of(train, 5), of(test, 5))
	features.Frozen = false
	thawed = fit("5 to 9, all trained on", m, 1e-4, epochs, of(train, 5), of(test, 5))
	return old, frozen, thawed
}

func fit(name string, m *glia.Model, rate float64, epochs int, train, test data.Dataset) glia.Result {
	check(m.Compile(optim.Adam(rate), loss.SparseCategoricalCrossentropy(), metric.Accuracy()))
	_, err := m.Fit(train, glia.Epochs(epochs), glia.BatchSize(128), glia.Progress(log.Writer()))
	check(err)
	r, err := m.Evaluate(test)
	check(err)
	log.Printf("%s: accuracy %.4f", name, r.Get("accuracy"))
	return r
}

// of returns the images of digits from first to first+4, as classes 0 to 4.
func of(set *data.Memory, first int64) *data.Memory {
	var idx []int
	var classes []int32
	for i, y := range set.Y().Int64s() {
		if y >= first && y < first+5 {
			idx, classes = append(idx, i), append(classes, int32(y-first))
		}
	}
	part, err := set.Subset(idx)
	check(err)
	labeled, err := data.New(part.X(), tensor.Of(classes...))
	check(err)
	return labeled.Scale(1.0 / 255)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
