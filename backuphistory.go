package glia

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

// pack returns a history as tensors whose first axis counts the epochs: JSON has
// no NaN.
func pack(h *History) ([]safetensors.Entry, error) {
	if len(h.Epochs) == 0 {
		return nil, nil
	}
	var all []safetensors.Entry
	add := func(name string, epochs []Epoch, of func(e Epoch) *tensor.Tensor) error {
		t, err := stack(epochs, of)
		if err != nil {
			return fmt.Errorf("history of %s: %w", name, err)
		}
		all = append(all, safetensors.Entry{Name: pastPrefix + name, Tensor: t})
		return nil
	}
	addResults := func(group string, epochs []Epoch, of func(e Epoch) *Result) error {
		if len(epochs) == 0 {
			return nil
		}
		err := add(group+"/epoch", epochs, epochNumber)
		if err == nil {
			err = add(group+"/loss", epochs, func(e Epoch) *tensor.Tensor { return tensor.Scalar(of(e).Loss) })
		}
		for i, m := range of(epochs[0]).Metrics {
			if err == nil {
				err = add(group+"/"+m.Name, epochs, func(e Epoch) *tensor.Tensor { return of(e).Metrics[i].Tensor })
			}
		}
		return err
	}
	err := add("seconds", h.Epochs, func(e Epoch) *tensor.Tensor { return tensor.Scalar(e.Seconds) })
	if err == nil {
		err = add("waited", h.Epochs, func(e Epoch) *tensor.Tensor { return tensor.Scalar(e.Waited) })
	}
	if err == nil {
		err = addResults("train", h.Epochs, func(e Epoch) *Result { return &e.Result })
	}
	if err == nil {
		validated := slices.DeleteFunc(slices.Clone(h.Epochs), func(e Epoch) bool { return e.Validation == nil })
		err = addResults("validation", validated, func(e Epoch) *Result { return e.Validation })
	}
	return all, err
}

func epochNumber(e Epoch) *tensor.Tensor { return tensor.Scalar(int64(e.Epoch)) }

// stack puts a tensor of every epoch side by side.
func stack(epochs []Epoch, of func(e Epoch) *tensor.Tensor) (*tensor.Tensor, error) {
	one := of(epochs[0]).Spec()
	if one.Rank() >= tensor.MaxRank {
		return nil, fmt.Errorf("a metric is %v: want less than %d axes", one, tensor.MaxRank)
	}
	all := tensor.NewSpec(tensor.Spec{DType: one.DType, Shape: tensor.D(len(epochs)).Append(one.Shape.Slice()...)})
	for i, e := range epochs {
		t := of(e)
		if t.Spec() != one {
			return nil, fmt.Errorf("epoch %d has %v: want %v, as epoch %d", e.Epoch, t.Spec(), one, epochs[0].Epoch)
		}
		if !t.Contiguous() {
			t = t.Clone()
		}
		copy(all.Bytes()[i*one.Bytes():], t.Bytes())
	}
	return all, nil
}

// unpack returns the epochs that pack packed, with metrics of these names.
func unpack(tensors tensorMap, metrics []string) ([]Epoch, error) {
	if tensors[pastPrefix+"train/epoch"] == nil {
		return nil, nil
	}
	numbers, results, err := unpackResults(tensors, "train", metrics)
	if err != nil {
		return nil, err
	}
	epochs, place := make([]Epoch, len(numbers)), map[int]int{}
	for i, n := range numbers {
		seconds, err := row(tensors, "seconds", i, len(numbers))
		if err != nil {
			return nil, err
		}
		epochs[i], place[n] = Epoch{Epoch: n, Seconds: seconds.Item(), Result: results[i]}, i
		if tensors[pastPrefix+"waited"] != nil { // backups of before lack it
			waited, err := row(tensors, "waited", i, len(numbers))
			if err != nil {
				return nil, err
			}
			epochs[i].Waited = waited.Item()
		}
	}
	if tensors[pastPrefix+"validation/epoch"] == nil {
		return epochs, nil
	}
	numbers, results, err = unpackResults(tensors, "validation", metrics)
	if err != nil {
		return nil, err
	}
	for i, n := range numbers {
		at, ok := place[n]
		if !ok {
			return nil, fmt.Errorf("history of validation: epoch %d: want one of the training's", n)
		}
		epochs[at].Validation = &results[i]
	}
	return epochs, nil
}

// unpackResults returns the results in a group, and the numbers of their epochs.
func unpackResults(tensors tensorMap, group string, metrics []string) (numbers []int, results []Result, err error) {
	t := tensors[pastPrefix+group+"/epoch"]
	if t.Spec().Rank() != 1 || t.DType() != tensor.Int64 {
		return nil, nil, fmt.Errorf("history of %s/epoch: got %v: want int64 numbers", group, t.Spec())
	}
	n := t.Len()
	for i, e := range t.Int64s() {
		loss, err := row(tensors, group+"/loss", i, n)
		if err != nil {
			return nil, nil, err
		}
		r := Result{Loss: loss.Item()}
		for _, name := range metrics {
			t, err := row(tensors, group+"/"+name, i, n)
			if err != nil {
				return nil, nil, err
			}
			r.Metrics = append(r.Metrics, Metric{Name: name, Value: mean(t), Tensor: t})
		}
		numbers, results = append(numbers, int(e)), append(results, r)
	}
	return numbers, results, nil
}

// row returns the i-th of n tensors that stack put side by side.
func row(tensors tensorMap, name string, i, n int) (*tensor.Tensor, error) {
	t := tensors[pastPrefix+name]
	if t == nil || t.Shape().Rank() == 0 || t.Shape().At(0) != n {
		return nil, fmt.Errorf("history of %s: want one of %d epochs", name, n)
	}
	t, err := t.Index(0, i)
	if err != nil {
		return nil, err
	}
	return t.Clone(), nil
}
