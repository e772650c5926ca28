package keras

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// compile reads how a model is trained: Keras 3's compile_config, or the older
// training_config. It returns the unsupported parts.
func compile(m *Model, raw json.RawMessage) ([]Missing, error) {
	if len(raw) == 0 || vocab.Unset(raw) {
		return nil, nil
	}
	c, err := vocab.Members(raw)
	if err != nil {
		return nil, fmt.Errorf("keras: compile_config: %w", err)
	}
	modernTraining(c)
	t := &training{}
	if m.Optimizer, err = t.optimizer(c["optimizer"]); err != nil {
		return nil, err
	}
	var outputs []string // nil if a part of the network is missing
	if m.Network != nil {
		outputs, t.layers = m.Network.OutputNames(), outputLayers(m.Network)
	}
	if m.Loss, err = t.losses(c["loss"], c["loss_weights"], outputs); err != nil {
		return nil, err
	}
	if m.Metrics, err = t.metrics(c["metrics"], outputs, "compile_config metrics"); err != nil {
		return nil, err
	}
	weighted, err := t.metrics(c["weighted_metrics"], outputs, "compile_config weighted_metrics")
	if err != nil {
		return nil, err
	}
	for _, w := range weighted {
		m.Metrics = append(m.Metrics, metric.WithWeights(w))
	}
	return t.missingList, nil
}

// training is how a model is trained, while it is read.
type training struct {
	missingList
	layers []string // that make the outputs, by name
}

// outputLayers returns the names of the layers that make the outputs: Keras's names of
// these, though they may be the same.
func outputLayers(n *nn.Network) []string {
	names, calls := n.Names(), n.Calls()
	of := make([]string, len(n.Outputs()))
	for i, p := range n.Outputs() {
		if p.Call >= 0 {
			of[i] = names[calls[p.Call].Layer]
		}
	}
	return of
}

// perOutput returns the values for the outputs of a model: the elements of a list, or the
// values of an object without a class, nil for an output without one. A single value for
// all outputs is returned with false. If the outputs are not known it returns all elements.
func (t *training) perOutput(raw json.RawMessage, what string, outputs []string, where string) (values []json.RawMessage, each bool, err error) {
	elements, err := vocab.Elements(raw)
	if err == nil {
		if len(outputs) > 0 && len(elements) != len(outputs) {
			t.add("option", fmt.Sprintf("%d %s for %d outputs", len(elements), what, len(outputs)), where)
			return nil, true, nil
		}
		return elements, true, nil
	}
	m, err := vocab.Members(raw)
	if err != nil || m["class_name"] != nil {
		return []json.RawMessage{raw}, false, nil
	}
	if len(outputs) <= 1 { // whatever its name, as Keras has it
		for _, name := range sorted(m) {
			values = append(values, m[name])
		}
		if len(outputs) == 1 && len(values) > 1 {
			t.add("option", fmt.Sprintf("%d %s for 1 output", len(values), what), where)
			return nil, true, nil
		}
		return values, true, nil
	}
	values = make([]json.RawMessage, len(outputs))
	names := t.layers
	for name := range m {
		if !slices.Contains(names, name) {
			return nil, false, fmt.Errorf("keras: %s: no output is named %q: want one of %.200q", where, tail(name), names)
		}
	}
	for i, name := range names {
		values[i] = m[name]
	}
	return values, true, nil
}

// losses reads the loss, or those of outputs, and their weights.
func (t *training) losses(raw, weights json.RawMessage, outputs []string) (loss.Loss, error) {
	if len(raw) == 0 || vocab.Unset(raw) {
		return nil, nil
	}
	of, each, err := t.perOutput(raw, "losses", outputs, "compile_config loss")
	if err != nil {
		return nil, err
	}
	losses := make([]loss.Loss, len(of))
	before := len(t.missingList)
	for i, v := range of {
		if len(v) > 0 && !vocab.Unset(v) {
			if losses[i], err = t.loss(v); err != nil {
				return nil, err
			}
		}
	}
	scale, err := t.lossWeights(weights, outputs)
	if err != nil || len(t.missingList) > before || len(outputs) == 0 {
		return nil, err
	}
	if len(losses) == 0 {
		return nil, nil
	}
	plain := !slices.ContainsFunc(scale, func(w float64) bool { return w != 1 })
	if plain && (!each || len(outputs) == 1) {
		return losses[0], nil
	}
	var all []loss.OutputLoss
	for i, name := range outputs {
		l := losses[min(i, len(losses)-1)]
		if l != nil {
			all = append(all, loss.For(name, l).Weighted(scale[i]))
		}
	}
	return loss.PerOutput(all...), nil
}

