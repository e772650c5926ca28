package mnist_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/data/mnist"
	"github.com/glia-ml/glia/tensor"
)

func ExampleLoad() {
	train, test, err := mnist.Load()
	if errors.Is(err, mnist.ErrUnavailable) {
		fmt.Println("neither on disk nor to be downloaded")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	train, test = train.Scale(1.0/255), test.Scale(1.0/255)
	fmt.Println(train.Len(), test.Len())
}

// Any data in the format of MNIST will do.
func ExampleDir() {
	dir, err := os.MkdirTemp("", "mnist")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for name, t := range map[string]*tensor.Tensor{
		"train-images-idx3-ubyte": tensor.New(tensor.Uint8, 6, 28, 28),
		"train-labels-idx1-ubyte": tensor.Of[uint8](3, 1, 4, 1, 5, 9),
		"t10k-images-idx3-ubyte":  tensor.New(tensor.Uint8, 2, 28, 28),
		"t10k-labels-idx1-ubyte":  tensor.Of[uint8](2, 6),
	} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := errors.Join(idx.Write(f, t), f.Close()); err != nil {
			fmt.Println(err)
			return
		}
	}
	train, test, err := mnist.Load(mnist.Dir(dir))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.X().Spec(), train.Y())
	fmt.Println(test.X().Spec(), test.Y())
	// Output:
	// uint8[6 28 28] [3 1 4 1 5 9]
	// uint8[2 28 28] [2 6]
}

// Offline leaves the network alone, for a program that must not wait for it.
func ExampleOffline() {
	train, test, err := mnist.Load(mnist.Offline())
	if errors.Is(err, mnist.ErrUnavailable) {
		fmt.Println("package digits needs no files")
		return
	}
	fmt.Println(train.Len(), test.Len(), err)
}

// A mirror of your own, with a limit of time and without reports.
func ExampleMirrors() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	train, test, err := mnist.Load(mnist.Mirrors("https://mirror.example.org/mnist/"), mnist.Context(ctx), mnist.Progress(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Len(), test.Len())
}

func ExampleContext() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := mnist.Load(mnist.Context(ctx))
	fmt.Println(err)
	// Output: mnist: context canceled
}
