package keras

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Model is a model without the values of its variables.
type Model struct {
	Network *nn.Network
	// Inputs are the specs of the inputs for a batch of 1, nil if they are not known.
	Inputs []tensor.Spec
	// Optimizer, Loss and Metrics are those of training, nil if the model is not
	// compiled.
	Optimizer optim.Optimizer
	Loss      loss.Loss
	Metrics   []metric.Metric
}

// Options holds the settings of [ReadModel].
type Options struct {
	// SkipCompile skips optimizer, loss and metrics.
	SkipCompile bool
}

// ReadModel makes a model of an object. The model is not built: building its network for
// m.Inputs makes the variables.
//
// If something in the model is unsupported, the error is a [*MissingError] that lists all
// such parts. Dtype policies are those of floats, the mixed ones too; layers that have the
// network's have none of their own.
//
// The config is parsed into a tree, and passes walk it one after the other.
func ReadModel(o *Object, opt Options) (*Model, error) {
	m, err := readModel(o, opt)
	return m, plaintext.Error(err)
}

func readModel(o *Object, opt Options) (*Model, error) {
	for _, config := range []json.RawMessage{o.Config, o.BuildConfig, o.CompileConfig} {
		if config == nil {
			continue
		}
		if err := check(config); err != nil {
			return nil, fmt.Errorf("keras: %w", err)
		}
	}
	o = o.apart()
	t, err := parse(o)
	if err != nil {
		return nil, err
	}
	for _, pass := range []func(*tree) error{limitNames, noteShared, modernize, setVocabularies, makeLayers, limitSize, checkActivations, followIntegers, inheritPolicies} {
		if err := pass(t); err != nil {
			return nil, err
		}
	}
	m := &Model{}
	missing := t.missing()
	if len(missing) == 0 {
		m.Network = t.model.layer.(*nn.Network)
	}
	if !opt.SkipCompile {
		lacks, err := compile(m, o.CompileConfig)
		if err != nil {
			return nil, err
		}
		missing = append(missing, lacks...)
	}
	if len(missing) > 0 {
		return nil, &MissingError{missing}
	}
	m.Inputs, err = inputsOf(o, m)
	return m, err
}

// inputsOf returns the specs of a model's inputs, nil if the object does not have them.
func inputsOf(o *Object, m *Model) (in []tensor.Spec, err error) {
	var declared bool
	if err := graph.Catch(func() { in, declared = m.Network.Declared() }); err != nil {
		return in, fmt.Errorf("keras: %w", err)
	}
	if declared {
		return in, nil
	}
	for _, s := range []struct {
		in  json.RawMessage
		key string
	}{{o.Config, "build_input_shape"}, {o.BuildConfig, "input_shape"}} {
		c, err := vocab.Members(s.in)
		if err != nil || len(c[s.key]) == 0 {
			continue
		}
		var dims []int
		if shape := shapeOf(c[s.key]); len(shape) > 0 && !slices.Contains(shape[1:], -1) {
			dims = append([]int{1}, shape[1:]...)
		}
		if d, err := tensor.MakeDims(dims); err == nil && dims != nil && !slices.ContainsFunc(dims, func(n int) bool { return n < 1 }) {
			return []tensor.Spec{{DType: m.Network.DType.VariableDType(), Shape: d}}, nil
		}
	}
	return nil, nil
}

// shapeOf returns a shape, with -1 for lengths that are not known; nil if raw is not one.
func shapeOf(raw json.RawMessage) []int {
	var dims []*int
	if json.Unmarshal(raw, &dims) != nil {
		return nil
	}
	var shape []int
	for _, d := range dims {
		if d == nil {
			shape = append(shape, -1)
		} else {
			shape = append(shape, *d)
		}
	}
	return shape
}
