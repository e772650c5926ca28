package keras_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
)

// TestDamagedClassNames reads lists that no model can have, small and large.
func TestDamagedClassNames(t *testing.T) {
	weights := string(saved(t, built(t, 1, input(), dense("a", 2)), keras.WeightsHDF5))
	config := denseConfig("4", "2")
	for list, want := range map[string]string{
		`null`:                              "",
		`[]`:                                "",
		`["cat","dog"]`:                     "",
		`["cat"]`:                           "1 class names of a model that gives (None, 2): want 2",
		`"cat"`:                             `class_names is "cat": want a list of strings`,
		`{"0":"cat"}`:                       "want a list of strings",
		`["cat",1]`:                         "class_names: 1: want a string",
		`["cat",null]`:                      "class_names: null: want a string",
		`["cat",["dog"]]`:                   "want a string",
		`["cat",""]`:                        "class name 1 has 0 bytes",
		`["cat","\u0000"]`:                  "without NUL",
		`["cat","` + long(300) + `"]`:       "class name 1 has 300 bytes: want 1 to 256",
		`["a"` + times(1<<16, `,"a"`) + `]`: "65537 class names: want 65536 or fewer",
		`[` + times(1<<18, `[`) + times(1<<18, `]`) + `]`:     "metadata.json",
		`["a"` + times(4000, `,"`+long(255)+`"`) + `]`:        "metadata.json", // more than its bound
		`["a"` + times(3900, `,"`+long(250)+`"`) + `]`:        "class names of 986705 bytes as JSON: want 983040 or fewer",
		`["\u001b[31mred","dog"]`:                             "",
		`["a","b","\u001b[31mred"]`:                           "3 class names",
		`["a"` + times(1<<15, `,"\ud800"`) + `,"\u202e"]`:     "",
		`["a", "b"], "class_names": ["c", "d"], "more": [{}]`: "",
	} {
		file := archive(t, map[string]string{
			"config.json": config, "model.weights.h5": weights,
			"metadata.json": `{"keras_version":"3.15.1","class_names":` + list + `}`,
		})
		name := list[:min(len(list), 30)]
		err, _ := tryLoad(t, name, file, built(t, 1, input(), dense("a", 2)))
		if strings.HasPrefix(list, `["a"`) && strings.Contains(list, `\ud800`) {
			want = "32770 class names"
		}
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("class_names %s: error %v, want %q", name, err, want)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func times(n int, s string) string { return strings.Repeat(s, n) }

// TestClassNamesInKeras has Keras load models with class names, and predict as glia does.
func TestClassNamesInKeras(t *testing.T) {
	run := python(t)
	dir := t.TempDir()
	names := make([]string, 5000) // whose references exceed the header of an HDF5 object
	for i := range names {
		names[i] = strings.Repeat("ä", i%100) + "name"
	}
	m := glia.Sequential(nn.Input(1), nn.Dense(len(names)))
	if err := m.Compile(sgd(), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	if err := m.SetClassNames(names...); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"m.keras", "m.h5"} {
		path := filepath.Join(dir, file)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		if err := run("-c", "import keras, sys; m = keras.saving.load_model(sys.argv[1]); assert m.output_shape == (None, 5000); m.save(sys.argv[1])", path); err != nil {
			t.Error(err)
		}
		if back, err := glia.Load(path); err != nil || back.ClassNames() != nil {
			t.Errorf("%s that Keras wrote anew: %d class names, error %v", file, len(back.ClassNames()), err)
		}
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		if back, err := glia.Load(path); err != nil || !slices.Equal(back.ClassNames(), names) {
			t.Errorf("%s: %d class names, error %v", file, len(back.ClassNames()), err)
		}
	}
}
