package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/interop/keras"
)

// conversion is one call of glia convert: its flags, and where it writes.
type conversion struct {
	model    string
	byOrder  bool
	maxShard float64 // GB
	quiet    bool

	stdout, stderr io.Writer
}

func newConvert() *cobra.Command {
	v := &conversion{}
	c := &cobra.Command{
		Use:   "convert FROM TO",
		Short: "Convert between files of models and of weights",
		Long: `Write what is in one model or weights file to another, of the format that the
ending of its name tells:

  .keras .h5                          whole models
  .weights.h5 .safetensors .npz       weights
  .weights.json                       weights in several .weights.h5 beside it

From a whole model, every format can be written; glia must know its classes, or
else only the weights are copied, under the names that they have. In .safetensors
and .npz they get the names of model and layers, such as sequential/dense/kernel.

Weights alone are copied to .safetensors and .npz under the names that they have.
HDF5 asks where in a model they stand: names such as layers/dense/vars/0, from a
.weights.h5 or .weights.json, tell it; for others, and to write a whole model, --model names a file
of the model that they belong to. Its own weights do not count. Arrays of an .npz
without such names, arr_0 and so on, are taken --by-order.

The optimizer's state comes along, into every format. With --model it is that of
FROM; where FROM has none, training begins with a fresh one.

Weights are read as they are written, so files of any size take little memory.`,
		Example: `  glia convert mnist.keras mnist.safetensors
  glia convert mnist.safetensors mnist.weights.h5 --model mnist.keras
  glia convert old.h5 new.keras`,
		Args: wantArgs(argument{name: "FROM"}, argument{name: "TO"}),
		RunE: func(c *cobra.Command, args []string) error {
			v.stdout, v.stderr = c.OutOrStdout(), c.ErrOrStderr()
			if v.quiet {
				v.stdout = io.Discard
			}
			if err := wantNames(c, "model"); err != nil {
				return err
			}
			if v.byOrder && v.model == "" {
				return misused(c, "--by-order: want --model MODEL.keras with it")
			}
			format, err := keras.FormatOf(args[1])
			if err != nil {
				return misused(c, "%w", err)
			}
			if c.Flags().Changed("max-shard-size") && format != keras.Sharded {
				return misused(c, "--max-shard-size: a %v file has no shards: want a name that ends in %v", format, keras.Sharded)
			}
			if n := v.shardSize(); !(v.maxShard > 0) || n < 1 {
				return misused(c, "--max-shard-size %v: want a positive number of GB", v.maxShard)
			}
			return v.run(args[0], args[1], format)
		},
	}
	f := c.Flags()
	f.StringVar(&v.model, "model", "", "file of the model that weights belong to: .keras or .h5")
	f.BoolVar(&v.byOrder, "by-order", false, "with --model, take the arrays of an .npz one after the other, whatever their names")
	f.Float64Var(&v.maxShard, "max-shard-size", keras.DefaultShardSize>>30, "most GB of values in a shard of a .weights.json")
	f.BoolVar(&v.quiet, "quiet", false, "print nothing but errors")
	return c
}

// run converts a file.
func (v *conversion) run(from, to string, format keras.Format) error {
	f, err := openModelFile(from)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := os.Stat(to); err == nil {
		if f.Includes(info) {
			return fmt.Errorf("%s and %s are one file: want another name", from, to)
		}
	}
	if err := atomicfile.Check(to); err != nil {
		return err
	}
	write, err := v.writer(f, format)
	if err == nil {
		err = write(to)
	}
	if err != nil {
		return fmt.Errorf("%s to %s: %w", from, to, err)
	}
	return v.tell(to)
}

