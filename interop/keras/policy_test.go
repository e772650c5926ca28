package keras_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestPoliciesInFiles reads the policies of layers as names and as objects, and writes
// them again: a layer without one has Keras's default, and a network the policy that
// its layers have in common, or else its own or that of its first layer.
func TestPoliciesInFiles(t *testing.T) {
	object := func(name string) string {
		return fmt.Sprintf(`"dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": %q}, "registered_name": null}`, name)
	}
	for _, c := range []struct {
		own    string // of the network
		layers []string
		want   []string // of the network and the layers, empty where they follow it
	}{
		{"", nil, []string{"float32"}},
		{"", []string{`"units": 2`}, []string{"float32", ""}},
		{"mixed_bfloat16", []string{`"units": 2`}, []string{"float32", ""}},
		{"", []string{`"units": 2, "dtype": "mixed_float16"`, `"units": 2, ` + object("mixed_float16")}, []string{"mixed_float16", "", ""}},
		{"", []string{`"units": 2, ` + object("mixed_bfloat16"), `"units": 2, "dtype": "float32"`}, []string{"mixed_bfloat16", "", "float32"}},
		{"float32", []string{`"units": 2, ` + object("mixed_bfloat16"), `"units": 2, "dtype": "float64"`}, []string{"float32", "mixed_bfloat16", "float64"}},
		{"mixed_float16", []string{`"units": 2, ` + object("mixed_float16"), `"units": 2, "dtype": "bfloat16"`}, []string{"mixed_float16", "", "bfloat16"}},
		{"int8_from_float32", []string{`"units": 2, "dtype": "float16"`}, []string{"float16", ""}}, // Keras passes over that of a network
	} {
		var layers, want []string
		for i, l := range c.layers {
			layers = append(layers, fmt.Sprintf("Dense d%d %s", i, l))
		}
		text := chain("{}", layers...)
		if c.own != "" {
			text = bytes.Replace(text, []byte(`{"name": "s", `), fmt.Appendf(nil, `{"name": "s", "dtype": %q, `, c.own), 1)
		}
		m, err := read(text, keras.Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := []string{string(m.Network.DType)}
		for i, l := range m.Network.Layers() {
			got = append(got, string(nn.BaseOf(l).DType))
			want = append(want, string(nn.DTypePolicy(c.want[i+1]).String()))
			if c.want[i+1] == "" {
				want[i] = c.want[0]
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: policies %q, want %q", text, got, c.want)
		}
		o, err := keras.WriteModel(m)
		if err != nil {
			t.Fatal(err)
		}
		if written := policiesOf(t, o.Config); !slices.Equal(written, want) {
			t.Errorf("%s: written %q, want %q", text, written, want)
		}
	}
}

// policiesOf returns the names of the policies of the layers in a config.
func policiesOf(t *testing.T, config []byte) (names []string) {
	t.Helper()
	var m struct {
		Layers []struct {
			Config struct {
				DType struct {
					Class  string            `json:"class_name"`
					Config map[string]string `json:"config"`
				} `json:"dtype"`
			} `json:"config"`
		} `json:"layers"`
	}
	if err := json.Unmarshal(config, &m); err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		if l.Config.DType.Class != "DTypePolicy" {
			t.Errorf("class %q, want DTypePolicy", l.Config.DType.Class)
		}
		names = append(names, l.Config.DType.Config["name"])
	}
	return names
}

// TestPoliciesOfParts refuses an activation that computes in another dtype than its
// layer, and a layer of a user's that cannot have a policy of its own.
func TestPoliciesOfParts(t *testing.T) {
	relu := func(dtype string) string {
		return `Dense d "units": 2, "dtype": "mixed_bfloat16", "activation": {"module": "keras.layers", "class_name": "ReLU", "config": {"name": "r"` + dtype + `}, "registered_name": null}`
	}
	nn.Register("my>Plain", func() nn.Layer { return &plain{} })
	mine := func(dtype string) []byte {
		return bytes.Replace(chain("{}", `Dense d "units": 2, "dtype": "mixed_float16"`, `Plain p "dtype": "`+dtype+`"`),
			[]byte(`"module": "keras.layers", "class_name": "Plain", "config": {"name": "p", "dtype": "`+dtype+`"}, "registered_name": null`),
			[]byte(`"module": "my", "class_name": "Plain", "config": {"name": "p", "dtype": "`+dtype+`"}, "registered_name": "my>Plain"`), 1)
	}
	for _, c := range []struct {
		text []byte
		want string
	}{
		{chain("{}", relu("")), ""},
		{chain("{}", relu(`, "dtype": "mixed_bfloat16"`)), ""},
		{chain("{}", relu(`, "dtype": "float32"`)), "dtype policy float32 of an activation beside mixed_bfloat16: layers[0] d activation"},
		{mine("mixed_float16"), ""},
		{mine("float64"), "dtype policy float64 of a layer without nn.Base: layers[1] p"},
		{mine("int8"), "dtype policy int8: layers[1] p dtype"},
	} {
		_, err := read(c.text, keras.Options{})
		var m *keras.MissingError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.text, err)
		case c.want != "" && (!errors.As(err, &m) || len(m.Items) != 1 || m.Items[0].Kind+" "+m.Items[0].Name+": "+m.Items[0].Where != c.want):
			t.Errorf("%s: error %v, want %s", c.text, err, c.want)
		}
	}
	if _, err := read(chain("{}", `Dense d "units": 2, "dtype": 16`), keras.Options{}); err == nil || !strings.Contains(err.Error(), "layers[0] d: ") || !strings.Contains(err.Error(), "dtype policy: 16: want a name or an object") {
		t.Errorf("a policy that is a number: error %v", err)
	}
	net := nn.Sequential(nn.Input(4), nn.Dense(2, nn.LeakyReLUSlope(0.5)))
	net.DType = nn.MixedFloat16
	o, err := keras.WriteModel(&keras.Model{Network: net})
	if err != nil || strings.Count(string(o.Config), `"mixed_float16"`) != 3 { // of the network, the layer and its activation
		t.Errorf("written %s (%v): want mixed_float16 three times", o.Config, err)
	}
}

// TestKerasPolicies loads models in mixed precision that Keras 3 saved, and goes on
// training as it did.
func TestKerasPolicies(t *testing.T) {
	files := unzip(t, "testdata/policies.zip")
	n := 0
	for _, path := range slices.Sorted(maps.Keys(files)) {
		name, file, _ := strings.Cut(path, "/")
		if file == "io.npz" {
			continue
		}
		n++
		t.Run(path, func(t *testing.T) {
			io := arrays(t, files[name+"/io.npz"])
			m, err := glia.LoadBytes(files[path])
			if err != nil {
				t.Fatal(err)
			}
			if _, scales := m.Optimizer().(*optim.LossScaleOptimizer); scales != strings.Contains(name, "float16 and") {
				t.Errorf("optimizer %T", m.Optimizer())
			}
			if dt := precisionOf(m.Network(), ""); dt.Size() != 2 {
				t.Errorf("computes in %v, want 16 bits", dt)
			}
			if err := checkPredictions(m, io); err != nil {
				t.Error(err)
			}
			if err := checkTraining(m, io); err != nil {
				t.Error(err)
			}
		})
	}
	if n != 8 {
		t.Errorf("%d files of models, want 8", n)
	}
}

// plain is a layer of a user's that does not embed nn.Base.
type plain struct{}

func (*plain) Build(*nn.Builder, tensor.Spec) {}

func (*plain) Call(_ *nn.Ctx, x *graph.Node) *graph.Node { return x }
