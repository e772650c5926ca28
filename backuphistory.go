package glia

import (
	"fmt"

	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/tensor"
)

// pack returns a history as tensors whose first axis counts the epochs: JSON has
// no NaN.
func pack(h *History) ([]safetensors.Entry, error) {
	if len(h.Epochs) == 0 {
		return nil, nil
	}
	var all []safetensors.Entry
	add := func(name string, of func(e Epoch) *tensor.Tensor) error {
		t, err := stack(h.Epochs, of)
		if err != nil {
			return fmt.Errorf("history of %s: %w", name, err)
		}
		all = append(all, safetensors.Entry{Name: pastPrefix + name, Tensor: t})
		return nil
	}
	addResults := func(group string, of func(e Epoch) *Result) error {
		if of(h.Epochs[0]) == nil {
			return nil
		}
		err := add(group+"/loss", func(e Epoch) *tensor.Tensor { return tensor.Scalar(of(e).Loss) })
		for i, m := range of(h.Epochs[0]).Metrics {
			if err == nil {
				err = add(group+"/"+m.Name, func(e Epoch) *tensor.Tensor { return of(e).Metrics[i].Tensor })
			}
		}
		return err
	}
	err := add("epoch", func(e Epoch) *tensor.Tensor { return tensor.Scalar(int64(e.Epoch)) })
	if err == nil {
		err = add("seconds", func(e Epoch) *tensor.Tensor { return tensor.Scalar(e.Seconds) })
	}
	if err == nil {
		err = addResults("train", func(e Epoch) *Result { return &e.Result })
	}
	if err == nil {
		err = addResults("validation", func(e Epoch) *Result { return e.Validation })
	}
	return all, err
}

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

// unpack returns the epochs that pack packed.
func unpack(tensors tensorMap, metrics []metric.Metric) ([]Epoch, error) {
	count := tensors[pastPrefix+"epoch"]
	if count == nil {
		return nil, nil
	}
	epochs := make([]Epoch, count.Len())
	row := func(name string, i int) (*tensor.Tensor, error) {
		t := tensors[pastPrefix+name]
		if t == nil || t.Shape().Rank() == 0 || t.Shape().At(0) != len(epochs) {
			return nil, fmt.Errorf("history of %s: want one of %d epochs", name, len(epochs))
		}
		t, err := t.Index(0, i)
		if err != nil {
			return nil, err
		}
		return t.Clone(), nil
	}
	result := func(group string, i int) (r Result, err error) {
		loss, err := row(group+"/loss", i)
		if err != nil {
			return r, err
		}
		r.Loss = loss.Item()
		for _, m := range metrics {
			t, err := row(group+"/"+m.Name(), i)
			if err != nil {
				return r, err
			}
			r.Metrics = append(r.Metrics, Metric{m.Name(), mean(t), t})
		}
		return r, nil
	}
	for i := range epochs {
		seconds, err := row("seconds", i)
		if err != nil {
			return nil, err
		}
		e := Epoch{Epoch: int(count.Int64s()[i]), Seconds: seconds.Item()}
		if e.Result, err = result("train", i); err != nil {
			return nil, err
		}
		if tensors[pastPrefix+"validation/loss"] != nil {
			v, err := result("validation", i)
			if err != nil {
				return nil, err
			}
			e.Validation = &v
		}
		epochs[i] = e
	}
	return epochs, nil
}
