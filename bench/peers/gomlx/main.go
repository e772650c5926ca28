// The GoMLX peer: its pure Go backend, trained through its Trainer. Built with
// GOEXPERIMENT=simd it uses the backend's vector kernels.
package main

import (
	"log"

	"github.com/glia-ml/glia/bench/peers/gocommon"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/dataset"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// mlp returns the logits; the softmax is part of the loss.
func mlp(scope *model.Scope, x *graph.Node) *graph.Node {
	scope = scope.WithInitializer(initializer.GlorotUniformFn(scope))
	for i, units := range gocommon.Units {
		x = layers.DenseWithBias(scope.In("dense_%d", i), x, units)
		if i+1 < len(gocommon.Units) {
			x = activation.Relu(x)
		}
	}
	return x
}

// accuracy compares the largest logit with the largest label.
func accuracy(_ *model.Scope, labels, logits []*graph.Node) *graph.Node {
	hit := graph.Equal(graph.ArgMax(logits[0], -1), graph.ArgMax(labels[0], -1))
	return graph.ReduceAllMean(graph.ConvertDType(hit, logits[0].DType()))
}

func main() {
	args := gocommon.ParseArgs()
	trainSet, testSet, err := gocommon.MNIST(args.Data)
	check(err)

	// Its default uses GOMAXPROCS workers, and was faster here than any other setting of its own.
	backend, err := gobackend.New("")
	check(err)

	inMemory := func(name string, s gocommon.Set) *dataset.InMemoryDataset {
		x := tensors.FromFlatDataAndDimensions(s.Images, s.N, gocommon.Features)
		y := tensors.FromFlatDataAndDimensions(s.OneHot, s.N, gocommon.Classes)
		ds, err := dataset.InMemoryFromData(backend, name, []any{x}, []any{y})
		check(err)
		return ds
	}
	epoch := inMemory("train", trainSet).BatchSize(gocommon.Batch, false).Shuffle()
	test := inMemory("test", testSet).BatchSize(1000, false)

	store := model.NewStore()
	check(store.SetRNGStateFromSeed(1))
	adam := optimizer.Adam().LearningRate(1e-3).Betas(0.9, 0.999).Epsilon(1e-7).Done()
	trainer := train.NewTrainer(backend, store, mlp, loss.CategoricalCrossEntropyLogits, adam, nil,
		[]metric.Interface{metric.NewMeanMetric("accuracy", "acc", metric.AccuracyMetricType, accuracy, nil)})
	loop := train.NewLoop(trainer)

	clock := gocommon.NewClock(args)
	for clock.More() {
		clock.Epoch(func() {
			_, err := loop.RunEpochs(epoch, 1)
			check(err)
		})
	}
	results, err := trainer.Eval(test)
	check(err)
	clock.Report("GoMLX, Go backend", "github.com/gomlx/gomlx",
		float64(tensors.ToScalar[float32](results[0])), float64(tensors.ToScalar[float32](results[1])),
		"Trainer, InMemoryDataset")
}

func check(err error) {
	if err != nil {
		log.Fatalf("%+v", err)
	}
}
