// Xor trains the smallest network that needs a hidden layer: one that learns
// exclusive or.
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(w io.Writer) error {
	x, err := tensor.FromSlice([]float32{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	if err != nil {
		return err
	}
	y, err := tensor.FromSlice([]float32{0, 1, 1, 0}, 4, 1)
	if err != nil {
		return err
	}
	xor, err := data.New(x, y)
	if err != nil {
		return err
	}

	m := glia.Sequential(
		nn.Input(2),
		nn.Dense(8, nn.Tanh),
		nn.Dense(1, nn.Sigmoid),
	)
	if err := m.Compile(optim.Adam(0.05), loss.BinaryCrossentropy()); err != nil {
		return err
	}
	if _, err := m.Fit(xor, glia.Epochs(200), glia.BatchSize(4)); err != nil {
		return err
	}

	p, err := m.Predict(x)
	if err != nil {
		return err
	}
	in, out := tensor.Data[float32](x), tensor.Data[float32](p)
	for i := range 4 {
		fmt.Fprintf(w, "%v xor %v = %.0f\n", in[2*i], in[2*i+1], out[i])
	}
	return nil
}
