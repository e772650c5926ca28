package keras_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// chain is the JSON of a Sequential of layers, each a class, a name and more of its
// config, and of how it is compiled.
func chain(compile string, layers ...string) []byte {
	for i, l := range layers {
		part := strings.SplitN(l, " ", 3)
		more := ""
		if len(part) == 3 {
			more = ", " + part[2]
		}
		layers[i] = fmt.Sprintf(`{"module": "keras.layers", "class_name": %q, "config": {"name": %q%s}, "registered_name": null}`, part[0], part[1], more)
	}
	return []byte(`{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [` + strings.Join(layers, ", ") +
		`]}, "registered_name": null, "compile_config": ` + compile + `}`)
}

// function is what Keras writes of a function, its own or the user's.
func function(name string) string {
	return `{"module": "builtins", "class_name": "function", "config": "` + name + `", "registered_name": "function"}`
}

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		name string
		text []byte
		want []string // kind, name and where
	}{
		{"layers and what is in them", chain("{}",
			`Conv9D c "activation": "spline", "kernel_initializer": {"module": "keras.initializers", "class_name": "Sobol", "config": {}}, "kernel_constraint": null`,
			`Dense d "units": 2, "activation": "hat", "kernel_constraint": {"module": "keras.constraints", "class_name": "UnitSphere", "config": {}}, "kernel_regularizer": "nuclear"`,
			`Flatten f "data_format": "channels_first"`,
			`Twice b "layer": {"module": "keras.layers", "class_name": "Once", "config": {"name": "l", "recurrent_activation": "sigmoid", "bias_initializer": "sobol"}}`),
			[]string{"layer Conv9D: layers[0] c", "activation spline: layers[0] c activation", "initializer Sobol: layers[0] c kernel_initializer",
				"activation hat: layers[1] d activation", "regularizer nuclear: layers[1] d kernel_regularizer", "constraint UnitSphere: layers[1] d kernel_constraint",
				"option Flatten.data_format: layers[2] f",
				"layer Twice: layers[3] b", "layer Once: layers[3] b/layer l", "initializer sobol: layers[3] b/layer l bias_initializer"}},
		{"options", chain("{}", `InputLayer i "batch_shape": [null, null], "dtype": "float32"`, `InputLayer j "batch_shape": [null, 2], "dtype": "string", "sparse": true`,
			`Dense d "units": 2, "lora_rank": 4, "quantization_config": {"class_name": "Int8"}`, `Dropout e "rate": 0.5, "seed": 3`),
			[]string{"option InputLayer.sparse: layers[1] j", "dtype string: layers[1] j dtype",
				"option Dense.lora_rank: layers[2] d", "option Dense.quantization_config: layers[2] d"}},
		{"dtype policies", chain("{}", `Dense a "units": 2, "dtype": "mixed_float16"`, `Dense b "units": 2, "dtype": {"class_name": "DTypePolicy", "config": {"name": "float64"}}`,
			`Dense c "units": 2, "dtype": "int32"`, `Dense d "units": 2, "dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "mixed_bfloat16"}}`,
			`Dense e "units": 2, "dtype": {"class_name": "DTypePolicyMap", "config": {"default_policy": "float32", "policy_map": {}}}`,
			`Conv9D f "units": 2, "dtype": {"class_name": "DTypePolicy", "config": {"name": "int4/128_from_float32"}}`),
			[]string{"dtype policy int32: layers[2] c dtype", "dtype policy int8_from_mixed_bfloat16: layers[3] d dtype", "dtype policy DTypePolicyMap: layers[4] e dtype",
				"layer Conv9D: layers[5] f", "dtype policy int4/128_from_float32: layers[5] f dtype"}},
		{"what Keras makes floats of", chain("{}", `InputLayer i "batch_shape": [null, 4], "dtype": "int32"`, `Reshape r "target_shape": [2, 2]`, `Dropout d "rate": 0.5`, `Conv9D c`,
			`InputLayer j "batch_shape": [null, 4], "dtype": "uint8"`, `Activation a "activation": "linear"`, `Activation b "activation": "relu"`,
			`InputLayer k "batch_shape": [null, 4], "dtype": "bool"`, `Rescaling s "scale": 2.0`, `Dense e "units": 2`,
			`InputLayer l "batch_shape": [null, 4], "dtype": "int64"`, `Dense f "units": 2`, `Dense g "units": 2`),
			[]string{"option Dropout of int32: layers[2] d", "layer Conv9D: layers[3] c", "option Activation of uint8: layers[6] b", "option Dense of int64: layers[11] f"}},
		{"integers in models that are no chain", chain("{}", `InputLayer i "batch_shape": [null, 4], "dtype": "int32"`,
			`Functional f "layers": [{"class_name": "InputLayer", "config": {"name": "j", "batch_shape": [null, 2], "dtype": "int32"}, "inbound_nodes": []},
				{"class_name": "Flatten", "config": {"name": "c"}, "inbound_nodes": [[["j", 0, 0, {}]]]}, {"class_name": "Dense", "config": {"name": "d", "units": 2}, "inbound_nodes": [[["c", 0, 0, {}]]]},
				{"class_name": "Dense", "config": {"name": "h", "units": 2}, "inbound_nodes": [[["d", 0, 0, {}]]]}], "input_layers": [["j", 0, 0]], "output_layers": [["h", 0, 0]]`,
			`Dense e "units": 2`, `Twice b "layer": {"module": "keras.layers", "class_name": "InputLayer", "config": {"name": "k", "batch_shape": [null, 2], "dtype": "int32"}}`, `Dense g "units": 2`),
			[]string{"option Dense of int32: layers[1] f/layers[2] d", "layer Twice: layers[3] b"}},
		{"rates of 1", chain("{}", `Dropout a "rate": 1.0`, `Dropout b "rate": 1`, `SpatialDropout1D c "rate": 0.99999999`, `GaussianDropout d "rate": 1, "seed": null`, `AlphaDropout e "rate": 1.0`, `Dropout f "rate": 0.9999`),
			[]string{
				"option GaussianDropout.rate 1: layers[3] d", "option AlphaDropout.rate 1: layers[4] e"}},
		{"code", chain("{}", `Lambda l "function": {"class_name": "__lambda__", "config": {"value": "4wAA"}}`, `Activation a "activation": {"class_name": "__lambda__", "config": {}}`,
			`Twice t "layer": {"class_name": "Lambda", "config": {"name": "m", "function": {"module": "builtins", "class_name": "function", "config": "f"}}}`),
			[]string{"layer Lambda: layers[0] l", "code __lambda__: layers[0] l function", "activation __lambda__: layers[1] a activation",
				"layer Twice: layers[2] t", "layer Lambda: layers[2] t/layer m", "function f: layers[2] t/layer m function"}},
		{"compiled", chain(`{"optimizer": {"class_name": "Newton", "config": {}}, "loss": "pinball", "metrics": ["acc", "Kappa", {"class_name": "Recall", "config": {"name": "r", "more": 1}}],
			"weighted_metrics": ["mse"], "loss_weights": [0.5]}`, `Dense d "units": 2`),
			[]string{"optimizer Newton: compile_config optimizer", "loss pinball: compile_config loss", "metric Kappa: compile_config metrics[1]", "option Recall.more: compile_config metrics[2]"}},
		{"functions of the user's, named as Keras calls its own", chain(`{"loss": `+function("mse")+`, "metrics": [`+function("accuracy")+`, `+function("mae")+`, "mae", `+
			function("mean_absolute_error")+`, {"module": "keras.metrics", "class_name": "MeanMetricWrapper", "config": {"name": "w", "fn": `+function("MSE")+`}}]}`, `Dense d "units": 2`),
			[]string{"loss mse: compile_config loss", "metric accuracy: compile_config metrics[0]", "metric mae: compile_config metrics[1]", "metric MSE: compile_config metrics[4]"}},
		{"a loss among metrics", chain(`{"metrics": [{"module": "keras.losses", "class_name": "MeanSquaredError", "config": {"name": "m", "reduction": "sum"}}]}`, `Dense d "units": 2`),
			[]string{"metric loss MeanSquaredError: compile_config metrics[0]"}},
		{"options of an optimizer", chain(`{"optimizer": {"class_name": "Adam", "config": {"lookahead": true, "learning_rate": {"class_name": "MySchedule", "config": {}}}}, "loss": ["mse", "mae"], "metrics": {"a": [], "b": []}}`, `Dense d "units": 2`),
			[]string{"schedule MySchedule: compile_config optimizer learning_rate", "option Adam.lookahead: compile_config optimizer",
				"option 2 losses for 1 outputs: compile_config loss"}},
		{"classes of the user's", []byte(`{"module": "my.models", "class_name": "Net", "registered_name": "my>Net", "config": {"layers": [
			{"module": "my", "class_name": "Dense", "registered_name": "my>Dense", "config": {"name": "d", "units": 2, "kernel_initializer": "sobol"}},
			{"module": "torch.nn", "class_name": "Dense", "config": {"name": "e"}},
			{"module": "keras.src.ops.nn", "class_name": "Softmax", "config": {"name": "f"}},
			{"module": null, "class_name": "Dense", "registered_name": "Dense", "config": {"name": "g"}},
			{"module": null, "class_name": "Sequential", "registered_name": "Sequential", "config": {"name": "h", "layers": []}},
			{"module": "keras.layers", "class_name": "Dense", "config": {"name": "i", "units": 2, "activation": {"value": ["4wEAAA==", null, null]},
				"kernel_regularizer": {"module": "my", "class_name": "L2", "registered_name": "my>L2", "config": {"l2": 0.1}},
				"bias_initializer": {"module": null, "class_name": "Ones", "registered_name": "Ones", "config": {}}}}]},
			"compile_config": {"optimizer": {"module": "my", "class_name": "Adam", "registered_name": "my>Adam", "config": {}}}}`),
			[]string{"model my>Net: model", "layer my>Dense: layers[0] d", "initializer sobol: layers[0] d kernel_initializer", "layer torch.nn>Dense: layers[1] e", "operation Softmax: layers[2] f",
				"layer Custom>Dense: layers[3] g", "model Custom>Sequential: layers[4] h",
				"activation __lambda__: layers[5] i activation", "initializer Custom>Ones: layers[5] i bias_initializer", "regularizer my>L2: layers[5] i kernel_regularizer",
				"optimizer my>Adam: compile_config optimizer"}},
		{"what networks share", []byte(`{"class_name": "Sequential", "config": {"name": "s", "activity_regularizer": "l2", "layers": [
			{"class_name": "Dense", "config": {"name": "d", "units": 2}, "shared_object_id": 7},
			{"class_name": "Dense", "config": {"name": "e", "units": 2}, "shared_object_id": 8},
			{"class_name": "Sequential", "config": {"name": "t", "activity_regularizer": "l2", "layers": [{"class_name": "Flatten", "config": {"name": "f"}}]}},
			{"class_name": "Sequential", "config": {"name": "u", "activity_regularizer": null, "layers": [{"class_name": "Dense", "config": {"name": "d", "units": 2}, "shared_object_id": 7}]}}]}}`),
			[]string{"option Sequential.activity_regularizer: layers[2] t", "option layer that stands twice: layers[0] d and layers[3] u/layers[0] d"}},
		{"models in models", []byte(`{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "Functional", "config": {"name": "f", "layers": [
			{"class_name": "Sequential", "config": {"name": "g", "layers": [{"class_name": "Cube", "config": {"name": "c"}}]}, "inbound_nodes": []}]}}]}}`),
			[]string{"layer Cube: layers[0] f/layers[0] g/layers[0] c"}},
		{"calls that are more than an application", []byte(`{"class_name": "Functional", "module": "keras.src.models.functional", "registered_name": "Functional", "config": {"name": "f", "layers": [
			{"module": "keras.layers", "class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 2]}, "name": "i", "inbound_nodes": []},
			{"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}, "name": "d", "inbound_nodes": [
				{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["i", 0, 0]}}, 5], "kwargs": {"mask": {"class_name": "__keras_tensor__", "config": {"keras_history": ["i", 0, 0]}}, "training": null}}]}],
			"input_layers": ["i", 0, 0], "output_layers": {"out": ["d", 0, 0]}}}`),
			[]string{"option output_layers in a dict: model"}},
	} {
		_, err := read(c.text, keras.Options{})
		var m *keras.MissingError
		if !errors.As(err, &m) {
			t.Errorf("%s: error %v, want a MissingError", c.name, err)
			continue
		}
		var got []string
		for _, i := range m.Items {
			got = append(got, i.Kind+" "+i.Name+": "+i.Where)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: missing is\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestAccuracy reads the texts and the class, which are different metrics, and writes
// only names that are read again.
func TestAccuracy(t *testing.T) {
	m, err := read(chain(`{"optimizer": "sgd", "loss": "mse", "metrics": ["accuracy", "Accuracy", "ACC", {"module": "keras.metrics", "class_name": "Accuracy", "config": {"name": "exact"}}]}`,
		`Dense d "units": 2`), keras.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range m.Metrics {
		got = append(got, nn.ClassOf(x)+" "+x.Name())
	}
	if want := []string{"accuracy accuracy", "accuracy Accuracy", "accuracy ACC", "Accuracy exact"}; !slices.Equal(got, want) {
		t.Errorf("metrics are %q, want %q", got, want)
	}
	o, err := keras.WriteModel(m)
	if err == nil {
		m, err = keras.ReadModel(o, keras.Options{})
	}
	if err != nil || m.Metrics[1].Name() != "Accuracy" || nn.ClassOf(m.Metrics[1]) != "accuracy" {
		t.Errorf("metrics again are %v (%v)", m.Metrics, err)
	}
	m.Metrics = []metric.Metric{metric.Accuracy(metric.Name("mine"))}
	if _, err := keras.WriteModel(m); err == nil || !strings.Contains(err.Error(), `metric mine: named "mine": want accuracy or acc`) {
		t.Errorf("error is %v", err)
	}
}

// In Keras a network hands its flag on to its layers when it is set, and what is set
// for one of these later counts; only the model itself keeps all of its from training.
func TestFrozenNetworks(t *testing.T) {
	dense := func(name string, trainable bool) string {
		return fmt.Sprintf(`{"class_name": "Dense", "config": {"name": %q, "units": 2, "trainable": %v}}`, name, trainable)
	}
	network := func(name string, trainable bool, layers ...string) string {
		return fmt.Sprintf(`{"class_name": "Sequential", "config": {"name": %q, "trainable": %v, "layers": [%s]}}`, name, trainable, strings.Join(layers, ", "))
	}
	const input = `{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 2]}}`
	for _, c := range []struct {
		text string
		want []string
	}{
		{network("m", true, input, network("a", false, input, dense("b", false), dense("c", false)), dense("d", true)), []string{"d"}},
		{network("m", true, input, network("a", false, input, dense("b", true), dense("c", false)), dense("d", true)), []string{"a/b", "d"}},
		{network("m", true, input, network("a", false, network("b", false, dense("c", true)), dense("d", false)), dense("e", false)), []string{"a/b/c"}},
		{network("m", true, input, network("a", true, dense("b", false))), nil},
		{network("m", false, input, dense("a", true)), nil},
	} {
		m, err := read([]byte(c.text), keras.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		m.Network.BuildAll(nn.NewBuilder(1), m.Inputs)
		var got []string
		for _, v := range m.Network.Params() {
			if layer, ok := strings.CutSuffix(v.Path, "/kernel"); ok {
				got = append(got, layer)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: trained are %v, want %v", c.text, got, c.want)
		}
	}
}

func TestMissingErrorIsShort(t *testing.T) {
	e := &keras.MissingError{}
	for i := range 10 {
		e.Items = append(e.Items, keras.Missing{Kind: "layer", Name: "Conv9D", Where: fmt.Sprint("layers[", i, "]")})
	}
	e.Items = append(e.Items, keras.Missing{Kind: "loss", Name: "pinball", Where: "compile_config loss"})
	want := `keras: unsupported parts of the model:
  layer Conv9D (10 times): layers[0], layers[1], layers[2], layers[3], layers[4], layers[5], layers[6], layers[7] and 2 more
  loss pinball: compile_config loss`
	if got := e.Error(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBadModels(t *testing.T) {
	for want, text := range map[string][]byte{
		"layers[0] d: nn: config of Dense: units: \"x\": want a whole number": chain("{}", `Dense d "units": "x"`),
		"layers[0] d: nn: config of Dense: use_bias":                          chain("{}", `Dense d "units": 2, "use_bias": 3`),
		"layers 0 and 1 are both named \"d\"":                                 chain("{}", `Flatten d`, `Flatten d`),
		"without '/'":                                                         chain("{}", `Flatten a/b`),
		"layers[0]: []: want an object":                                       []byte(`{"class_name": "Sequential", "config": {"layers": [[]]}}`),
		"class Sequential without a list of layers":                           []byte(`{"class_name": "Sequential", "config": {}}`),
		"name is 3: want a string for a name":                                 []byte(`{"class_name": "Sequential", "config": {"name": 3, "layers": []}}`),
		"class Dense: want Sequential":                                        []byte(`{"class_name": "Dense", "config": {"units": 2}}`),
		"compile_config: [1]: want an object":                                 chain(`[1]`, `Flatten f`),
		"compile_config optimizer: 3: want a name or an object":               chain(`{"optimizer": 3}`, `Flatten f`),
		"compile_config loss: loss: config of mse: reduction":                 chain(`{"loss": {"class_name": "mse", "config": {"reduction": "max"}}}`, `Flatten f`),
		"layers[0] i: nn: config of InputLayer: no batch_shape":               chain("{}", `InputLayer i`),
		"layers[0] i: nn: config of InputLayer: batch_shape: axis of -1":      chain("{}", `InputLayer i "batch_shape": [null, -1]`),
		"layers[0] r: nn: config of ReLU: ReLU with negative_slope -1":        chain("{}", `ReLU r "negative_slope": -1`),
	} {
		if _, err := read(text, keras.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

// pinball is a loss of the user's.
type pinball struct{ loss.Loss }

func TestUnsaved(t *testing.T) {
	relu := nn.ActivationFunc("relu", ops.Relu)
	twice := nn.Dense(2)
	mse := loss.MeanSquaredError()
	for want, m := range map[string]*keras.Model{
		"the model has no network": {},
		`layer dense: nn: activation: nn: activation "relu" is a function of your own`:                     {Network: nn.Sequential(nn.Dense(2, relu))},
		`layer activation: nn: activation: nn: activation "gelu_tanh": Keras has no name for it`:           {Network: nn.Sequential(nn.GELUTanh)},
		`layer inner/l: nn: layer "Lambda" (*nn.LambdaLayer): Keras has none of that class`:                {Network: nn.Sequential(nn.Sequential(nn.Lambda(ops.Relu, nn.Name("l"))), nn.Flatten(nn.Name("inner_not")))},
		`initializer "mine" is a function of your own`:                                                     {Network: nn.Sequential(nn.Dense(2, nn.KernelInitializer(nn.InitializerFunc("mine", nil))))},
		"layers dense and dense_1 are one":                                                                 {Network: nn.Sequential(twice, twice)},
		"optimizer adam: optim: no_bias_correction: Keras's Adam has no such setting":                      {Network: nn.Sequential(), Optimizer: optim.Adam(1, optim.NoBiasCorrection)},
		`schedule "mine" is a function of your own`:                                                        {Network: nn.Sequential(), Optimizer: optim.SGD(optim.ScheduleFunc("mine", nil))},
		`loss mean_squared_error: loss: loss "pinball" (keras_test.pinball): Keras has none of that class`: {Network: nn.Sequential(), Loss: pinball{mse}},
		`metric mine: metric: "mine" is a function of your own: want it registered by its method Register`: {Network: nn.Sequential(), Metrics: []metric.Metric{metric.Mean("mine", nil)}},
		`metric confusion_matrix: metric: confusion_matrix: metric "*metric.ConfusionMetric"`:              {Network: nn.Sequential(), Metrics: []metric.Metric{metric.ConfusionMatrix(2)}},
		`metric true_positives: metric: true_positives: top_k: Keras's TruePositives has no such setting`:  {Network: nn.Sequential(), Metrics: []metric.Metric{metric.TruePositives(metric.TopK(2))}},
		`metric mean_squared_error: loss: loss "pinball"`:                                                  {Network: nn.Sequential(), Metrics: []metric.Metric{metric.FromLoss(pinball{mse})}},
	} {
		if strings.Contains(want, "inner") {
			m.Network.Layers()[0].(*nn.Network).Name = "inner"
		}
		if _, err := keras.WriteModel(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestOutline(t *testing.T) {
	tensorOf := func(from, shape string) string {
		return fmt.Sprintf(`{"class_name": "__keras_tensor__", "config": {"shape": %s, "dtype": "float32", "keras_history": [%q, 0, 0]}}`, shape, from)
	}
	text := []byte(`{"module": "keras.src.models.functional", "class_name": "Functional", "config": {"name": "f", "layers": [
		{"class_name": "InputLayer", "config": {"batch_shape": [null, 8, null], "name": "in"}, "name": "in", "inbound_nodes": []},
		{"class_name": "Warp", "registered_name": "my>Warp", "config": {"name": "w"}, "name": "w", "inbound_nodes": [{"args": [` + tensorOf("in", "[null, 8, null]") + `], "kwargs": {}}]},
		{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
			{"class_name": "InputLayer", "config": {"batch_shape": [null, 3], "name": "i"}},
			{"class_name": "Dense", "config": {"name": "d"}, "build_config": {"input_shape": [null, 3]}},
			{"class_name": "Cube", "config": {"name": "c"}, "build_config": {"input_shape": [null, 5]}}]}, "name": "s",
			"inbound_nodes": [{"args": [[` + tensorOf("w", "[null, 3]") + `]], "kwargs": {}}, {"args": [` + tensorOf("in", "[null, 8, null]") + `], "kwargs": {}}]},
		{"class_name": "Add", "config": 3, "name": "sum", "inbound_nodes": [{"args": [[` + tensorOf("s", "[null, 2]") + "," + tensorOf("w", "[null, 3]") + `]], "kwargs": {}}]},
		7]}}`)
	o, err := keras.ParseObject(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := keras.Outline(o)
	if err != nil {
		t.Fatal(err)
	}
	want := []keras.OutlineLayer{
		{Name: "in", Class: "InputLayer", In: [][]int{{-1, 8, -1}}, Out: []int{-1, 8, -1}},
		{Name: "w", Class: "my>Warp", In: [][]int{{-1, 8, -1}}, Out: []int{-1, 3}},
		{Name: "s", Class: "Sequential", In: [][]int{{-1, 3}}, Out: []int{-1, 2}},
		{Name: "i", Class: "InputLayer", Depth: 1, In: [][]int{{-1, 3}}, Out: []int{-1, 3}},
		{Name: "d", Class: "Dense", Depth: 1, In: [][]int{{-1, 3}}, Out: []int{-1, 5}},
		{Name: "c", Class: "Cube", Depth: 1, In: [][]int{{-1, 5}}},
		{Name: "sum", Class: "Add", In: [][]int{{-1, 2}, {-1, 3}}},
		{Class: "?"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d layers, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("layer %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if _, err := keras.Outline(&keras.Object{Class: "Dense", Config: json.RawMessage(`{"units": 1}`)}); err == nil {
		t.Error("the outline of a layer is no error")
	}
}

// TestOtherActivations refuses activations that have another formula under their name in
// the Keras that wrote the file than in that of glia's files.
func TestOtherActivations(t *testing.T) {
	for _, c := range []struct{ version, activation, want string }{
		{"2.15.0", "hard_sigmoid", "activation hard_sigmoid of Keras 2: layers[1] d activation"},
		{"", "hard_sigmoid", "activation hard_sigmoid of Keras 2: layers[1] d activation"},
		{"3.9.0", "hard_sigmoid", ""},
		{"3.16.0", "hard_sigmoid", ""},
		{"3.7.0", "sparsemax", ""},
		{"3.15.1", "sparsemax", ""},
		{"3.16.0", "sparsemax", "activation sparsemax of Keras 3.16 and later: layers[1] d activation"},
		{"3.20.1", "sparsemax", "activation sparsemax of Keras 3.16 and later: layers[1] d activation"},
		{"4.0.0", "sparsemax", "activation sparsemax of Keras 3.16 and later: layers[1] d activation"},
		{"4.0.0", "softmax", ""},
	} {
		h := hdf5.NewWriter()
		root := h.Root()
		if c.version != "" {
			root.SetAttr("keras_version", c.version)
		}
		root.SetAttr("model_config", `{"class_name": "Sequential", "config": {"name": "s", "layers": [
			{"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2], "name": "i"}},
			{"class_name": "Activation", "config": {"name": "d", "activation": "`+c.activation+`"}}]}}`)
		root.Group("model_weights").SetAttr("layer_names", []string{})
		var b bytes.Buffer
		if _, err := h.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		f, err := keras.Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = keras.ReadModel(f.Object, keras.Options{})
		var m *keras.MissingError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s of version %q: %v", c.activation, c.version, err)
		case c.want != "" && (!errors.As(err, &m) || len(m.Items) != 1 || m.Items[0].Kind+" "+m.Items[0].Name+": "+m.Items[0].Where != c.want):
			t.Errorf("%s of version %q: error %v, want %s", c.activation, c.version, err, c.want)
		}
	}
}

// TestSparsemaxInFiles writes and reads Keras's sparsemax, and does not write the paper's,
// which Keras would take for its own.
func TestSparsemaxInFiles(t *testing.T) {
	x := tensor.New(tensor.Float32, 3, 4)
	copy(tensor.Data[float32](x), []float32{0.1, 0.2, 0.3, 0.4, 1, 0.5, 0, -1, 2, 0, 0, 0})
	for _, f := range []keras.Format{keras.Archive, keras.HDF5} {
		m := built(t, 1, input(), dense("a", 4, nn.KerasSparsemax))
		back, err := glia.LoadBytes(saved(t, m, f))
		if err != nil {
			t.Errorf("%v: %v", f, err)
			continue
		}
		want, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := back.Predict(x); err != nil || !tensor.Equal(got, want) {
			t.Errorf("%v: predicts %v, want %v (%v)", f, got, want, err)
		}
		var b bytes.Buffer
		err = built(t, 1, input(), dense("a", 4, nn.Sparsemax)).SaveTo(&b, f)
		if err == nil || !strings.Contains(err.Error(), "layer a: ") || !strings.HasSuffix(err.Error(), "those of nn.KerasSparsemax") {
			t.Errorf("%v: the paper's sparsemax is written (%v)", f, err)
		}
	}
}

// TestNetworksThatKerasLacks is told of those that Keras's Sequential cannot be.
func TestNetworksThatKerasLacks(t *testing.T) {
	shared := nn.Dense(2)
	for want, net := range map[string]*nn.Network{
		"keras: layer sequential: a network without layers":             nn.Sequential(nn.Input(2), nn.Sequential(), nn.Dense(1)),
		"keras: layers dense and dense_1 are one: want each once":       nn.Sequential(nn.Input(2), shared, shared),
		"keras: layers dense and sequential/dense are one: want each":   nn.Sequential(nn.Input(2), shared, nn.Sequential(shared)),
		"keras: layer lambda: nn: layer \"Lambda\" (*nn.LambdaLayer): ": nn.Sequential(nn.Input(2), nn.Lambda(func(x *graph.Node) *graph.Node { return x })),
	} {
		if _, err := keras.WriteModel(&keras.Model{Network: net}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
