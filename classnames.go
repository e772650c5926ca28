package glia

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
)

// ClassNames returns the names of the classes that the model tells apart, in the order of the
// numbers that it gives for a sample; nil if it has none.
func (m *Model) ClassNames() []string {
	if names := m.classNames.Load(); names != nil {
		return slices.Clone(*names)
	}
	return nil
}

// SetClassNames names the classes that the model tells apart: one for each number that it gives
// for a sample, or two if that is one number, the probability of the second class. Without
// names it has none.
//
// They travel in the file that [Model.Save] writes, which Keras opens and whose names it
// ignores: a list class_names in metadata.json of a .keras file, an attribute of an .h5 file.
// Keras leaves them out of a file that it writes itself. A training that goes on from a backup
// must have the names that it began with.
//
// It is an error if they are not as many as the model tells apart, as soon as it has its
// weights, otherwise of Save; if the model has several outputs; or if a name is empty or longer
// than 256 bytes, see [keras.CheckClassNames].
func (m *Model) SetClassNames(names ...string) error {
	if err := m.hold(); err != nil {
		return fmt.Errorf("glia: SetClassNames: %w", err)
	}
	defer m.traceMu.unlock()
	if err := m.setClassNames(slices.Clone(names)); err != nil {
		return fmt.Errorf("glia: SetClassNames: %w", err)
	}
	return nil
}

// setClassNames is SetClassNames of names that nobody changes. The caller holds traceMu, or
// has the model alone.
func (m *Model) setClassNames(names []string) error {
	if len(names) == 0 {
		m.classNames.Store(nil)
		return nil
	}
	err := keras.CheckClassNames(names)
	if err == nil {
		err = m.fitsClassNames(names)
	}
	if err == nil {
		m.classNames.Store(&names)
	}
	return err
}

// fitsClassNames returns an error if the model is known not to tell as many classes apart.
func (m *Model) fitsClassNames(names []string) error {
	if len(names) == 0 {
		return nil
	}
	if m.net == nil {
		return errNoNetwork
	}
	if !m.built || len(m.net.Records()) == 0 {
		return nil
	}
	outputs := m.net.Outputs()
	if len(outputs) != 1 {
		return fmt.Errorf("%d class names of a model with %d outputs: want one output", len(names), len(outputs))
	}
	calls, out := m.net.Calls(), outputs[0]
	shape := m.net.Records()[calls[out.Call].Layer].Out[out.Out].Shape
	n := nn.Any
	if shape.Rank() > 1 {
		n = shape.At(-1)
	}
	switch {
	case n == nn.Any || n == len(names) || n == 1 && len(names) == 2:
		return nil
	case n == 1:
		return fmt.Errorf("%d class names of a model that gives %s: want 2", len(names), batchShape(shape))
	}
	return fmt.Errorf("%d class names of a model that gives %s: want %d", len(names), batchShape(shape), n)
}
