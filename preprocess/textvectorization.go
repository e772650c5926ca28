package preprocess

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TextVectorization returns a layer that turns texts into the numbers of their words in a vocabulary, or
// into what [OutputMode] names. [TextVectorizationLayer.Adapt] learns the vocabulary, [Vocabulary] gives it:
//
//	words := preprocess.TextVectorization(preprocess.MaxTokens(20000), preprocess.SequenceLength(200))
//	err := words.Adapt(slices.Values(reviews))
//	m := glia.Sequential(nn.Input(nn.Text), words, nn.Embedding(20000, 64), ...)
//	x, err := words.Encode(reviews)
//
// Number 0 is padding and 1 stands for words that are not in the vocabulary; in modes other than Int the latter
// is number 0, and there is no padding.
//
// Tensors hold numbers, so the words are found before the network: [TextVectorizationLayer.Encode] gives what a
// network takes that begins with the layer, behind an Input of [nn.Text], and the layer does the rest there. In
// Keras's files it is the whole layer, with the vocabulary, for inputs of strings. Keras opens them where TensorFlow is
// installed, and predicts with them on that backend: others, it says, know no strings.
//
// Shapes: x [B tokens] -> y [B tokens], or [B vocabulary] in modes other than Int.
// DTypes: int64 numbers of tokens, -1 for no token; floats in modes other than Int.
// Gradient: none. Panics with *graph.Error, when built, if x has other specs, if options contradict each other,
// or if there is no vocabulary in modes other than Int.
//
// Options: [MaxTokens], [Standardized], [SplitBy], [NGramsOf], [Output], [SequenceLength], [PadToMaxTokens],
// [Vocabulary], [Weights], and every [nn.LayerOption].
//
// Source: keras.layers.TextVectorization; its ragged and sparse outputs are not supported, nor functions of Python.
func TextVectorization(opts ...TextVectorizationOption) *TextVectorizationLayer {
	l := nn.Setup(newTextVectorization(), opts...)
	l.SetDefaults()
	return l
}

func newTextVectorization() *TextVectorizationLayer { return &TextVectorizationLayer{} }

// TextVectorizationLayer is the layer that [TextVectorization] makes.
type TextVectorizationLayer struct {
	nn.Base
	// MaxTokens bounds the vocabulary with the numbers of padding and unknown words; 0: it has no bound.
	MaxTokens   int             `json:"max_tokens"`
	Standardize Standardization `json:"standardize"`
	Split       Splitting       `json:"split"`
	NGrams      NGrams          `json:"ngrams"`
	OutputMode  OutputMode      `json:"output_mode"`
	// Length is the number of tokens of each text in mode Int; 0: that of the longest in a batch.
	Length int `json:"output_sequence_length"`
	// Pad makes the output as long as MaxTokens, even if there are fewer.
	Pad bool `json:"pad_to_max_tokens"`
	// Vocabulary is the tokens by their numbers, with or without the special ones in front; nil until Adapt.
	Vocabulary []string `json:"vocabulary"`
	// Weights are those of TFIDF, one for each of Vocabulary.
	Weights  []float64 `json:"idf_weights"`
	Encoding string    `json:"encoding"` // "utf-8" or ""
	// Size is that of the vocabulary in a file, which is not looked at.
	Size int `json:"vocabulary_size"`

	given, lengthGiven bool // by options
	words              *tokens
	idf                *graph.Var
}

func init() {
	nn.Register("keras.layers>TextVectorization", func() nn.Layer { return newTextVectorization() })
}

// TextVectorizationOption is an option of [TextVectorization].
type TextVectorizationOption = nn.OptionOf[TextVectorizationLayer]

// MaxTokens bounds the vocabulary, with the numbers of padding and of unknown words.
func MaxTokens(n int) nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.MaxTokens = n }
}

// Standardized sets how a text is changed before it is cut into words, which is LowerAndStrip otherwise.
func Standardized(s Standardization) nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.Standardize = s }
}

// SplitBy sets how a text is cut into words, which is AtSpaces otherwise.
func SplitBy(s Splitting) nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.Split = s }
}

// NGramsOf makes tokens of so many words next to each other: NGramsOf(1, 2) of words and of pairs, which is Keras's
// ngrams=2.
func NGramsOf(words ...int) nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.NGrams = slices.Clone(words) }
}

// Output sets what the layer gives for a text, which is Int otherwise.
func Output(m OutputMode) nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.OutputMode = m }
}

