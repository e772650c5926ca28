package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// AugMix returns a layer that, in training, mixes pictures with what chains of layers make of
// them. It draws the chains and the shares of the mixture for each batch: every chain consists of
// up to [Chains]' depth of [RandomShear], [RandomTranslation], [RandomRotation],
// [RandomPosterization], [Solarization], [AutoContrast], [Equalization], [RandomBrightness],
// [RandomColorDegeneration], [RandomContrast] and [RandomSharpness], the last four unless
// [FewerOps] leaves them out. Masks are mixed likewise; boxes stay, as in Keras.
//
// Shapes: x [n h w 3] -> y [n h w 3]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when built, unless the strength is one number or two from 0 to 1, there
// are 1 to 100 chains and layers in them, and alpha is positive.
// Options: [Chains], 3 of 3 by default, [Strength], 0.3 by default, [Alpha], [FewerOps], an
// [nn.Interpolation], [ValueRange], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.AugMix; Hendrycks et al. 2020, arXiv:1912.02781.
func AugMix(opts ...nn.OptionOf[AugMixLayer]) *AugMixLayer {
	return nn.Setup(&AugMixLayer{AllOps: true}, opts...)
}

// Chains sets the number of chains that [AugMix] mixes, and the most layers of each.
func Chains(n, depth int) nn.SettingOf[AugMixLayer] {
	return func(l *AugMixLayer) { l.NumChains, l.ChainDepth = n, depth }
}

// Alpha sets the parameter of the Dirichlet and the beta distribution of [AugMix], 1 by default.
func Alpha(a float64) nn.SettingOf[AugMixLayer] { return func(l *AugMixLayer) { l.Alpha = a } }

// FewerOps leaves out the layers of [AugMix] that change brightness, colors, contrast and
// sharpness.
func FewerOps() nn.SettingOf[AugMixLayer] { return func(l *AugMixLayer) { l.AllOps = false } }

// AugMixLayer is the layer that [AugMix] makes.
type AugMixLayer struct {
	Augmenting
	// NumChains is the number of chains, ChainDepth the most layers of each, 3 by default.
	NumChains  int `json:"num_chains"`
	ChainDepth int `json:"chain_depth"`
	// Alpha is the parameter of the distributions of shares, 1 by default.
	Alpha float64 `json:"alpha"`
	// AllOps has layers of brightness, colors, contrast and sharpness among others.
	AllOps bool `json:"all_ops"`
}

func init() {
	nn.Register("keras.layers>AugMix", func() nn.Layer { return &AugMixLayer{AllOps: true} })
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *AugMixLayer) SetDefaults() {
	l.setDefaults(0.3)
	if l.NumChains == 0 {
		l.NumChains = 3
	}
	if l.ChainDepth == 0 {
		l.ChainDepth = 3
	}
	if l.Alpha == 0 {
		l.Alpha = 1
	}
}

// Call implements [nn.Layer].
func (l *AugMixLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *AugMixLayer) Draw(d Draw) Transformation {
	const class = "AugMix"
	set := *l
	set.SetDefaults()
	low, high := set.Factor.around(class, "factor", 0, 1)
	r := set.values(class)
	d.wantRGB(class)
	if set.NumChains < 1 || set.ChainDepth < 1 || set.NumChains > mostOps/set.ChainDepth {
		panic(graph.Errorf("preprocess.%s: %d chains of %d layers: want 1 to %d layers in all", class, set.NumChains, set.ChainDepth, mostOps))
	}
	if !(set.Alpha > 0) || set.Alpha-set.Alpha != 0 {
		panic(graph.Errorf("preprocess.%s: alpha %v: want a positive number", class, set.Alpha))
	}
	list := []augmentation{shear, translation, rotation, posterization, solarization, autoContrast, equalization}
	if set.AllOps {
		list = append(list, brightness, degeneration, contrast, sharpness)
	}
	if !d.Training {
		set.draws(d, list, low, high, r) // which checks settings
		return Transformation{}
	}
	m := mixture{keep: d.Beta(set.Alpha, set.Alpha), shares: dirichlet(d, set.Alpha, set.NumChains)}
	for range set.NumChains {
		var chain []Transformation
		for range set.ChainDepth {
			chain = append(chain, chosen(d.number(len(list)+1), append(set.draws(d, list, low, high, r), Transformation{})))
		}
		m.chains = append(m.chains, inTurn(chain))
	}
	return Transformation{
		Images: func(x *graph.Node) *graph.Node {
			return r.clip(m.of(x, func(t Transformation) func(x *graph.Node) *graph.Node { return t.Images }))
		},
		Masks: func(x *graph.Node) *graph.Node {
			return m.of(x, func(t Transformation) func(x *graph.Node) *graph.Node { return t.Masks })
		},
	}
}

// dirichlet returns n numbers of a Dirichlet distribution.
func dirichlet(d Draw, alpha float64, n int) *graph.Node {
	return ops.Softmax(d.logGamma(d.scalar(alpha), []int{n}), 0)
}

// mixture is what AugMix draws.
type mixture struct {
	keep, shares *graph.Node // the share of the picture itself, those of chains of the rest
	chains       []Transformation
}

// of returns x mixed with what the chains make of it. Integers are rounded.
func (m mixture) of(x *graph.Node, part func(t Transformation) func(x *graph.Node) *graph.Node) *graph.Node {
	dt, to := x.DType(), x.DType()
	if !to.IsFloat() {
		to = tensor.Float32
	}
	keep, shares := ops.Cast(m.keep, to), ops.Cast(m.shares, to)
	rest := ops.Offset(ops.Neg(keep), 1)
	y := ops.Mul(ops.Cast(x, to), keep)
	for i, t := range m.chains {
		share := ops.Mul(rest, ops.Index(shares, 0, i))
		y = ops.Add(y, ops.Mul(ops.Cast(part(t)(x), to), share))
	}
	if dt != to {
		y = ops.Round(y)
	}
	return ops.Cast(y, dt)
}
