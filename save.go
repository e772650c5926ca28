package glia

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
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
func (m *Model) Save(path string) error {
	return m.saveFile("Save", path, true, "want one that ends in .keras or .h5; SaveWeights writes weights alone")
}

// SaveWeights writes the model's weights, and the optimizer's state if there is
// one, to a file whose name ends in .weights.h5, .safetensors or .npz.
func (m *Model) SaveWeights(path string) error {
	return m.saveFile("SaveWeights", path, false, "want one that ends in .weights.h5, .safetensors or .npz; Save writes whole models")
}

func (m *Model) saveFile(call, path string, whole bool, want string) error {
	f, err := keras.FormatOf(path)
	if err != nil || f.Whole() != whole {
		err = fmt.Errorf("file name %q: %s", path, want)
	}
	if err == nil {
		write := m.write
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // a pipe, whose reader may be slow
			write = m.writeApart
		}
		err = atomicfile.Write(path, func(w io.Writer) error { return write(w, f) })
	}
	if err != nil {
		return fmt.Errorf("glia: %s: %w", call, err)
	}
	return nil
}

// SaveTo writes a file of a format to w, as [Model.Save] and [Model.SaveWeights] do. It
// makes the file in memory first: training need not wait for w, nor w for the model.
func (m *Model) SaveTo(w io.Writer, f keras.Format) error {
	if err := m.writeApart(w, f); err != nil {
		return fmt.Errorf("glia: SaveTo: %w", err)
	}
	return nil
}

// The names of glia's own variables in a file, beside Keras's.
const (
	extraRandom = "random"
	extraSeed   = "seed"
)

// writeApart is write with the model free while w is written to.
func (m *Model) writeApart(w io.Writer, f keras.Format) error {
	var b bytes.Buffer
	if err := m.write(&b, f); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// write writes the model to w while it is held.
func (m *Model) write(w io.Writer, f keras.Format) error {
	if err := m.hold(); err != nil {
		return err
	}
	defer m.traceMu.unlock()
	if !m.built {
		return errors.New("the model has no weights yet: want nn.Input in front and Compile, or the first data")
	}
	m.net.Params() // sets Trainable of the variables
	s := keras.State{
		Model: m.kerasModel(),
		Extra: map[string]*tensor.Tensor{extraRandom: m.random.Tensor(), extraSeed: tensor.Scalar(m.Seed)},
		Date:  time.Now(),
	}
	if err := m.weightsMu.read(); err != nil {
		return err
	}
	defer m.weightsMu.RUnlock()
	vars := append(m.net.Vars(), m.random)
	if o := m.Optimizer(); o != nil {
		vars = append(vars, o.Vars()...)
	}
	access := graph.NewAccess(vars, nil)
	access.Lock()
	defer access.Unlock()
	return caught(func() error { return s.Write(w, f) })
}

// kerasModel returns the model in the form of interop/keras. The caller holds traceMu.
func (m *Model) kerasModel() keras.Model {
	k := keras.Model{Network: m.net, Inputs: m.inputs}
	if c := m.compiled.Load(); c != nil {
		k.Optimizer, k.Loss, k.Metrics = c.opt, c.loss, c.metrics
	}
	return k
}
