package preprocess_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// TestTextVectorization has the numbers of Keras 3.15.1's layer, see testdata/textvectorization.py: outside a
// network, and of one that begins with the layer.
func TestTextVectorization(t *testing.T) {
	var golden struct {
		Adapt, Texts []string
		Cases        []struct {
			Config     json.RawMessage
			Vocabulary []string
			Shape      []int
			Output     []float64
		}
	}
	b, err := os.ReadFile("testdata/textvectorization.json")
	if err == nil {
		err = json.Unmarshal(b, &golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		l, err := nn.LayerFromConfig("TextVectorization", c.Config)
		if err != nil {
			t.Fatalf("%s: %v", c.Config, err)
		}
		words := l.(*preprocess.TextVectorizationLayer)
		if words.Vocabulary == nil {
			if err := words.Adapt(slices.Values(golden.Adapt)); err != nil {
				t.Fatalf("%s: %v", c.Config, err)
			}
		}
		if got := words.Tokens(); !slices.Equal(got, c.Vocabulary) {
			t.Errorf("%s: got vocabulary %q, want %q", c.Config, got, c.Vocabulary)
		}
		y, err := words.Apply(golden.Texts)
		if err != nil {
			t.Fatalf("%s: %v", c.Config, err)
		}
		wantNumbers(t, string(c.Config), y, c.Shape, c.Output)

		m := glia.Sequential(nn.Input(nn.Text), words)
		x, err := words.Encode(golden.Texts)
		if err != nil {
			t.Fatal(err)
		}
		if y, err = m.Predict(x); err != nil {
			t.Fatalf("%s: %v", c.Config, err)
		}
		wantNumbers(t, "in a network: "+string(c.Config), y, c.Shape, c.Output)
	}
}

func wantNumbers(t *testing.T, what string, got *tensor.Tensor, shape []int, want []float64) {
	t.Helper()
	if got.Shape() != tensor.D(shape...) {
		t.Errorf("%s: got %v, want %v", what, got.Spec(), shape)
		return
	}
	for i, v := range got.Float64s() {
		if math.Abs(v-want[i]) > 1e-6*math.Abs(want[i]) {
			t.Errorf("%s: got %v, want %v", what, got, want)
			return
		}
	}
}

// TestTextVectorizationRefused tells what is wrong.
func TestTextVectorizationRefused(t *testing.T) {
	for want, l := range map[string]*preprocess.TextVectorizationLayer{
		`token "a" stands twice in the vocabulary`: preprocess.TextVectorization(preprocess.Vocabulary("a", "b", "a")),
		"token 1 of the vocabulary is empty":       preprocess.TextVectorization(preprocess.Vocabulary("a", "")),
		"an empty vocabulary":                      preprocess.TextVectorization(preprocess.Vocabulary()),
		"no vocabulary: want Adapt":                preprocess.TextVectorization(),
		"MaxTokens(1)":                             preprocess.TextVectorization(preprocess.MaxTokens(1)),
		"a vocabulary of 4 tokens":                 preprocess.TextVectorization(preprocess.MaxTokens(3), preprocess.Vocabulary("a", "b")),
		"SequenceLength(0): want":                  preprocess.TextVectorization(preprocess.SequenceLength(0)),
		"SequenceLength(3) with Count":             preprocess.TextVectorization(preprocess.SequenceLength(3), preprocess.Output(preprocess.Count)),
		"PadToMaxTokens without MaxTokens":         preprocess.TextVectorization(preprocess.PadToMaxTokens()),
		"NGramsOf([0])":                            preprocess.TextVectorization(preprocess.NGramsOf(0)),
		"0 weights for 1 tokens with TFIDF":        preprocess.TextVectorization(preprocess.Vocabulary("a"), preprocess.Output(preprocess.TFIDF)),
		"1 weights for 1 tokens with Int":          preprocess.TextVectorization(preprocess.Vocabulary("a"), preprocess.Weights(1)),
		"weight 1 of the vocabulary is NaN":        preprocess.TextVectorization(preprocess.Vocabulary("[UNK]", "a"), preprocess.Output(preprocess.TFIDF), preprocess.Weights(1, math.NaN())),
		"Standardization(9)":                       preprocess.TextVectorization(preprocess.Standardized(9)),
		"Splitting(-1)":                            preprocess.TextVectorization(preprocess.SplitBy(-1)),
		"OutputMode(7)":                            preprocess.TextVectorization(preprocess.Output(7)),
	} {
		if _, err := l.Encode([]string{"a"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode: error %v, want %q", err, want)
		}
	}
	words := preprocess.TextVectorization(preprocess.Vocabulary("a"))
	for want, err := range map[string]error{
		"no texts: want one":        func() error { _, err := words.Encode(nil); return err }(),
		"text 1 is not UTF-8":       func() error { _, err := words.Encode([]string{"a", "\xff"}); return err }(),
		"the vocabulary was given":  words.Adapt(slices.Values([]string{"b"})),
		"2 texts without a token":   preprocess.TextVectorization().Adapt(slices.Values([]string{"", " ?"})),
		"text 1 is not UTF-8: want": preprocess.TextVectorization().Adapt(slices.Values([]string{"a", "\xff"})),
		"the texts are nil":         preprocess.TextVectorization().Adapt(nil),
		"MaxTokens(2) with":         preprocess.TextVectorization(preprocess.MaxTokens(2)).Adapt(slices.Values([]string{"a"})),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for want, config := range map[string]string{
		"ragged":               `{"ragged": true}`,
		"sparse":               `{"sparse": true}`,
		"one_hot":              `{"output_mode": "one_hot"}`,
		"split: {":             `{"split": {"class_name": "function", "config": "cut"}}`,
		"want a number from 1": `{"ngrams": 0}`,
	} {
		if l, err := nn.LayerFromConfig("TextVectorization", []byte(config)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, error %v, want %q", config, l, err, want)
		}
	}
	before := preprocess.TextVectorization()
	if err := before.Adapt(slices.Values([]string{"a b"})); err != nil {
		t.Fatal(err)
	}
	if err := before.Adapt(slices.Values([]string{"c", "\xff"})); err == nil || !slices.Equal(before.Tokens(), []string{"", "[UNK]", "b", "a"}) {
		t.Errorf("Adapt that failed: error %v, left %q, want the vocabulary of before", err, before.Tokens())
	}
}

func ExampleTextVectorization() {
	words := preprocess.TextVectorization(preprocess.MaxTokens(1000), preprocess.SequenceLength(4))
	if err := words.Adapt(slices.Values([]string{"The cat sat.", "The dog sat, too!"})); err != nil {
		fmt.Println(err)
		return
	}
	x, err := words.Encode([]string{"the dog", "A cat sat, and sat."})
	fmt.Printf("%q\n%v %v\n", words.Tokens(), x, err)
	// Output:
	// ["" "[UNK]" "the" "sat" "too" "dog" "cat"]
	// [[2 5 0 0]
	//  [1 6 3 1]] <nil>
}
