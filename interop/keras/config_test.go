package keras_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// fixture is a model that testdata/configs.py made.
type fixture struct {
	Name   string          `json:"name"`
	Object json.RawMessage `json:"object"`
}

func fixtures(t testing.TB, path string) (all []fixture) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return all
}

// read makes a model of an object in JSON.
func read(text []byte, opt keras.Options) (*keras.Model, error) {
	o, err := keras.ParseObject(text)
	if err != nil {
		return nil, err
	}
	return keras.ReadModel(o, opt)
}

// rewrite reads a model, builds it if its input is known, and writes it again.
func rewrite(text []byte) ([]byte, error) {
	m, err := read(text, keras.Options{})
	if err != nil {
		return nil, err
	}
	if m.Inputs != nil {
		if err := build(m); err != nil {
			return nil, err
		}
	}
	o, err := keras.WriteModel(m)
	if err != nil {
		return nil, err
	}
	return json.Marshal(o)
}

// build makes a model's variables.
func build(m *keras.Model) error {
	return graph.Catch(func() { m.Network.BuildAll(nn.NewBuilder(1), m.Inputs) })
}

// TestConfigs reads the models that Keras wrote and writes them again: what Keras
// wrote is there, but for what says nothing, and what is there more are defaults.
func TestConfigs(t *testing.T) {
	for _, f := range fixtures(t, "testdata/configs.json") {
		t.Run(f.Name, func(t *testing.T) {
			got, err := rewrite(f.Object)
			if err != nil {
				t.Fatal(err)
			}
			var a, b any
			if err := json.Unmarshal(f.Object, &a); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(got, &b); err != nil {
				t.Fatal(err)
			}
			if diff := different("", a, b); diff != "" {
				t.Errorf("%s\ngot %s", diff, got)
			}
			again, err := rewrite(got)
			if err != nil || !bytes.Equal(again, got) {
				t.Errorf("read and written once more it is %s (%v), want %s", again, err, got)
			}
		})
	}
}

// unsaid are settings that glia does not write, and what they are then.
var unsaid = map[string]any{
	"sparse": false, "ragged": false, "optional": false, "quantization_config": nil, "kernel_constraint": nil,
	"bias_constraint": nil, "input_axes": nil, "output_axes": nil, "data_format": "channels_last", "axis": -1.0,
	"use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": nil, "loss_scale_factor": nil,
	"gradient_accumulation_steps": nil, "staircase": false, "alpha": 0.0, "warmup_target": nil, "warmup_steps": 0.0,
	"cycle": false, "threshold": nil, "average": nil, "thresholds": nil, "top_k": nil, "class_id": nil,
	"jit_compile": true, "dtype": "float32", "seed": nil,
}

// wrapped matches the places of layers that another layer holds.
var wrapped = regexp.MustCompile(`\.(layer|backward_layer|cell|cells\[\d+\])$`)

// different tells where got differs from want, empty if it does not. What is unsaid may
// be missing.
func different(at string, want, got any) string {
	return compare(at, want, got, func(at, key string, v any, ok bool) bool {
		def, unsaid := unsaid[key]
		switch {
		case key == "seed" && !strings.Contains(at, "initializer") && !ok: // glia's layers have none
		case at+key == ".configdtype": // the policy of a Sequential governs nothing
		case key == "dtype" && v == "float32" && strings.HasPrefix(at, ".config.layers"): // SpatialDropout has the policy's name
		case key == "name" && strings.Contains(at, "learning_rate") && !ok:
		case strings.HasSuffix(at, ".activation.config") && !ok && strings.Contains("name trainable dtype", key): // a layer's
		case key == "build_config" && (wrapped.MatchString(at) || strings.Count(at, ".layers[") > 1) && !ok: // a wrapper builds its layers
		case key == "build_input_shape" && strings.HasSuffix(at, ".layer.config") && !ok:
		case key == "shapes_dict" && strings.HasSuffix(at, ".build_config"): // the shape of the input is enough
		case key == "training" && v == false && strings.HasSuffix(at, ".kwargs") && !ok:
		case !ok && unsaid && reflect.DeepEqual(v, def):
		case key == "loss" || key == "metrics" || key == "weighted_metrics":
			// Names become objects: Keras itself compares them.
		case key == "compile_config" && len(v.(map[string]any)) == 0 && !ok:
		default:
			return false
		}
		return true
	})
}

// within tells where got lacks or differs from what want says.
func within(at string, want, got any) string {
	return compare(at, want, got, func(string, string, any, bool) bool { return false })
}

// compare tells where got differs from want, but for members that it has more and those
// of want that pass; there says whether got has the member.
func compare(at string, want, got any, passes func(at, key string, v any, there bool) bool) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return differs(at, want, got)
		}
		for key, v := range w {
			have, there := g[key]
			if passes(at, key, v, there) {
				continue
			}
			if d := compare(at+"."+key, v, have, passes); d != "" {
				return d
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return differs(at, want, got)
		}
		for i := range w {
			if d := compare(fmt.Sprintf("%s[%d]", at, i), w[i], g[i], passes); d != "" {
				return d
			}
		}
		return ""
	}
	if !reflect.DeepEqual(want, got) {
		return differs(at, want, got)
	}
	return ""
}

func differs(at string, want, got any) string { return fmt.Sprintf("%s is %v, want %v", at, got, want) }

