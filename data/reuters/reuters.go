// Package reuters loads the newswires of Reuters, whose words are numbers by their frequency: 11,228 on 46 topics, from
// disk or, the first time, from the network.
//
// Source: Lewis, Reuters-21578; keras.datasets.reuters.
package reuters

import (
	"context"
	"fmt"
	"os"

	"github.com/glia-ml/glia/data/words"
	"github.com/glia-ml/glia/internal/fetch"
)

// address is where the files are.
const address = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"

// Topics are the names of the labels, by their numbers.
var Topics = [46]string{"cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar", "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp", "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead"}

var (
	texts = fetch.File{Name: "reuters.npz", SHA256: "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"}
	index = fetch.File{Name: "reuters_word_index.json", MD5: "4d44cc38712099c9e383dc6e5f11a921"}
)

// Load returns the texts for training and for testing, as Keras's load_data does with the same options of package words:
// labels are the numbers of [Topics].
//
// It looks for reuters.npz in reuters in the directory that the environment variable GLIA_DATA names, and in glia/reuters in the
// user's cache directory, where it puts the file, 2 MB, after downloading it the first time. Wherever it lies its
// SHA-256 is checked. It returns an error if the file is not there and not to be downloaded, if ctx is done, or as
// [words.Load] does.
func Load(ctx context.Context, opts ...words.Option) (train, test *words.Set, err error) {
	path, err := cached(ctx, address, texts)
	if err != nil {
		return nil, nil, err
	}
	return words.Load(path, opts...)
}

// WordIndex returns the numbers of words, without the 3 that Load adds unless [words.IndexFrom] says otherwise. It looks
// for reuters_word_index.json as Load does for its file.
func WordIndex(ctx context.Context) (map[string]int, error) {
	path, err := cached(ctx, address, index)
	if err != nil {
		return nil, err
	}
	return words.LoadIndex(path)
}

// cached returns where a file lies.
func cached(ctx context.Context, address string, f fetch.File) (string, error) {
	d := fetch.New(ctx, "reuters", os.Stderr, address)
	defer d.Close()
	path, err := d.Cached("reuters", f, false)
	if err != nil {
		return "", fmt.Errorf("reuters: %w", err)
	}
	return path, nil
}
