// Sentiment learns to tell texts apart, in a folder for each class, and saves a model that takes texts.
//
//	go run ./examples/sentiment reviews sentiment.keras
package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/text"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sentiment FOLDER FILE.keras")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, folder, file string) error {
	reviews, err := text.OpenFolder(folder)
	if err != nil {
		return err
	}
	texts, err := reviews.All()
	if err != nil {
		return err
	}
	words := preprocess.TextVectorization(preprocess.MaxTokens(20000), preprocess.SequenceLength(200))
	if err := words.Adapt(slices.Values(texts)); err != nil {
		return err
	}
	x, err := words.Encode(texts)
	if err != nil {
		return err
	}
	set, err := data.New(x, reviews.Labels())
	if err != nil {
		return err
	}
	train, test, err := set.Split(0.2, data.Stratified(1))
	if err != nil {
		return err
	}
	m := glia.Sequential(
		nn.Input(nn.Text), words,
		nn.Embedding(len(words.Tokens()), 32, nn.MaskZero),
		nn.GlobalAveragePooling1D(),
		nn.Dense(len(reviews.Classes()), nn.Softmax),
	)
	if err := m.Compile(optim.Adam(0.01), loss.SparseCategoricalCrossentropy(), metric.Accuracy()); err != nil {
		return err
	}
	if err := m.SetClassNames(reviews.Classes()...); err != nil {
		return err
	}
	if _, err := m.Fit(train, glia.Epochs(10), glia.BatchSize(32)); err != nil {
		return err
	}
	result, err := m.Evaluate(test)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "accuracy %.3f of %d texts\n", result.Metrics[0].Value, test.Len())
	return m.Save(file)
}