// SequenceLength gives each text so many tokens: it loses the last ones, or gets padding behind.
func SequenceLength(n int) nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.Length, l.lengthGiven = n, true }
}

// PadToMaxTokens makes the output as long as MaxTokens in modes other than Int, even if there are fewer tokens.
func PadToMaxTokens() nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.Pad = true }
}

// Vocabulary gives the layer its tokens by their numbers, with or without "" and "[UNK]" in front.
func Vocabulary(tokens ...string) nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.Vocabulary, l.given = slices.Clone(tokens), true }
}

// Weights gives the layer the weights of its tokens in mode TFIDF, one for each that [Vocabulary] has.
func Weights(idf ...float64) nn.SettingOf[TextVectorizationLayer] {
	return func(l *TextVectorizationLayer) { l.Weights = slices.Clone(idf) }
}

// SetDefaults looks the vocabulary up, which several goroutines may use later.
func (l *TextVectorizationLayer) SetDefaults() { _ = l.check() } // Build and Encode return its error

// check returns an error if settings contradict each other.
func (l *TextVectorizationLayer) check() error {
	switch {
	case l.MaxTokens < 0 || l.MaxTokens == 1:
		return fmt.Errorf("MaxTokens(%d): want 2 or more", l.MaxTokens)
	case l.Standardize < LowerAndStrip || l.Standardize > AsWritten:
		return fmt.Errorf("Standardization(%d): want LowerAndStrip, Lower, StripPunctuation or AsWritten", int(l.Standardize))
	case l.Split < AtSpaces || l.Split > Whole:
		return fmt.Errorf("Splitting(%d): want AtSpaces, Characters or Whole", int(l.Split))
	case l.OutputMode < Int || l.OutputMode > TFIDF:
		return fmt.Errorf("OutputMode(%d): want Int, MultiHot, Count or TFIDF", int(l.OutputMode))
	case l.Length < 0 || l.Length == 0 && l.lengthGiven:
		return fmt.Errorf("SequenceLength(%d): want 1 token or more", l.Length)
	case l.Length > 0 && l.OutputMode != Int:
		return fmt.Errorf("SequenceLength(%d) with %v: want it with Int alone", l.Length, l.OutputMode)
	case l.Pad && l.MaxTokens == 0:
		return errors.New("PadToMaxTokens without MaxTokens: want both")
	case l.Encoding != "" && l.Encoding != "utf-8":
		return fmt.Errorf("encoding %q: want utf-8", l.Encoding)
	}
	for _, n := range l.NGrams {
		if n < 1 || n > mostWords {
			return fmt.Errorf("NGramsOf(%v): want numbers from 1 to %d", []int(l.NGrams), mostWords)
		}
	}
	if l.words != nil || l.Vocabulary == nil && !l.given {
		return nil
	}
	words, err := newTokens(l.Vocabulary, l.Weights, l.OutputMode)
	if err != nil {
		return err
	}
	if n := len(words.list) + len(l.OutputMode.special()); l.MaxTokens > 0 && n > l.MaxTokens {
		return fmt.Errorf("a vocabulary of %d tokens with %q, MaxTokens(%d): want no more", n, l.OutputMode.special(), l.MaxTokens)
	}
	l.words = words
	return nil
}

// ready returns an error unless the layer has a vocabulary.
func (l *TextVectorizationLayer) ready() error {
	if err := l.check(); err != nil {
		return err
	}
	if l.words == nil {
		return errors.New("no vocabulary: want Adapt, or Vocabulary, before")
	}
	return nil
}

// Adapt learns the vocabulary from texts, in place of what it learned before: the tokens that they have most often, no
// more than [MaxTokens] with the special ones, of those that are as frequent the one whose bytes are greatest; and in
// mode TFIDF the weights
//
//	ln(1 + texts / (1 + texts with the token))
//
// whose mean is that of unknown words. A network that the layer is in has to be built after it.
//
// It returns an error if the vocabulary was given, if the texts have no token, or if one is not UTF-8.
func (l *TextVectorizationLayer) Adapt(texts iter.Seq[string]) error {
	if err := l.adapt(texts); err != nil {
		return fmt.Errorf("preprocess: TextVectorization.Adapt: %w", err)
	}
	return nil
}