// lossWeights returns the weights of the losses of outputs: 1 by default.
func (t *training) lossWeights(raw json.RawMessage, outputs []string) ([]float64, error) {
	const where = "compile_config loss_weights"
	weights := make([]float64, len(outputs))
	for i := range weights {
		weights[i] = 1
	}
	if len(raw) == 0 || vocab.Unset(raw) {
		return weights, nil
	}
	before := len(t.missingList)
	of, _, err := t.perOutput(raw, "weights of losses", outputs, where)
	if err != nil || len(t.missingList) > before || len(of) == 0 {
		return weights, err
	}
	for i := range weights {
		v := of[min(i, len(of)-1)]
		if len(v) == 0 || vocab.Unset(v) {
			continue
		}
		if json.Unmarshal(v, &weights[i]) != nil {
			return nil, fmt.Errorf("keras: %s: %s: want a number", where, vocab.Short(v))
		}
	}
	return weights, nil
}

func (t *training) optimizer(raw json.RawMessage) (optim.Optimizer, error) {
	const where = "compile_config optimizer"
	name, config, err := t.decode(raw, where)
	if name == "" || err != nil {
		return nil, err
	}
	if raw[0] == '{' {
		name, config = modernOptimizer(name, config)
	}
	o, err := optim.FromConfig(name, config)
	if err == nil && len(o.Name()) > longestPath {
		err = fmt.Errorf("name of %d bytes: want %d or less", len(o.Name()), longestPath)
	}
	return o, t.note(where, err)
}

// decode reads an object or a name; the name is empty if there is none. That of a class of
// the user's is the name by which it is registered.
func (t *training) decode(raw json.RawMessage, where string) (name string, config json.RawMessage, err error) {
	if len(raw) == 0 {
		return "", nil, nil
	}
	name, config, err = vocab.Decode(raw)
	if err != nil {
		return "", nil, fmt.Errorf("keras: %s: %w", where, err)
	}
	return name, config, nil
}

func (t *training) loss(raw json.RawMessage) (loss.Loss, error) {
	const where = "compile_config loss"
	name, config, err := t.decode(raw, where)
	if name == "" || err != nil {
		return nil, err
	}
	name, config = t.wrapped(name, config, raw)
	l, err := loss.FromConfig(name, modernLoss(name, config))
	if err := t.note(where, err); err != nil {
		return nil, err
	}
	if l != nil && functionIn(raw) && usersFunction(loss.ClassOf(l), name) {
		t.add("loss", name, where)
		return nil, nil
	}
	return l, nil
}

// wrapped returns the function that a wrapper class such as LossFunctionWrapper
// holds, with the wrapper's settings; other names as they are. A function without
// settings is known by the name that it was given by.
func (t *training) wrapped(name string, config, raw json.RawMessage) (string, json.RawMessage) {
	if config == nil {
		named, err := json.Marshal(map[string]string{"name": name})
		if err != nil {
			return name, nil
		}
		return name, named
	}
	m, err := vocab.Members(config)
	if err != nil || m["fn"] == nil || !strings.HasSuffix(name, "Wrapper") {
		return name, config
	}
	fn, _, err := vocab.Decode(m["fn"])
	if err != nil || fn == "" {
		return name, config
	}
	delete(m, "fn")
	rest, err := json.Marshal(m)
	if err != nil {
		return name, config
	}
	return fn, rest
}

// metrics reads metrics: one, a list, lists in a list, or those of each output.
func (t *training) metrics(raw json.RawMessage, outputs []string, where string) (all []metric.Metric, err error) {
	if len(outputs) <= 1 || len(raw) == 0 || vocab.Unset(raw) {
		return t.metricsOfOne(raw, where)
	}
	of, each, err := t.perOutput(raw, "metrics", outputs, where)
	if err == nil && !each {
		err = fmt.Errorf("keras: %s: %s: want a list or an object with those of each output", where, vocab.Short(raw))
	}
	if err != nil {
		return nil, err
	}
	for i, v := range of {
		some, err := t.metricsOfOne(v, where+" "+tail(outputs[i]))
		if err != nil {
			return nil, err
		}
		for _, m := range some {
			all = append(all, metric.For(outputs[i], m))
		}
	}
	return all, nil
}

// metricsOfOne reads the metrics of one output.
func (t *training) metricsOfOne(raw json.RawMessage, where string) ([]metric.Metric, error) {
	list, err := t.list(raw, where)
	if err != nil {
		return nil, err
	}
	var all []metric.Metric
	for i, e := range list {
		m, err := t.metric(e, fmt.Sprintf("%s[%d]", where, i))
		if err != nil {
			return nil, err
		}
		if m != nil {
			all = append(all, m)
		}
	}
	return all, nil
}

