package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Constant sets every element to v.
func Constant(v float64) Initializer {
	return Initializer{class: "Constant", fixed: true, cfg: initConfig{Value: v}, fill: constant(v)}
}

func constant(v float64) func([]float64, tensor.Dims, *Rand) {
	return func(dst []float64, _ tensor.Dims, _ *Rand) {
		for i := range dst {
			dst[i] = v
		}
	}
}

// ConstantTensor gives the values of t, which broadcasts to the variable's shape.
//
// Panics with *graph.Error, when used, if it does not.
func ConstantTensor(t *tensor.Tensor) Initializer {
	fill := func(dst []float64, shape tensor.Dims, _ *Rand) {
		if s, err := ops.Broadcast(t.Shape(), shape); err != nil || s != shape {
			panic(graph.Errorf("nn.ConstantTensor: value %v of a variable %v: want one that broadcasts to it", t.Spec(), shape))
		}
		v, strides := t.Float64s(), ops.BroadcastStrides(t.Shape(), shape)
		for i := range dst {
			at, rest := 0, i
			for a := shape.Rank() - 1; a >= 0; a-- {
				at += rest % shape.At(a) * strides.At(a)
				rest /= shape.At(a)
			}
			dst[i] = v[at]
		}
	}
	return Initializer{class: "Constant", fixed: true, cfg: initConfig{Value: tensorConfig{t}}, fill: fill}
}

// IdentityInitializer gives gain on the diagonal of a matrix, and 0 beside it. Keras's default
// is a gain of 1.
//
// Panics with *graph.Error, when used, unless the variable has two axes.
func IdentityInitializer(gain float64) Initializer {
	return Initializer{class: "Identity", fixed: true, cfg: initConfig{Gain: &gain}, fill: func(dst []float64, shape tensor.Dims, _ *Rand) {
		if shape.Rank() != 2 {
			panic(graph.Errorf("nn.IdentityInitializer: variable %v: want two axes", shape))
		}
		clear(dst)
		for i := range min(shape.At(0), shape.At(1)) {
			dst[i*shape.At(1)+i] = gain
		}
	}}
}

// tensorConfig is a tensor in the form of Keras's configs.
type tensorConfig struct{ t *tensor.Tensor }

type tensorValue struct {
	Value any    `json:"value"`
	DType string `json:"dtype"`
}

// MarshalJSON writes the tensor as nested lists.
func (c tensorConfig) MarshalJSON() ([]byte, error) {
	value := tensorValue{vocab.Nested(c.t.Float64s(), c.t.Shape().Slice()), c.t.DType().String()}
	return json.Marshal(map[string]any{"class_name": "__tensor__", "config": value})
}

// constantOf returns a Constant of a number, or of a tensor in nested lists.
func constantOf(c *vocab.Config) (Initializer, error) {
	var raw json.RawMessage
	if err := c.Get("value", &raw); err != nil || raw == nil || string(raw) == "null" {
		return Constant(0), err
	}
	dt := tensor.Float32
	if class, config, err := vocab.Decode(raw); err == nil && (class == "__tensor__" || class == "__numpy__") {
		var value struct {
			Value json.RawMessage `json:"value"`
			DType string          `json:"dtype"`
		}
		if err := json.Unmarshal(config, &value); err != nil {
			return Initializer{}, fmt.Errorf("value: %w", err)
		}
		if dt = tensor.ParseDType(value.DType); dt == tensor.Invalid {
			return Initializer{}, fmt.Errorf("value: dtype %q: want one of glia's", value.DType)
		}
		raw = value.Value
	}
	var x any
	if err := json.Unmarshal(raw, &x); err != nil {
		return Initializer{}, fmt.Errorf("value: %w", err)
	}
	if v, ok := x.(float64); ok {
		return Constant(v), nil
	}
	v, shape, err := vocab.Unnested(x)
	if err != nil {
		return Initializer{}, fmt.Errorf("value: %w", err)
	}
	t, err := tensor.FromSlice(v, shape...)
	if err != nil {
		return Initializer{}, fmt.Errorf("value: %w", err)
	}
	return ConstantTensor(t.AsType(dt)), nil
}
