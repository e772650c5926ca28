// Curve fits a curve to noisy points: regression with a small network.
package main

import (
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
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

// sine returns n points of y = sin 3x between -1 and 1, with noise.
func sine(n int, noise float64) (*data.Memory, error) {
	r := rand.New(rand.NewPCG(1, 2))
	x, y := tensor.New(tensor.Float32, n, 1), tensor.New(tensor.Float32, n, 1)
	for i := range n {
		v := 2*r.Float64() - 1
		tensor.Data[float32](x)[i] = float32(v)
		tensor.Data[float32](y)[i] = float32(math.Sin(3*v) + noise*r.NormFloat64())
	}
	return data.New(x, y)
}

func run(w io.Writer) error {
	points, err := sine(512, 0.05)
	if err != nil {
		return err
	}
	m := glia.Sequential(
		nn.Input(1),
		nn.Dense(32, nn.Tanh),
		nn.Dense(32, nn.Tanh),
		nn.Dense(1),
	)
	if err := m.Compile(optim.Adam(0.01), loss.MeanSquaredError(), metric.FromLoss(loss.MeanAbsoluteError())); err != nil {
		return err
	}
	if _, err := m.Fit(points, glia.Epochs(150), glia.ValidationSplit(0.2)); err != nil {
		return err
	}

	x, err := tensor.FromSlice([]float32{-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1}, 9, 1)
	if err != nil {
		return err
	}
	y, err := m.Predict(x)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "    x   sin 3x  network")
	for i, v := range x.Float64s() {
		got := y.Float64s()[i]
		column := int(math.Round(20 * (1 + got)))
		fmt.Fprintf(w, "%5.2f  %6.2f  %6.2f  %*s\n", v, math.Sin(3*v), got, max(1, column), "*")
	}
	return nil
}