// list returns the metrics in the JSON that Keras writes, without nests and nulls.
func (t *training) list(raw json.RawMessage, where string) (all []json.RawMessage, err error) {
	if len(raw) == 0 || vocab.Unset(raw) {
		return nil, nil
	}
	if elements, err := vocab.Elements(raw); err == nil {
		for _, e := range elements {
			more, err := t.list(e, where)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	}
	m, err := vocab.Members(raw)
	if err != nil || m["class_name"] != nil {
		return []json.RawMessage{raw}, nil
	}
	for _, name := range sorted(m) { // one, but where the outputs are not known
		more, err := t.list(m[name], where)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func (t *training) metric(raw json.RawMessage, where string) (metric.Metric, error) {
	name, config, err := t.decode(raw, where)
	if name == "" || err != nil {
		return nil, err
	}
	if m, err := vocab.Members(config); err == nil && m["reduction"] != nil {
		t.add("metric", "loss "+name, where) // Keras takes the mean of its values for batches
		return nil, nil
	}
	name, config = t.wrapped(name, config, raw)
	if raw[0] == '"' && namesAccuracy(name) {
		name = accuracyName
	}
	m, err := metricOf(name, config, functionIn(raw))
	if err := t.note(where, err); err != nil {
		return nil, err
	}
	if m != nil && functionIn(raw) && usersFunction(classOfMean(m), name) {
		t.add("metric", name, where)
		return nil, nil
	}
	return m, nil
}

// compiled writes how a model is trained, nil if it is not.
func compiled(m *Model) (json.RawMessage, error) {
	if m.Optimizer == nil && m.Loss == nil && m.Metrics == nil {
		return nil, nil
	}
	c := map[string]any{"optimizer": nil, "loss": nil, "loss_weights": nil, "metrics": nil, "weighted_metrics": nil,
		"run_eagerly": false, "steps_per_execution": 1}
	var err error
	if m.Optimizer != nil {
		if c["optimizer"], err = object(optim.ToConfig(m.Optimizer)); err != nil {
			return nil, fmt.Errorf("optimizer %s: %w", m.Optimizer.Name(), err)
		}
	}
	outputs := m.Network.OutputNames()
	if m.Loss != nil {
		if c["loss"], c["loss_weights"], err = lossObjects(m.Loss, outputs); err != nil {
			return nil, err
		}
	}
	if err := metricObjects(c, m.Metrics, outputs); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

// lossObjects writes a loss, or those of outputs and their weights.
func lossObjects(l loss.Loss, outputs []string) (objects, weights any, err error) {
	several, ok := l.(*loss.PerOutputLoss)
	if !ok {
		if objects, err = object(loss.ToConfig(l)); err != nil {
			return nil, nil, fmt.Errorf("loss %s: %w", l.Name(), err)
		}
		return objects, nil, nil
	}
	each, scale := make([]*Object, len(outputs)), make([]any, len(outputs))
	for _, of := range several.Of {
		i := slices.Index(outputs, of.Output)
		if i < 0 {
			return nil, nil, fmt.Errorf("loss of output %q: want one of %q", of.Output, outputs)
		}
		if each[i], err = object(loss.ToConfig(of.Loss)); err != nil {
			return nil, nil, fmt.Errorf("loss %s of output %s: %w", of.Loss.Name(), of.Output, err)
		}
		scale[i] = of.Weight
	}
	return each, scale, nil
}

// metricObjects writes metrics into c: in a list, or for several outputs in a list for
// each.
func metricObjects(c map[string]any, metrics []metric.Metric, outputs []string) error {
	all := map[string][][]any{}
	for _, x := range metrics {
		of, output, weighted := metric.Unwrap(x)
		o, err := metricObject(of)
		if err != nil {
			return fmt.Errorf("metric %s: %w", x.Name(), err)
		}
		key := "metrics"
		if weighted {
			key = "weighted_metrics"
		}
		if all[key] == nil {
			all[key] = make([][]any, len(outputs))
		}
		for i, name := range outputs {
			if output == "" || output == name {
				all[key][i] = append(all[key][i], o)
			}
		}
	}
	for key, of := range all {
		if c[key] = of; len(outputs) == 1 {
			c[key] = of[0]
		}
	}
	return nil
}

func object(module, class string, config []byte, err error) (*Object, error) {
	if err != nil {
		return nil, err
	}
	switch {
	case strings.Contains(class, ">"): // a registered class
		return &Object{Class: vocab.ShortName(class), Registered: &class, Config: config}, nil
	case class == "function" || vocab.IsInternal(module):
		return &Object{Module: module, Class: class, Registered: &class, Config: config}, nil
	}
	return &Object{Module: module, Class: class, Config: config}, nil
}

// metricObject returns a metric's object, or its name if it has no settings.
func metricObject(x metric.Metric) (any, error) {
	if mean, ok := x.(*metric.MeanMetric); ok {
		if l := mean.Loss(); l != nil {
			return lossMetric(l)
		}
	}
	module, class, config, err := metric.ToConfig(x)
	if err != nil || module != "" || strings.Contains(class, ">") { // a class, Keras's or registered
		return object(module, class, config, err)
	}
	if !namesAccuracy(class) {
		return nil, fmt.Errorf("named %q: want accuracy or acc, by which Keras knows it", class)
	}
	return class, nil
}
