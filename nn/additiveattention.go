package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// AdditiveAttention returns a layer of Bahdanau's attention: [Attention] whose scores are
//
//	Σ scale · tanh(query + key)
//
// with a variable scale, one for each feature.
//
// Shapes: query [B T D], value [B S E], key [B S D] -> y [B T E]; scale [D]. DTypes: floats.
// Gradient: query, value, key, scale. Panics with *graph.Error, when built, as Attention does.
//
// Options: [Unscaled], [AttentionDropout], and every [LayerOption].
//
// Source: keras.layers.AdditiveAttention; Bahdanau, Cho, Bengio 2014, arXiv:1409.0473.
func AdditiveAttention(opts ...AdditiveAttentionOption) *AdditiveAttentionLayer {
	l := &AdditiveAttentionLayer{Base: NewBase()}
	wantOptions(opts)
	for _, o := range opts {
		o.additiveAttention(l)
	}
	return l
}

// AdditiveAttentionLayer is the layer that [AdditiveAttention] makes.
type AdditiveAttentionLayer struct {
	Base
	// Unscaled leaves the variable out.
	Unscaled Negated `json:"use_scale"`
	// Dropout is the probability that a share is dropped in training.
	Dropout float64 `json:"dropout"`

	scale *graph.Var
}

func init() { addLayer("AdditiveAttention", layerOf[AdditiveAttentionLayer](), anySeed) }

// AdditiveAttentionOption is an option of [AdditiveAttention]: [Unscaled], an [AttentionDropout], or
// a [LayerOption].
type AdditiveAttentionOption interface {
	additiveAttention(*AdditiveAttentionLayer)
}

// AdditiveAttentionSetting is an option that sets a part of an [AdditiveAttentionLayer].
type AdditiveAttentionSetting func(*AdditiveAttentionLayer)

func (s AdditiveAttentionSetting) additiveAttention(l *AdditiveAttentionLayer) { s(l) }
func (r AttentionDropout) additiveAttention(l *AdditiveAttentionLayer)         { l.Dropout = float64(r) }
func (s LayerSetting) additiveAttention(l *AdditiveAttentionLayer)             { s(&l.Base) }
func (p DTypePolicy) additiveAttention(l *AdditiveAttentionLayer)              { l.DType = p }

// Unscaled leaves the variable of an [AdditiveAttention] out.
var Unscaled AdditiveAttentionSetting = func(l *AdditiveAttentionLayer) { l.Unscaled = true }

// Arguments implements [ArgumentLayer].
func (*AdditiveAttentionLayer) Arguments() (inputs, flags []string) { return nil, attentionFlags }

// Outputs implements [ArgumentLayer].
func (*AdditiveAttentionLayer) Outputs(args []CallArgument) int { return attentionOutputs(args) }

// OfIntegers implements [IntegerLayer].
func (*AdditiveAttentionLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// Build implements [Layer].
func (l *AdditiveAttentionLayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer].
func (l *AdditiveAttentionLayer) BuildAll(b *Builder, in []tensor.Spec) {
	wantPartRate("AdditiveAttention", l.Dropout)
	wantQueries("AdditiveAttention", in)
	l.scale = nil
	if !l.Unscaled {
		l.scale = b.Param("scale", tensor.D(in[0].Shape.At(-1)), GlorotUniform)
	}
}

// Call implements [Layer]. It panics: attention has two inputs or three.
func (l *AdditiveAttentionLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *AdditiveAttentionLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	wantQueries("AdditiveAttention", specsOf(x))
	scores := ops.Tanh(ops.Add(ops.ExpandDims(x[0], 2), ops.ExpandDims(x[len(x)-1], 1)))
	if l.scale != nil {
		scores = ops.Mul(scores, c.Value(l.scale))
	}
	return weighed(c, ops.ReduceSum(scores, -1), x, l.Dropout)
}
