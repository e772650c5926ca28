package keras_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// golden is one case of a file of numbers that Keras computed, or that its own tests
// want of it.
type golden struct {
	Kind, ID, API string
	Config        json.RawMessage // the object, with class_name and config
	Args          []json.RawMessage
	Kwargs        map[string]json.RawMessage
	History       []struct { // of a metric
		Op     string
		Args   []json.RawMessage
		Kwargs map[string]json.RawMessage
	}
	// Of an optimizer: the variables, their paths, the gradients of every step, and
	// the paths of the optimizer's own variables.
	Init      []json.RawMessage
	VarNames  []string            `json:"var_names"`
	GradSteps [][]json.RawMessage `json:"grad_steps"`
	State     []string
	// Of a layer.
	Weights      []goldenWeight
	WeightsAfter []goldenWeight    `json:"weights_after"`
	InputShape   json.RawMessage   `json:"input_shape"`
	OutputShapes []json.RawMessage `json:"output_shapes"`
	// What comes out. Expected may be rounded; then KerasValue is what Keras returned.
	Select      []int
	OutputIndex int `json:"output_index"`
	Expected    json.RawMessage
	KerasValue  json.RawMessage   `json:"keras_value"`
	ExpectedAll []json.RawMessage `json:"expected_all"`
	Atol, Rtol  float64
}

type goldenWeight struct {
	Path  string
	Value json.RawMessage
	Shape []int
}

// name returns the last part of the name that Keras gives the thing.
func (c *golden) name() string { return c.API[strings.LastIndexByte(c.API, '.')+1:] }

// arg returns an argument by its place or its name, nil if it is absent or None.
func (c *golden) arg(i int, name string) json.RawMessage {
	raw := c.Kwargs[name]
	if i >= 0 && i < len(c.Args) {
		raw = c.Args[i]
	}
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// only returns an error if the case has named arguments besides those.
func (c *golden) only(names ...string) error {
	for name, raw := range c.Kwargs {
		if !slices.Contains(names, name) && string(raw) != "null" && string(raw) != "false" {
			return fmt.Errorf("argument %s: %w", name, errUncovered)
		}
	}
	return nil
}

// errUncovered is returned for what glia does not have.
var errUncovered = errors.New("not covered")

// compare returns the worst error of the results, relative where numbers are over 1.
func (c *golden) compare(got []ops.Array) (worst float64, err error) {
	if c.ExpectedAll != nil {
		for i, e := range c.ExpectedAll {
			far, err := farthest(got, i, nil, e, c.Rtol, c.Atol)
			if err != nil {
				return 0, err
			}
			worst = max(worst, far)
		}
		return worst, nil
	}
	worst, err = farthest(got, c.OutputIndex, c.Select, c.Expected, c.Rtol, c.Atol)
	if err != nil || c.KerasValue == nil {
		return worst, err
	}
	rtol := 1e-4
	if got[c.OutputIndex].DType == tensor.Float16 {
		rtol = 1.0 / 512 // one place of the last bit, and what the decimals leave out
	}
	if worst, err = farthest(got, c.OutputIndex, c.Select, c.KerasValue, rtol, 1e-5); err != nil {
		return 0, fmt.Errorf("beside Keras's own value: %w", err)
	}
	return worst, nil
}

// farthest returns the worst error of result i at the indices pick.
func farthest(got []ops.Array, i int, pick []int, want json.RawMessage, rtol, atol float64) (worst float64, err error) {
	w, err := value(want)
	if err != nil {
		return 0, err
	}
	if i >= len(got) {
		return 0, fmt.Errorf("%d results, want more than %d", len(got), i)
	}
	v, shape := got[i].V, got[i].Shape
	for _, p := range pick {
		n := shape.From(1).Size()
		v, shape = v[p*n:(p+1)*n], shape.From(1)
	}
	if shape != w.Shape {
		return 0, fmt.Errorf("result %d has shape %v, want %v", i, shape, w.Shape)
	}
	for j, e := range w.V {
		d := math.Abs(v[j] - e)
		switch {
		case v[j] == e || v[j] != v[j] && e != e:
		case d <= atol+rtol*math.Abs(e):
			worst = max(worst, d/max(1, math.Abs(e)))
		default:
			return 0, fmt.Errorf("result %d[%d] = %v, want %v within %g + %g·|want|", i, j, v[j], e, atol, rtol)
		}
	}
	return worst, nil
}

// value reads a tensor, a list or a number.
func value(raw json.RawMessage) (ops.Array, error) {
	var t struct {
		DType string
		Shape []int
		Data  []any
	}
	if json.Unmarshal(raw, &t) == nil && t.DType != "" {
		dt := tensor.ParseDType(t.DType)
		if dt == tensor.Invalid {
			return ops.Array{}, fmt.Errorf("dtype %q: %w", t.DType, errUncovered)
		}
		a := ops.NewArray(tensor.S(dt, t.Shape...))
		if len(t.Data) != len(a.V) {
			return a, fmt.Errorf("%d numbers of shape %v", len(t.Data), t.Shape)
		}
		for i, x := range t.Data {
			a.V[i] = number(x)
		}
		return a, nil
	}
	var list any
	if err := json.Unmarshal(raw, &list); err != nil {
		return ops.Array{}, err
	}
	shape, v, whole := flatten(list)
	dt := tensor.Float32
	if whole && !strings.ContainsAny(string(raw), ".eEa") {
		dt = tensor.Int32
	}
	return ops.Array{Spec: tensor.S(dt, shape...), V: v}, nil
}

func number(x any) float64 {
	switch x := x.(type) {
	case float64:
		return x
	case bool:
		if x {
			return 1
		}
		return 0
	case string:
		return map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[x]
	}
	return math.NaN()
}

// flatten returns the shape and the numbers of nested lists.
func flatten(x any) (shape []int, v []float64, whole bool) {
	list, ok := x.([]any)
	if !ok {
		f := number(x)
		return nil, []float64{f}, f == math.Trunc(f)
	}
	whole = true
	for _, e := range list {
		s, w, i := flatten(e)
		shape, v, whole = s, append(v, w...), whole && i
	}
	return slices.Insert(slices.Clone(shape), 0, len(list)), v, whole
}

// argument returns a value as a tensor; floats become float32, as in Keras.
func argument(raw json.RawMessage) (*tensor.Tensor, error) {
	if raw == nil {
		return nil, fmt.Errorf("an argument is absent: %w", errUncovered)
	}
	a, err := value(raw)
	if err != nil {
		return nil, err
	}
	if a.DType.IsFloat() {
		a.DType = tensor.Float32
	}
	return optest.ToTensor(a), nil
}

// arguments returns several.
func arguments(raw ...json.RawMessage) ([]*tensor.Tensor, error) {
	out := make([]*tensor.Tensor, len(raw))
	for i, r := range raw {
		var err error
		if out[i], err = argument(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}
