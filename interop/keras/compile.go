package keras

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// compile reads how a model is trained: what Keras 3 calls compile_config, and the
// older training_config.
func (r *reader) compile(m *Model, raw json.RawMessage) error {
	if len(raw) == 0 || vocab.Unset(raw) {
		return nil
	}
	c, err := vocab.Members(raw)
	if err != nil {
		return fmt.Errorf("keras: compile_config: %w", err)
	}
	opt := c["optimizer"]
	if opt == nil {
		opt = c["optimizer_config"]
	}
	if m.Optimizer, err = r.optimizer(opt); err != nil {
		return err
	}
	if m.Loss, err = r.loss(c["loss"]); err != nil {
		return err
	}
	if m.Metrics, err = r.metrics(c["metrics"], "compile_config metrics"); err != nil {
		return err
	}
	weighted, err := r.metrics(c["weighted_metrics"], "compile_config weighted_metrics")
	if err != nil {
		return err
	}
	for _, w := range weighted {
		m.Metrics = append(m.Metrics, metric.WithWeights(w))
	}
	r.lossWeights(c["loss_weights"])
	return nil
}

// lossWeights notes weights of losses other than 1, which is no weight.
func (r *reader) lossWeights(raw json.RawMessage) {
	if len(raw) == 0 || vocab.Unset(raw) {
		return
	}
	if one, ok := single(raw); ok {
		raw = one
	}
	var w float64
	if json.Unmarshal(raw, &w) != nil || w != 1 {
		r.lacks("option", "loss_weights", "compile_config")
	}
}

// single returns the one element of a list, or the one value of an object without a
// class; false if there are several. Other values are returned as they are. So Keras
// gives what belongs to the outputs of a model.
func single(raw json.RawMessage) (json.RawMessage, bool) {
	if elements, err := vocab.Elements(raw); err == nil {
		if len(elements) != 1 {
			return nil, false
		}
		return elements[0], true
	}
	m, err := vocab.Members(raw)
	if err != nil || m["class_name"] != nil {
		return raw, true
	}
	for _, v := range m {
		return v, len(m) == 1
	}
	return nil, false
}

func (r *reader) optimizer(raw json.RawMessage) (optim.Optimizer, error) {
	const where = "compile_config optimizer"
	name, config, err := r.decode(raw, "optimizer", where)
	if name == "" || err != nil {
		return nil, err
	}
	if raw[0] == '{' { // Keras 2 registers its own under this package
		name = strings.TrimPrefix(name, "Custom>")
	}
	o, err := optim.FromConfig(name, config)
	if err == nil && len(o.Name()) > longestPath {
		err = fmt.Errorf("name of %d bytes: want %d or less", len(o.Name()), longestPath)
	}
	return o, r.note(where, err)
}

// decode reads an object or a name; the name is empty if there is none or if it is a
// class of the user's, which is noted.
func (r *reader) decode(raw json.RawMessage, kind, where string) (name string, config json.RawMessage, err error) {
	if len(raw) == 0 {
		return "", nil, nil
	}
	name, config, err = vocab.Decode(raw)
	if err != nil {
		return "", nil, fmt.Errorf("keras: %s: %w", where, err)
	}
	if raw[0] != '{' {
		return name, config, nil
	}
	o, err := objectOf(raw)
	if err != nil {
		return "", nil, fmt.Errorf("keras: %s: %w", where, err)
	}
	if o.Class != "function" && !o.own() {
		r.lacks(kind, o.name(), where)
		return "", nil, nil
	}
	return name, config, nil
}

func (r *reader) loss(raw json.RawMessage) (nn.Loss, error) {
	const where = "compile_config loss"
	if len(raw) == 0 || vocab.Unset(raw) {
		return nil, nil
	}
	one, ok := single(raw)
	if !ok {
		r.lacks("option", "losses of several outputs", where)
		return nil, nil
	}
	name, config, err := r.decode(one, "loss", where)
	if name == "" || err != nil {
		return nil, err
	}
	name, config = r.wrapped(name, config, one)
	l, err := nn.LossFromConfig(name, config)
	if err := r.note(where, err); err != nil {
		return nil, err
	}
	if l != nil && functionIn(one) && usersFunction(nn.ClassOf(l), name) {
		r.lacks("loss", name, where)
		return nil, nil
	}
	return l, nil
}

