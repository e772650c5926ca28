// Images trains a convolutional network on a directory that has a folder of pictures for each
// class: images DIRECTORY.
package main

import (
	"log"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: images DIRECTORY")
	}
	run(os.Args[1], 20)
}

func run(dir string, epochs int) glia.Result {
	pictures, err := image.OpenFolder(dir, image.Frame{Width: 64, Height: 64, Channels: 3})
	check(err)
	train, validation, err := pictures.Split(0.2, 1)
	check(err)
	m := glia.Sequential(
		nn.Input(64, 64, 3), preprocess.Rescaling(1.0/255, 0),
		nn.Conv2D(16, 3, nn.ReLU), nn.MaxPooling2D(2), nn.Conv2D(32, 3, nn.ReLU), nn.MaxPooling2D(2),
		nn.Conv2D(64, 3, nn.ReLU), nn.GlobalAveragePooling2D(), nn.Dropout(0.2),
		nn.Dense(len(pictures.Classes()), nn.Softmax),
	)
	check(m.Compile(optim.Adam(3e-3), loss.SparseCategoricalCrossentropy(), metric.Accuracy()))
	check(m.SetClassNames(pictures.Classes()...)) // they are saved with it
	_, err = m.Fit(train, glia.Epochs(epochs), glia.BatchSize(16), glia.Validate(validation), glia.Progress(log.Writer()))
	check(err)
	result, err := m.Evaluate(validation)
	check(err)
	log.Printf("%v of %d pictures of %v", result, validation.Len(), pictures.Classes())
	return result
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
