package keras

import (
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

// Weight is a tensor in a file, read when it is asked for.
type Weight struct {
	// Path is Keras's path of the variable, "sequential/dense/kernel", in files
	// that hold it; otherwise the place in the file, "layers/dense/vars/0".
	Path string
	// Layer is the layer's name, "" in files that do not tell.
	Layer string
	// Spec is the dtype and shape in the file; its dtype is Invalid for what no
	// tensor can hold.
	Spec tensor.Spec

	group string // the same for the variables of one layer
	read  func(t *tensor.Tensor) error
	bad   error // why it cannot be read
}

// Tensor reads the weight.
func (w *Weight) Tensor() (*tensor.Tensor, error) {
	if w.bad != nil {
		return nil, fmt.Errorf("keras: %s: %w", w.Path, w.bad)
	}
	t := tensor.NewSpec(w.Spec)
	return t, w.ReadInto(t)
}

// ReadInto reads the weight into the memory of t, which has its shape, and its
// dtype or another that the values are converted to.
func (w *Weight) ReadInto(t *tensor.Tensor) error {
	err := w.bad
	switch {
	case err != nil:
	case t.Shape() != w.Spec.Shape:
		err = fmt.Errorf("shape is %v: want %v", w.Spec.Shape, t.Shape())
	case t.DType() == w.Spec.DType:
		err = w.read(t)
	default:
		stored := tensor.NewSpec(w.Spec)
		if err = w.read(stored); err == nil {
			err = tensor.Convert(t, stored)
		}
	}
	if err != nil {
		return fmt.Errorf("keras: %s: %w", w.Path, err)
	}
	return nil
}
