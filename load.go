package glia

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/tensor"
)

// Load returns the model in a file that glia or Keras wrote: a .keras file, which may be a
// directory that Keras did not zip, or an .h5 file of Keras 2 or 3. Its predictions are those
// of the saved model. If that was compiled, training continues with the optimizer's state.
//
// A file with layers, losses, metrics or an optimizer that glia does not support is a
// [*keras.MissingError] that lists them all. Layers and the like of your own are made if
// they are registered: see [nn.Register]. Nothing in a file is ever executed.
//
// A file is read in 64 MB of memory and four times its size at most. What the network then
// takes for a batch is bounded, too: see [Model.LimitMemory].
func Load(path string, opts ...LoadOption) (*Model, error) {
	m, err := load(func() (*keras.File, error) { return keras.OpenFile(path) }, opts)
	if err != nil {
		return nil, fmt.Errorf("glia: Load: %s: %w", path, err)
	}
	return m, nil
}

// LoadFS is [Load] from a file system, such as one that go:embed fills.
func LoadFS(fsys fs.FS, name string, opts ...LoadOption) (*Model, error) {
	m, err := load(func() (*keras.File, error) { return keras.OpenFS(fsys, name) }, opts)
	if err != nil {
		return nil, fmt.Errorf("glia: LoadFS: %s: %w", name, err)
	}
	return m, nil
}

// LoadBytes is [Load] from memory.
func LoadBytes(b []byte, opts ...LoadOption) (*Model, error) {
	m, err := load(reading(bytes.NewReader(b), int64(len(b))), opts)
	if err != nil {
		return nil, fmt.Errorf("glia: LoadBytes: %w", err)
	}
	return m, nil
}

// LoadFrom is [Load] from the size bytes behind r.
func LoadFrom(r io.ReaderAt, size int64, opts ...LoadOption) (*Model, error) {
	m, err := load(reading(r, size), opts)
	if err != nil {
		return nil, fmt.Errorf("glia: LoadFrom: %w", err)
	}
	return m, nil
}

// LoadWeights gives the model the weights in a file: of any format that
// [Model.Save] or [Model.SaveWeights] writes, of glia or Keras; a .weights.json is read with
// the shards beside it. Without an option,
// layers find their weights by their order, in .safetensors and .npz by their
// paths. The optimizer's state is not touched.
//
// Dtypes, shapes and layers are compared and all weights read first: the error lists all
// that do not fit, and no weight is changed then. So that they need not be in memory twice,
// weights of more than 16 MB are read twice: only if the file changes meanwhile, or cannot be
// read again, are some of them changed, which the error says. A model without weights is built if it begins with
// nn.Input.
func (m *Model) LoadWeights(path string, opts ...LoadOption) error {
	err := m.loadWeights(func() (*keras.File, error) { return keras.OpenFile(path) }, opts)
	if err != nil {
		return fmt.Errorf("glia: LoadWeights: %s: %w", path, err)
	}
	return nil
}

// LoadWeightsFS is [Model.LoadWeights] from a file system.
func (m *Model) LoadWeightsFS(fsys fs.FS, name string, opts ...LoadOption) error {
	err := m.loadWeights(func() (*keras.File, error) { return keras.OpenFS(fsys, name) }, opts)
	if err != nil {
		return fmt.Errorf("glia: LoadWeightsFS: %s: %w", name, err)
	}
	return nil
}

// LoadWeightsBytes is [Model.LoadWeights] from memory.
func (m *Model) LoadWeightsBytes(b []byte, opts ...LoadOption) error {
	if err := m.loadWeights(reading(bytes.NewReader(b), int64(len(b))), opts); err != nil {
		return fmt.Errorf("glia: LoadWeightsBytes: %w", err)
	}
	return nil
}

// LoadWeightsFrom is [Model.LoadWeights] from the size bytes behind r.
func (m *Model) LoadWeightsFrom(r io.ReaderAt, size int64, opts ...LoadOption) error {
	if err := m.loadWeights(reading(r, size), opts); err != nil {
		return fmt.Errorf("glia: LoadWeightsFrom: %w", err)
	}
	return nil
}

