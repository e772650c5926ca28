package keras_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/preprocess"
)

// TestTexts predicts what Keras 3.15.1 predicts of texts, see testdata/texts.py: by models whose vocabulary is a file
// in the archive, and by those that glia writes of them, which have it in the config.
func TestTexts(t *testing.T) {
	b, err := os.ReadFile("testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	var texts []string
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(all["texts"], &texts); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"text_int", "text_tfidf"} {
		var want []float64
		if err := json.Unmarshal(all[name], &want); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name+".keras")
		for _, how := range []string{"Keras's", "glia's"} {
			m, err := glia.Load(path)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, how, err)
			}
			var words *preprocess.TextVectorizationLayer
			for _, l := range m.Network().Layers() {
				if w, ok := l.(*preprocess.TextVectorizationLayer); ok {
					words = w
				}
			}
			if got := words.Tokens(); !slices.Equal(got[len(got)-6:], []string{"the", "cat", "dog", "bird", "and", "a"}) {
				t.Errorf("%s, %s: vocabulary %q", name, how, got)
			}
			x, err := words.Encode(texts)
			if err != nil {
				t.Fatal(err)
			}
			y, err := m.Predict(x)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range y.Float64s() {
				if math.Abs(v-want[i]) > 1e-6 {
					t.Errorf("%s, %s: got %v, want %v", name, how, y, want)
					break
				}
			}
			dir := t.TempDir()
			if kept := os.Getenv("GLIA_TEXTS"); kept != "" { // to look at them with a Keras that has TensorFlow
				dir = kept
			}
			path = filepath.Join(dir, name+".keras")
			if err := m.Save(path); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Contains(b, []byte(`"dtype":"string"`)) {
			t.Errorf("%s: error %v, want an input of strings in the file", name, err)
		}
	}
}
