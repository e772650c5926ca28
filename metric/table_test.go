package metric

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// keras holds configs of all metrics, as Keras writes them.
const keras = "../interop/keras/testdata/golden/metrics.json"

// TestTables wants every class of the tables among the configs of Keras's that
// interop/keras or the tests here read and write.
func TestTables(t *testing.T) {
	var text string
	for _, path := range []string{"../interop/keras/testdata/configs.json", keras} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text += strings.ReplaceAll(string(b), `": "`, `":"`)
	}
	for _, n := range names(metrics.Classes) {
		if !strings.Contains(text, fmt.Sprintf(`:%q`, n)) && !strings.Contains(text, fmt.Sprintf(`[%q]`, n)) {
			t.Errorf("no config with %s", n)
		}
	}
}

// TestConfigs reads the configs that Keras wrote and writes them again: nothing that
// Keras sets may be lost, and nothing be there that it does not write.
func TestConfigs(t *testing.T) {
	text, err := os.ReadFile(keras)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Config struct {
				Class  string `json:"class_name"`
				Config map[string]any
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		config, err := json.Marshal(c.Config.Config)
		if err != nil {
			t.Fatal(err)
		}
		m, err := FromConfig(c.Config.Class, config)
		if err != nil {
			t.Errorf("%s %s: %v", c.Config.Class, config, err)
			continue
		}
		if c.Config.Class == "CosineSimilarity" && c.Config.Config["axis"] != nil {
			continue // Keras forgets the axis
		}
		module, class, back, err := ToConfig(m)
		var got map[string]any
		if err != nil || module != Module || class != c.Config.Class || json.Unmarshal(back, &got) != nil {
			t.Errorf("%s %s: back as %s.%s %s (%v)", c.Config.Class, config, module, class, back, err)
			continue
		}
		want := c.Config.Config
		for _, all := range []map[string]any{want, got} {
			maps.DeleteFunc(all, func(k string, v any) bool {
				return v == nil || k == "dtype" && !strings.Contains(class, "IoU") || v == "int32"
			})
		}
		if want["thresholds"] != nil && class == "AUC" { // their number follows
			delete(want, "num_thresholds")
			delete(got, "num_thresholds")
		}
		if one, ok := want["thresholds"].([]any); ok && len(one) == 1 {
			want["thresholds"] = one[0]
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got  %v\nwant %v", class, got, want)
		}
	}
}

// TestConfigsOfAnySize reads sizes that would take much memory: none beyond its bounds.
func TestConfigsOfAnySize(t *testing.T) {
	for _, c := range []struct{ class, config, want string }{
		{"AUC", `{"num_thresholds": 2147483647}`, "num_thresholds of AUC is 2147483647: want 2 to 1048576"},
		{"AUC", `{"num_thresholds": 1048577, "thresholds": []}`, "num_thresholds of AUC is 1048577: want 2 to 1048576"},
		{"AUC", `{"num_thresholds": 1048576}`, ""},
		{"AUC", `{"num_thresholds": 3000000, "thresholds": [0.5]}`, ""}, // they are those that are given
		{"PrecisionAtRecall", `{"recall": 0.5, "num_thresholds": 1048577}`, "num_thresholds of PrecisionAtRecall is 1048577: want 1 to 1048576"},
		{"RecallAtPrecision", `{"precision": 0.5, "num_thresholds": 1048577}`, "num_thresholds of RecallAtPrecision is 1048577: want 1 to 1048576"},
		{"SensitivityAtSpecificity", `{"specificity": 0.5, "num_thresholds": 2147483647}`, "num_thresholds of SensitivityAtSpecificity is 2147483647"},
		{"SpecificityAtSensitivity", `{"sensitivity": 0.5, "num_thresholds": -1}`, "num_thresholds of SpecificityAtSensitivity is -1"},
		{"SpecificityAtSensitivity", `{"sensitivity": 0.5, "num_thresholds": 1048576}`, ""},
		{"MeanIoU", `{"num_classes": 1048576}`, "num_classes of MeanIoU is 1048576: want 1 to 4096"},
		{"IoU", `{"num_classes": 4097, "target_class_ids": [0]}`, "num_classes of IoU is 4097: want 1 to 4096"},
		{"OneHotIoU", `{"num_classes": 0, "target_class_ids": [0]}`, "num_classes of OneHotIoU is 0: want 1 to 4096"},
		{"OneHotMeanIoU", `{"num_classes": 2147483647}`, "num_classes of OneHotMeanIoU is 2147483647: want 1 to 4096"},
		{"MeanIoU", `{"num_classes": 4096}`, ""},
	} {
		_, err := FromConfig(c.class, []byte(c.config))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "metric: "+c.want)) {
			t.Errorf("%s %s: error %v, want %q", c.class, c.config, err, c.want)
		}
	}
}

// TestSizeOfTopK wants no more memory for the greatest of many predictions than a few
// times that of the predictions, however many are the greatest.
func TestSizeOfTopK(t *testing.T) {
	g := graph.New()
	spec := tensor.S(tensor.Float32, 32, 20000)
	y, p := g.Input("y", spec), g.Input("p", spec)
	s, err := Precision(TopK(10000)).New(spec, spec)
	if err != nil {
		t.Fatal(err)
	}
	s.Update(g, y, p, nil)
	for _, n := range g.Nodes() {
		for _, out := range n.Specs() {
			if out.Shape.Size() > 2*spec.Shape.Size() {
				t.Errorf("%s is %v, of predictions %v", n.Op.Name(), out, spec)
			}
		}
	}
}

func names[T any](classes []vocab.Class[T]) (all []string) {
	for _, c := range classes {
		all = append(all, c.Name)
	}
	return all
}