// writer returns a function that writes the content of f to a file of a format. Names and
// shapes are compared before; weights are read, a piece of one at a time, as they are written.
func (v *conversion) writer(f *modelFile, format keras.Format) (func(path string) error, error) {
	if v.model == "" && f.Object == nil {
		return v.raw(f, format)
	}
	if v.model == "" {
		s, err := v.whole(f)
		missing := (*keras.MissingError)(nil)
		if errors.As(err, &missing) && !format.Whole() {
			fmt.Fprintf(v.stderr, "glia: %s: %v\nglia: the weights are copied under the names that they have\n", f.path, missing)
			return v.raw(f, format)
		}
		return v.writerOf(s), err
	}
	s, err := v.filled(f, format)
	return v.writerOf(s), err
}

func (v *conversion) writerOf(s *keras.State) func(path string) error {
	return func(path string) error {
		s.Date = time.Now()
		return s.WriteFile(path, keras.WriteOptions{MaxShardSize: v.shardSize()})
	}
}

// shardSize returns the most bytes of values in a shard.
func (v *conversion) shardSize() int64 { return int64(v.maxShard * (1 << 30)) }

// whole returns the model in f, without its training settings if glia does not support
// them.
func (v *conversion) whole(f *modelFile) (*keras.State, error) {
	k, err := keras.ReadModel(f.Object, keras.Options{})
	missing := (*keras.MissingError)(nil)
	if errors.As(err, &missing) {
		bare, e := keras.ReadModel(f.Object, keras.Options{SkipCompile: true})
		if e != nil {
			return nil, e
		}
		fmt.Fprintf(v.stderr, "glia: %s: %v\nglia: optimizer, loss and metrics are left out\n", f.path, missing)
		return bare.StoredIn(f.File, keras.ByPlace)
	}
	if err != nil {
		return nil, err
	}
	s, err := k.StoredIn(f.File, keras.ByPlace)
	state := (*keras.StateError)(nil)
	if !errors.As(err, &state) {
		return s, err
	}
	fmt.Fprintf(v.stderr, "glia: %s: %v\nglia: the optimizer begins anew\n", f.path, state)
	if k, err = keras.ReadModel(f.Object, keras.Options{}); err != nil { // the other is built
		return nil, err
	}
	anew := *f.File
	anew.Optimizer = nil
	return k.StoredIn(&anew, keras.ByPlace)
}

// filled returns the model that --model names with the weights of f, and the state of
// the optimizer if f has one.
func (v *conversion) filled(f *modelFile, format keras.Format) (*keras.State, error) {
	m, err := openModelFile(v.model)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if err := m.wantModel(); err != nil {
		return nil, err
	}
	k, err := keras.ReadModel(m.Object, keras.Options{SkipCompile: len(f.Optimizer) == 0 && !format.Whole()})
	if missing := (*keras.MissingError)(nil); errors.As(err, &missing) {
		k, err = keras.ReadModel(m.Object, keras.Options{SkipCompile: true}) // without its optimizer
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.model, err)
	}
	if len(f.Optimizer) > 0 && (k.Optimizer == nil || k.Loss == nil) {
		fmt.Fprintf(v.stderr, "glia: %s: the optimizer's state is left out: the model of %s is not compiled\n", f.path, v.model)
	}
	from := *f.File
	if len(from.Extra) == 0 { // Keras's files have none
		from.Extra = m.Extra
	}
	if from.ClassNames == nil { // nor do files of weights
		from.ClassNames = m.ClassNames
	}
	s, err := k.StoredIn(&from, v.match())
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", v.model, err)
	}
	return s, nil
}

// match returns how weights are matched with the variables of the model that --model names.
func (v *conversion) match() keras.Match {
	if v.byOrder {
		return keras.ByOrder
	}
	return keras.ByPlace
}

// tell describes the written file by reading it.
func (v *conversion) tell(path string) error {
	if v.quiet {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := openModelFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintf(v.stdout, "%s (%v, %s)\n", path, f.Format, byteText(f.Size()))
	printCount(v.stdout, "weights", f.Weights)
	printCount(v.stdout, "optimizer", f.Optimizer)
	return nil
}