// LoadOption changes how a file is loaded.
type LoadOption struct {
	name string
	of   loadKind
	set  func(*loading)
}

type loadKind uint8

const (
	ofModel loadKind = iota
	ofWeights
)

type loading struct {
	objects keras.Options
	weights keras.LoadOptions
	err     error
}

// match sets how weights are matched with layers, once.
func (l *loading) match(m keras.Match) {
	if l.weights.Match != keras.ByPlace && l.weights.Match != m {
		l.err = errors.New("options ByName and ByOrder: want one of them")
	}
	l.weights.Match = m
}

// WithoutCompile skips optimizer, loss and metrics, unsupported ones too.
var WithoutCompile = LoadOption{"WithoutCompile", ofModel, func(l *loading) { l.objects.SkipCompile = true }}

// ByName loads weights into the layers of the same name. Other layers keep theirs. It is an
// error if no layer has a name of the file's. [ReportLoad] tells which were loaded.
var ByName = LoadOption{"ByName", ofWeights, func(l *loading) { l.match(keras.ByName) }}

// ByOrder loads the tensors of an .npz file into the weights one after the other,
// whatever their names.
var ByOrder = LoadOption{"ByOrder", ofWeights, func(l *loading) { l.match(keras.ByOrder) }}

// SkipMismatch skips layers whose weights in the file have other shapes. Report, if it
// is not nil, is called for each. It is an error if all are skipped.
func SkipMismatch(report func(why error)) LoadOption {
	if report == nil {
		report = func(error) {}
	}
	return LoadOption{"SkipMismatch", ofWeights, func(l *loading) { l.weights.Skip = report }}
}

// ReportLoad fills in r with the variables that were loaded, those that kept their values,
// and the weights of the file that were not used. r must not be nil.
func ReportLoad(r *keras.LoadReport) LoadOption {
	return LoadOption{"ReportLoad", ofWeights, func(l *loading) {
		if l.weights.Report = r; r == nil {
			l.err = errors.New("option ReportLoad: the report is nil")
		}
	}}
}

func loadingOf(kind loadKind, opts []LoadOption) (*loading, error) {
	l := &loading{}
	for i, o := range opts {
		switch {
		case o.set == nil:
			return nil, fmt.Errorf("option %d is empty: want one that glia made", i)
		case o.of != kind && kind == ofModel:
			return nil, fmt.Errorf("option %s: want one for models: it is for LoadWeights", o.name)
		case o.of != kind:
			return nil, fmt.Errorf("option %s: want one for weights: it is for Load", o.name)
		}
		o.set(l)
	}
	return l, l.err
}

// longestError bounds the bytes of an error about a file: a hostile one may make the text
// as long as itself.
const longestError = 64 << 10

// briefError is an error whose text is cut.
type briefError struct {
	text string
	err  error
}

// Error implements error.
func (e *briefError) Error() string { return e.text }

// Unwrap returns the error as it was.
func (e *briefError) Unwrap() error { return e.err }

// brief returns err with a text that is not too long, in which names of the file are plain.
func brief(err error) error {
	err = plaintext.Error(err)
	if err == nil {
		return nil
	}
	text := err.Error()
	if len(text) <= longestError {
		return err
	}
	return &briefError{fmt.Sprintf("%s... and %d bytes more", strings.ToValidUTF8(text[:longestError], ""), len(text)-longestError), err}
}

// reading returns a function that opens the file behind r.
func reading(r io.ReaderAt, size int64) func() (*keras.File, error) {
	return func() (*keras.File, error) {
		if r == nil {
			return nil, errors.New("the reader is nil")
		}
		return keras.Open(r, size)
	}
}

// load loads a model. Code of a user's makes the parts of registered types.
func load(open func() (*keras.File, error), opts []LoadOption) (m *Model, err error) {
	err = caught(func() (err error) {
		m, err = readModel(open, opts)
		return err
	})
	return m, brief(err)
}