// wrapped returns the function that a wrapper class such as LossFunctionWrapper
// holds, with the wrapper's settings; other names as they are. A function without
// settings is known by the name that it was given by.
func (r *reader) wrapped(name string, config, raw json.RawMessage) (string, json.RawMessage) {
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
func (r *reader) metrics(raw json.RawMessage, where string) ([]metric.Metric, error) {
	list, err := r.list(raw, where)
	if err != nil {
		return nil, err
	}
	var all []metric.Metric
	for i, e := range list {
		m, err := r.metric(e, fmt.Sprintf("%s[%d]", where, i))
		if err != nil {
			return nil, err
		}
		if m != nil {
			all = append(all, m)
		}
	}
	return all, nil
}

// list returns the metrics in what Keras writes, without nests and nulls.
func (r *reader) list(raw json.RawMessage, where string) (all []json.RawMessage, err error) {
	if len(raw) == 0 || vocab.Unset(raw) {
		return nil, nil
	}
	if elements, err := vocab.Elements(raw); err == nil {
		for _, e := range elements {
			more, err := r.list(e, where)
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
	if len(m) > 1 {
		r.lacks("option", "metrics of several outputs", where)
		return nil, nil
	}
	for _, v := range m {
		return r.list(v, where)
	}
	return nil, nil
}

func (r *reader) metric(raw json.RawMessage, where string) (metric.Metric, error) {
	name, config, err := r.decode(raw, "metric", where)
	if name == "" || err != nil {
		return nil, err
	}
	if m, err := vocab.Members(config); err == nil && m["reduction"] != nil {
		r.lacks("metric", "loss "+name, where) // Keras takes the mean of what it gives for batches
		return nil, nil
	}
	name, config = r.wrapped(name, config, raw)
	if raw[0] == '"' && namesAccuracy(name) {
		name = accuracyName
	}
	m, err := metricOf(name, config, functionIn(raw))
	if err := r.note(where, err); err != nil {
		return nil, err
	}
	if m != nil && functionIn(raw) && usersFunction(classOfMean(m), name) {
		r.lacks("metric", name, where)
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
	if m.Loss != nil {
		if c["loss"], err = object(nn.LossToConfig(m.Loss)); err != nil {
			return nil, fmt.Errorf("loss %s: %w", m.Loss.Name(), err)
		}
	}
	metrics := map[string][]any{}
	for _, x := range m.Metrics {
		key := "metrics"
		if w, ok := x.(*metric.WeightedMetric); ok {
			x, key = w.Metric, "weighted_metrics"
		}
		o, err := metricObject(x)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", x.Name(), err)
		}
		metrics[key] = append(metrics[key], o)
	}
	for key, all := range metrics {
		c[key] = all
	}
	return json.Marshal(c)
}

func object(module, class string, config []byte, err error) (*Object, error) {
	if err != nil {
		return nil, err
	}
	return &Object{Module: module, Class: class, Config: config}, nil
}

// metricObject returns a metric's object, or its name if that is all there is to say.
func metricObject(x metric.Metric) (any, error) {
	if mean, ok := x.(*metric.MeanMetric); ok {
		if l, ok := mean.Loss().(nn.Loss); ok {
			return lossMetric(l)
		}
	}
	module, class, config, err := metric.ToConfig(x)
	switch {
	case err == nil && module == "" && !namesAccuracy(class):
		return nil, fmt.Errorf("named %q: want accuracy or acc, by which Keras knows it", class)
	case err == nil && module == "":
		return class, nil
	}
	return object(module, class, config, err)
}
