package npy

import (
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

// Spec returns the dtype and shape of the tensor that [Read] with the same options makes
// of an array with this header, or Read's error if no tensor can hold it.
func (h Header) Spec(opts ...ReadOption) (tensor.Spec, error) {
	l, err := h.layout(opts)
	if err == nil {
		_, err = tensor.CheckedBytes(l.spec)
	}
	if err != nil {
		return tensor.Spec{}, fmt.Errorf("npy: %w", err)
	}
	return l.spec, nil
}
