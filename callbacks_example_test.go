package glia_test

import (
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// Training that ends when the loss of the validation has not become better by a
// thousandth for two epochs.
func ExampleEarlyStopping() {
	stop := glia.EarlyStopping(glia.MinDelta(1e-3), glia.Patience(2), glia.RestoreBestWeights)
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
	slower := glia.ReduceLROnPlateau(glia.Monitor("loss"), glia.Patience(3), glia.MinLR(1e-4))
	if _, err := m.Fit(line(), glia.Epochs(100), glia.Use(slower)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Optimizer().LearningRate())
	// Output: 0.0001
}

// Ten epochs at one rate, then a tenth less in every epoch.
func ExampleLearningRateScheduler() {
	m := straight()
	rate := glia.LearningRateScheduler(func(epoch int, lr float64) float64 {
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
	if err := m.Compile(optim.SGD(1000.0), nn.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	h, err := m.Fit(line(), glia.Epochs(50), glia.Use(glia.TerminateOnNaN()))
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
	if err := m.Compile(optim.SGD(0.0), nn.MeanAbsoluteError()); err != nil {
		log.Fatal(err)
	}
	if _, err := m.Fit(line(), glia.Epochs(2), glia.BatchSize(glia.FullBatch), glia.Use(glia.CSVLogger(path))); err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", text)
	// Output: "epoch,loss,val_loss\r\n0,1.21875,NA\r\n1,1.21875,NA\r\n"
}
