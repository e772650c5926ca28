package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/data/mnist"
	"github.com/glia-ml/glia/tensor"
)

// classes is how many kinds of digits there are.
const classes = 10

// toUnit takes pixels to 0..1.
const toUnit = 1.0 / 255

// source says where the images come from.
type source struct {
	dir     string
	offline bool
}

func (s *source) flags(f *pflag.FlagSet) {
	f.StringVar(&s.dir, "data", "", "directory of the four files of MNIST, plain or .gz")
	f.BoolVar(&s.offline, "offline", false, "do not download")
}

// wantNames finds flags that were given an empty name, as by a variable of the
// shell that is not set.
func wantNames(c *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return misused(c, "--%s: got an empty name", name)
		}
	}
	return nil
}

// images is pictures of digits, x uint8 [n 28 28] and y [n], and their name.
type images struct {
	name        string
	train, test *data.Memory
}

// load returns MNIST, or generated digits where it cannot be had.
func (s *source) load(ctx context.Context, stderr io.Writer, quiet bool) (images, error) {
	opts := []mnist.Option{mnist.Context(ctx), mnist.Progress(live(stderr))}
	if quiet {
		opts = append(opts, mnist.Progress(nil))
	}
	if s.dir != "" {
		opts = append(opts, mnist.Dir(s.dir))
	}
	if s.offline {
		opts = append(opts, mnist.Offline())
	}
	train, test, err := mnist.Load(opts...)
	if s.dir == "" && errors.Is(err, mnist.ErrUnavailable) {
		fmt.Fprintln(stderr, "glia: MNIST is neither on disk nor to be downloaded: these are generated digits instead")
		return drawn()
	}
	return images{"mnist", train, test}, err
}

// drawn returns generated digits, as many as MNIST has.
func drawn() (images, error) {
	train, test, err := digits.Load(60_000, 10_000, 1)
	return images{"digits", train, test}, err
}

// scaled returns data for a network with one output a class: pixels from 0 to 1 and
// labels as one-hot rows.
func (i images) scaled() images {
	i.train, i.test = i.train.Scale(toUnit).OneHot(classes), i.test.Scale(toUnit).OneHot(classes)
	return i
}

// reshaped returns ds with images of another shape: that of the images with axes
// of length 1, or one axis of pixels.
func reshaped(ds *data.Memory, shape tensor.Dims) (*data.Memory, error) {
	x := ds.X()
	image := x.Shape().From(1)
	if !sameBut1(image, shape) {
		return nil, fmt.Errorf("images are %v: the model takes %v", image, shape)
	}
	x, err := x.Reshape(append([]int{ds.Len()}, shape.Slice()...)...)
	if err != nil {
		return nil, err
	}
	return data.New(x, ds.Y())
}

// sameBut1 reports whether samples of two shapes are the same but for axes of
// length 1, or one of them is the other's elements in a row.
func sameBut1(a, b tensor.Dims) bool {
	a, b = without1(a), without1(b)
	return a == b || a.Size() == b.Size() && (a.Rank() <= 1 || b.Rank() <= 1)
}

func without1(d tensor.Dims) (rest tensor.Dims) {
	for _, n := range d.Slice() {
		if n != 1 {
			rest = rest.Append(n)
		}
	}
	return rest
}
