package keras

import (
	"fmt"
	"io"

	"github.com/glia-ml/glia/tensor"
)

// mostStaged bounds the bytes of weights that are in memory twice while they are loaded.
const mostStaged = 16 << 20

// setVars sets variables to their weights, all or none. Few weights are read beside the
// variables and copied when all are there. Many are read twice, so that they need not be in
// memory twice: once to see that they are whole, and then into the variables. If the second
// time fails, as when the file changes meanwhile, the error says that some are set.
func (f *File) setVars(pairs []pair) error {
	if f.InPlace {
		_, err := readVars(pairs)
		return err
	}
	total := 0
	for _, p := range pairs {
		total += p.v.Spec().Bytes()
	}
	if total <= mostStaged {
		return setStaged(pairs)
	}
	for _, p := range pairs {
		if err := tensor.WriteSource(io.Discard, p.w.as(p.v.Spec().DType)); err != nil {
			return fmt.Errorf("keras: %s: %w", p.w.Path, err)
		}
	}
	if n, err := readVars(pairs); err != nil {
		return fmt.Errorf("%w: %d of %d variables are set: the file was whole a moment before", err, n, len(pairs))
	}
	return nil
}

// setStaged reads all weights, and then sets the variables.
func setStaged(pairs []pair) error {
	staged := make([]*tensor.Tensor, len(pairs))
	for i, p := range pairs {
		staged[i] = tensor.NewSpec(p.v.Spec())
		if err := p.w.ReadInto(staged[i]); err != nil {
			return err
		}
	}
	for i, p := range pairs {
		if err := p.v.Set(staged[i]); err != nil { // pairs are of one spec
			return err
		}
	}
	return nil
}

// readVars reads weights and sets the variables, one after the other, and returns how many it
// set.
func readVars(pairs []pair) (n int, err error) {
	for _, p := range pairs {
		if err := p.w.readVar(p.v); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
