package nn

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// GroupQueryAttention returns a [MultiHeadAttention] with fewer heads of keys and values than of
// queries: query heads that follow each other share one.
//
// Inputs, calls and masks are those of MultiHeadAttention, but an explicit query_mask counts. The
// output has the query's own mask.
//
// Shapes: query [B T D], value [B S V], key [B S K] -> y [B T D]; query/kernel [D H headDim],
// key/kernel [K G headDim], value/kernel [V G headDim], attention_output/kernel [H headDim D].
// DTypes: floats. Gradient: query, value, key and the variables.
// Panics with *graph.Error, when built, if the inputs or settings do not fit.
//
// Options: each [HeadsOption].
//
// Source: keras.layers.GroupQueryAttention; Ainslie et al. 2023, arXiv:2305.13245.
func GroupQueryAttention(headDim, numQueryHeads, numKeyValueHeads int, opts ...GroupQueryAttentionOption) *GroupQueryAttentionLayer {
	l := &GroupQueryAttentionLayer{Base: NewBase(), HeadDim: headDim, NumQueryHeads: numQueryHeads, NumKeyValueHeads: numKeyValueHeads}
	wantOptions(opts)
	for _, o := range opts {
		o.groupQueryAttention(l)
	}
	return l
}

// GroupQueryAttentionLayer is the layer that [GroupQueryAttention] makes.
type GroupQueryAttentionLayer struct {
	Base
	// HeadDim is the length of a head's queries, keys and values.
	HeadDim int `json:"head_dim"`
	// NumQueryHeads is the number of heads of queries, NumKeyValueHeads that of keys and values,
	// which divides it.
	NumQueryHeads    int `json:"num_query_heads"`
	NumKeyValueHeads int `json:"num_key_value_heads"`
	Heads
}

func init() {
	layers.Add(vocab.Class[Layer]{Name: "GroupQueryAttention", Aliases: []string{"GroupedQueryAttention"}, // of Keras's own code, in .h5
		Fixed: anySeed, New: layerOf[GroupQueryAttentionLayer]()})
}

// GroupQueryAttentionOption is an option of [GroupQueryAttention]: a [HeadsOption].
type GroupQueryAttentionOption interface {
	groupQueryAttention(*GroupQueryAttentionLayer)
}

func (s HeadsSetting) groupQueryAttention(l *GroupQueryAttentionLayer)     { s(&l.Heads) }
func (r AttentionDropout) groupQueryAttention(l *GroupQueryAttentionLayer) { l.Dropout = float64(r) }
func (s WeightsSetting) groupQueryAttention(l *GroupQueryAttentionLayer)   { s(&l.Weights) }
func (s LayerSetting) groupQueryAttention(l *GroupQueryAttentionLayer)     { s(&l.Base) }
func (p DTypePolicy) groupQueryAttention(l *GroupQueryAttentionLayer)      { l.DType = p }

// MarshalJSON writes the layer's config as Keras does.
func (l *GroupQueryAttentionLayer) MarshalJSON() ([]byte, error) {
	type plain GroupQueryAttentionLayer
	return configWithout((*plain)(l), nil, "activation")
}

// Build implements [Layer].
func (l *GroupQueryAttentionLayer) Build(b *Builder, in tensor.Spec) {
	l.BuildAll(b, []tensor.Spec{in})
}

// BuildAll implements [MultiLayer].
func (l *GroupQueryAttentionLayer) BuildAll(b *Builder, in []tensor.Spec) {
	l.check("GroupQueryAttention")
	if l.HeadDim < 1 || l.NumQueryHeads < 1 || l.NumKeyValueHeads < 1 || l.NumQueryHeads%l.NumKeyValueHeads != 0 {
		panic(graph.Errorf("nn.GroupQueryAttention: %d query heads and %d key heads of %d: want 1 or more, and a number of query heads that key heads divide",
			l.NumQueryHeads, l.NumKeyValueHeads, l.HeadDim))
	}
	a := attentionOfInputs("GroupQueryAttention", b.args, in)
	wantHeadInputs("GroupQueryAttention", a)
	if a.query.Rank() != 3 {
		panic(graph.Errorf("nn.GroupQueryAttention: query %v: want [batch steps features]", a.query))
	}
	of, shared := []int{l.NumQueryHeads, l.HeadDim}, []int{l.NumKeyValueHeads, l.HeadDim}
	l.query = l.part(b, "_query_dense", l.dense("query", 3, 1, of), a.query)
	l.key = l.part(b, "_key_dense", l.dense("key", 3, 1, shared), a.key)
	l.gate = nil
	if l.UseGate {
		l.gate = l.part(b, "_gate_dense", l.dense("gate", 3, 1, of, Sigmoid), a.query)
	}
	l.value = l.part(b, "_value_dense", l.dense("value", 3, 1, shared), a.value)
	made := tensor.Spec{DType: a.query.DType, Shape: a.query.Shape.To(2).Append(of...)}
	l.output = l.part(b, "_output_dense", l.dense("attention_output", 4, 2, []int{a.query.Shape.At(2)}), made)
}

// Call implements [Layer]. It panics: attention has two inputs or more.
func (l *GroupQueryAttentionLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *GroupQueryAttentionLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	a := attentionOfInputs("GroupQueryAttention", c.args, x)
	own := c.Mask(a.query)
	if a.queryMask == nil {
		a.queryMask = own
	}
	a.masksOf(c)
	y, scores := l.attend(c, "GroupQueryAttention", a, []int{1}, 1/math.Sqrt(float64(l.HeadDim)))
	c.SetMask(y, fittingMask(own, y))
	if scores != nil {
		return []*graph.Node{y, scores}
	}
	return []*graph.Node{y}
}
