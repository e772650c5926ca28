package keras_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Residual is a wrapper of the user's: y = x + scale·layer(x)·gain, of a gain that is its own.
type Residual struct {
	nn.Base
	Inner nn.Layer `json:"layer"`
	Scale float64  `json:"scale"`
	gain  *graph.Var
}

func (r *Residual) Layers() []nn.Layer { return []nn.Layer{r.Inner} }

func (r *Residual) Build(b *nn.Builder, in tensor.Spec) {
	b.Build("layer", r.Inner, in)
	r.gain = b.Param("gain", tensor.D(in.Shape.At(-1)), nn.Ones)
}

func (r *Residual) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return ops.Add(x, ops.Mul(ops.Scale(c.Trace(r.Inner, x), r.Scale), c.Value(r.gain)))
}

// Chain is a container of the user's: it applies layers one after the other.
type Chain struct {
	nn.Base
	Steps []nn.Layer `json:"steps"`
}

func (l *Chain) Layers() []nn.Layer { return l.Steps }

func (l *Chain) Build(b *nn.Builder, in tensor.Spec) {
	for i, s := range l.Steps {
		in = b.Build([]string{"steps/dense", "steps/residual", "steps/dense_1"}[i], s, in)
	}
}

func (l *Chain) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	for _, s := range l.Steps {
		x = c.Trace(s, x)
	}
	return x
}

// Scale is a layer of the user's that reads its config itself.
type Scale struct{ By float64 }

func (*Scale) Build(*nn.Builder, tensor.Spec)              {}
func (s *Scale) Call(_ *nn.Ctx, x *graph.Node) *graph.Node { return ops.Scale(x, s.By) }
func (s *Scale) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]float64{"factor": s.By})
}
func (s *Scale) UnmarshalJSON(b []byte) error {
	var c struct{ Factor *float64 }
	if err := json.Unmarshal(b, &c); err != nil || c.Factor == nil {
		return errors.New("want a factor")
	}
	s.By = *c.Factor
	return nil
}

// Of the user's, too.
var (
	twiceSwish = nn.ActivationFunc("tests>twice_swish", func(x *graph.Node) *graph.Node {
		return ops.Mul(x, ops.Sigmoid(ops.Scale(x, 2)))
	}).Register()
	ramp = nn.InitializerFunc("tests>Ramp", func(dst []float64, _ tensor.Dims, _ *nn.Rand) {
		for i := range dst {
			dst[i] = float64(i) / float64(len(dst))
		}
	}).Register()
	cubes = nn.RegularizerFunc("tests>Cubes", func(x *graph.Node) *graph.Node {
		return ops.Scale(ops.ReduceSum(ops.Abs(ops.Mul(x, ops.Mul(x, x)))), 0.01)
	}).Register()
	halfAtMost = nn.ConstraintFunc("HalfAtMost", func(w *graph.Node) *graph.Node { return ops.Clip(w, -0.5, 0.5) }).Register()
)

// Pinball is a loss of the user's.
type Pinball struct {
	loss.Config
	Tau float64 `json:"tau"`
}

func (l *Pinball) Each(yTrue, yPred *graph.Node) *graph.Node {
	d := ops.Sub(yTrue, yPred)
	return ops.ReduceMean(ops.Maximum(ops.Scale(d, l.Tau), ops.Scale(d, l.Tau-1)), -1)
}

// gap is a metric of the user's.
var gap = metric.Mean("tests>gap", func(yTrue, yPred *graph.Node) *graph.Node {
	return ops.ReduceMax(ops.Abs(ops.Sub(yTrue, yPred)), -1)
}, metric.Down).Register()

func init() {
	loss.Register("tests>Pinball", func() loss.Loss { return &Pinball{Config: loss.Config{LossName: "pinball"}, Tau: 0.5} })
	nn.Register("tests>Residual", func() nn.Layer { return &Residual{Scale: 1} })
	nn.Register("tests>Chain", func() nn.Layer { return &Chain{} })
	nn.Register("Scale", func() nn.Layer { return &Scale{} })
}

