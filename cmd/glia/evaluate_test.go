package main

import (
	"archive/zip"
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// saved saves a model, compiled unless loss is nil, and returns the path.
func saved(t *testing.T, name string, of loss.Loss, layers ...nn.Layer) (*glia.Model, string) {
	t.Helper()
	m := glia.Sequential(layers...)
	if of != nil {
		if err := m.Compile(optim.Adam(0.001), of, metric.Accuracy()); err != nil {
			t.Fatal(err)
		}
	} else if in, known := m.Network().Declared(); known {
		if _, err := m.Predict(tensor.NewSpec(in[0])); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return m, path
}

// TestEvaluateForms tests models that take images and labels in different forms.
func TestEvaluateForms(t *testing.T) {
	dir, to := tiny(t), filepath.Join(t.TempDir(), "out.json")
	_, test, err := digits.Load(300, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	as := func(ds *data.Memory, dims ...int) *data.Memory {
		x, err := ds.X().Reshape(append([]int{50}, dims...)...)
		if err != nil {
			t.Fatal(err)
		}
		if ds, err = data.New(x, ds.Y()); err != nil {
			t.Fatal(err)
		}
		return ds
	}
	for _, c := range []struct {
		name   string
		loss   loss.Loss
		layers []nn.Layer
		test   *data.Memory
		args   []string
	}{
		{"class numbers", loss.SparseCategoricalCrossentropy(),
			[]nn.Layer{nn.Input(784), nn.Dense(10, nn.Softmax)}, as(test, 784).Scale(toUnit), nil},
		{"logits and a channel", loss.SparseCategoricalCrossentropy(loss.FromLogits),
			[]nn.Layer{nn.Input(28, 28, 1), nn.Flatten(), nn.Dense(10)}, as(test, 28, 28, 1).Scale(toUnit), nil},
		{"rescaling", loss.MeanSquaredError(),
			[]nn.Layer{nn.Input(28, 28), preprocess.Rescaling(1.0/128, -1), nn.Flatten(), nn.Dense(10)}, test.Scale(1).OneHot(10), nil},
		{"scale", loss.MeanSquaredError(),
			[]nn.Layer{nn.Input(28, 28), nn.Flatten(), nn.Dense(10)}, test.Scale(2.0 / 255).OneHot(10), []string{"--scale", "2/255"}},
	} {
		m, path := saved(t, "m.keras", c.loss, c.layers...)
		want, err := m.Evaluate(c.test, glia.BatchSize(testBatch))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		must(t, append([]string{"evaluate", path, "mnist", "--quiet", "--data", dir, "--json", to}, c.args...)...)
		var got evaluateRecord
		readJSON(t, to, &got)
		if float64(got.Loss) != want.Loss || float64(got.Metrics["accuracy"]) != want.Get("accuracy") {
			t.Errorf("%s: got loss %v, metrics %v, want %v", c.name, got.Loss, got.Metrics, want)
		}
	}
}

// TestEvaluateLoss gives a model that is not compiled a loss.
func TestEvaluateLoss(t *testing.T) {
	dir, to := tiny(t), filepath.Join(t.TempDir(), "out.json")
	layers := []nn.Layer{nn.Input(28, 28), nn.Flatten(), nn.Dense(10)}
	m, bare := saved(t, "bare.keras", nil, layers...)
	status, _, errs := exec(t.Context(), "evaluate", bare, "mnist", "--data", dir)
	if want := `the model is not compiled: want --loss NAME`; status != 1 || !regexp.MustCompile(want).MatchString(errs) {
		t.Errorf("status %d, stderr %s, want %s", status, errs, want)
	}
	_, test, err := digits.Load(300, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Compile(optim.SGD(0.1), loss.SparseCategoricalCrossentropy(loss.FromLogits), metric.Accuracy()); err != nil {
		t.Fatal(err)
	}
	want, err := m.Evaluate(test.Scale(toUnit), glia.BatchSize(testBatch))
	if err != nil {
		t.Fatal(err)
	}
	must(t, "evaluate", bare, "mnist", "--data", dir, "--loss", "sparse_categorical_crossentropy", "--from-logits", "--json", to)
	var got evaluateRecord
	readJSON(t, to, &got)
	if float64(got.Loss) != want.Loss {
		t.Errorf("got loss %v, want %v", got.Loss, want.Loss)
	}
}

// TestEvaluateDigits tests on generated digits.
func TestEvaluateDigits(t *testing.T) {
	if testing.Short() {
		t.Skip("draws 70,000 digits")
	}
	_, path := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(28, 28), nn.Flatten(), nn.Dense(10, nn.Softmax))
	out := must(t, "evaluate", path, "digits")
	if want := `(?s)^Model: .*m\.keras\nData: digits, 10000 images for testing\n\nTest:\nloss      \d\.\d{4}\naccuracy  0\.\d{4}\n\nConf.* 10000\n$`; !regexp.MustCompile(want).MatchString(out) {
		t.Errorf("got %s, want %s", out, want)
	}
}

// reworded copies a .keras file with another config.
func reworded(t *testing.T, path, old, text string) string {
	t.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	to := filepath.Join(t.TempDir(), "reworded.keras")
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for _, m := range r.File {
		in, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name == "config.json" {
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("the config lacks %s: %s", old, b)
			}
			b = bytes.ReplaceAll(b, []byte(old), []byte(text))
		}
		out, err := w.CreateHeader(&zip.FileHeader{Name: m.Name, Method: zip.Store})
		if err == nil {
			_, err = out.Write(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestModelFailures tries files and models that do not serve.
func TestModelFailures(t *testing.T) {
	dir := tiny(t)
	_, good := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(28, 28), nn.Flatten(), nn.Dense(10, nn.Softmax))
	_, large := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(32, 32), nn.Flatten(), nn.Dense(10, nn.Softmax))
	_, five := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(28, 28), nn.Flatten(), nn.Dense(5, nn.Softmax))
	weights := filepath.Join(t.TempDir(), "m.weights.h5")
	must(t, "convert", good, weights)
	garbage := filepath.Join(t.TempDir(), "m.keras")
	if err := os.WriteFile(garbage, []byte("PK\x03\x04 and nothing else"), 0o666); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "none.keras")
	for _, c := range []struct {
		name    string
		args    []string
		pattern string
	}{
		{"evaluate none", []string{"evaluate", missing, "mnist", "--data", dir}, `none.keras: no such file|cannot find`},
		{"evaluate a directory", []string{"evaluate", dir, "mnist", "--data", dir}, `got a directory, want a file`},
		{"evaluate weights", []string{"evaluate", weights, "mnist", "--data", dir}, `m.weights.h5: a .weights.h5 file, of weights alone: want one of a whole model`},
		{"evaluate garbage", []string{"evaluate", garbage, "mnist", "--data", dir}, `m.keras: keras: the archive has no directory at its end: `},
		{"other images", []string{"evaluate", large, "mnist", "--data", dir}, `m.keras: images are \[28 28\]: the model takes \[32 32\]`},
		{"other classes", []string{"evaluate", five, "mnist", "--data", dir}, `m.keras: the model gives \[5\] for an image: want \[10\]`},
		{"unknown loss", []string{"evaluate", reworded(t, good, "CategoricalCrossentropy", "Surprise"), "mnist", "--data", dir}, `(?s)loss Surprise.*want --loss NAME`},
		{"unknown layer", []string{"evaluate", reworded(t, good, `"Flatten"`, `"Capsule"`), "mnist", "--data", dir, "--loss", "mse"}, `layer Capsule: layers\[1\] flatten`},
		{"no data", []string{"evaluate", good, "mnist", "--data", missing}, `mnist: .*no such file|cannot find`},
		{"no directory for JSON", []string{"evaluate", good, "mnist", "--data", dir, "--json", filepath.Join(dir, "no", "x")}, `--json: .*cannot be written`},
		{"predict none", []string{"predict", good, missing}, `none.keras: no such file|cannot find`},
		{"predict with none", []string{"predict", missing, good}, `none.keras: no such file|cannot find`},
		{"predict with weights", []string{"predict", weights, good}, `of weights alone`},
		{"summary of weights", []string{"summary", weights}, `of weights alone: want one of a model; glia inspect lists weights`},
		{"summary of garbage", []string{"summary", garbage}, `m.keras: keras: the archive has no directory at its end: `},
		{"inspect garbage", []string{"inspect", garbage}, `m.keras: keras: the archive has no directory at its end: `},
		{"inspect none", []string{"inspect", missing}, `none.keras: no such file|cannot find`},
		{"inspect something else", []string{"inspect", filepath.Join(dir, "t10k-labels-idx1-ubyte")}, `want a .keras, .h5, .weights.h5, .weights.json, .safetensors or .npz file`},
	} {
		status, _, errs := exec(t.Context(), c.args...)
		if status != 1 || !regexp.MustCompile(c.pattern).MatchString(errs) {
			t.Errorf("%s: status %d, stderr %s, want status 1 and %s", c.name, status, errs, c.pattern)
		}
	}
}

// TestDamaged gives every command files in which bytes are wrong or missing.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	_, whole := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dense(3, nn.Softmax))
	_, older := saved(t, "m.h5", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dense(3, nn.Softmax))
	files := []string{whole, older}
	for _, name := range []string{"m.weights.h5", "m.safetensors", "m.npz"} {
		must(t, "convert", whole, filepath.Join(dir, name))
		files = append(files, filepath.Join(dir, name))
	}
	changes := 40
	if testing.Short() {
		changes = 12
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		broken := filepath.Join(dir, "broken-"+filepath.Base(path))
		for i := range changes {
			b := bytes.Clone(content)
			if i%2 == 0 {
				b = b[:random.IntN(len(b))]
			}
			for range min(i/2, len(b)) {
				b[random.IntN(len(b))] = byte(random.IntN(256))
			}
			if err := os.WriteFile(broken, b, 0o666); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"inspect", broken}, {"summary", broken}, {"evaluate", broken, "digits", "--loss", "no_loss"}, {"predict", broken, broken},
				{"predict", whole, broken}, {"convert", broken, filepath.Join(dir, "out.npz")}, {"convert", broken, filepath.Join(dir, "out.keras"), "--model", whole},
			} {
				if status, _, errs := exec(t.Context(), args...); status != 0 && errs == "" {
					t.Errorf("%v, change %d: status %d without a message", args, i, status)
				}
			}
		}
	}
}
