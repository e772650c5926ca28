package nntest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Golden is one case of a file of numbers that Keras computed.
type Golden struct {
	Kind, ID, API string
	Config        struct {
		Class  string `json:"class_name"`
		Config json.RawMessage
	}
	Args    []json.RawMessage
	Kwargs  map[string]json.RawMessage
	History []struct {
		Op     string
		Args   []json.RawMessage
		Kwargs map[string]json.RawMessage
	}
	Init      []json.RawMessage
	VarNames  []string            `json:"var_names"`
	GradSteps [][]json.RawMessage `json:"grad_steps"`
	Weights   []struct {
		Path  string
		Value json.RawMessage
	}
	Select      []int
	OutputIndex int               `json:"output_index"`
	Expected    json.RawMessage   // literal, possibly rounded
	KerasValue  json.RawMessage   `json:"keras_value"`
	ExpectedAll []json.RawMessage `json:"expected_all"`
	Atol, Rtol  float64
}

// Name returns the last part of the name that Keras gives the thing.
func (c *Golden) Name() string { return c.API[strings.LastIndexByte(c.API, '.')+1:] }

// ErrUncovered is returned for cases of what glia does not have.
var ErrUncovered = errors.New("not covered")

// Replay runs f on every case of a kind, of the file at path and, if GLIA_DATA
// names a folder with keras-golden-open.json, of that. It compares the results,
// and logs how many cases passed, failed and are not covered.
func Replay(t *testing.T, path, kind string, f func(c *Golden) ([]ops.Array, error)) {
	t.Run("own", func(t *testing.T) { replay(t, path, kind, f) })
	t.Run("external", func(t *testing.T) {
		dir := os.Getenv("GLIA_DATA")
		if dir == "" {
			t.Skip("GLIA_DATA is not set")
		}
		replay(t, filepath.Join(dir, "keras-golden-open.json"), kind, f)
	})
}

// ReplayOwn is [Replay] without the external file.
func ReplayOwn(t *testing.T, path, kind string, f func(c *Golden) ([]ops.Array, error)) {
	replay(t, path, kind, f)
}

func replay(t *testing.T, path, kind string, f func(c *Golden) ([]ops.Array, error)) {
	text, err := os.ReadFile(path)
	var file struct{ Cases []*Golden }
	if err != nil || json.Unmarshal(text, &file) != nil {
		t.Fatalf("%s: cannot be read (%v)", path, err)
	}
	passed, failed, worst := 0, 0, 0.0
	uncovered := map[string]int{}
	for _, c := range file.Cases {
		if c.Kind != kind {
			continue
		}
		got, err := f(c)
		if errors.Is(err, ErrUncovered) {
			uncovered[c.Name()]++
			continue
		}
		var far float64
		if err == nil {
			far, err = c.compare(got)
		}
		if err != nil {
			failed++
			t.Errorf("%s (%s): %v", c.ID, c.Config.Config, err)
			continue
		}
		passed++
		worst = max(worst, far)
	}
	t.Logf("%s: %d passed, %d failed, %d not covered %v; worst error %.2g of the tolerance",
		kind, passed, failed, sum(uncovered), uncovered, worst)
	if passed == 0 {
		t.Errorf("no case of kind %s passed", kind)
	}
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// compare returns the worst error as a part of the tolerance.
func (c *Golden) compare(got []ops.Array) (float64, error) {
	if c.ExpectedAll != nil {
		worst := 0.0
		for i, e := range c.ExpectedAll {
			far, err := near(got, i, nil, e, c.Rtol, c.Atol)
			if err != nil {
				return 0, err
			}
			worst = max(worst, far)
		}
		return worst, nil
	}
	far, err := near(got, c.OutputIndex, c.Select, c.Expected, c.Rtol, c.Atol)
	if err != nil || c.KerasValue == nil {
		return far, err
	}
	if _, err := near(got, c.OutputIndex, c.Select, c.KerasValue, 1e-4, 1e-5); err != nil {
		return 0, fmt.Errorf("beside Keras's own value: %w", err)
	}
	return far, nil
}

func near(got []ops.Array, i int, pick []int, want json.RawMessage, rtol, atol float64) (float64, error) {
	w, err := Value(want)
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
	worst := 0.0
	for j, e := range w.V {
		switch d := math.Abs(v[j] - e); {
		case v[j] == e || v[j] != v[j] && e != e:
		case d <= atol+rtol*math.Abs(e):
			worst = max(worst, d/(atol+rtol*math.Abs(e)))
		default:
			return 0, fmt.Errorf("result %d[%d] = %v, want %v within %g + %g", i, j, v[j], e, atol, rtol)
		}
	}
	return worst, nil
}

// Value reads a tensor, a list or a number of a golden file.
func Value(raw json.RawMessage) (ops.Array, error) {
	var t struct {
		DType string
		Shape []int
		Data  []any
	}
	if json.Unmarshal(raw, &t) == nil && t.DType != "" {
		dt := tensor.ParseDType(t.DType)
		if dt == tensor.Invalid {
			return ops.Array{}, fmt.Errorf("dtype %q: %w", t.DType, ErrUncovered)
		}
		a := ops.NewArray(tensor.S(dt, t.Shape...))
		for i, x := range t.Data {
			a.V[i] = scalar(x)
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

func scalar(x any) float64 {
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
		f := scalar(x)
		return nil, []float64{f}, f == math.Trunc(f)
	}
	whole = true
	for _, e := range list {
		s, w, i := flatten(e)
		shape, v, whole = s, append(v, w...), whole && i
	}
	return slices.Insert(shape, 0, len(list)), v, whole
}

// Tensor returns an argument as a tensor; floats become float32, as in Keras.
func Tensor(raw json.RawMessage) (*tensor.Tensor, error) {
	a, err := Value(raw)
	if err != nil {
		return nil, err
	}
	if a.DType.IsFloat() {
		a.DType = tensor.Float32
	}
	return optest.ToTensor(a), nil
}

// Tensors returns several.
func Tensors(raw []json.RawMessage) ([]*tensor.Tensor, error) {
	out := make([]*tensor.Tensor, len(raw))
	for i, r := range raw {
		var err error
		if out[i], err = Tensor(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}
