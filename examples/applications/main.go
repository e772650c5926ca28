// Applications puts a new head on MobileNetV2 and trains it on a directory that has a folder of
// pictures for each class: applications DIRECTORY WEIGHTS. The weights are those that Keras
// publishes without the top, for alpha 0.35 and pictures of 96x96:
// mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5.
package main

import (
	"log"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/applications"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: applications DIRECTORY WEIGHTS")
	}
	run(os.Args[1], os.Args[2], 20)
}

func run(dir, weights string, epochs int) glia.Result {
	pictures, err := image.OpenFolder(dir, image.Frame{Width: 96, Height: 96, Channels: 3})
	check(err)
	train, validation, err := pictures.Split(0.2, 1)
	check(err)
	base, err := applications.MobileNetV2(applications.NoTop, applications.AveragePool, applications.Alpha(0.35),
		applications.InputShape(96, 96, 3), applications.Weights(weights))
	check(err)
	base.Frozen = true // thaw it, and go on at a low rate, once the head is trained
	m := glia.Sequential(
		nn.Input(96, 96, 3), preprocess.Rescaling(1/127.5, -1), base,
		nn.Dropout(0.2), nn.Dense(len(pictures.Classes()), nn.Softmax),
	)
	check(m.Compile(optim.Adam(1e-2), loss.SparseCategoricalCrossentropy(), metric.Accuracy()))
	_, err = m.Fit(train, glia.Epochs(epochs), glia.BatchSize(16), glia.Validate(validation), glia.Progress(log.Writer()))
	check(err)
	result, err := m.Evaluate(validation)
	check(err)
	check(m.SetClassNames(pictures.Classes()...)) // a saved model tells them, and predictions do
	log.Printf("%v of %d pictures of %v", result, validation.Len(), pictures.Classes())
	return result
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