// registered is the network that testdata/registered.py has.
func registered() *nn.Network {
	inner := nn.Sequential(nn.Dense(4, twiceSwish, nn.KernelInitializer(ramp)), nn.Dense(3))
	return nn.Sequential(nn.Input(3),
		&Residual{Inner: inner, Scale: 0.5},
		&Chain{Steps: []nn.Layer{
			nn.Dense(4, nn.Tanh, nn.KernelRegularizer(cubes), nn.BiasConstraint(halfAtMost)),
			&Residual{Inner: nn.Dense(4, nn.Frozen), Scale: 2},
			nn.Dense(2),
		}},
		&Scale{3}, nn.Dense(1))
}

// firsts returns samples x whose target is their first number.
func firsts(t *testing.T, x *tensor.Tensor) data.Dataset {
	t.Helper()
	y := tensor.New(tensor.Float32, x.Shape().At(0), 1)
	for i := range tensor.Data[float32](y) {
		tensor.Data[float32](y)[i] = tensor.Data[float32](x)[i*x.Shape().At(1)]
	}
	d, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRegistered loads a model that Keras wrote with layers, an activation and so on of
// the user's, and again what glia writes of it.
func TestRegistered(t *testing.T) {
	m, err := glia.Load("testdata/registered.keras")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/registered.json")
	if err != nil {
		t.Fatal(err)
	}
	var io struct {
		X, Y      []float32
		Loss, Gap float64
	}
	if err := json.Unmarshal(text, &io); err != nil {
		t.Fatal(err)
	}
	predicts := func(what string, m *glia.Model) {
		t.Helper()
		x, err := tensor.FromSlice(io.X, len(io.X)/3, 3)
		if err != nil {
			t.Fatal(err)
		}
		y, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range tensor.Data[float32](y) {
			if math.Abs(float64(v-io.Y[i])) > 1e-5 {
				t.Fatalf("%s predicts %v, want %v", what, tensor.Data[float32](y), io.Y)
			}
		}
		res, err := m.Evaluate(firsts(t, x))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(res.Loss-io.Loss) > 1e-5 || math.Abs(res.Get("gap")-io.Gap) > 1e-5 {
			t.Errorf("%s is measured as %v, want loss %g and gap %g", what, res, io.Loss, io.Gap)
		}
	}
	predicts("Keras's file", m)
	for _, format := range []keras.Format{keras.Archive, keras.HDF5} {
		var file bytes.Buffer
		if err := m.SaveTo(&file, format); err != nil {
			t.Fatal(err)
		}
		again, err := glia.LoadBytes(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		predicts("glia's file", again)
	}
	chain := m.Network().Layers()[2].(*Chain)
	if d := chain.Steps[0].(*nn.DenseLayer); d.KernelRegularizer.Zero() || d.BiasConstraint.Zero() {
		t.Error("the regularizer or the constraint did not come back")
	}
	if r := chain.Steps[1].(*Residual); r.Scale != 2 || !bool(r.Inner.(*nn.DenseLayer).Frozen) {
		t.Errorf("the layer in a layer in a layer is %+v", r)
	}
	trained := 0
	for _, v := range m.Network().Params() {
		trained += v.Spec().Shape.Size()
	}
	if want := (3*4 + 4 + 4*3 + 3 + 3) + (3*4 + 4) + 4 + (4*2 + 2) + (2*1 + 1); trained != want {
		t.Errorf("%d elements are trained, want %d: a part is frozen", trained, want)
	}
}

// TestRegisteredInKeras has Keras load the model that glia wrote, train it and write it.
func TestRegisteredInKeras(t *testing.T) {
	run := python(t)
	m := glia.New(registered())
	x, err := tensor.FromSlice([]float32{1, -2, 0.5, 0.25, 3, -1}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	y, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Compile(optim.SGD(0.1), &Pinball{Config: loss.Config{LossName: "pinball"}, Tau: 0.3}, gap); err != nil {
		t.Fatal(err)
	}
	res, err := m.Evaluate(firsts(t, x))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := m.Save(filepath.Join(dir, "glia.keras")); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"x": tensor.Data[float32](x), "y": tensor.Data[float32](y), "loss": res.Loss, "gap": res.Get("gap")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "glia.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run("testdata/registered.py", "check", filepath.Join(dir, "glia")); err != nil {
		t.Fatal(err)
	}
}

// TestRegisteredPaths wants the parts of layers under Keras's paths.
func TestRegisteredPaths(t *testing.T) {
	m := glia.New(registered())
	if _, err := m.Predict(tensor.New(tensor.Float32, 1, 3)); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := m.SaveTo(&file, keras.WeightsHDF5); err != nil {
		t.Fatal(err)
	}
	f, err := keras.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range f.Weights {
		got = append(got, w.Path)
	}
	slices.Sort(got)
	want := strings.Fields(`layers/chain/steps/dense/vars/0 layers/chain/steps/dense/vars/1 layers/chain/steps/dense_1/vars/0
		layers/chain/steps/dense_1/vars/1 layers/chain/steps/residual/layer/vars/0 layers/chain/steps/residual/layer/vars/1
		layers/chain/steps/residual/vars/0 layers/dense/vars/0 layers/dense/vars/1 layers/residual/layer/layers/dense/vars/0
		layers/residual/layer/layers/dense/vars/1 layers/residual/layer/layers/dense_1/vars/0 layers/residual/layer/layers/dense_1/vars/1
		layers/residual/vars/0`)
	if !slices.Equal(got, want) {
		t.Errorf("weights are at\n%v, want\n%v", got, want)
	}
}

// TestNotRegistered tells what is missing, and refuses configs that do not fit.
func TestNotRegistered(t *testing.T) {
	model := func(layer string) []byte {
		return []byte(`{"module":"keras","class_name":"Sequential","config":{"name":"s","layers":[` + layer + `]},"registered_name":null}`)
	}
	for layer, want := range map[string]string{
		`{"module":null,"class_name":"Gate","config":{"name":"g"},"registered_name":"tests>Gate"}`:                                                                        `layer tests>Gate: layers[0] g`,
		`{"module":null,"class_name":"Residual","config":{"name":"r","scale":1.0,"bend":2},"registered_name":"tests>Residual"}`:                                           `option tests>Residual.bend: layers[0] r`,
		`{"module":null,"class_name":"Residual","config":{"layer":{"module":"keras.layers","class_name":"Conv9D"}},"registered_name":"tests>Residual"}`:                   `layer Conv9D: layers[0] layer`,
		`{"module":null,"class_name":"Residual","config":{"layer":3},"registered_name":"tests>Residual"}`:                                                                 `layer: layer: 3: want a name or an object`,
		`{"module":null,"class_name":"Chain","config":{"steps":[{"module":"keras.layers","class_name":"Dense","config":{"units":"x"}}]},"registered_name":"tests>Chain"}`: `steps: element 0: config of Dense: units`,
		`{"module":null,"class_name":"Scale","config":{},"registered_name":"Custom>Scale"}`:                                                                               `want a factor`,
	} {
		if _, err := read(model(layer), keras.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", layer, err, want)
		}
	}
	if m, err := read(model(`{"class_name":"Scale","config":{"factor":2}}`), keras.Options{}); err != nil || m.Network.Layers()[0].(*Scale).By != 2 {
		t.Errorf("Scale without a package: %v", err)
	}
	type stranger struct{ Scale }
	if _, err := keras.WriteModel(&keras.Model{Network: nn.Sequential(&stranger{})}); err == nil || !strings.Contains(err.Error(), "none is registered") {
		t.Errorf("a layer that is not registered: error %v", err)
	}
}

// Within is a metric of the user's: the share of predictions within a distance of the
// targets.
type Within struct {
	Label    string  `json:"name"`
	Distance float64 `json:"distance"`
}

func (w *Within) Name() string { return w.Label }

func (w *Within) New(yTrue, yPred tensor.Spec) (metric.State, error) {
	return metric.Mean(w.Label, func(yTrue, yPred *graph.Node) *graph.Node {
		return ops.Cast(ops.LessEqual(ops.Scale(ops.Abs(ops.Sub(yTrue, yPred)), 1/w.Distance), ops.Ones(yPred)), yPred.DType())
	}, metric.Up).New(yTrue, yPred)
}

// Near is Within as a value.
type Near struct {
	Distance float64 `json:"distance"`
}

func (n Near) Name() string { return "near" }

func (n Near) New(yTrue, yPred tensor.Spec) (metric.State, error) {
	return (&Within{"near", n.Distance}).New(yTrue, yPred)
}

// TestRegisteredMetrics saves and loads metrics of types of the user's, with settings.
func TestRegisteredMetrics(t *testing.T) {
	metric.Register("tests>Within", func() metric.Metric { return &Within{Label: "within", Distance: 1} })
	metric.Register("Near", func() metric.Metric { return Near{Distance: 1} })
	m := glia.New(nn.Sequential(nn.Input(2), nn.Dense(1)))
	want := []metric.Metric{metric.RootMeanSquaredError(), &Within{"close", 0.25}, metric.WithWeights(Near{0.5})}
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError(), want[0], want[1], want[2]); err != nil {
		t.Fatal(err)
	}
	x, err := tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	d := firsts(t, x)
	before, err := m.Evaluate(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []keras.Format{keras.Archive, keras.HDF5} {
		var file bytes.Buffer
		if err := m.SaveTo(&file, f); err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		k, err := keras.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		back, err := keras.ReadModel(k.Object, keras.Options{})
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		if len(back.Metrics) != 3 {
			t.Fatalf("%v: %d metrics: want 3", f, len(back.Metrics))
		}
		if want := `"class_name":"Within","config":{"name":"close","distance":0.25},"registered_name":"tests\u003eWithin"`; !strings.Contains(string(k.Object.CompileConfig), want) {
			t.Errorf("%v: writes %s: want %s", f, k.Object.CompileConfig, want)
		}
		if got, ok := back.Metrics[1].(*Within); !ok || *got != (Within{"close", 0.25}) {
			t.Errorf("%v: loads %#v", f, back.Metrics[1])
		}
		if got, _, weighted := metric.Unwrap(back.Metrics[2]); got != metric.Metric(Near{0.5}) || !weighted {
			t.Errorf("%v: loads %#v, weighted %v", f, got, weighted)
		}
		again, err := glia.LoadBytes(file.Bytes())
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		after, err := again.Evaluate(d)
		if err != nil || !slices.EqualFunc(after.Metrics, before.Metrics, func(a, b glia.Metric) bool { return a.Name == b.Name && a.Value == b.Value }) {
			t.Errorf("%v: measures %v, %v: want %v", f, after.Metrics, err, before.Metrics)
		}
	}
}

// TestSharedInside refuses a layer that two wrappers hold, as files would have two.
func TestSharedInside(t *testing.T) {
	d := nn.Dense(2)
	m := glia.New(nn.Sequential(nn.Input(2), &Residual{Inner: d, Scale: 1}, nn.Dense(2),
		&Residual{Inner: nn.Sequential(nn.Dense(2), d), Scale: 1}))
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	want := "layers residual/dense and residual_1/sequential/dense_1 are one: want each once"
	if err := m.CanSave(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("CanSave: got %v: want %s", err, want)
	}
	for _, f := range []keras.Format{keras.Archive, keras.HDF5} {
		if err := m.SaveTo(new(bytes.Buffer), f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("SaveTo %v: got %v: want %s", f, err, want)
		}
	}
}
