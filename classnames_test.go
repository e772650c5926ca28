package glia_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// pets returns a model of three classes with names that need care.
func pets(t *testing.T, names ...string) *glia.Model {
	t.Helper()
	m := glia.Sequential(nn.Input(4), nn.Dense(3, nn.Softmax))
	compile(t, m, optim.SGD(0.1), loss.SparseCategoricalCrossentropy())
	if err := m.SetClassNames(names...); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestClassNamesTravel(t *testing.T) {
	names := []string{"cat", "Hund, groß", "<bird>\n\"日本\""}
	m := pets(t, names...)
	if got := m.ClassNames(); !slices.Equal(got, names) {
		t.Errorf("class names %q, want %q", got, names)
	}
	m.ClassNames()[0] = "changed" // a copy
	for _, file := range []string{"m.keras", "m.h5"} {
		path := filepath.Join(t.TempDir(), file)
		if err := m.Save(path, glia.WithoutOptimizer); err != nil {
			t.Fatal(err)
		}
		back, err := glia.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := back.ClassNames(); !slices.Equal(got, names) {
			t.Errorf("%s: class names %q, want %q", file, got, names)
		}
		if want := ` Classes: 3 (cat, Hund, groß, "<bird>\n\"日本\"")` + "\n"; !strings.HasSuffix(back.Summary(), want) {
			t.Errorf("%s: summary %s, want %s at the end", file, back.Summary(), want)
		}
		if err := back.SetClassNames(); err != nil || back.ClassNames() != nil {
			t.Errorf("without names: %q, error %v", back.ClassNames(), err)
		}
		if err := back.Save(path); err != nil {
			t.Fatal(err)
		}
		if back, err = glia.Load(path); err != nil || back.ClassNames() != nil {
			t.Errorf("%s without names: %q, error %v", file, back.ClassNames(), err)
		}
	}
}

func TestClassNamesThatDoNotFit(t *testing.T) {
	x := nn.Apply(nn.Input(4))
	two := glia.Functional([]*nn.Symbol{x}, []*nn.Symbol{nn.Apply(nn.Dense(2), x), nn.Apply(nn.Dense(2), x)})
	three := glia.Sequential(nn.Input(4), nn.Dense(3))
	one := glia.Sequential(nn.Input(4), nn.Dense(1))
	for _, m := range []*glia.Model{two, three, one} {
		compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	}
	for _, c := range []struct {
		m     *glia.Model
		names []string
		want  string
	}{
		{three, []string{"a", "b"}, "2 class names of a model that gives (None, 3): want 3"},
		{one, []string{"a", "b", "c"}, "3 class names of a model that gives (None, 1): want 2"},
		{one, []string{"a", "b"}, ""},
		{two, []string{"a", "b"}, "2 class names of a model with 2 outputs: want one output"},
		{three, []string{"a", "", "c"}, "class name 1 has 0 bytes: want 1 to 256"},
		{three, []string{"a", "b", strings.Repeat("c", 257)}, "class name 2 has 257 bytes"},
		{three, []string{"a", "b\xff", "c"}, `class name 1 is "b\xff": want UTF-8`},
		{three, make([]string, 1<<16+1), "65537 class names: want 65536 or fewer"},
		{&glia.Model{}, []string{"a"}, "no network"},
	} {
		before := c.m.ClassNames()
		err := c.m.SetClassNames(c.names...)
		if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: error %v, want %q", c.names[:min(len(c.names), 3)], err, c.want)
		}
		if err != nil && !slices.Equal(c.m.ClassNames(), before) {
			t.Errorf("class names are %q after an error", c.m.ClassNames())
		}
	}

	late := glia.Sequential(nn.Dense(3)) // whose weights come with the first data
	if err := late.SetClassNames("a", "b"); err != nil {
		t.Fatal(err)
	}
	compile(t, late, optim.SGD(0.1), loss.MeanSquaredError())
	if _, err := late.Predict(tensor.New(tensor.Float32, 2, 4)); err != nil {
		t.Fatal(err)
	}
	if err := late.Save(filepath.Join(t.TempDir(), "m.keras")); err == nil || !strings.Contains(err.Error(), "2 class names of a model that gives (None, 3)") {
		t.Errorf("saved: %v", err)
	}
}

// TestClassNamesOfBackup goes on with classes of other names, as a folder has that changed
// meanwhile.
func TestClassNamesOfBackup(t *testing.T) {
	dir := t.TempDir()
	fit := func(names []string, opts ...glia.Option) error {
		m := pets(t, names...)
		_, err := m.Fit(memory(t, tensor.New(tensor.Float32, 6, 4), tensor.Of[int32](0, 1, 2, 0, 1, 2)), append(opts, glia.Epochs(2), glia.Use(glia.BackupAndRestore(dir)))...)
		return err
	}
	if err := fit([]string{"a", "b", "c"}, cuts()["error after an epoch"](1)...); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	if err := fit([]string{"a", "c", "b"}); err == nil || !strings.Contains(err.Error(), `class names: a, c, b now, a, b, c then`) {
		t.Errorf("with other names: %v", err)
	}
	if err := fit([]string{"a", "b", "c"}); err != nil {
		t.Error(err)
	}
}
