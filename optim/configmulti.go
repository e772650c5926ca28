package optim

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// Optimizers of optimizers read the table that they stand in.
func init() {
	optimizers.Classes = append(optimizers.Classes,
		vocab.Class[Optimizer]{Name: "LossScaleOptimizer", New: lossScaleOf},
		vocab.Class[Optimizer]{Name: "MultiOptimizer", New: multiOf},
	)
}

// fromObject returns the optimizer of an object that Keras wrote.
func fromObject(raw json.RawMessage) (Optimizer, error) {
	class, config, err := vocab.Decode(raw)
	if err != nil {
		return nil, err
	}
	return fromConfig(class, config)
}

func lossScaleOf(c *vocab.Config) (Optimizer, error) {
	var inner json.RawMessage
	l := LossScale(nil)
	for key, dst := range map[string]any{
		"name": &l.OptimizerName, "inner_optimizer": &inner, "initial_scale": &l.InitialScale, "dynamic_growth_steps": &l.DynamicGrowthSteps,
	} {
		if err := c.Get(key, dst); err != nil {
			return nil, err
		}
	}
	var err error
	if l.Inner, err = fromObject(inner); err != nil {
		return nil, fmt.Errorf("inner_optimizer: %w", err)
	}
	return l, nil
}

func multiOf(c *vocab.Config) (Optimizer, error) {
	var object json.RawMessage
	m := Multi(nil)
	for key, dst := range map[string]any{"name": &m.OptimizerName, "loss_scale_factor": &m.LossScaleFactor, "optimizer_map": &object} {
		if err := c.Get(key, dst); err != nil {
			return nil, err
		}
	}
	class, config, err := vocab.Decode(object)
	if err == nil && class != "OptimizerMap" {
		err = fmt.Errorf("class %q: want OptimizerMap", class)
	}
	if err == nil {
		err = m.Map.read(config)
	}
	if err != nil {
		return nil, fmt.Errorf("optimizer_map: %w", err)
	}
	return m, nil
}

// read sets the map from its config.
func (m *OptimizerMap) read(config []byte) error {
	members, err := vocab.Members(config)
	if err != nil {
		return err
	}
	if m.Default, err = fromObject(members["default_optimizer"]); err != nil {
		return fmt.Errorf("default_optimizer: %w", err)
	}
	raw := members["optimizer_map"]
	if len(raw) == 0 || vocab.Unset(raw) {
		return nil
	}
	patterns, err := keysOf(raw)
	if err != nil {
		return err
	}
	objects, err := vocab.Members(raw)
	if err != nil {
		return err
	}
	for _, p := range patterns {
		o, err := fromObject(objects[p])
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		m.Entries = append(m.Entries, MapEntry{p, o})
	}
	return nil
}

// keysOf returns the keys of a JSON object in their order, each once.
func keysOf(object []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("%.60s: want an object", object)
	}
	var keys []string
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		if name := key.(string); !seen[name] {
			seen[name] = true
			keys = append(keys, name)
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return nil, err
		}
	}
	return keys, nil
}
