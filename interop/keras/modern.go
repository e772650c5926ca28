package keras

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/optim"
)

// Keras 1 and 2 spelled some settings otherwise than Keras 3 does. Old configs are
// rewritten here first; the other passes read those of Keras 3 alone.

// modernize rewrites the configs of layers.
func modernize(t *tree) error {
	t.model.modernize()
	return nil
}

func (p *part) modernize() {
	for _, x := range p.parts {
		x.modernize()
	}
	switch p.kind {
	case chain:
		if len(p.parts) > 0 {
			p.input = declaredBy(p.parts[0])
		}
	case plain:
		p.modernizeLayer()
	case setting:
		p.element, _ = modernValue(p.element)
	}
}

// declaredBy returns the input that Keras 1 and 2 declare in the config of the first
// layer, nil if there is none.
func declaredBy(first *part) *part {
	shape := first.settings()["batch_input_shape"]
	if first.kind == plain {
		shape = first.declares
	}
	if len(shape) == 0 || vocab.Unset(shape) {
		return nil
	}
	config, err := json.Marshal(map[string]any{"name": nameOf(first.Object) + "_input", "batch_shape": shape})
	if err != nil { // of valid JSON
		return nil
	}
	return &part{Object: &Object{Class: inputClass, Config: config}, kind: plain, where: first.where}
}

// inputClass is the class of layers that declare an input.
const inputClass = "InputLayer"

// modernizeLayer rewrites the config of a layer that is no model.
func (p *part) modernizeLayer() {
	settings := p.settings()
	if p.Class != inputClass {
		p.declares = settings["batch_input_shape"]
	}
	if s := modernSettings(p.Class, settings); s.changed {
		p.Config = s.config(p.Config)
	}
}

// modernSettings rewrites the settings of a class, and of the objects among them.
func modernSettings(class string, settings map[string]json.RawMessage) rewriting {
	s := rewriting{of: settings}
	switch class {
	case inputClass:
		s.rename("batch_input_shape", "batch_shape")
	case "LeakyReLU":
		s.rename("alpha", "negative_slope")
	}
	s.drop("batch_input_shape")
	for key, v := range settings {
		if modern, changed := modernValue(v); changed {
			s.set(key, modern)
		}
	}
	return s
}

// modernValue rewrites a setting that is an object of a class, or a list of such, and
// reports whether it did.
func modernValue(raw json.RawMessage) (json.RawMessage, bool) {
	switch {
	case len(raw) > 0 && raw[0] == '{':
		return modernObject(raw)
	case len(raw) > 0 && raw[0] == '[':
		return modernList(raw)
	}
	return raw, false
}

func modernObject(raw json.RawMessage) (json.RawMessage, bool) {
	m, err := vocab.Members(raw)
	if err != nil || m["class_name"] == nil {
		return raw, false
	}
	class, err := vocab.String(m["class_name"])
	if err != nil {
		return raw, false
	}
	settings, err := vocab.Members(m["config"])
	if err != nil {
		return raw, false
	}
	s := modernSettings(class, settings)
	if !s.changed {
		return raw, false
	}
	object := rewriting{of: m}
	object.set("config", s.config(m["config"]))
	return object.config(raw), true
}

func modernList(raw json.RawMessage) (_ json.RawMessage, changed bool) {
	var all []json.RawMessage
	for e := range vocab.Each(raw) {
		if e[0] != '{' { // a list of numbers, say
			return raw, false
		}
		modern, other := modernObject(e)
		all, changed = append(all, modern), changed || other
	}
	if !changed {
		return raw, false
	}
	list, err := json.Marshal(all)
	if err != nil { // of valid JSON
		return raw, false
	}
	return list, true
}

// modernTraining rewrites a training_config as a compile_config.
func modernTraining(c map[string]json.RawMessage) {
	s := rewriting{of: c}
	s.rename("optimizer_config", "optimizer")
}

