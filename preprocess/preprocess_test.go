package preprocess_test

import (
	"testing"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

func f32(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }

func TestLayers(t *testing.T) {
	for name, c := range map[string]nntest.Case{
		"Rescaling": {New: func() nn.Layer { return preprocess.Rescaling(0.5, 1) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"Rescaling/pixels": {New: func() nn.Layer { return preprocess.Rescaling(1.0/255, 0) }, In: tensor.S(tensor.Uint8, 4, 5),
			KeepsMask: true, Out: f32(4, 5), NoGradient: true},
		"RandomFlip": {New: func() nn.Layer { return preprocess.RandomFlip() }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomFlip/first": {New: func() nn.Layer {
			return preprocess.RandomFlip(preprocess.Along(preprocess.Vertical), nn.ChannelsFirst, preprocess.BoxesAs(preprocess.XYWH))
		}, In: tensor.S(tensor.Uint8, 4, 3, 5, 6), Out: f32(4, 3, 5, 6), NoGradient: true},
	} {
		t.Run(name, func(t *testing.T) { nntest.Layer(t, c) })
	}
}
