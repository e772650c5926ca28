package safetensors

import (
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

// Spec returns the dtype and shape of what [File.Tensor] makes of a tensor, and
// its error for one that no tensor holds.
func (f *File) Spec(name string) (tensor.Spec, error) {
	e, err := f.entry(name)
	if err != nil {
		return tensor.Spec{}, err
	}
	spec, err := e.spec(e.shape)
	if err != nil {
		return tensor.Spec{}, fmt.Errorf("safetensors: tensor %.200q: %w", name, err)
	}
	return spec, nil
}
