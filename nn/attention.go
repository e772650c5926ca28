package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Attention returns a layer of Luong's attention: a query takes the mean of values, weighed by how
// well their keys match it.
//
//	y = softmax(query·keyᵀ)·value
//
// It has two inputs, query and value, which is the key, too, or three: query, value and key. Keys that
// the mask of the values leaves out get no share; where the query's mask leaves a query out, y is
// 0, and y has that mask. A query without a key takes the mean of all values; its scores have no
// gradient, where Keras, which takes 1e9 from them, finds that of equal scores.
//
// Calls take [UseCausalMask], and [ReturnAttentionScores], which makes the shares [B T S], after
// dropout, a second output.
//
// Shapes: query [B T D], value [B S E], key [B S D] -> y [B T E]. DTypes: floats.
// Gradient: query, value, key and the variables.
// Panics with *graph.Error, when built, if the inputs do not fit, or the rate is not from 0 to less
// than 1.
//
// Options: [UseScale], [ConcatScores], [AttentionDropout], and every [LayerOption].
//
// Source: keras.layers.Attention; Luong, Pham, Manning 2015, arXiv:1508.04025.
func Attention(opts ...AttentionOption) *AttentionLayer {
	l := newAttention()
	l.Base = NewBase()
	wantOptions(opts)
	for _, o := range opts {
		o.attention(l)
	}
	return l
}

// AttentionLayer is the layer that [Attention] makes.
type AttentionLayer struct {
	Base
	// UseScale multiplies the scores by a variable.
	UseScale bool `json:"use_scale"`
	// ScoreMode is [DotScores], or [ConcatScores].
	ScoreMode ScoreMode `json:"score_mode"`
	// Dropout is the probability that a share is dropped in training.
	Dropout float64 `json:"dropout"`

	scale, concat *graph.Var
}

func newAttention() *AttentionLayer { return &AttentionLayer{ScoreMode: DotScores} }

func init() {
	addLayer("Attention", vocab.Into[Layer](newAttention), anySeed)
}

// AttentionOption is an option of [Attention]: an [AttentionSetting], a [ScoreMode], an
// [AttentionDropout], or a [LayerOption].
type AttentionOption interface{ attention(*AttentionLayer) }

// AttentionSetting is an option that sets a part of an [AttentionLayer].
type AttentionSetting func(*AttentionLayer)

// ScoreMode says how an [Attention] compares a query with a key.
type ScoreMode string

const (
	// DotScores are query·key: the default.
	DotScores ScoreMode = "dot"
	// ConcatScores are w·Σ tanh(scale·(query + key)), w being a variable.
	ConcatScores ScoreMode = "concat"
)

// AttentionDropout is the probability that a share is dropped in training, in [Attention] and
// [AdditiveAttention], [MultiHeadAttention] and [GroupQueryAttention].
type AttentionDropout float64

func (s AttentionSetting) attention(l *AttentionLayer) { s(l) }
func (m ScoreMode) attention(l *AttentionLayer)        { l.ScoreMode = m }
func (r AttentionDropout) attention(l *AttentionLayer) { l.Dropout = float64(r) }
func (s LayerSetting) attention(l *AttentionLayer)     { s(&l.Base) }
func (p DTypePolicy) attention(l *AttentionLayer)      { l.DType = p }

// UseScale multiplies the scores of an [Attention] by a variable.
var UseScale AttentionSetting = func(l *AttentionLayer) { l.UseScale = true }

// Arguments implements [ArgumentLayer].
func (*AttentionLayer) Arguments() (inputs, flags []string) { return nil, attentionFlags }

var attentionFlags = []string{UseCausalMask.Name, ReturnAttentionScores.Name}

// Outputs implements [ArgumentLayer].
func (*AttentionLayer) Outputs(args []CallArgument) int { return attentionOutputs(args) }

// attentionOutputs returns 2 if a call has the scores as an output, otherwise 1.
func attentionOutputs(args []CallArgument) int {
	for _, a := range args {
		if a == ReturnAttentionScores {
			return 2
		}
	}
	return 1
}

// OfIntegers implements [IntegerLayer].
func (*AttentionLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// Build implements [Layer].
func (l *AttentionLayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer].
func (l *AttentionLayer) BuildAll(b *Builder, in []tensor.Spec) {
	wantPartRate("Attention", l.Dropout)
	if l.ScoreMode != DotScores && l.ScoreMode != ConcatScores {
		panic(graph.Errorf("nn.Attention: score mode %q: want %q or %q", l.ScoreMode, DotScores, ConcatScores))
	}
	wantQueries("Attention", in)
	l.scale, l.concat = nil, nil
	if l.UseScale {
		l.scale = b.Param("scale", tensor.D(), Ones)
	}
	if l.ScoreMode == ConcatScores {
		l.concat = b.Param("concat_score_weight", tensor.D(), Ones)
	}
}

// Call implements [Layer]. It panics: attention has two inputs or three.
func (l *AttentionLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *AttentionLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	wantQueries("Attention", specsOf(x))
	q, v, k := x[0], x[1], x[len(x)-1]
	if l.ScoreMode == ConcatScores {
		sum := ops.Add(ops.ExpandDims(q, 2), ops.ExpandDims(k, 1))
		if l.scale != nil {
			sum = ops.Mul(sum, c.Value(l.scale))
		}
		scores := ops.Mul(ops.ReduceSum(ops.Tanh(sum), -1), c.Value(l.concat))
		return weighed(c, scores, x, l.Dropout)
	}
	if l.scale != nil {
		q = ops.Mul(q, c.Value(l.scale))
	}
	if c.Argument(ReturnAttentionScores) {
		return weighed(c, ops.MatMulT(q, k, false, true), x, l.Dropout)
	}
	var mask *graph.Node
	if m := c.Mask(v); m != nil {
		mask = ops.ExpandDims(m, 1, 2)
	}
	s := ops.AttentionSettings{Causal: c.Argument(UseCausalMask), Uniform: true}
	heads := func(n *graph.Node) *graph.Node { return ops.ExpandDims(n, 2) }
	y := ops.Squeeze(attended(c, heads(q), heads(k), heads(v), mask, l.Dropout, s), 2)
	return []*graph.Node{ofQueries(c, x[0], y)}
}
