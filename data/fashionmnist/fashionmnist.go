// Package fashionmnist loads Fashion-MNIST: 60,000 grey pictures of clothes of 28x28 for
// training and 10,000 for testing, from disk or, the first time, from the network.
//
// Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747.
package fashionmnist

import (
	"context"
	"fmt"
	"os"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/internal/fetch"
	"github.com/glia-ml/glia/tensor"
)

// Classes are the names of the classes, by their numbers.
var Classes = [10]string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}

// addresses are where the files are.
var addresses = []string{
	"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
	"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
}

// files are pictures and labels for training, then those for testing.
var files = [4]fetch.File{
	{Name: "train-images-idx3-ubyte.gz", MD5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
	{Name: "train-labels-idx1-ubyte.gz", MD5: "25c81989df183df01b3e8a0aad5dffbe"},
	{Name: "t10k-images-idx3-ubyte.gz", MD5: "bef4ecab320f06d8554ea6380940ec79"},
	{Name: "t10k-labels-idx1-ubyte.gz", MD5: "bb300cfdad3c16e7a12a480ee83cd310"},
}

// limit is the most bytes that a file may have without compression.
const limit = 1 << 26

// Load returns the samples for training and for testing: x uint8 [n 28 28], from 0 for nothing
// to 255, and y uint8 [n], the numbers of [Classes].
//
// It looks for the four files, as they were published, in fashion-mnist in the directory that
// the environment variable GLIA_DATA names, and in glia/fashion-mnist in the user's cache
// directory, where it puts them after downloading them the first time. Wherever they lie their
// MD5 is checked. It returns an error if one is not there and not to be downloaded, or ctx is
// done. Other data in this format is for data/mnist's Dir.
func Load(ctx context.Context) (train, test *data.Memory, err error) {
	train, test, err = load(ctx, files, addresses)
	if err != nil {
		return nil, nil, fmt.Errorf("fashionmnist: %w", err)
	}
	return train, test, nil
}

func load(ctx context.Context, files [4]fetch.File, addresses []string) (train, test *data.Memory, err error) {
	d := fetch.New(ctx, "fashionmnist", os.Stderr, addresses...)
	defer d.Close()
	var t [4]*tensor.Tensor
	for i, f := range files {
		path, err := d.Cached("fashion-mnist", f, false)
		if err != nil {
			return nil, nil, err
		}
		if t[i], err = idx.ReadFile(path, limit); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if train, err = data.New(t[0], t[1]); err == nil {
		test, err = data.New(t[2], t[3])
	}
	return train, test, err
}
