// Package imdb loads the reviews of movies of IMDB, whose words are numbers by their frequency: 25,000 for training and
// as many for testing, half of them positive, from disk or, the first time, from the network.
//
// Source: Maas et al. 2011, Learning word vectors for sentiment analysis; keras.datasets.imdb.
package imdb

import (
	"context"
	"fmt"
	"os"

	"github.com/glia-ml/glia/data/words"
	"github.com/glia-ml/glia/internal/fetch"
)

// address is where the files are.
const address = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"

var (
	texts = fetch.File{Name: "imdb.npz", SHA256: "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"}
	index = fetch.File{Name: "imdb_word_index.json", MD5: "bfafd718b763782e994055a2d397834f"}
)

// Load returns the texts for training and for testing, as Keras's load_data does with the same options of package words:
// label 1 is a positive review, 0 a negative one.
//
// It looks for imdb.npz in imdb in the directory that the environment variable GLIA_DATA names, and in glia/imdb in the
// user's cache directory, where it puts the file, 17 MB, after downloading it the first time. Wherever it lies its
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
// for imdb_word_index.json as Load does for its file.
func WordIndex(ctx context.Context) (map[string]int, error) {
	path, err := cached(ctx, address, index)
	if err != nil {
		return nil, err
	}
	return words.LoadIndex(path)
}

// cached returns where a file lies.
func cached(ctx context.Context, address string, f fetch.File) (string, error) {
	d := fetch.New(ctx, "imdb", os.Stderr, address)
	defer d.Close()
	path, err := d.Cached("imdb", f, false)
	if err != nil {
		return "", fmt.Errorf("imdb: %w", err)
	}
	return path, nil
}
