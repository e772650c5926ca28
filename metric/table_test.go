package metric

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/vocab"
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

func names[T any](classes []vocab.Class[T]) (all []string) {
	for _, c := range classes {
		all = append(all, c.Name)
	}
	return all
}
