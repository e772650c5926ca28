package optim

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
)

// FromConfig returns the optimizer of a Keras class, "Adam" for instance, with the config
// that Keras writes; upper and lower case are one. It returns an error for a class or
// setting that optim does not support.
func FromConfig(class string, config []byte) (Optimizer, error) {
	o, err := fromConfig(class, config)
	if err != nil {
		return nil, fmt.Errorf("optim: %w", err)
	}
	return o, nil
}

func fromConfig(class string, config []byte) (Optimizer, error) {
	if c := optimizers.Find(strings.ToLower(class)); c != nil {
		class = c.Name
	}
	return optimizers.Make(class, config)
}

// ToConfig returns Keras's class of an optimizer of this package, the module of that
// class, and the optimizer's config, with the learning rate of the next step. It returns
// an error for settings that Keras does not have, such as [NoBiasCorrection], for those
// that its configs do not hold, such as [ExcludeFromWeightDecay], and for optimizers of
// types that are not registered. For one that is it returns the registered name, and no
// module.
func ToConfig(o Optimizer) (module, class string, config []byte, err error) {
	obj, err := objectOf(o)
	if err != nil {
		return "", "", nil, fmt.Errorf("optim: %w", err)
	}
	module, class, config = obj.Parts()
	return module, class, config, nil
}

// Register makes optimizers of a type of your own known to files, under the name under which
// Keras has the class: "my_package>Sophia" for one with the decorator
// keras.saving.register_keras_serializable("my_package"), "Sophia" for one of the package
// "Custom", Keras's default.
//
// The exported fields with json tags are the config. Fresh returns an optimizer with the
// defaults of settings that a config may omit. Its variables are stored in their order.
//
// Register panics if the name or the type is registered for another. It may be called at
// any time, from any goroutine.
func Register(name string, fresh func() Optimizer) { optimizers.Register(name, fresh) }

// objectOf returns the object that Keras writes for an optimizer.
func objectOf(o Optimizer) (*vocab.Object, error) {
	name := fmt.Sprintf("%T", o)
	if c, ok := o.(interface{ Class() string }); ok {
		name = c.Class()
	}
	obj, err := optimizers.Serialize(o, name)
	if err != nil {
		return nil, err
	}
	if strings.Contains(o.Name(), "/") {
		return nil, fmt.Errorf("name %q: want one without /, as Keras's have", o.Name())
	}
	if r, ok := o.(rule); ok {
		if err := r.config().exclude.savable(); err != nil {
			return nil, err
		}
		obj.Config, err = withRate(obj.Config, r)
	}
	return obj, err
}

// savable returns an error if e excludes anything: Keras's files cannot store that.
func (e *exclusion) savable() error {
	const want = "Keras's files cannot store it: want the weights alone in a file, or an optimizer without it"
	switch {
	case len(e.names) > 0:
		return fmt.Errorf("ExcludeFromWeightDecay %q: %s", e.names, want)
	case len(e.vars) > 0:
		return fmt.Errorf("ExcludeVarsFromWeightDecay of %d variables: %s", len(e.vars), want)
	}
	return nil
}

// withRate returns a config with the learning rate of the next step, which may have
// been read from a file since the optimizer was made.
func withRate(config json.RawMessage, r rule) (json.RawMessage, error) {
	rate := r.config().Rate
	var now float64
	if err := graph.Catch(func() { now = r.LearningRate() }); err != nil { // a schedule's settings may be bad
		return nil, err
	}
	if rate.Schedule != nil || rate.Value == now {
		return config, nil
	}
	m, err := vocab.Members(config)
	if err != nil {
		return nil, err
	}
	if m["learning_rate"], err = vocab.Marshal(now); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// optimizers are Keras's optimizers.
var optimizers = vocab.Table[Optimizer]{
	Kind: "optimizer", Module: "keras.optimizers", Fold: strings.ToLower,
	Classes: []vocab.Class[Optimizer]{
		{Name: "Adadelta", New: ruleOf(func() *AdadeltaOptimizer { return Adadelta(0.001) })},
		{Name: "Adafactor", New: ruleOf(func() *AdafactorOptimizer { return Adafactor(0.001) })},
		{Name: "Adagrad", New: ruleOf(func() *AdagradOptimizer { return Adagrad(0.001) })},
		{Name: "Adam", New: ruleOf(func() *AdamOptimizer { return Adam(0.001) }), Own: []string{"no_bias_correction"}},
		{Name: "AdamW", New: ruleOf(func() *AdamOptimizer { return AdamW(0.001) }), Own: []string{"no_bias_correction"}, Numbers: []string{"weight_decay"}},
		{Name: "Adamax", New: ruleOf(func() *AdamaxOptimizer { return Adamax(0.001) })},
		{Name: "Ftrl", New: ruleOf(func() *FtrlOptimizer { return Ftrl(0.001) })},
		{Name: "Lamb", New: ruleOf(func() *LambOptimizer { return Lamb(0.001) })},
		{Name: "Lion", New: ruleOf(func() *LionOptimizer { return Lion(0.001) })},
		{Name: "Muon", New: ruleOf(func() *MuonOptimizer { return Muon(0.001) })},
		{Name: "Nadam", New: ruleOf(func() *NadamOptimizer { return Nadam(0.001) })},
		{Name: "RMSprop", New: ruleOf(func() *RMSpropOptimizer { return RMSprop(0.001) })},
		{Name: "ScheduleFreeAdamW", New: ruleOf(func() *ScheduleFreeAdamWOptimizer { return ScheduleFreeAdamW(0.0025) })},
		{Name: "SGD", New: ruleOf(func() *SGDOptimizer { return SGD(0.01) })},
	},
}

// rule is an optimizer of this package.
type rule interface {
	Optimizer
	config() *Config
}

func (c *Config) config() *Config { return c }

// ruleOf returns a maker of optimizers whose settings are their fields.
func ruleOf[R rule](fresh func() R) func(c *vocab.Config) (Optimizer, error) {
	return vocab.Into[Optimizer](fresh)
}
