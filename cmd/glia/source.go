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
)

const classes = 10

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

// load returns MNIST, or generated digits where it cannot be had, and its name.
func (s *source) load(ctx context.Context, stderr io.Writer, quiet bool) (name string, train, test *data.Memory, err error) {
	opts := []mnist.Option{mnist.Context(ctx), mnist.Progress(stderr)}
	if quiet {
		opts = append(opts, mnist.Progress(nil))
	}
	if s.dir != "" {
		opts = append(opts, mnist.Dir(s.dir))
	}
	if s.offline {
		opts = append(opts, mnist.Offline())
	}
	name = "mnist"
	train, test, err = mnist.Load(opts...)
	if s.dir == "" && errors.Is(err, mnist.ErrUnavailable) {
		fmt.Fprintln(stderr, "glia: MNIST is neither on disk nor to be downloaded: these are generated digits instead")
		name = "digits"
		train, test, err = digits.Load(60_000, 10_000, 1)
	}
	if err != nil {
		return "", nil, nil, err
	}
	return name, train.Scale(1.0 / 255).OneHot(classes), test.Scale(1.0 / 255).OneHot(classes), nil
}