func (l *TextVectorizationLayer) adapt(texts iter.Seq[string]) error {
	switch {
	case l.given:
		return errors.New("the vocabulary was given: want a layer without")
	case l.idf != nil:
		return errors.New("the layer is built: want Adapt before")
	case texts == nil:
		return errors.New("the texts are nil: want some")
	}
	before := *l
	l.Vocabulary, l.Weights, l.words = nil, nil, nil
	c := counts{of: map[string]*count{}}
	err := l.check()
	for text := range texts {
		if err != nil {
			break
		}
		if !utf8.ValidString(text) {
			err = fmt.Errorf("text %d is not UTF-8: want text in UTF-8", c.documents)
			break
		}
		c.add(l.tokensOf(text))
	}
	if err == nil {
		l.Vocabulary, l.Weights, err = c.vocabulary(l.MaxTokens, l.OutputMode)
	}
	if err == nil {
		err = l.check()
	}
	if err != nil {
		*l = before
	}
	return err
}

// tokensOf returns the tokens of a text.
func (l *TextVectorizationLayer) tokensOf(text string) []string {
	return l.NGrams.of(l.Split.words(l.Standardize.standardize(text)))
}

// Tokens returns the vocabulary by numbers, with the special tokens in front; nil if there is none.
func (l *TextVectorizationLayer) Tokens() []string {
	if l.ready() != nil {
		return nil
	}
	return slices.Concat(l.OutputMode.special(), l.words.list)
}

// Encode returns the numbers of the tokens of texts, int64 [texts tokens]: what a network takes that begins with the
// layer. Behind those of a text stands 0 in mode Int, -1 in others.
//
// It returns an error if there is no vocabulary, no text, or one that is not UTF-8.
func (l *TextVectorizationLayer) Encode(texts []string) (*tensor.Tensor, error) {
	rows, err := l.rows(texts)
	if err != nil {
		return nil, fmt.Errorf("preprocess: TextVectorization.Encode: %w", err)
	}
	length := l.Length
	if length == 0 {
		for _, row := range rows {
			length = max(length, len(row))
		}
	}
	spec := tensor.S(tensor.Int64, len(rows), length)
	if _, err := tensor.CheckedBytes(spec); err != nil {
		return nil, fmt.Errorf("preprocess: TextVectorization.Encode: %w", err)
	}
	t := tensor.NewSpec(spec)
	all := tensor.Data[int64](t)
	for i, row := range rows {
		to := all[i*length:][:length]
		n := copy(to, row)
		for j := n; j < length && l.OutputMode != Int; j++ {
			to[j] = -1
		}
	}
	return t, nil
}

// rows returns the numbers of the tokens of texts.
func (l *TextVectorizationLayer) rows(texts []string) ([][]int64, error) {
	if err := l.ready(); err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, errors.New("no texts: want one or more")
	}
	unknown := int64(len(l.OutputMode.special()) - 1)
	rows := make([][]int64, len(texts))
	for i, text := range texts {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("text %d is not UTF-8: want text in UTF-8", i)
		}
		for _, token := range l.tokensOf(text) {
			id, ok := l.words.ids[token]
			switch {
			case ok:
				rows[i] = append(rows[i], int64(id))
			case token == "" && l.OutputMode == Int:
				rows[i] = append(rows[i], 0)
			case token != "":
				rows[i] = append(rows[i], unknown)
			}
		}
	}
	return rows, nil
}

// Apply returns what the layer gives for texts, int64 [texts tokens] in mode Int, [texts vocabulary] in others, int64
// of MultiHot and Count, float32 of TFIDF: Keras's numbers. It returns an error as [TextVectorizationLayer.Encode] does.
func (l *TextVectorizationLayer) Apply(texts []string) (*tensor.Tensor, error) {
	if l.OutputMode == Int {
		return l.Encode(texts)
	}
	rows, err := l.rows(texts)
	if err != nil {
		return nil, fmt.Errorf("preprocess: TextVectorization.Apply: %w", err)
	}
	width := l.width()
	spec := tensor.S(tensor.Int64, len(rows), width)
	if _, err := tensor.CheckedBytes(spec); err != nil {
		return nil, fmt.Errorf("preprocess: TextVectorization.Apply: %w", err)
	}
	t := tensor.NewSpec(spec)
	all := tensor.Data[int64](t)
	for i, row := range rows {
		for _, id := range row {
			if all[i*width+int(id)]++; l.OutputMode == MultiHot {
				all[i*width+int(id)] = 1
			}
		}
	}
	if l.OutputMode != TFIDF {
		return t, nil
	}
	w, weights := tensor.New(tensor.Float32, len(rows), width), tensor.Data[float32](l.weights())
	for i, n := range all {
		tensor.Data[float32](w)[i] = float32(n) * weights[i%width]
	}
	return w, nil
}

