package callback_test

import (
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// line returns samples of y = 2x + 1.
func line() *data.Memory {
	x, y := tensor.New(tensor.Float32, 32, 1), tensor.New(tensor.Float32, 32, 1)
	for i := range 32 {
		v := float32(i)/16 - 1
		tensor.Data[float32](x)[i], tensor.Data[float32](y)[i] = v, 2*v+1
	}
	ds, err := data.New(x, y)
	if err != nil {
		log.Fatal(err)
	}
	return ds
}

// straight returns a compiled model that can learn it.
func straight() *glia.Model {
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	return m
}

// The best model so far, in a file of one name.
func ExampleModelCheckpoint() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "best.weights.h5")
	best := callback.ModelCheckpoint(path, callback.SaveBestOnly, callback.Monitor("val_loss"))
	m := straight()
	if _, err := m.Fit(line(), glia.Epochs(5), glia.ValidationSplit(0.25), glia.Use(best)); err != nil {
		log.Fatal(err)
	}
	again := straight()
	if err := again.LoadWeights(path); err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Network().Vars()[0].Tensor().Item() == m.Network().Vars()[0].Tensor().Item())
	// Output: true
}

// The models of the last three epochs, each with its number in the name.
func ExampleKeepLast() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	last := callback.ModelCheckpoint(filepath.Join(dir, "{epoch:02d}.safetensors"), callback.KeepLast(3))
	if _, err := straight().Fit(line(), glia.Epochs(10), glia.Use(last)); err != nil {
		log.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range names {
		fmt.Println(filepath.Base(n))
	}
	// Output:
	// 08.safetensors
	// 09.safetensors
	// 10.safetensors
}

// Validation by averages of the weights, which are also what is left in the end.
func ExampleSwapEMAWeights() {
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	if err := m.Compile(optim.SGD(0.1, optim.EMA(0.9)), loss.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	h, err := m.Fit(line(), glia.Epochs(30), glia.BatchSize(4), glia.Validate(line()), glia.Use(callback.SwapEMAWeights()))
	if err != nil {
		log.Fatal(err)
	}
	r, err := m.Evaluate(line(), glia.BatchSize(4))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Loss == h.Epochs[29].Validation.Loss)
	// Output: true
}

// Training that ends when the loss of the validation has not become better by a
// thousandth for two epochs.
func ExampleEarlyStopping() {
	stop := callback.EarlyStopping(callback.MinDelta(1e-3), callback.Patience(2), callback.RestoreBestWeights)
	h, err := straight().Fit(line(), glia.Epochs(1000), glia.BatchSize(8), glia.ValidationSplit(0.25), glia.Use(stop))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("less than 100 epochs:", len(h.Epochs) < 100)
	// Output: less than 100 epochs: true
}

// A tenth of the learning rate where the loss stays as it is.
func ExampleReduceLROnPlateau() {
	m := straight()
	slower := callback.ReduceLROnPlateau(callback.Monitor("loss"), callback.Patience(3), callback.MinLR(1e-4))
	if _, err := m.Fit(line(), glia.Epochs(100), glia.Use(slower)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Optimizer().LearningRate())
	// Output: 0.0001
}

// Ten epochs at one rate, then a tenth less in every epoch.
func ExampleLearningRateScheduler() {
	m := straight()
	rate := callback.LearningRateScheduler(func(epoch int, lr float64) float64 {
		if epoch < 10 {
			return lr
		}
		return lr * math.Exp(-0.1)
	})
	if _, err := m.Fit(line(), glia.Epochs(15), glia.Use(rate)); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.5f\n", m.Optimizer().LearningRate())
	// Output: 0.06065
}

// A training that gets out of hand.
func ExampleTerminateOnNaN() {
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	if err := m.Compile(optim.SGD(1000.0), loss.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	h, err := m.Fit(line(), glia.Epochs(50), glia.Use(callback.TerminateOnNaN()))
	fmt.Println(len(h.Epochs) < 50, err)
	// Output: true <nil>
}

// A file that a spreadsheet opens.
func ExampleCSVLogger() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "log.csv")
	m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.KernelInitializer(nn.Zeros)))
	if err := m.Compile(optim.SGD(0.0), loss.MeanAbsoluteError()); err != nil {
		log.Fatal(err)
	}
	if _, err := m.Fit(line(), glia.Epochs(2), glia.BatchSize(glia.FullBatch), glia.Use(callback.CSVLogger(path))); err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", text)
	// Output: "epoch,loss\r\n0,1.21875\r\n1,1.21875\r\n"
}
