// Package cifar loads CIFAR-10 and CIFAR-100: 50,000 color pictures of 32x32 for training and
// 10,000 for testing, in 10 or 100 classes, from disk or, the first time, from the network.
//
// Source: Krizhevsky 2009, Learning multiple layers of features from tiny images.
package cifar

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/fetch"
	"github.com/glia-ml/glia/tensor"
)

// Classes10 are the names of the classes of CIFAR-10, by their numbers.
var Classes10 = [10]string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// archive is a file of pictures: its members for training and testing, each of some labels and
// the pixels of pictures, one behind the other.
type archive struct {
	fetch.File
	train   []string
	test    string
	each    int // pictures in a member for training
	tests   int // pictures in the member for testing
	labels  int // of a picture
	classes int // numbers that a label may be
	label   int // which of them counts
}

// address is where the archives are.
const address = "https://www.cs.toronto.edu/~kriz"

var (
	ten = archive{
		File:  fetch.File{Name: "cifar-10-binary.tar.gz", MD5: "c32a1d4ab5d03f1284b67883e8d87530"},
		train: []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
		test:  "test_batch.bin", each: 10000, tests: 10000, labels: 1, classes: 10,
	}
	hundred = archive{
		File:  fetch.File{Name: "cifar-100-binary.tar.gz", MD5: "03b5dce01913d631647c71ecec9e9cb8"},
		train: []string{"train.bin"}, test: "test.bin", each: 50000, tests: 10000, labels: 2, classes: 100, label: 1,
	}
)

// Load10 returns the samples of CIFAR-10 for training and for testing, in the order of Keras's
// loader: x uint8 [n 32 32 3], y uint8 [n 1], the numbers of [Classes10].
//
// It looks for cifar-10-binary.tar.gz in cifar in the directory that the environment variable
// GLIA_DATA names, and in glia/cifar in the user's cache directory, where it puts the file, 162
// MB, after downloading it the first time. Wherever it lies its MD5 is checked. It returns an
// error if the file is not there and not to be downloaded, or ctx is done.
func Load10(ctx context.Context) (train, test *data.Memory, err error) { return ten.load(ctx, address) }

// Load100 returns the samples of CIFAR-100: see [Load10]. The labels are those of the 100
// classes, from 0 to 99; those of the 20 groups of classes if coarse.
func Load100(ctx context.Context, coarse bool) (train, test *data.Memory, err error) {
	a := hundred
	if coarse {
		a.label, a.classes = 0, 20
	}
	return a.load(ctx, address)
}

func (a archive) load(ctx context.Context, address string) (train, test *data.Memory, err error) {
	d := fetch.New(ctx, "cifar", os.Stderr, address)
	defer d.Close()
	path, err := d.Cached("cifar", a.File, false)
	if err == nil {
		train, test, err = a.read(path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("cifar: %w", err)
	}
	return train, test, nil
}

// The size of a picture.
const side, channels = 32, 3

// read returns the samples in the archive at a path.
func (a archive) read(name string) (train, test *data.Memory, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	learn, check := newSamples(a.each*len(a.train)), newSamples(a.tests)
	left := append(slices.Clone(a.train), a.test)
	for r := tar.NewReader(z); len(left) > 0; {
		h, err := r.Next()
		if err == io.EOF {
			return nil, nil, fmt.Errorf("%s: no member %s", name, left[0])
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		member := path.Base(h.Name)
		if i := slices.Index(left, member); i >= 0 {
			left = slices.Delete(left, i, i+1)
			if member == a.test {
				err = a.take(r, check, 0, a.tests)
			} else {
				err = a.take(r, learn, a.each*slices.Index(a.train, member), a.each)
			}
			if err != nil {
				return nil, nil, fmt.Errorf("%s: member %s: %w", name, member, err)
			}
		}
	}
	if train, err = data.New(learn.x, learn.y); err == nil {
		test, err = data.New(check.x, check.y)
	}
	return train, test, err
}

// samples are pictures and their labels.
type samples struct{ x, y *tensor.Tensor }

func newSamples(n int) samples {
	return samples{tensor.New(tensor.Uint8, n, side, side, channels), tensor.New(tensor.Uint8, n, 1)}
}

// take reads n pictures, with their channels one behind the other, to number at of s.
func (a archive) take(r io.Reader, s samples, at, n int) error {
	const plane = side * side
	record := make([]byte, a.labels+channels*plane)
	x, y := tensor.Data[uint8](s.x), tensor.Data[uint8](s.y)
	for i := at; i < at+n; i++ {
		if _, err := io.ReadFull(r, record); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("picture %d of %d: %w", i-at, n, err)
		}
		if y[i] = record[a.label]; int(y[i]) >= a.classes {
			return fmt.Errorf("picture %d: label %d: want one under %d", i-at, y[i], a.classes)
		}
		pixels, planes := x[i*channels*plane:][:channels*plane], record[a.labels:]
		for p := range plane {
			for c := range channels {
				pixels[p*channels+c] = planes[c*plane+p]
			}
		}
	}
	if n, err := r.Read(record[:1]); n > 0 || err != nil && err != io.EOF {
		return errors.New("want no bytes behind the pictures")
	}
	return nil
}