// withHint returns err with what helps if a loss or a metric is missing, which may be the
// user's own.
func withHint(err error) error {
	missing := (*keras.MissingError)(nil)
	if !errors.As(err, &missing) || !slices.ContainsFunc(missing.Items, func(m keras.Missing) bool { return m.Kind == "loss" || m.Kind == "metric" }) {
		return err
	}
	return fmt.Errorf("%w\nwant losses and metrics of your own registered before Load, by Register; glia.WithoutCompile loads the model without them", err)
}

func readModel(open func() (*keras.File, error), opts []LoadOption) (*Model, error) {
	l, err := loadingOf(ofModel, opts)
	if err != nil {
		return nil, err
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Object == nil {
		return nil, fmt.Errorf("a %v file, of weights alone: want a model; LoadWeights reads weights into one", f.Format)
	}
	k, err := keras.ReadModel(f.Object, l.objects)
	if err != nil {
		return nil, withHint(err)
	}
	f.InPlace = true // after an error nobody has the model
	f.Object = nil   // it may take more memory than the rest of the model
	m := New(k.Network).LimitMemory(LoadedMemory)
	if w := keras.Find(f.Extra, "glia/"+extraSeed); w != nil {
		if want := tensor.S(tensor.Uint64); w.Spec != want {
			return nil, fmt.Errorf("glia/%s is %v: want %v", extraSeed, w.Spec, want)
		}
		t, err := w.Tensor()
		if err != nil {
			return nil, err
		}
		m.Seed = tensor.Data[uint64](t)[0]
	}
	if err := m.fill(f, k); err != nil {
		return nil, err
	}
	return m, m.setClassNames(f.ClassNames)
}

// fill sets the weights and the optimizer's state of a new model from a file.
func (m *Model) fill(f *keras.File, k *keras.Model) error {
	if k.Inputs == nil {
		if len(f.Weights) > 0 {
			return errors.New("the file has weights and no shape of a sample: want batch_shape or build_config")
		}
	} else {
		if err := graph.Catch(func() { m.build(k.Inputs, f) }); err != nil {
			return err
		}
		if err := f.LoadWeights(m.net, keras.LoadOptions{}); err != nil {
			return err
		}
	}
	if k.Optimizer != nil && k.Loss != nil {
		if err := m.Compile(k.Optimizer, k.Loss, k.Metrics...); err != nil {
			return err
		}
		if len(f.Optimizer) > 0 && m.built { // otherwise the optimizer is a new one
			if err := f.LoadOptimizer(m.Optimizer()); err != nil {
				return fmt.Errorf("%w; WithoutCompile loads the model without its optimizer", err)
			}
		}
	}
	if w := keras.Find(f.Extra, "glia/"+extraRandom); w != nil && m.built {
		var err error
		m.random.Write(func(t *tensor.Tensor) { err = w.ReadInto(t) })
		return err
	}
	return nil
}

// loadWeights loads weights. Code of a user's builds the network and is told of mismatches.
func (m *Model) loadWeights(open func() (*keras.File, error), opts []LoadOption) error {
	return brief(caught(func() error { return m.readWeights(open, opts) }))
}

func (m *Model) readWeights(open func() (*keras.File, error), opts []LoadOption) error {
	l, err := loadingOf(ofWeights, opts)
	if err != nil {
		return err
	}
	f, err := open()
	if err != nil {
		return err
	}
	defer f.Close()
	if err := m.hold(); err != nil {
		return err
	}
	defer m.traceMu.unlock()
	if !m.built {
		in, declared := m.net.Declared()
		if !declared {
			return errors.New("the model has no weights yet: want nn.Input in front, or the first data")
		}
		if err := graph.Catch(func() { m.build(in, nil) }); err != nil {
			return err
		}
	}
	return m.weightsMu.change(func() error { return f.LoadWeights(m.net, l.weights) })
}
