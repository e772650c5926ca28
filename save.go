package glia

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/tensor"
)

// Save writes the model to a file that Keras opens, too: layers, weights and, once
// compiled, loss, metrics and the optimizer with its state, so that training can
// go on from there. The name ends in .keras, or in .h5 for the older form.
//
// The file is written beside the former one and renamed, which an error leaves as it
// was. A part that Keras's files cannot store, such as nn.Lambda, is an error. Save may
// be called while Fit runs and from its callbacks.
//
// Options: [WithoutOptimizer].
func (m *Model) Save(path string, opts ...SaveOption) error {
	return m.saveFile("Save", path, true, "want one that ends in .keras or .h5; SaveWeights writes weights alone", opts)
}

// SaveWeights writes the model's weights, and the optimizer's state if there is
// one, to a file whose name ends in .weights.h5, .safetensors or .npz.
//
// A name that ends in .weights.json is that of the index of several files, the shards, which
// Keras's save_weights writes with max_shard_size. They stand beside it: m_00000.weights.h5,
// m_00001.weights.h5 and so on for m.weights.json. All are written before the first of the
// former files gives way to its successor. A kill just then leaves files of two saves, which
// LoadWeights refuses.
//
// Options: [WithoutOptimizer], [MaxShardSize].
func (m *Model) SaveWeights(path string, opts ...SaveOption) error {
	return m.saveFile("SaveWeights", path, false, "want one that ends in .weights.h5, .weights.json, .safetensors or .npz; Save writes whole models", opts)
}

func (m *Model) saveFile(call, path string, whole bool, want string, opts []SaveOption) error {
	f, err := keras.FormatOf(path)
	if err != nil || f.Whole() != whole {
		return fmt.Errorf("glia: %s: file name %q: %s", call, path, want)
	}
	if info, e := os.Stat(path); e == nil && !info.Mode().IsRegular() && f != keras.Sharded { // a pipe, whose reader may be slow
		err = atomicfile.Write(path, func(w io.Writer) error { return m.writeApart(w, f, opts) })
	} else {
		err = m.withState(f, opts, func(s *keras.State, o keras.WriteOptions) error { return s.WriteFile(path, o) })
	}
	if err != nil {
		return fmt.Errorf("glia: %s: %w", call, err)
	}
	return nil
}

// SaveTo writes a file of a format to w, as [Model.Save] and [Model.SaveWeights] do; a format
// of several files is an error. It makes the file in memory first: training need not wait for
// w, nor w for the model.
//
// Options: [WithoutOptimizer].
func (m *Model) SaveTo(w io.Writer, f keras.Format, opts ...SaveOption) error {
	if err := m.writeApart(w, f, opts); err != nil {
		return fmt.Errorf("glia: SaveTo: %w", err)
	}
	return nil
}

// SaveOption is an option of Save, SaveWeights and SaveTo.
type SaveOption struct {
	name string
	set  func(*saving)
}

// saving holds the settings of one save.
type saving struct {
	bare  bool // without the optimizer
	write keras.WriteOptions
	shard bool // write has a size of shards
}

// WithoutOptimizer leaves out the optimizer's state, which often takes two thirds of a file,
// and with it how the model was compiled: as after Keras's include_optimizer=False, a loaded
// model predicts, and must be compiled to be trained or evaluated.
var WithoutOptimizer = SaveOption{"WithoutOptimizer", func(s *saving) { s.bare = true }}

// MaxShardSize limits the bytes of values in each shard of a .weights.json, 5 GB otherwise,
// as Keras's max_shard_size does in units of 1<<30. A single variable of more is an error.
func MaxShardSize(bytes int64) SaveOption {
	return SaveOption{"MaxShardSize", func(s *saving) { s.write.MaxShardSize, s.shard = bytes, true }}
}

// CheckSave returns an error unless a file of a format can be saved with the options.
func CheckSave(f keras.Format, opts ...SaveOption) error {
	_, err := savingOf(f, opts)
	return err
}

// savingOf applies options of a save in a format.
func savingOf(f keras.Format, opts []SaveOption) (*saving, error) {
	s := &saving{}
	for i, o := range opts {
		if o.set == nil {
			return nil, fmt.Errorf("option %d is empty: want one that glia made", i)
		}
		o.set(s)
	}
	switch n := s.write.MaxShardSize; {
	case s.shard && f != keras.Sharded:
		return nil, fmt.Errorf("option MaxShardSize: a %v file has no shards: want a name that ends in %v", f, keras.Sharded)
	case s.shard && n < 1:
		return nil, fmt.Errorf("option MaxShardSize(%d): want 1 or more", n)
	}
	return s, nil
}

// The names of glia's own variables in a file, beside Keras's.
const (
	extraRandom = "random"
	extraSeed   = "seed"
)

// writeApart writes the model to w, which it leaves free meanwhile.
func (m *Model) writeApart(w io.Writer, f keras.Format, opts []SaveOption) error {
	var b bytes.Buffer
	err := m.withState(f, opts, func(s *keras.State, _ keras.WriteOptions) error { return s.Write(&b, f) })
	if err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// withState calls write with the state of the model, which is held meanwhile.
func (m *Model) withState(f keras.Format, opts []SaveOption, write func(*keras.State, keras.WriteOptions) error) error {
	how, err := savingOf(f, opts)
	if err != nil {
		return err
	}
	if err := m.hold(); err != nil {
		return err
	}
	defer m.traceMu.unlock()
	if !m.built {
		return errors.New("the model has no weights yet: want nn.Input in front and Compile, or the first data")
	}
	if err := m.fitsClassNames(m.ClassNames()); err != nil {
		return err
	}
	m.net.Params() // sets Trainable of the variables
	s := keras.State{
		Model:      m.kerasModel(),
		ClassNames: m.ClassNames(),
		Extra:      map[string]*tensor.Tensor{extraRandom: m.random.Value(), extraSeed: tensor.Scalar(m.Seed)},
		Date:       time.Now(),
	}
	if how.bare {
		s.Optimizer, s.Loss, s.Metrics = nil, nil, nil
	}
	if err := m.weightsMu.read(); err != nil {
		return err
	}
	defer m.weightsMu.RUnlock()
	vars := m.net.Vars()
	if o := m.Optimizer(); o != nil {
		vars = append(vars, o.Vars()...)
	}
	// Numbers by themselves are copied: an optimizer asked for its rate reads one by Value,
	// which would wait for a Set that waits for this access.
	vars = slices.DeleteFunc(vars, func(v *graph.Var) bool { return v.Spec().Shape.Size() == 1 })
	access := graph.NewAccess(vars, nil)
	access.Lock()
	defer access.Unlock()
	return caught(func() error { return write(&s, how.write) })
}

// kerasModel returns the model in the form of interop/keras. The caller holds traceMu.
func (m *Model) kerasModel() keras.Model {
	k := keras.Model{Network: m.net, Inputs: m.inputs}
	if c := m.compiled.Load(); c != nil {
		k.Optimizer, k.Loss, k.Metrics = c.opt, c.loss, c.metrics
	}
	return k
}
