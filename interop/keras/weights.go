package keras

import (
	"bytes"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/tensor"
)

// Weight is a tensor in a file, read on demand.
type Weight struct {
	// Path is Keras's path of the variable, "sequential/dense/kernel", in files
	// that store it; otherwise the place in the file, "layers/dense/vars/0".
	Path string
	// Layer is the layer's name, "" in files without it.
	Layer string
	// Shard is the name of the file that holds it beside a .weights.json, otherwise "".
	Shard string
	// Spec is the dtype and shape in the file; the dtype is Invalid if no tensor can hold
	// it.
	Spec tensor.Spec

	group string // the same for the variables of one layer
	bad   error  // why it cannot be read
	src   tensor.Source
	into  func(t *tensor.Tensor) error // reads src into memory at once
}

// setSource sets the source that the weight is read from, or the reason why it cannot be.
func (w *Weight) setSource(src tensor.Source, err error) {
	if w.src, w.bad = src, err; err == nil {
		w.Spec = src.Spec()
	}
}

// Tensor reads the weight.
func (w *Weight) Tensor() (*tensor.Tensor, error) {
	if w.bad != nil {
		return nil, plaintext.Error(fmt.Errorf("keras: %s: %w", w.Path, w.bad))
	}
	t := tensor.NewSpec(w.Spec)
	return t, w.ReadInto(t)
}

// Source returns the weight as a tensor that is read when it is written, a piece at a
// time. It fails now if no tensor can hold it; a damaged value is an error when it is
// read.
func (w *Weight) Source() (tensor.Source, error) {
	if w.bad != nil {
		return nil, plaintext.Error(fmt.Errorf("keras: %s: %w", w.Path, w.bad))
	}
	return w.src, nil
}

// readVar sets a variable to the weight, which it reads as ReadInto does.
func (w *Weight) readVar(v *graph.Var) (err error) {
	v.Write(func(t *tensor.Tensor) { err = w.ReadInto(t) })
	return err
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
		err = w.into(t)
	case !t.Contiguous():
		err = fmt.Errorf("into a view of %v with gaps: want a contiguous tensor", t.Spec())
	default:
		err = tensor.WriteSource(bytes.NewBuffer(t.Bytes()[:0]), w.as(t.DType()))
	}
	if err != nil {
		return plaintext.Error(fmt.Errorf("keras: %s: %w", w.Path, err))
	}
	return nil
}
