package main

import (
	"reflect"
	"strings"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// augmentations returns the layers that change pictures at random in training, of pixels from 0
// to 255: what is seen stays what it is.
func augmentations() []nn.Layer {
	of := preprocess.Factor{0.1}
	return []nn.Layer{
		preprocess.RandomFlip(preprocess.Along(preprocess.Horizontal), nn.Float32),
		preprocess.RandomRotation(preprocess.Factor{0.05}, nn.Float32),
		preprocess.RandomTranslation(of, of, nn.Float32),
		preprocess.RandomZoom(of, nil, nn.Float32),
		preprocess.RandomContrast(preprocess.Factor{0.2, 0.2}, nn.Float32),
	}
}

// augments reports whether there is a layer among some, or in them, that changes pictures at
// random.
func augments(layers []nn.Layer) bool {
	for _, l := range layers {
		if strings.HasPrefix(reflect.TypeOf(l).String(), "*preprocess.Random") {
			return true
		}
		if n, ok := l.(*nn.Network); ok && augments(n.Layers()) {
			return true
		}
	}
	return false
}

// augmenter returns a function that changes a batch of pictures at random, otherwise every time.
func augmenter(x tensor.Spec, seed uint64) (*glia.Function, error) {
	net, state := nn.Sequential(augmentations()...), nn.NewSeed(seed)
	if err := graph.Catch(func() { net.Build(nn.NewBuilder(seed), x) }); err != nil {
		return nil, err
	}
	return glia.Func(func(in ...*graph.Node) []*graph.Node {
		c := nn.NewCtx(in[0].Graph(), state)
		c.Training = true
		return net.CallAll(c, in)
	}), nil
}
