package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// ReversibleEmbedding returns an [Embedding] that can also be called in reverse: it then makes, of
// vectors, a logit for each token, by the same variable or, with [UntiedWeights], by another.
//
//	e := nn.ReversibleEmbedding(20_000, 128)
//	h := nn.Apply(e, tokens)
//	logits := nn.Apply(nn.Calling(e, nn.Reverse), h)
//
// Shapes: x [B ...] -> y [B ... outputDim], in reverse h [B ... outputDim] -> logits [B ...
// inputDim]; embeddings [inputDim outputDim], reverse_embeddings [outputDim inputDim].
// DTypes: numbers -> floats, in reverse floats. Gradient: h, embeddings, reverse_embeddings.
// Panics with *graph.Error, when built, as Embedding does, or if h does not fit.
//
// Options: [UntiedWeights], [ReverseDType], [LogitSoftCap], those of [Embeddings], and every
// [LayerOption].
//
// Source: keras.layers.ReversibleEmbedding; Press, Wolf 2016, arXiv:1608.05859.
func ReversibleEmbedding(inputDim, outputDim int, opts ...ReversibleEmbeddingOption) *ReversibleEmbeddingLayer {
	l := newReversibleEmbedding()
	l.Base, l.InputDim, l.OutputDim = NewBase(), inputDim, outputDim
	wantOptions(opts)
	for _, o := range opts {
		o.reversibleEmbedding(l)
	}
	return l
}

// ReversibleEmbeddingLayer is the layer that [ReversibleEmbedding] makes.
type ReversibleEmbeddingLayer struct {
	Base
	// InputDim is the length of the vocabulary, OutputDim that of vectors.
	InputDim  int `json:"input_dim"`
	OutputDim int `json:"output_dim"`
	Embeddings
	// Untied gives the reverse a variable of its own.
	Untied Negated `json:"tie_weights"`
	// ReverseDType is the dtype that the reverse computes in; empty stands for that of the layer.
	ReverseDType OptionalDType `json:"reverse_dtype"`
	// LogitSoftCap bounds logits to ±LogitSoftCap by cap·tanh(logits/cap); 0 does not.
	LogitSoftCap OptionalFloat `json:"logit_soft_cap"`

	reverse *graph.Var
}

func newReversibleEmbedding() *ReversibleEmbeddingLayer { return &ReversibleEmbeddingLayer{} }

func init() {
	addLayer("ReversibleEmbedding", layerOf[ReversibleEmbeddingLayer](), oldEmbedding)
}

// ReversibleEmbeddingOption is an option of [ReversibleEmbedding]: a [ReversibleEmbeddingSetting], an
// [EmbeddingSetting], or a [LayerOption].
type ReversibleEmbeddingOption interface {
	reversibleEmbedding(*ReversibleEmbeddingLayer)
}

// ReversibleEmbeddingSetting is an option that sets a part of a [ReversibleEmbeddingLayer].
type ReversibleEmbeddingSetting func(*ReversibleEmbeddingLayer)

func (s ReversibleEmbeddingSetting) reversibleEmbedding(l *ReversibleEmbeddingLayer) { s(l) }
func (s EmbeddingSetting) reversibleEmbedding(l *ReversibleEmbeddingLayer)           { s(&l.Embeddings) }
func (s LayerSetting) reversibleEmbedding(l *ReversibleEmbeddingLayer)               { s(&l.Base) }
func (p DTypePolicy) reversibleEmbedding(l *ReversibleEmbeddingLayer)                { l.DType = p }

// UntiedWeights gives the reverse of a [ReversibleEmbedding] a variable of its own.
var UntiedWeights ReversibleEmbeddingSetting = func(l *ReversibleEmbeddingLayer) { l.Untied = true }

// ReverseDType has the reverse of a [ReversibleEmbedding] compute in another dtype than the layer.
func ReverseDType(dt tensor.DType) ReversibleEmbeddingSetting {
	return func(l *ReversibleEmbeddingLayer) { l.ReverseDType = OptionalDType(dt) }
}

// LogitSoftCap bounds the logits of a [ReversibleEmbedding] to ±cap, by cap·tanh(logits/cap).
func LogitSoftCap(limit float64) ReversibleEmbeddingSetting {
	return func(l *ReversibleEmbeddingLayer) { l.LogitSoftCap = OptionalFloat(limit) }
}

// Arguments implements [ArgumentLayer].
func (*ReversibleEmbeddingLayer) Arguments() (inputs, flags []string) {
	return []string{"inputs"}, []string{Reverse.Name}
}

// Outputs implements [ArgumentLayer].
func (*ReversibleEmbeddingLayer) Outputs([]CallArgument) int { return 1 }

// Build implements [Layer].
func (l *ReversibleEmbeddingLayer) Build(b *Builder, in tensor.Spec) {
	if dt := tensor.DType(l.ReverseDType); dt != tensor.Invalid && !dt.IsFloat() {
		panic(graph.Errorf("nn.ReversibleEmbedding: the reverse computes in %v: want a float dtype", dt))
	}
	l.build(b, "ReversibleEmbedding", in, l.InputDim, l.OutputDim)
	l.reverse = nil
	if l.Untied {
		l.reverse = b.Param("reverse_embeddings", tensor.D(l.OutputDim, l.InputDim), l.EmbeddingsInitializer.Or(uniform))
	}
}

// BuildAll implements [MultiLayer].
func (l *ReversibleEmbeddingLayer) BuildAll(b *Builder, in []tensor.Spec) {
	l.wantOne(len(in))
	l.Build(b, in[0])
}

func (l *ReversibleEmbeddingLayer) wantOne(n int) {
	if n != 1 {
		panic(graph.Errorf("nn.ReversibleEmbedding: %d inputs: want 1", n))
	}
}

// Call implements [Layer].
func (l *ReversibleEmbeddingLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if c.Argument(Reverse) {
		return l.logits(c, x)
	}
	return l.look(c, x)
}

// CallAll implements [MultiLayer].
func (l *ReversibleEmbeddingLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	l.wantOne(len(x))
	return []*graph.Node{l.Call(c, x[0])}
}

// logits returns the products of vectors with those of all tokens.
func (l *ReversibleEmbeddingLayer) logits(c *Ctx, x *graph.Node) *graph.Node {
	wantFloat("ReversibleEmbedding", x.Spec())
	if x.Rank() < 2 || x.Shape().At(-1) != l.OutputDim {
		panic(graph.Errorf("nn.ReversibleEmbedding: x of the reverse is %v: want vectors [batch ... %d]", x.Spec(), l.OutputDim))
	}
	of := l.embeddings
	if l.reverse != nil {
		of = l.reverse
	}
	dt := tensor.DType(l.ReverseDType)
	if dt == tensor.Invalid {
		dt = c.ComputeDType()
	}
	kernel := ops.Cast(c.Graph().Value(of), dt)
	rows := ops.Reshape(ops.Cast(x, dt), -1, l.OutputDim)
	y := ops.MatMulT(rows, kernel, false, l.reverse == nil)
	y = ops.Reshape(y, x.Shape().With(-1, l.InputDim).Slice()...)
	if limit := float64(l.LogitSoftCap); limit != 0 {
		y = ops.Scale(ops.Tanh(ops.Scale(y, 1/limit)), limit)
	}
	c.Regularize(l.embeddings, l.EmbeddingsRegularizer)
	l.ActivityRegularizer.activity(c, y)
	return y
}
