package keras_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// TestOldSpelling reads configs as Keras 2 wrote them and as Keras 3 does: they make one
// model.
func TestOldSpelling(t *testing.T) {
	const one = `{"class_name": "Dense", "config": {"name": "a", "units": 1}}`
	model := func(layers ...string) string {
		return fmt.Sprintf(`{"class_name": "Sequential", "config": {"name": "s", "layers": [%s]}}`, strings.Join(layers, ", "))
	}
	trained := func(parts string) string {
		return fmt.Sprintf(`{"class_name": "Sequential", "config": {"name": "s", "layers": [%s]}, "compile_config": {%s}}`, one, parts)
	}
	for name, c := range map[string]struct{ old, modern string }{
		"input": {model(`{"class_name": "InputLayer", "config": {"name": "i", "batch_input_shape": [null, 3]}}`, one),
			model(`{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 3]}}`, one)},
		"first layer": {model(`{"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [null, 3]}}`, one),
			model(`{"class_name": "InputLayer", "config": {"name": "f_input", "batch_shape": [null, 3]}}`, `{"class_name": "Flatten", "config": {"name": "f"}}`, one)},
		"shape of a later layer": {model(one, `{"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [null, 3]}}`),
			model(one, `{"class_name": "Flatten", "config": {"name": "f"}}`)},
		"slope": {model(`{"class_name": "LeakyReLU", "config": {"name": "l", "alpha": 0.25}}`), model(`{"class_name": "LeakyReLU", "config": {"name": "l", "negative_slope": 0.25}}`)},
		"slope of an activation": {model(`{"class_name": "Dense", "config": {"name": "a", "units": 1, "activation": {"class_name": "LeakyReLU", "config": {"alpha": 0.25}}}}`),
			model(`{"class_name": "Dense", "config": {"name": "a", "units": 1, "activation": {"class_name": "LeakyReLU", "config": {"negative_slope": 0.25}}}}`)},
		"optimizer": {trained(`"optimizer_config": {"class_name": "Custom>SGD", "config": {"lr": 0.5, "momentum": 0.25, "ema_overwrite_frequency": 100, "jit_compile": true, "is_legacy_optimizer": true}}`),
			trained(`"optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.5, "momentum": 0.25}}`)},
		"decay": {trained(`"optimizer": {"class_name": "SGD", "config": {"lr": 0.5, "decay": 0.125}}`),
			trained(`"optimizer": {"class_name": "SGD", "config": {"learning_rate": {"class_name": "InverseTimeDecay", "config": {"initial_learning_rate": 0.5, "decay_steps": 1, "decay_rate": 0.125}}}}`)},
		"decay of the default": {trained(`"optimizer": {"class_name": "SGD", "config": {"decay": 0.125}}`),
			trained(`"optimizer": {"class_name": "SGD", "config": {"learning_rate": {"class_name": "InverseTimeDecay", "config": {"initial_learning_rate": 0.01, "decay_steps": 1, "decay_rate": 0.125}}}}`)},
		"no decay": {trained(`"optimizer": {"class_name": "SGD", "config": {"lr": 0.5, "decay": 0.0}}`), trained(`"optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.5}}`)},
		"optimizer in another": {trained(`"optimizer": {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": {"class_name": "Custom>Adam", "config": {"lr": 0.5}}}}`),
			trained(`"optimizer": {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.5}}}}`)},
		"loss": {trained(`"loss": {"class_name": "MeanSquaredError", "config": {"reduction": "auto", "name": "m", "fn": "mean_squared_error"}}`),
			trained(`"loss": {"class_name": "MeanSquaredError", "config": {"reduction": "sum_over_batch_size", "name": "m"}}`)},
	} {
		old, modern := described(t, name, c.old), described(t, name, c.modern)
		if old != modern {
			t.Errorf("%s: the old config makes\n%s\nwant\n%s", name, old, modern)
		}
	}
}

// described returns the configs of what a model is made of.
func described(t *testing.T, name, config string) string {
	t.Helper()
	m, err := read([]byte(config), keras.Options{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var b strings.Builder
	note := func(_, class string, config []byte, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&b, "%s %s\n", class, config)
	}
	for _, l := range m.Network.Layers() {
		note(nn.LayerToConfig(l))
	}
	if m.Optimizer != nil {
		note(optim.ToConfig(m.Optimizer))
	}
	if m.Loss != nil {
		note(loss.ToConfig(m.Loss))
	}
	return b.String()
}
