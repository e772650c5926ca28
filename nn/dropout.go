package nn

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Dropout returns a layer that, in training, sets elements to 0 with probability
// rate and scales the others by 1/(1-rate): all become 0 with a rate of 1. Otherwise it passes
// x on.
//
// Shapes: x [...] -> y [...].
// Panics with *graph.Error, when built, unless 0 <= rate <= 1 and x is of floats.
//
// Options: [NoiseShape], and every [LayerOption].
//
// Source: keras.layers.Dropout; Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural
// Networks from Overfitting", section 4.
func Dropout(rate float64, opts ...DropoutOption) *DropoutLayer {
	d := &DropoutLayer{Base: NewBase()}
	d.set(&d.Base, rate, opts)
	return d
}

// DropoutLayer is the layer that [Dropout] makes.
type DropoutLayer struct {
	Base
	Dropping
}

func init() {
	addLayer("Dropout", layerOf[DropoutLayer](), anySeed)
}

// Dropping groups the settings of [Dropout] and [AlphaDropout].
type Dropping struct {
	// Rate is the probability that an element is dropped.
	Rate float64 `json:"rate"`
	// NoiseShape is the shape of the mask, which is broadcast: an axis of 1 drops
	// all of it at once, an axis of -1 is that of x. By default it is x's shape.
	NoiseShape Noise `json:"noise_shape"`
}

// DropoutOption is an option of [Dropout] and [AlphaDropout]: a [NoiseShape], or a
// [LayerOption].
type DropoutOption interface{ dropping(*Base, *Dropping) }

func (n Noise) dropping(_ *Base, d *Dropping)        { d.NoiseShape = n }
func (s LayerSetting) dropping(b *Base, _ *Dropping) { s(b) }
func (p DTypePolicy) dropping(b *Base, _ *Dropping)  { b.DType = p }

func (d *Dropping) set(b *Base, rate float64, opts []DropoutOption) {
	d.Rate = rate
	wantOptions(opts)
	for _, o := range opts {
		o.dropping(b, d)
	}
}

// OfIntegers implements [IntegerLayer].
func (*Dropping) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// check panics unless a layer can drop elements of x.
func (d *Dropping) check(layer string, x tensor.Spec) {
	wantFloat(layer, x)
	d.NoiseShape.mask(layer, x.Shape)
}

// Noise is the shape of a dropout mask; -1 stands for the axis of the input.
type Noise []int

// NoiseShape gives [Dropout] a mask of another shape, which is broadcast:
// NoiseShape(-1, 1, -1) drops features of x [B time features] at all times.
func NoiseShape(dims ...int) Noise { return dims }

// MarshalJSON writes null for -1, as Keras does.
func (n Noise) MarshalJSON() ([]byte, error) {
	if n == nil {
		return []byte("null"), nil
	}
	dims := make([]*int, len(n))
	for i := range n {
		if n[i] != -1 {
			dims[i] = &n[i]
		}
	}
	return json.Marshal(dims)
}

// UnmarshalJSON reads the shape as Keras writes it.
func (n *Noise) UnmarshalJSON(b []byte) error {
	var dims []*int
	if err := json.Unmarshal(b, &dims); err != nil {
		return fmt.Errorf("nn: noise_shape: %w", err)
	}
	*n = nil
	for _, d := range dims {
		if d == nil {
			*n = append(*n, -1)
		} else {
			*n = append(*n, *d)
		}
	}
	return nil
}

func (*DropoutLayer) keepsMask() {}

// Build implements [Layer].
func (d *DropoutLayer) Build(_ *Builder, in tensor.Spec) {
	wantRate("Dropout", d.Rate)
	d.check("Dropout", in)
}

// mask returns the shape of the mask of x. It panics with *graph.Error unless that
// broadcasts to x.
func (n Noise) mask(layer string, x tensor.Dims) tensor.Dims {
	if n == nil {
		return x
	}
	mask, err := tensor.MakeDims(n)
	if err != nil || mask.Rank() != x.Rank() {
		panic(graph.Errorf("nn.%s: noise shape %s of x %v: want as many axes", layer, listed(n), x))
	}
	for i := range x.Rank() {
		if mask.At(i) == -1 {
			mask = mask.With(i, x.At(i))
		}
	}
	if s, err := ops.Broadcast(mask, x); err != nil || s != x {
		panic(graph.Errorf("nn.%s: noise shape %v of x %v: want one that broadcasts to it", layer, n, x))
	}
	return mask
}

// Call implements [Layer].
func (d *DropoutLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if !c.Training || d.Rate == 0 {
		return x
	}
	return dropout(c, x, d.Rate, d.NoiseShape.mask("Dropout", x.Shape()))
}

// dropout drops elements of x with a mask that broadcasts to it.
func dropout(c *Ctx, x *graph.Node, rate float64, mask tensor.Dims) *graph.Node {
	if dropsAll(rate) {
		return ops.Zeros(x)
	}
	seed, stream := c.Seed()
	if mask == x.Shape() {
		return ops.Dropout(x, seed, rate, stream)
	}
	ones := ops.Full(c.Graph(), tensor.Spec{DType: x.DType(), Shape: mask}, 1)
	return ops.Mul(x, ops.Dropout(ones, seed, rate, stream))
}

