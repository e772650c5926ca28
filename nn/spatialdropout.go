package nn

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// SpatialDropout1D returns a layer that, in training, sets whole channels of a sample
// to 0 with probability rate and scales the others by 1/(1-rate). Otherwise it passes
// x on.
//
// Shapes: x [B T C] -> y [B T C].
// Panics with *graph.Error, when built, unless 0 <= rate <= 1 and x is of floats and
// has three axes.
//
// Source: keras.layers.SpatialDropout1D; Tompson et al. 2014, arXiv:1411.4280, section 3.2.
func SpatialDropout1D(rate float64, opts ...LayerOption) *SpatialDropoutLayer {
	return spatialDropout(1, rate, opts)
}

// SpatialDropout2D is [SpatialDropout1D] for images.
//
// Shapes: x [B H W C] -> y [B H W C].
// Panics with *graph.Error, when built, unless 0 <= rate <= 1 and x is of floats and
// has four axes. Source: keras.layers.SpatialDropout2D.
func SpatialDropout2D(rate float64, opts ...LayerOption) *SpatialDropoutLayer {
	return spatialDropout(2, rate, opts)
}

// SpatialDropout3D is [SpatialDropout1D] for volumes.
//
// Shapes: x [B D H W C] -> y [B D H W C].
// Panics with *graph.Error, when built, unless 0 <= rate <= 1 and x is of floats and
// has five axes. Source: keras.layers.SpatialDropout3D.
func SpatialDropout3D(rate float64, opts ...LayerOption) *SpatialDropoutLayer {
	return spatialDropout(3, rate, opts)
}

func spatialDropout(places int, rate float64, opts []LayerOption) *SpatialDropoutLayer {
	return &SpatialDropoutLayer{Base: NewBase(opts...), Rate: rate, places: places}
}

// SpatialDropoutLayer is the layer that [SpatialDropout1D] and its like make.
type SpatialDropoutLayer struct {
	Base
	// Rate is the probability that a channel becomes 0.
	Rate float64

	places int // axes between the batch and the channels
}

func init() {
	// A config has a seed, which may be any, and an order of axes, of which glia supports one.
	fixed := map[string]string{"seed": "", "data_format": `"channels_last"`, "trainable": ""}
	for places := 1; places <= 3; places++ {
		layers.Add(vocab.Class[Layer]{Name: fmt.Sprintf("SpatialDropout%dD", places), New: spatialDropoutOf(places), Fixed: fixed})
	}
}

// OfIntegers implements [IntegerLayer].
func (*SpatialDropoutLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// Class returns Keras's name of the layer.
func (d *SpatialDropoutLayer) Class() string { return fmt.Sprintf("SpatialDropout%dD", d.places) }

func (*SpatialDropoutLayer) keepsMask() {}

// Build implements [Layer].
func (d *SpatialDropoutLayer) Build(_ *Builder, in tensor.Spec) {
	wantFloat(d.Class(), in)
	wantRate(d.Class(), d.Rate)
	if in.Rank() != d.places+2 {
		panic(graph.Errorf("nn.%s: x is %v: want %d axes, the batch first and the channels last", d.Class(), in, d.places+2))
	}
}

// Call implements [Layer].
func (d *SpatialDropoutLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if !c.Training || d.Rate == 0 {
		return x
	}
	mask := tensor.D(x.Shape().At(0))
	for range d.places {
		mask = mask.Append(1)
	}
	return dropout(c, x, d.Rate, mask.Append(x.Shape().At(-1)))
}

// MarshalJSON writes the layer's config as Keras does, without trainable.
func (d *SpatialDropoutLayer) MarshalJSON() ([]byte, error) {
	config := map[string]any{"rate": d.Rate}
	if d.Name != "" {
		config["name"] = d.Name
	}
	if d.DType != "" {
		config["dtype"] = d.DType
	}
	if d.places > 1 {
		config["data_format"] = "channels_last"
	}
	return vocab.Marshal(config)
}

// spatialDropoutOf returns a maker of layers with that number of spatial axes.
func spatialDropoutOf(places int) func(c *vocab.Config) (Layer, error) {
	return func(c *vocab.Config) (Layer, error) {
		d := &SpatialDropoutLayer{places: places}
		s := struct {
			Name  string      `json:"name"`
			DType DTypePolicy `json:"dtype"`
			Rate  float64     `json:"rate"`
		}{}
		err := c.Into(&s)
		d.Name, d.DType, d.Rate = s.Name, s.DType, s.Rate
		return d, err
	}
}
