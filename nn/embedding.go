package nn

import (
	"encoding/json"
	"maps"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Embedding returns a layer that turns tokens, numbers from 0 to inputDim-1, into vectors that it
// learns.
//
// Tokens that are floats are cut off to whole numbers. One outside of the vocabulary, a negative
// one too, is an error of Fit, Evaluate and Predict that names its sample and place, where the
// tokens are an input of the model; where they are computed, its vector is NaN. (Keras on
// TensorFlow fails, on JAX it gives NaN, and both count -1 from the end.)
//
// Shapes: x [B ...] -> y [B ... outputDim], embeddings [inputDim outputDim]; mask [B ...] with
// [MaskZero]. DTypes: numbers -> floats. Gradient: embeddings.
// Panics with *graph.Error, when built, if x is of bools, or a length is less than 1.
//
// Options: those of [Embeddings], and every [LayerOption].
//
// Source: keras.layers.Embedding.
func Embedding(inputDim, outputDim int, opts ...EmbeddingOption) *EmbeddingLayer {
	l := &EmbeddingLayer{Base: NewBase(), InputDim: inputDim, OutputDim: outputDim}
	wantOptions(opts)
	for _, o := range opts {
		o.embedding(&l.Base, &l.Embeddings)
	}
	return l
}

// EmbeddingLayer is the layer that [Embedding] makes.
type EmbeddingLayer struct {
	Base
	// InputDim is the length of the vocabulary, OutputDim that of vectors.
	InputDim  int `json:"input_dim"`
	OutputDim int `json:"output_dim"`
	Embeddings
}

// oldEmbedding allows the settings of old files that say nothing more than the input does.
var oldEmbedding = map[string]string{"input_length": "", "sparse": "false"}

func init() { addLayer("Embedding", layerOf[EmbeddingLayer](), oldEmbedding) }

// Embeddings groups the settings of [Embedding] and [ReversibleEmbedding].
type Embeddings struct {
	// EmbeddingsInitializer is RandomUniform(-0.05, 0.05) by default.
	EmbeddingsInitializer Initializer `json:"embeddings_initializer"`
	// There are no penalties and constraints by default.
	EmbeddingsRegularizer Regularizer `json:"embeddings_regularizer"`
	ActivityRegularizer   Regularizer `json:"activity_regularizer"`
	EmbeddingsConstraint  Constraint  `json:"embeddings_constraint"`
	// MaskZero masks the token 0, padding: see [Ctx.Mask].
	MaskZero bool `json:"mask_zero"`

	embeddings *graph.Var
}

// EmbeddingOption is an option of [Embedding] and [ReversibleEmbedding]: an [EmbeddingSetting], or a
// [LayerOption].
type EmbeddingOption interface{ embedding(*Base, *Embeddings) }

// EmbeddingSetting is an option that sets a part of [Embeddings].
type EmbeddingSetting func(*Embeddings)

func (s EmbeddingSetting) embedding(_ *Base, e *Embeddings) { s(e) }
func (s LayerSetting) embedding(b *Base, _ *Embeddings)     { s(b) }
func (p DTypePolicy) embedding(b *Base, _ *Embeddings)      { b.DType = p }

// MaskZero masks the token 0 of an [Embedding], padding: layers behind it leave its steps out.
var MaskZero EmbeddingSetting = func(e *Embeddings) { e.MaskZero = true }

// EmbeddingsInitializer gives the vectors their first values.
func EmbeddingsInitializer(i Initializer) EmbeddingSetting {
	return func(e *Embeddings) { e.EmbeddingsInitializer = i }
}

// EmbeddingsRegularizer adds a penalty of the vectors to the loss.
func EmbeddingsRegularizer(r Regularizer) EmbeddingSetting {
	return func(e *Embeddings) { e.EmbeddingsRegularizer = r }
}

// EmbeddingsConstraint puts the vectors under a constraint after every update.
func EmbeddingsConstraint(c Constraint) EmbeddingSetting {
	return func(e *Embeddings) { e.EmbeddingsConstraint = c }
}

// uniform is Keras's initializer of that name.
var uniform = RandomUniform(-0.05, 0.05)

// SetDefaults sets the initializer that is not set to the default that it stands for.
func (e *Embeddings) SetDefaults() {
	e.EmbeddingsInitializer = e.EmbeddingsInitializer.Or(uniform)
}

// OfIntegers implements [IntegerLayer].
func (*Embeddings) OfIntegers(tensor.DType) tensor.DType { return tensor.Float32 }

// build makes the vectors.
func (e *Embeddings) build(b *Builder, class string, in tensor.Spec, inputDim, outputDim int) {
	if in.DType == tensor.Bool {
		panic(graph.Errorf("nn.%s: x is %v: want tokens, numbers", class, in))
	}
	if inputDim < 1 || outputDim < 1 {
		panic(graph.Errorf("nn.%s: vectors of length %d for %d tokens: want 1 or more of each", class, outputDim, inputDim))
	}
	e.embeddings = b.Param("embeddings", tensor.D(inputDim, outputDim), e.EmbeddingsInitializer.Or(uniform))
	constrain(e.embeddings, e.EmbeddingsConstraint)
}

// look returns the vectors of tokens, and masks the token 0 if it is padding.
func (e *Embeddings) look(c *Ctx, x *graph.Node) *graph.Node {
	c.limit(x, e.embeddings.Spec().Shape.At(0))
	tokens := x
	if x.DType().IsFloat() {
		tokens = ops.Cast(x, tensor.Int32)
	}
	y := ops.Cast(ops.Gather(c.Graph().Value(e.embeddings), tokens, 0), c.ComputeDType())
	c.Regularize(e.embeddings, e.EmbeddingsRegularizer)
	e.ActivityRegularizer.activity(c, y)
	if e.MaskZero {
		c.SetMask(y, ops.NotEqual(x, ops.ScalarLike(x, 0)))
	}
	return y
}

// Build implements [Layer].
func (l *EmbeddingLayer) Build(b *Builder, in tensor.Spec) {
	l.build(b, "Embedding", in, l.InputDim, l.OutputDim)
}

// Call implements [Layer].
func (l *EmbeddingLayer) Call(c *Ctx, x *graph.Node) *graph.Node { return l.look(c, x) }

// configWithout returns the config of a layer's fields without some settings, which Keras's
// class does not have, and with others.
func configWithout(fields any, more map[string]any, keys ...string) ([]byte, error) {
	text, err := vocab.Marshal(fields)
	if err != nil {
		return nil, err
	}
	var config map[string]any
	d := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	config = make(map[string]any, len(d))
	for key, v := range d {
		config[key] = v
	}
	for _, key := range keys {
		delete(config, key)
	}
	maps.Copy(config, more)
	return json.Marshal(config)
}
