package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// modelFile is an open model or weights file.
type modelFile struct {
	*keras.File
	path string
}

// openModelFile opens a file, which is to be closed.
func openModelFile(path string) (*modelFile, error) {
	k, err := keras.OpenFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &modelFile{k, path}, nil
}

// openRegular opens a file and tells its size. A directory or a device is an error.
func openRegular(path string) (*os.File, int64, error) {
	info, err := os.Stat(path) // before opening, which waits for the writer of a pipe
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, fmt.Errorf("%s: got a directory, want a file", path)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: got a device or pipe, want a file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// wantModel returns an error if a file holds weights alone.
func (f *modelFile) wantModel() error {
	if f.Object == nil {
		return fmt.Errorf("%s: a %v file, of weights alone: want one of a whole model, .keras or .h5", f.path, f.Format)
	}
	return nil
}

// trained is a model from a file, with the parts of the file that glia.Model hides.
type trained struct {
	*glia.Model
	path   string
	config *keras.Model
}

// loadModel loads the model in a file.
func loadModel(path string, opts ...glia.LoadOption) (*trained, error) {
	f, err := openModelFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.wantModel(); err != nil {
		return nil, err
	}
	m, err := glia.Load(path, opts...)
	if missing := (*keras.MissingError)(nil); errors.As(err, &missing) {
		return nil, fmt.Errorf("glia: Load: %s: %w", path, missing) // without the hint to programmers
	}
	if err != nil {
		return nil, err
	}
	k, err := keras.ReadModel(f.Object, keras.Options{})
	if missing := (*keras.MissingError)(nil); errors.As(err, &missing) { // no layers: they are loaded
		k, err = keras.ReadModel(f.Object, keras.Options{SkipCompile: true})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &trained{m, path, k}, nil
}

// loadAnew is loadModel for those that can do without the state of the optimizer: one
// that does not fit the model, which Keras leaves when layers were frozen after the
// training, is returned as an error beside the model, whose optimizer begins anew.
func loadAnew(path string) (*trained, *keras.StateError, error) {
	m, err := loadModel(path)
	state := (*keras.StateError)(nil)
	if !errors.As(err, &state) {
		return m, nil, err
	}
	if m, err = loadModel(path, glia.WithoutCompile); err != nil {
		return nil, nil, err
	}
	return m, state, m.Compile(m.config.Optimizer, m.config.Loss, m.config.Metrics...)
}

// wantOneEach returns an error unless the model has one input and one output: the command
// supports no others.
func (t *trained) wantOneEach(command string) error {
	in, out := t.Network().InputNames(), t.Network().OutputNames()
	if len(in) == 1 && len(out) == 1 {
		return nil
	}
	return fmt.Errorf("%s: the model has %s %q and %s %q: glia %s wants one of each", t.path, plural(len(in), "input"), in, plural(len(out), "output"), out, command)
}

// input returns dtype and shape of one sample, and whether they are known.
func (t *trained) input() (tensor.Spec, bool) {
	if len(t.config.Inputs) == 0 {
		return tensor.Spec{}, false
	}
	in := t.config.Inputs[0]
	in.Shape = in.Shape.From(1)
	return in, true
}

// output returns the shape of the model's output for one sample, and whether it is known.
func (t *trained) output() (tensor.Dims, bool) {
	n := t.Network()
	if len(n.Records()) == 0 {
		return tensor.Dims{}, false
	}
	out := n.Outputs()[0]
	return n.Records()[n.Calls()[out.Call].Layer].Out[out.Out].Shape.From(1), true
}

// scale returns the factor of pixels from 0 to 255: 1 if the model begins with a layer
// that scales them itself, behind others of pictures.
func (t *trained) scale() float64 {
	if scalesItself(t.Network().Layers()) {
		return 1
	}
	return toUnit
}

// scalesItself reports whether layers begin with Rescaling, but for others that prepare
// pictures.
func scalesItself(layers []nn.Layer) bool {
	for _, l := range layers {
		switch l := l.(type) {
		case *nn.InputLayer:
		case *preprocess.RescalingLayer:
			return true
		case *nn.Network:
			return scalesItself(l.Layers())
		default:
			if !strings.HasPrefix(reflect.TypeOf(l).String(), "*preprocess.") {
				return false
			}
		}
	}
	return false
}

// namesOr returns the names of the model's classes: those that the flag --classes gives, or
// else its file; nil if there are none.
func (t *trained) namesOr(flag string) ([]string, error) {
	names, err := classNames(flag)
	if err != nil {
		return nil, fmt.Errorf("--classes: %w", err)
	}
	if out, _ := t.output(); names == nil && out.Rank() == 1 {
		names = t.ClassNames()
	}
	return names, nil
}
