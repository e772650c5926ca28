package glia_test

import (
	"fmt"
	"log"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// A network of two outputs: the losses are minimized together, and logged one by one.
func ExampleFunctional() {
	x := nn.Apply(nn.Input(1))
	up := nn.Apply(nn.Dense(1, nn.Name("up")), x)
	down := nn.Apply(nn.Dense(1, nn.Name("down")), x)
	m := glia.Functional([]*nn.Symbol{x}, []*nn.Symbol{up, down})
	losses := loss.PerOutput(loss.For("up", loss.MeanSquaredError()), loss.For("down", loss.MeanSquaredError()).Weighted(0.5))
	if err := m.Compile(optim.SGD(0.1), losses, metric.For("down", metric.FromLoss(loss.MeanAbsoluteError()))); err != nil {
		log.Fatal(err)
	}

	second, err := data.New(nil, tensor.New(tensor.Float32, line().Len(), 1)) // all 0
	if err != nil {
		log.Fatal(err)
	}
	set, err := data.Zip(line(), second)
	if err != nil {
		log.Fatal(err)
	}
	h, err := m.Fit(set, glia.Epochs(100), glia.BatchSize(8))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"loss", "up_loss", "down_loss", "down_mean_absolute_error"} {
		fmt.Printf("%s %.2f\n", name, h.Epochs[99].Get(name))
	}
	// Output:
	// loss 0.00
	// up_loss 0.00
	// down_loss 0.00
	// down_mean_absolute_error 0.00
}

// The classes of one output of two have weights: its labels say the class of a sample.
func ExampleClassWeightsFor() {
	x := nn.Apply(nn.Input(1))
	size := nn.Apply(nn.Dense(1, nn.KernelInitializer(nn.Zeros), nn.Name("size")), x)
	odd := nn.Apply(nn.Dense(1, nn.KernelInitializer(nn.Zeros), nn.Name("odd")), x)
	m := glia.Functional([]*nn.Symbol{x}, []*nn.Symbol{size, odd})
	losses := loss.PerOutput(loss.For("size", loss.MeanSquaredError()), loss.For("odd", loss.MeanSquaredError()))
	if err := m.Compile(optim.SGD(0.1), losses); err != nil {
		log.Fatal(err)
	}
	sizes, err := data.New(tensor.New(tensor.Float32, 4, 1), tensor.Of[float32](2, 2, 2, 2))
	if err != nil {
		log.Fatal(err)
	}
	odds, err := data.New(nil, tensor.Of[float32](1, 0, 0, 0))
	if err != nil {
		log.Fatal(err)
	}
	set, err := data.Zip(sizes, odds)
	if err != nil {
		log.Fatal(err)
	}
	h, err := m.Fit(set, glia.ClassWeightsFor("odd", map[int]float64{1: 3}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.Epochs[0].Get("size_loss"), h.Epochs[0].Get("odd_loss")) // 4·2² / 4, 3·1² / 4
	// Output: 4 0.75
}

// There is an x for each input, and a result for each output.
func ExampleModel_PredictAll() {
	a, b := nn.Apply(nn.Input(2)), nn.Apply(nn.Input(2))
	m := glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{nn.Apply(nn.Add(), a, b), nn.Apply(nn.Dot(), a, b)})
	x, _ := tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	y, _ := tensor.FromSlice([]float32{10, 20, 30, 40}, 2, 2)
	out, err := m.PredictAll(x, y)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out[0])
	fmt.Println(out[1])
	// Output:
	// [[11. 22.]
	//  [33. 44.]]
	// [[ 50.]
	//  [250.]]
}