// width returns the length of the output in modes other than Int.
func (l *TextVectorizationLayer) width() int {
	if l.Pad {
		return l.MaxTokens
	}
	return len(l.OutputMode.special()) + len(l.words.list)
}

// weights returns the weights of TFIDF, 0 behind those of the vocabulary.
func (l *TextVectorizationLayer) weights() *tensor.Tensor {
	if l.idf != nil {
		return l.idf.Value()
	}
	t := tensor.New(tensor.Float32, l.width())
	for i, w := range l.words.idf {
		tensor.Data[float32](t)[i] = float32(w)
	}
	return t
}

// OfIntegers implements [nn.IntegerLayer].
func (l *TextVectorizationLayer) OfIntegers(tensor.DType) tensor.DType {
	if l.OutputMode == Int {
		return tensor.Int64
	}
	return tensor.Float32
}

// Build implements [nn.Layer].
func (l *TextVectorizationLayer) Build(b *nn.Builder, in tensor.Spec) {
	err := l.check()
	if err == nil && l.OutputMode != Int {
		err = l.ready()
	}
	if err == nil && (in.Rank() != 2 || in.DType != tensor.Int64) {
		err = fmt.Errorf("x %v: want int64 [batch tokens], which Encode returns, behind an Input of nn.Text", in)
	}
	if err != nil {
		panic(graph.Errorf("preprocess.TextVectorization: %v", err))
	}
	if l.OutputMode == TFIDF {
		l.idf = nil
		w := l.weights()
		l.idf = b.State("idf_weights", w.Spec(), nn.ConstantTensor(w))
	}
}

// Call implements [nn.Layer].
func (l *TextVectorizationLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	if l.OutputMode == Int {
		if l.Length > 0 && x.Shape().At(1) != l.Length {
			rest := ops.Full(x.Graph(), tensor.S(x.DType(), x.Shape().At(0), l.Length), 0)
			x = ops.SliceAxis(ops.Concat(1, x, rest), 1, 0, l.Length)
		}
		return x
	}
	batch, width, dt := x.Shape().At(0), l.width(), c.ComputeDType()
	at := ops.Reshape(ops.Scale(ops.Iota(x.Graph(), tensor.S(tensor.Int64, batch), 0), float64(width)), batch, 1)
	outside := ops.ScalarLike(x, float64(batch*width)) // which ScatterAdd drops
	at = ops.Reshape(ops.Where(ops.Less(x, ops.ScalarLike(x, 0)), outside, ops.Add(x, at)), -1)
	zeros := ops.Full(x.Graph(), tensor.S(dt, batch*width), 0)
	ones := ops.Full(x.Graph(), tensor.S(dt, at.Shape().At(0)), 1)
	y := ops.Reshape(ops.ScatterAdd(zeros, at, ones, 0), batch, width)
	switch l.OutputMode {
	case MultiHot:
		y = ops.Minimum(y, ops.ScalarLike(y, 1))
	case TFIDF:
		y = ops.Mul(y, ops.Cast(c.Value(l.idf), dt))
	}
	return y
}

// MarshalJSON writes the config as Keras does.
func (l *TextVectorizationLayer) MarshalJSON() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	optional := func(n int) any {
		if n == 0 {
			return nil
		}
		return n
	}
	size := len(l.OutputMode.special())
	vocabulary := l.Vocabulary
	var weights any
	if l.words != nil {
		size += len(l.words.list)
		vocabulary = l.words.list
		if l.OutputMode == TFIDF {
			vocabulary = l.Tokens()
			weights = l.weights().Float64s()[:size]
		}
	}
	return vocab.Marshal(struct {
		nn.Base
		MaxTokens   any             `json:"max_tokens"`
		Standardize Standardization `json:"standardize"`
		Split       Splitting       `json:"split"`
		NGrams      []int           `json:"ngrams"`
		OutputMode  OutputMode      `json:"output_mode"`
		Length      any             `json:"output_sequence_length"`
		Pad         bool            `json:"pad_to_max_tokens"`
		Sparse      bool            `json:"sparse"`
		Ragged      bool            `json:"ragged"`
		Vocabulary  []string        `json:"vocabulary"`
		Weights     any             `json:"idf_weights"`
		Encoding    string          `json:"encoding"`
		Size        int             `json:"vocabulary_size"`
	}{l.Base, optional(l.MaxTokens), l.Standardize, l.Split, l.NGrams, l.OutputMode, optional(l.Length), l.Pad, false, false, vocabulary, weights, "utf-8", size})
}
