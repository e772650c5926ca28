package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// RandomElasticTransform returns a layer that, in training, distorts some pictures as if they were on
// rubber: the pixels come from places that are moved by noise, which is smoothed by a normal
// distribution. The probability of that is drawn for each picture from factor: {1} means {0, 1}, {1,
// 1} all pictures. [ElasticScale] bounds the strength s, which is drawn for all of a step: the noise
// has the deviation 0.05·s of the shorter side, as has the distribution, and is then multiplied by
// 0.1·s times the longer one.
//
// It does not take boxes.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless factor and scale are one or two numbers from 0 to 1.
// Options: [ElasticScale], [ValueRange], [nn.Nearest], [Fill], [FillValue], [nn.ChannelsFirst],
// [BoxesAs], those of every layer.
// Source: keras.layers.RandomElasticTransform, which moves pixels by the same noise along both axes,
// those of masks by other noise than their pictures'; Simard, Steinkraus,
// Platt 2003, Best Practices for Convolutional Neural Networks, section 2.
func RandomElasticTransform(factor Factor, opts ...nn.OptionOf[RandomElasticTransformLayer]) *RandomElasticTransformLayer {
	return nn.Setup(&RandomElasticTransformLayer{Factor: factor}, opts...)
}

// ElasticScale bounds the strength of [RandomElasticTransform]; one number s, as {1}, the default,
// means {0, s}.
func ElasticScale(f Factor) nn.SettingOf[RandomElasticTransformLayer] {
	return func(l *RandomElasticTransformLayer) { l.Scale = f }
}

// RandomElasticTransformLayer is the layer that [RandomElasticTransform] makes.
type RandomElasticTransformLayer struct {
	Image
	Seeded
	Sampling
	Filling
	Valued
	// Factor bounds the probability that a picture is distorted.
	Factor Factor `json:"factor"`
	// Scale bounds the strength, {1} by default.
	Scale Factor `json:"scale"`
}

func init() {
	nn.Register("keras.layers>RandomElasticTransform", func() nn.Layer { return &RandomElasticTransformLayer{Factor: Factor{1}} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *RandomElasticTransformLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Sampling.SetDefaults()
	l.Filling.SetDefaults()
	l.Valued.SetDefaults()
	if len(l.Scale) == 0 {
		l.Scale = Factor{1}
	}
}

// Call implements [nn.Layer].
func (l *RandomElasticTransformLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return CallImages(c, l, x)
}

// Draw implements [ImageLayer].
func (l *RandomElasticTransformLayer) Draw(d Draw) Transformation {
	const class = "RandomElasticTransform"
	set := *l
	set.SetDefaults()
	low, high := set.Factor.around(class, "factor", 0, 1)
	least, most := set.Scale.around(class, "scale", 0, 1)
	s := set.Sampling.of(class, set.FillMode, true)
	r := set.values(class)
	if !d.Training || high == 0 || most == 0 {
		return Transformation{Listed: refused(class)}
	}
	chosen, at := d.some(low, high), d.elastic(d.Uniform(least, most), most, d.Normal(d.N, d.Height, d.Width, 2))
	nearest := s
	nearest.Nearest = true
	t := d.only(chosen, Transformation{
		Images: func(x *graph.Node) *graph.Node { return ops.MapCoordinates(x, at, s) },
		Masks:  func(m *graph.Node) *graph.Node { return ops.MapCoordinates(m, at, nearest) },
	})
	distorted := t.Images
	t.Images = func(x *graph.Node) *graph.Node { return r.clip(distorted(x)) }
	t.Listed = refused(class)
	return t
}

// elastic returns the coordinates [n 2 h w] from which pixels come that noise [n h w 2] moves with a
// strength, a scalar of at most some number.
func (d Draw) elastic(strength *graph.Node, most float64, noise *graph.Node) *graph.Node {
	short := float64(min(d.Height, d.Width))
	size := int(6*0.05*short*most) | 1
	sigma := ops.Scale(strength, 0.05*short)
	// The window is that of this deviation: what is beyond weighs nothing.
	at := make([]float64, size)
	for i := range at {
		at[i] = float64(i - size/2)
	}
	away := ops.Cast(d.Graph().Const(tensor.Of(at...)), tensor.Float32)
	reach := ops.Floor(ops.Scale(ops.Floor(ops.Scale(sigma, 6)), 0.5)) // half of the odd number from 6 sigma on
	part := ops.Div(away, ops.Maximum(sigma, ops.ScalarLike(sigma, 1e-6)))
	bell := ops.Exp(ops.Scale(ops.Mul(part, part), -0.5))
	bell = ops.Where(ops.LessEqual(ops.Abs(away), reach), bell, ops.ScalarLike(bell, 0))
	bell = ops.Div(bell, ops.ReduceSumKeep(bell, 0))
	smooth := ops.Mul(noise, sigma)
	for _, window := range []tensor.Dims{tensor.D(size, 1), tensor.D(1, size)} {
		kernel := ops.BroadcastTo(ops.Reshape(bell, window.At(0), window.At(1), 1, 1), window.Append(1, 2))
		smooth = ops.Conv(smooth, kernel, ops.Valid(2).Padded(tensor.D(d.Height, d.Width), window), 2)
	}
	moved := ops.Mul(ops.Transpose(smooth, 0, 3, 1, 2), ops.Scale(strength, 0.1*float64(max(d.Height, d.Width))))
	rows := ops.Iota(d.Graph(), tensor.S(tensor.Float32, 1, 1, d.Height, 1), 2)
	columns := ops.Iota(d.Graph(), tensor.S(tensor.Float32, 1, 1, 1, d.Width), 3)
	shape := tensor.D(1, 1, d.Height, d.Width)
	return ops.Add(moved, ops.Concat(1, ops.BroadcastTo(rows, shape), ops.BroadcastTo(columns, shape)))
}