// modernLoss rewrites the config of a loss of Keras's: Keras 2 wrote the function that a
// class wraps, and a reduction that its strategy chose.
func modernLoss(name string, config json.RawMessage) json.RawMessage {
	m, err := vocab.Members(config)
	if err != nil || strings.Contains(name, ">") {
		return config
	}
	s := rewriting{of: m}
	s.drop("fn")
	if string(m["reduction"]) == `"auto"` {
		s.set("reduction", json.RawMessage(`"sum_over_batch_size"`))
	}
	return s.config(config)
}

// optimizers lists those of Keras 2, and the wrappers of another one.
var optimizers = []string{"Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "RMSprop", "SGD", "LossScaleOptimizer"}

// modernOptimizer rewrites the name and the config of an optimizer, and of those in it.
// Keras 2 registered its own as the user's, called the learning rate lr, divided it by
// 1 + decay·steps, and wrote how often averages replace weights where there are none.
func modernOptimizer(name string, config json.RawMessage) (string, json.RawMessage) {
	short := strings.TrimPrefix(name, "Custom>")
	if !slices.ContainsFunc(optimizers, func(o string) bool { return strings.EqualFold(o, short) }) {
		return name, config
	}
	name = short
	m, err := vocab.Members(config)
	if err != nil {
		return name, config
	}
	s := rewriting{of: m}
	s.rename("lr", "learning_rate")
	s.drop("is_legacy_optimizer")
	s.drop("jit_compile")
	var every int
	if v := m["ema_overwrite_frequency"]; string(m["use_ema"]) != "true" && len(v) > 0 && json.Unmarshal(v, &every) == nil {
		s.drop("ema_overwrite_frequency")
	}
	var decay float64
	if v, ok := m["decay"]; ok && json.Unmarshal(v, &decay) == nil {
		s.drop("decay")
		if rate := m["learning_rate"]; decay != 0 && (len(rate) == 0 || rate[0] != '{') {
			s.set("learning_rate", decayed(name, rate, v))
		}
	}
	if inner := m["inner_optimizer"]; len(inner) > 0 && inner[0] == '{' {
		s.set("inner_optimizer", modernInner(inner))
	}
	return name, s.config(config)
}

// modernInner rewrites an optimizer in another.
func modernInner(raw json.RawMessage) json.RawMessage {
	m, err := vocab.Members(raw)
	if err != nil {
		return raw
	}
	class, err := vocab.String(m["class_name"])
	if err != nil {
		return raw
	}
	name, config := modernOptimizer(class, m["config"])
	if m["class_name"], err = json.Marshal(name); err != nil {
		return raw
	}
	if len(config) > 0 {
		m["config"] = config
	}
	modern, err := json.Marshal(m)
	if err != nil {
		return raw
	}
	return modern
}

// decayed returns the schedule of a rate that is divided by 1 + decay·steps; without a
// rate it is the optimizer's default.
func decayed(optimizer string, rate, decay json.RawMessage) json.RawMessage {
	if len(rate) == 0 {
		o, err := optim.FromConfig(optimizer, nil)
		if err != nil {
			return nil
		}
		rate, _ = json.Marshal(o.LearningRate())
	}
	schedule, _ := json.Marshal(map[string]any{"module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay",
		"config": map[string]any{"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}, "registered_name": nil})
	return schedule
}

// rewriting is an object whose members are rewritten.
type rewriting struct {
	of      map[string]json.RawMessage
	changed bool
}

// rename gives a member another name, unless that is taken.
func (s *rewriting) rename(from, to string) {
	v, ok := s.of[from]
	if !ok {
		return
	}
	if taken := s.of[to]; len(taken) == 0 || string(taken) == "null" {
		s.of[to] = v
	}
	s.drop(from)
}

func (s *rewriting) drop(key string) {
	if _, ok := s.of[key]; ok {
		delete(s.of, key)
		s.changed = true
	}
}

func (s *rewriting) set(key string, v json.RawMessage) { s.of[key], s.changed = v, true }

// config returns the object, which was raw, as JSON.
func (s *rewriting) config(raw json.RawMessage) json.RawMessage {
	if !s.changed {
		return raw
	}
	b, err := json.Marshal(s.of)
	if err != nil { // of valid JSON
		return raw
	}
	return b
}
