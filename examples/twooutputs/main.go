// Twooutputs trains one network to answer two questions about a picture of a digit:
// which digit it is, and whether it is odd. It is a graph of layers: the questions share
// all but the last layer, each has a loss and metrics of its own.
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// questions returns pictures with two targets each.
func questions(set *data.Memory) (*data.Memory, error) {
	odd := tensor.New(tensor.Float32, set.Len(), 1)
	for i, label := range set.Y().Int64s() {
		tensor.Data[float32](odd)[i] = float32(label % 2)
	}
	second, err := data.New(nil, odd)
	if err != nil {
		return nil, err
	}
	return data.Zip(set.Scale(1.0/255).OneHot(digits.Classes), second)
}

func run(w io.Writer) error {
	train, test, err := digits.Load(6000, 1000, 1)
	if err != nil {
		return err
	}
	if train, err = questions(train); err != nil {
		return err
	}
	if test, err = questions(test); err != nil {
		return err
	}

	picture := nn.Apply(nn.Input(digits.Side, digits.Side))
	shared := nn.Apply(nn.Dense(64, nn.ReLU), nn.Apply(nn.Flatten(), picture))
	digit := nn.Apply(nn.Dense(digits.Classes, nn.Softmax, nn.Name("digit")), shared)
	odd := nn.Apply(nn.Dense(1, nn.Sigmoid, nn.Name("odd")), shared)
	m := glia.Functional([]*nn.Symbol{picture}, []*nn.Symbol{digit, odd})

	losses := loss.PerOutput(loss.For("digit", loss.CategoricalCrossentropy()), loss.For("odd", loss.BinaryCrossentropy()).Weighted(0.5))
	err = m.Compile(optim.Adam(3e-3), losses, metric.For("digit", metric.Accuracy()), metric.For("odd", metric.BinaryAccuracy(0.5)))
	if err != nil {
		return err
	}
	fmt.Fprint(w, m.Summary())
	if _, err := m.Fit(train, glia.Epochs(5), glia.BatchSize(32)); err != nil {
		return err
	}
	r, err := m.Evaluate(test)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(w, r)
	return err
}
