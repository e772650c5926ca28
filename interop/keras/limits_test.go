package keras_test

import (
	"path/filepath"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// loadAll has Keras go on with the models of which it is given the paths.
const loadAll = `
import os, sys
os.environ.setdefault("KERAS_BACKEND", "jax")
import keras, numpy as np
for path in sys.argv[1:]:
    keras.models.load_model(path).train_on_batch(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"))
`

// TestLimitsInKeras has Keras load what is written just within what it takes: no weight
// decay of every optimizer, the greatest seed, seeds of what draws nothing.
func TestLimitsInKeras(t *testing.T) {
	run := python(t)
	dir := t.TempDir()
	none := optim.WeightDecay(0)
	args := []string{"-c", loadAll}
	for name, o := range map[string]optim.Optimizer{
		"adadelta": optim.Adadelta(0.1, none), "adafactor": optim.Adafactor(0.1, none), "adagrad": optim.Adagrad(0.1, none),
		"adam": optim.Adam(0.1, none), "adamw": optim.AdamW(0.1, none), "adamax": optim.Adamax(0.1, none), "ftrl": optim.Ftrl(0.1, none),
		"lamb": optim.Lamb(0.1, none), "lion": optim.Lion(0.1, none), "muon": optim.Muon(0.1, none, optim.AdamWeightDecay(0)),
		"nadam": optim.Nadam(0.1, none), "rmsprop": optim.RMSprop(0.1, none), "sgd": optim.SGD(0.1, none),
		"schedulefree": optim.ScheduleFreeAdamW(0.1, none), "scaled": optim.LossScale(optim.AdamW(0.1, none)),
		"several": optim.Multi(optim.AdamW(0.1, none), optim.For("dense/.*", optim.SGD(0.1, optim.Name(`a.b\c`)))),
	} {
		m := glia.Sequential(nn.Input(3), nn.Dense(4, nn.KernelInitializer(nn.HeNormal.Seeded(1<<32-1)), nn.BiasInitializer(nn.Ones.Seeded(3))), nn.Dense(2))
		if err := m.Compile(o, loss.MeanSquaredError()); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".keras")
		if err := m.Save(path); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := glia.Load(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		args = append(args, path)
	}
	if err := run(args...); err != nil {
		t.Error(err)
	}
}