// wantRate panics unless rate is a probability.
func wantRate(layer string, rate float64) {
	if !(rate >= 0 && rate <= 1) {
		panic(graph.Errorf("nn.%s: rate %g: want 0 <= rate <= 1", layer, rate))
	}
}

// wantPartRate panics unless rate is a probability less than 1, for layers that divide by
// 1-rate: Keras fails where these train with 1.
func wantPartRate(layer string, rate float64) {
	if !(rate >= 0 && rate <= 1) || dropsAll(rate) {
		panic(graph.Errorf("nn.%s: rate %g: want 0 <= rate < 1", layer, rate))
	}
}

// dropsAll reports whether a rate is 1, as the kernels round it.
func dropsAll(rate float64) bool { return float32(rate) == 1 }

// anySeed accepts the seed of a layer's config, of any value: glia draws other numbers than
// Keras with or without it.
var anySeed = map[string]string{"seed": ""}

// droppingPart makes layers with a rate of less than 1. Keras's constructors take 1, too.
func droppingPart(make func(c *vocab.Config) (Layer, error)) func(c *vocab.Config) (Layer, error) {
	return func(c *vocab.Config) (Layer, error) {
		l, err := make(c)
		rate := 0.0
		if err == nil {
			err = c.Get("rate", &rate)
		}
		if err == nil && rate <= 1 && dropsAll(rate) {
			err = &vocab.MissingError{Items: []vocab.Missing{{Kind: "option", Name: fmt.Sprintf("%s.rate %g", ClassOf(l), rate)}}}
		}
		return l, err
	}
}

// GaussianNoise returns a layer that, in training, adds normal noise with mean 0
// and the given standard deviation. Otherwise it passes x on.
//
// Shapes: x [...] -> y [...].
// Panics with *graph.Error, when built, unless stddev >= 0 and x is of floats.
// Source: keras.layers.GaussianNoise.
func GaussianNoise(stddev float64, opts ...LayerOption) *GaussianNoiseLayer {
	return &GaussianNoiseLayer{Base: NewBase(opts...), Stddev: stddev}
}

// GaussianNoiseLayer is the layer that [GaussianNoise] makes.
type GaussianNoiseLayer struct {
	Base
	// Stddev is the standard deviation of the noise.
	Stddev float64 `json:"stddev"`
}

func init() { addLayer("GaussianNoise", layerOf[GaussianNoiseLayer](), anySeed) }

// OfIntegers implements [IntegerLayer].
func (*GaussianNoiseLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

func (*GaussianNoiseLayer) keepsMask() {}

// Build implements [Layer].
func (l *GaussianNoiseLayer) Build(_ *Builder, in tensor.Spec) {
	wantFloat("GaussianNoise", in)
	if !(l.Stddev >= 0) || math.IsInf(l.Stddev, 1) {
		panic(graph.Errorf("nn.GaussianNoise: stddev %g: want 0 or more", l.Stddev))
	}
}

// Call implements [Layer].
func (l *GaussianNoiseLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if !c.Training || l.Stddev == 0 {
		return x
	}
	return ops.Add(x, ops.Scale(normal(c, x.Spec()), l.Stddev))
}

// GaussianDropout returns a layer that, in training, multiplies x with normal
// noise of mean 1 and standard deviation √(rate/(1-rate)). Otherwise it passes x on.
//
// Shapes: x [...] -> y [...].
// Panics with *graph.Error, when built, unless 0 <= rate < 1 and x is of floats.
//
// Source: keras.layers.GaussianDropout; Srivastava et al. 2014, section 10.
func GaussianDropout(rate float64, opts ...LayerOption) *GaussianDropoutLayer {
	return &GaussianDropoutLayer{Base: NewBase(opts...), Rate: rate}
}

// GaussianDropoutLayer is the layer that [GaussianDropout] makes.
type GaussianDropoutLayer struct {
	Base
	// Rate sets the standard deviation of the noise.
	Rate float64 `json:"rate"`
}

func init() {
	addLayer("GaussianDropout", droppingPart(layerOf[GaussianDropoutLayer]()), anySeed)
}

// OfIntegers implements [IntegerLayer].
func (*GaussianDropoutLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

func (*GaussianDropoutLayer) keepsMask() {}

// Build implements [Layer].
func (l *GaussianDropoutLayer) Build(_ *Builder, in tensor.Spec) {
	wantFloat("GaussianDropout", in)
	wantPartRate("GaussianDropout", l.Rate)
}

// Call implements [Layer].
func (l *GaussianDropoutLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if !c.Training || l.Rate == 0 {
		return x
	}
	stddev := math.Sqrt(l.Rate / (1 - l.Rate))
	return ops.Mul(x, ops.Offset(ops.Scale(normal(c, x.Spec()), stddev), 1))
}

// normal draws a tensor of spec s from the standard normal distribution.
func normal(c *Ctx, s tensor.Spec) *graph.Node {
	seed, stream := c.Seed()
	if s.DType.Size() < tensor.Float32.Size() { // rounded from the numbers of float32
		return ops.Cast(ops.RandomNormal(seed, tensor.Spec{DType: tensor.Float32, Shape: s.Shape}, stream), s.DType)
	}
	return ops.RandomNormal(seed, s, stream)
}
