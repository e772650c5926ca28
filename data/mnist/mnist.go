// Package mnist loads the MNIST database of handwritten digits: 60,000 images for
// training and 10,000 for testing, from disk or, the first time, from the network.
//
// Source: LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to
// document recognition, Proceedings of the IEEE 86(11).
package mnist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/tensor"
)

// ErrUnavailable is wrapped by the error of [Load] when the files are neither on
// disk nor to be downloaded.
var ErrUnavailable = errors.New("mnist: not on disk and not to be downloaded")

// file is one of the four, and the SHA-256 of its content without compression.
type file struct{ name, sum string }

// The order of files in every list of four.
const (
	trainImages = iota
	trainLabels
	testImages
	testLabels
)

var files = [4]file{
	{"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
	{"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
	{"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
	{"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
}

// mirrors are the places that files are downloaded from, in this order.
var mirrors = []string{
	"https://ossci-datasets.s3.amazonaws.com/mnist/",
	"https://storage.googleapis.com/cvdf-datasets/mnist/",
	"https://raw.githubusercontent.com/fgnt/mnist/master/",
}

// limit is the most bytes that a file may have without compression. The largest
// relative of MNIST, EMNIST by class, has 0.6 GB.
const limit = 1 << 30

// Option says where [Load] finds the files, or how.
type Option func(*loader)

// Dir names the only directory to look in. It may hold any data in the format of
// MNIST under its file names, such as Fashion-MNIST.
func Dir(path string) Option { return func(l *loader) { l.dir = path } }

// Offline forbids downloads.
func Offline() Option { return func(l *loader) { l.offline = true } }

// Context stops a download when ctx is done.
func Context(ctx context.Context) Option { return func(l *loader) { l.ctx = ctx } }

// Progress sends reports of a download to w, os.Stderr unless set; nil for none. On
// a terminal they are a line that changes.
func Progress(w io.Writer) Option { return func(l *loader) { l.progress = w } }

// Mirrors replaces the addresses to download from, which the names of the files
// follow, with .gz.
func Mirrors(urls ...string) Option { return func(l *loader) { l.mirrors = urls } }

// loader is one call of Load.
type loader struct {
	ctx      context.Context
	dir      string
	offline  bool
	progress io.Writer
	mirrors  []string

	files [4]file
	stall time.Duration // a connection that is silent for so long is broken
	pause time.Duration // before a broken connection is taken up again
}

// Load returns the samples for training and for testing: x uint8 [n 28 28], from 0
// for paper to 255 for ink, and y uint8 [n], the digits. [data.Memory.Scale] by
// 1.0/255 makes floats of the images.
//
// It looks, in this order, in the directory given by [Dir], and nowhere else if
// there is one; in mnist in the directory that the environment variable GLIA_DATA
// names; in glia/mnist in the user's cache directory, where it also puts downloaded
// files, checked and without compression. Files elsewhere may be plain or end in .gz.
// Files in the first two places need not be MNIST itself: images and labels must only
// match in number.
func Load(opts ...Option) (train, test *data.Memory, err error) {
	l := &loader{
		ctx:      context.Background(),
		progress: os.Stderr,
		mirrors:  mirrors,
		files:    files,
		stall:    30 * time.Second,
		pause:    time.Second,
	}
	for _, o := range opts {
		o(l)
	}
	return l.load()
}

func (l *loader) load() (train, test *data.Memory, err error) {
	t, err := l.find()
	if err != nil {
		return nil, nil, err
	}
	if train, err = l.set(t, trainImages, trainLabels); err != nil {
		return nil, nil, err
	}
	if test, err = l.set(t, testImages, testLabels); err != nil {
		return nil, nil, err
	}
	if a, b := t[trainImages].Shape().From(1), t[testImages].Shape().From(1); a != b {
		return nil, nil, fmt.Errorf("mnist: images of %v for training, of %v for testing: want the same", a, b)
	}
	return train, test, nil
}

// find returns the content of the four files.
func (l *loader) find() (t [4]*tensor.Tensor, err error) {
	if err := l.ctx.Err(); err != nil {
		return t, fmt.Errorf("mnist: %w", context.Cause(l.ctx))
	}
	if l.dir != "" {
		return l.readDir(l.dir)
	}
	if root := os.Getenv("GLIA_DATA"); root != "" {
		if dir := filepath.Join(root, "mnist"); l.hasAny(dir) {
			return l.readDir(dir)
		}
	}
	return l.cached()
}

// set makes samples of two of the four.
func (l *loader) set(t [4]*tensor.Tensor, images, labels int) (*data.Memory, error) {
	x, y := t[images], t[labels]
	if x.DType() != tensor.Uint8 || x.Shape().Rank() != 3 {
		return nil, fmt.Errorf("mnist: %s: got %v, want images, uint8 of 3 axes", l.files[images].name, x.Spec())
	}
	if y.DType() != tensor.Uint8 || y.Shape().Rank() != 1 {
		return nil, fmt.Errorf("mnist: %s: got %v, want labels, uint8 of 1 axis", l.files[labels].name, y.Spec())
	}
	if n, want := y.Len(), x.Shape().At(0); n != want {
		return nil, fmt.Errorf("mnist: %s: got %d labels, want %d, one for each image of %s", l.files[labels].name, n, want, l.files[images].name)
	}
	return data.New(x, y)
}

// hasAny reports whether one of the four is in dir.
func (l *loader) hasAny(dir string) bool {
	for _, f := range l.files {
		if _, err := pathOf(dir, f.name); err == nil {
			return true
		}
	}
	return false
}

// readDir reads the four files of a directory that the user has named.
func (l *loader) readDir(dir string) (t [4]*tensor.Tensor, err error) {
	return each(func(i int) (*tensor.Tensor, error) {
		path, err := pathOf(dir, l.files[i].name)
		if err != nil {
			return nil, fmt.Errorf("mnist: %w", err)
		}
		t, err := idx.ReadFile(path, limit)
		if err != nil {
			return nil, fmt.Errorf("mnist: %s: %w", path, err)
		}
		return t, nil
	})
}

// pathOf returns where the file lies in dir, plain or compressed.
func pathOf(dir, name string) (string, error) {
	path := filepath.Join(dir, name)
	_, err := os.Stat(path)
	if err == nil {
		return path, nil
	}
	if _, errGz := os.Stat(path + ".gz"); errGz == nil {
		return path + ".gz", nil
	}
	return "", fmt.Errorf("%w, nor with .gz", err)
}

// each calls read for each of the four files, at the same time.
func each(read func(i int) (*tensor.Tensor, error)) (t [4]*tensor.Tensor, err error) {
	var wg sync.WaitGroup
	var errs [4]error
	for i := range t {
		wg.Go(func() { t[i], errs[i] = read(i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return t, err
		}
	}
	return t, nil
}
