package keras_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// row is what testdata/configs.py compares, and what it returns.
type row struct {
	Name   string          `json:"name"`
	Want   json.RawMessage `json:"want,omitempty"`
	Got    json.RawMessage `json:"got,omitempty"`
	Why    string          `json:"why,omitempty"`
	Object json.RawMessage `json:"object,omitempty"`
}

// compared has Keras compare rows and returns what it says.
func compared(t *testing.T, run func(args ...string) error, rows []row) (said []row) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.json"), filepath.Join(dir, "out.json")
	text, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run("testdata/configs.py", in, out); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	return said
}

// TestKerasConfigs has Keras write models, glia read and write them, and Keras say
// whether they still are the same.
func TestKerasConfigs(t *testing.T) {
	run := python(t)
	path := filepath.Join(t.TempDir(), "configs.json")
	if err := run("testdata/configs.py", path); err != nil {
		t.Fatal(err)
	}
	var rows []row
	for _, f := range fixtures(t, path) {
		got, err := rewrite(f.Object)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		rows = append(rows, row{Name: f.Name, Want: f.Object, Got: got})
	}
	for _, r := range compared(t, run, rows) {
		t.Errorf("%s: %s", r.Name, r.Why)
	}
	t.Logf("%d models", len(rows))
}

// TestConfigsInKeras has Keras read and write models that glia wrote, and glia read
// them again.
func TestConfigsInKeras(t *testing.T) {
	run := python(t)
	var rows []row
	wrote := map[string][]byte{}
	for name, m := range everything() {
		if err := build(m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o, err := keras.WriteModel(m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		wrote[name] = text
		rows = append(rows, row{Name: name, Got: text})
	}
	said := compared(t, run, rows)
	if len(said) != len(rows) {
		t.Fatalf("Keras says something of %d models, want %d", len(said), len(rows))
	}
	for _, r := range said {
		if r.Why != "" {
			t.Errorf("%s: %s", r.Name, r.Why)
			continue
		}
		again, err := rewrite(r.Object)
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		var a, b any
		if json.Unmarshal(wrote[r.Name], &a) != nil || json.Unmarshal(again, &b) != nil {
			t.Fatal("not JSON")
		}
		forget(a)
		if d := within("", a, b); d != "" {
			t.Errorf("%s: after Keras read and wrote it: %s", r.Name, d)
		}
	}
}

// forget takes away whether a Sequential is trained, which Keras does not read: it
// goes by the layers, all of which say it, too.
func forget(v any) {
	switch v := v.(type) {
	case map[string]any:
		if c, ok := v["config"].(map[string]any); ok && v["class_name"] == "Sequential" {
			delete(c, "trainable")
		}
		for _, x := range v {
			forget(x)
		}
	case []any:
		for _, x := range v {
			forget(x)
		}
	}
}

// everything returns models with all that glia has.
func everything() map[string]*keras.Model {
	mse := loss.MeanSquaredError()
	trained := func(o optim.Optimizer, l loss.Loss, metrics ...metric.Metric) *keras.Model {
		return &keras.Model{Network: nn.Sequential(nn.Dense(2)), Inputs: []tensor.Spec{tensor.S(tensor.Float32, 1, 4)}, Optimizer: o, Loss: l, Metrics: metrics}
	}
	sgd := func(s *optim.Schedule) *keras.Model { return trained(optim.SGD(s), mse) }
	frozen := nn.Sequential(nn.Input(4), nn.Dense(3), nn.Sequential(nn.Dense(2)))
	frozen.Frozen = true
	models := map[string]*keras.Model{
		"layers": {Network: nn.Sequential(nn.Input(4, 2), nn.Masking(3), preprocess.Rescaling(2, 1), nn.Permute(2, 1), nn.Reshape(8), nn.Dropout(0.5, nn.NoiseShape(-1, 1)),
			nn.GaussianNoise(0.5), nn.GaussianDropout(0.5), nn.RepeatVector(2), nn.Flatten(), nn.ReLU, nn.LeakyReLUSlope(0.5), nn.ELUAlpha(0.5),
			nn.Sequential(nn.Dense(3, nn.NoBias), nn.Sequential(nn.Dense(2, nn.Frozen))), nn.Dense(2, nn.LeakyReLUSlope(0.25)))},
		"frozen":   {Network: frozen},
		"bfloat16": {Network: nn.Sequential(preprocess.Rescaling(1, 0), nn.Dense(2, nn.Name("d"))), Inputs: []tensor.Spec{tensor.S(tensor.Uint8, 1, 4)}},
		"regularizers": {Network: nn.Sequential(nn.Input(4), nn.Dense(3, nn.KernelRegularizer(nn.L1(0.5)), nn.BiasRegularizer(nn.L2(0.25)),
			nn.ActivityRegularizer(nn.L1L2(0.5, 0.25))))},
		"sgd":         trained(optim.SGD(0.5, optim.Momentum(0.5), optim.Nesterov, optim.ClipNorm(0.5)), loss.MeanAbsoluteError(loss.Sum, loss.Name("mine"))),
		"adam":        trained(optim.Adam(0.5, optim.Beta1(0.5), optim.AMSGrad, optim.ClipValue(0.5)), loss.BinaryCrossentropy(loss.FromLogits), metric.Accuracy()),
		"adamw":       trained(optim.AdamW(0.5, optim.GlobalClipNorm(0.5)), loss.CategoricalCrossentropy(loss.LabelSmoothing(0.5), loss.MeanByWeight)),
		"rmsprop":     trained(optim.RMSprop(0.5, optim.Centered, optim.Momentum(0.25), optim.WeightDecay(0.5)), loss.SparseCategoricalCrossentropy(loss.IgnoreClass(1), loss.NoReduction)),
		"exponential": sgd(optim.ExponentialDecay(0.5, 10, 0.75, optim.Staircase)), "inverse time": sgd(optim.InverseTimeDecay(0.5, 10, 0.75)),
		"cosine": sgd(optim.CosineDecay(0, 10, optim.Alpha(0.25), optim.Warmup(3, 0.5))), "restarts": sgd(optim.CosineDecayRestarts(0.5, 10, optim.RateFactor(0.5))),
		"piecewise": sgd(optim.PiecewiseConstantDecay([]int{1, 5}, []float64{0.5, 0.25, 0.125})), "polynomial": sgd(optim.PolynomialDecay(0.5, 10, optim.Cycle, optim.EndRate(0))),
		"metrics": trained(optim.SGD(0.5), mse, metric.BinaryAccuracy(0.25), metric.CategoricalAccuracy(), metric.SparseCategoricalAccuracy(),
			metric.TopKCategoricalAccuracy(2), metric.SparseTopKCategoricalAccuracy(2), metric.F1Score(metric.Macro), metric.FBetaScore(2, metric.Threshold(0.5)),
			metric.Precision(metric.Thresholds(0.25, 0.5)), metric.Recall(metric.TopK(2), metric.ClassID(1)), metric.TruePositives(metric.Thresholds(0.25)),
			metric.TrueNegatives(), metric.FalsePositives(), metric.FalseNegatives()),
		"losses": trained(optim.SGD(0.5), mse, metric.FromLoss(mse), metric.FromLoss(loss.MeanAbsoluteError(loss.Name("mine"))), metric.FromLoss(loss.BinaryCrossentropy(loss.FromLogits)),
			metric.FromLoss(loss.CategoricalCrossentropy(loss.LabelSmoothing(0.5))), metric.FromLoss(loss.SparseCategoricalCrossentropy(loss.IgnoreClass(1)))),
	}
	models["bfloat16"].Network.DType = nn.BFloat16
	activations := nn.Sequential(nn.Input(4))
	for _, a := range []nn.Activation{nn.Linear, nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.HardSigmoid, nn.LogSigmoid, nn.Tanh, nn.Softmax, nn.LogSoftmax, nn.ELU, nn.SELU,
		nn.GELU, nn.SiLU, nn.HardSiLU, nn.Mish, nn.LeakyReLU, nn.Softplus, nn.Softsign, nn.Exponential} {
		activations.Add(a)
	}
	models["activations"] = &keras.Model{Network: activations}
	initializers := nn.Sequential(nn.Input(4))
	for _, i := range []nn.Initializer{nn.Zeros, nn.Ones, nn.Constant(0.5), nn.RandomNormal(0.5, 0.25), nn.TruncatedNormal(0.5, 0.25), nn.RandomUniform(-0.5, 1),
		nn.GlorotUniform.Seeded(3), nn.GlorotNormal, nn.HeUniform, nn.HeNormal, nn.LecunUniform, nn.LecunNormal, nn.VarianceScaling(2, nn.FanOut, nn.Normal)} {
		initializers.Add(nn.Dense(4, nn.KernelInitializer(i), nn.BiasInitializer(i)))
	}
	models["initializers"] = &keras.Model{Network: initializers}
	for _, m := range models {
		if in, ok := m.Network.Declared(); ok {
			m.Inputs = in
		}
	}
	return models
}