func TestConfigsOfOtherKinds(t *testing.T) {
	byName := map[string]json.RawMessage{}
	for _, f := range fixtures(t, "testdata/configs.json") {
		byName[f.Name] = f.Object
	}
	m, err := read(byName["float64"], keras.Options{})
	if err != nil || m.Network.DType != nn.Float64 || !slices.Equal(m.Inputs, []tensor.Spec{tensor.S(tensor.Float32, 1, 4)}) {
		t.Errorf("float64: dtype %v, input %v (%v)", m.Network.DType, m.Inputs, err)
	}
	m, err = read(byName["input of pixels"], keras.Options{})
	if err != nil || m.Network.DType != nn.Float32 || !slices.Equal(m.Inputs, []tensor.Spec{tensor.S(tensor.Uint8, 1, 2, 2)}) || m.Optimizer != nil || m.Loss != nil || m.Metrics != nil {
		t.Errorf("pixels: %+v (%v)", m, err)
	}
	m, err = read(byName["without input"], keras.Options{})
	if err != nil || m.Network.Name != "open" || m.Inputs != nil {
		t.Errorf("without input: %+v (%v)", m, err)
	}
	m, err = read(byName["optimizer Adam"], keras.Options{SkipCompile: true})
	if err != nil || m.Optimizer != nil || m.Loss != nil {
		t.Errorf("not compiled: %+v (%v)", m, err)
	}
}

// TestConfigsOfKeras2 reads older forms: without modules, with dtypes by name, the
// input in the first layer, a bare list of layers, lr and decay, metrics in lists.
func TestConfigsOfKeras2(t *testing.T) {
	for _, f := range fixtures(t, "testdata/keras2.json") {
		t.Run(f.Name, func(t *testing.T) {
			var parts struct {
				Model    json.RawMessage `json:"model_config"`
				Training json.RawMessage `json:"training_config"`
				Want     json.RawMessage `json:"want"`
			}
			if err := json.Unmarshal(f.Object, &parts); err != nil {
				t.Fatal(err)
			}
			o, err := keras.ParseObject(parts.Model)
			if err != nil {
				t.Fatal(err)
			}
			o.CompileConfig = parts.Training
			m, err := keras.ReadModel(o, keras.Options{})
			if err != nil {
				t.Fatal(err)
			}
			back, err := keras.WriteModel(m)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(back)
			if err != nil {
				t.Fatal(err)
			}
			var a, b any
			if json.Unmarshal(parts.Want, &a) != nil || json.Unmarshal(got, &b) != nil {
				t.Fatal("not JSON")
			}
			if diff := within("", a, b); diff != "" {
				t.Errorf("%s\ngot %s", diff, got)
			}
		})
	}
}

func TestParseObject(t *testing.T) {
	for text, want := range map[string]string{
		``:                                  "unexpected end",
		`[]`:                                "want an object",
		`{}`:                                "want an object with class_name",
		`{"class_name":3}`:                  "class_name is 3: want a string",
		`{"class_name":"A","module":[]}`:    "module is []: want a string",
		`{"class_name":"A"} x`:              "byte 20",
		`{"class_name":"A","config":NaN}`:   "byte 27: number NaN: want one that is finite",
		`{"a":-Infinity,"class_name":"A"}`:  "byte 6: number Infinity",
		`{"class_name":"A","config":{"a":}`: "byte 33",
		strings.Repeat("[", 600):            "byte 512: lists and objects nest more than 512 deep",
	} {
		if _, err := keras.ParseObject([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	o, err := keras.ParseObject([]byte(`{"class_name": "A", "config": {"NaN": "Infinity"}, "class_name": "B", "registered_name": null}`))
	if err != nil || o.Class != "B" || o.Registered != nil || string(o.Config) != `{"NaN": "Infinity"}` {
		t.Errorf("of two members the last counts: %+v (%v)", o, err)
	}
}

func FuzzReadModel(f *testing.F) {
	for i, x := range fixtures(f, "testdata/configs.json") {
		if i%9 == 0 {
			f.Add([]byte(x.Object))
		}
	}
	f.Add([]byte(`{"class_name":"Functional","config":{"layers":[{"class_name":"Conv9D","config":{"activation":"x"},"inbound_nodes":[[["a",0,0,{}]]]}]}}`))
	for _, text := range []string{wiredNest(2), wiredChain(3, true), wired(`[["a",0,0],["a",1,0]]`, add("a", callOf(tensorOf("i", 0, 0)), callOf(tensorOf("a", 0, 0))))} {
		f.Add([]byte(text))
	}
	f.Add([]byte(`{"class_name":"Sequential","config":[{"class_name":"Dense","config":{"units":2,"batch_input_shape":[null,3]}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := keras.ParseObject(slices.Clone(text))
		if err != nil {
			return
		}
		if layers, err := keras.Outline(o); err == nil && len(layers) > len(text) {
			t.Fatalf("%d layers of %d bytes", len(layers), len(text))
		}
		m, err := keras.ReadModel(o, keras.Options{})
		if err != nil {
			_ = err.Error()
			return
		}
		back, err := keras.WriteModel(m)
		if err != nil {
			return // such as labels smoothed of a name that is used twice
		}
		again, err := json.Marshal(back)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(again, keras.Options{}); err != nil {
			t.Fatalf("%s\nwritten as %s\ncannot be read: %v", text, again, err)
		}
	})
}
