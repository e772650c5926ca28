package main

import (
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// forked saves a model of some inputs, the first of which takes images of digits, and
// some outputs, the first of which tells ten classes apart.
func forked(t *testing.T, file string, inputs, outputs int) (*glia.Model, string) {
	t.Helper()
	image, more := nn.Input(28, 28), nn.Input(2)
	image.Name, more.Name = "image", "more"
	in := []*nn.Symbol{nn.Apply(image)}
	h := nn.Apply(nn.Flatten(), in[0])
	if inputs > 1 {
		in = append(in, nn.Apply(more))
		h = nn.Apply(nn.Concatenate(), h, in[1])
	}
	out := []*nn.Symbol{nn.Apply(nn.Dense(10, nn.Softmax, nn.Name("digit")), h)}
	losses, metrics := []loss.OutputLoss{loss.For("digit", loss.CategoricalCrossentropy())}, []metric.Metric{metric.For("digit", metric.Accuracy())}
	if outputs > 1 {
		out = append(out, nn.Apply(nn.Dense(1, nn.Name("size")), h))
		losses = append(losses, loss.For("size", loss.MeanSquaredError()).Weighted(0.25))
		metrics = append(metrics, metric.For("size", metric.RootMeanSquaredError()))
	}
	m := glia.Functional(in, out)
	if err := m.Compile(optim.Adam(0.001), loss.PerOutput(losses...), metrics...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), file)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return m, path
}

// TestOutputs looks at models of several inputs and outputs, and converts them there
// and back.
func TestOutputs(t *testing.T) {
	for _, file := range []string{"m.keras", "m.h5"} {
		_, path := forked(t, file, 2, 2)
		out := must(t, "summary", path)
		for _, want := range []string{
			"│ digit (Dense)             │ (None, 10)     │   7,870 │ concatenate[0][0]",
			"│ concatenate (Concatenate) │ (None, 786)    │       0 │ flatten[0][0], more[0][0]",
			" Loss: digit categorical_crossentropy, size mean_squared_error × 0.25\n Metrics: digit_accuracy, size_root_mean_squared_error\n",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: the summary is\n%s, want %s in it", file, out, want)
			}
		}
		if out := must(t, "inspect", path); !strings.Contains(out, "[786 10]") || !strings.Contains(out, "[786 1]") {
			t.Errorf("%s: got\n%s, want the kernels of both outputs in it", file, out)
		}
		whole := tensorsOf(t, path)
		for _, ending := range []string{".keras", ".h5", ".weights.h5", ".safetensors", ".npz"} {
			to := filepath.Join(t.TempDir(), "to"+ending)
			must(t, "convert", path, to)
			back := filepath.Join(t.TempDir(), "back.keras")
			must(t, "convert", to, back, "--model", path)
			if got := tensorsOf(t, back); got != whole {
				t.Errorf("%s to %s and back: got %s, want %s", file, ending, got, whole)
			}
		}
	}
}

// tensorsOf prints the weights in the file of a model.
func tensorsOf(t *testing.T, path string) string {
	t.Helper()
	m, err := loadModel(path)
	if err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	for _, v := range m.Network().Vars() {
		s.WriteString(v.Path)
		s.Write(v.Tensor().Bytes())
	}
	return s.String()
}

// TestOutputsUnfit gives the commands that are for one input and output a model of more.
func TestOutputsUnfit(t *testing.T) {
	dir := tiny(t)
	x := create(t, "x.npy", func(w io.Writer) error { return npy.Write(w, tensor.New(tensor.Float32, 3, 28, 28)) })
	for _, c := range []struct {
		inputs, outputs int
		has             string
	}{
		{2, 1, `2 inputs \["image" "more"\] and 1 output \["digit"\]`},
		{1, 2, `1 input \["image"\] and 2 outputs \["digit" "size"\]`},
		{2, 2, `2 inputs \["image" "more"\] and 2 outputs \["digit" "size"\]`},
	} {
		for _, file := range []string{"m.keras", "m.h5"} {
			_, path := forked(t, file, c.inputs, c.outputs)
			commands := [][]string{{"predict", path, x}, {"evaluate", path, "mnist", "--data", dir}, {"evaluate", path, "mnist", "--data", dir, "--loss", "mse"}}
			if file == "m.keras" {
				commands = append(commands, []string{"evaluate", reworded(t, path, "CategoricalCrossentropy", "Surprise"), "mnist", "--data", dir})
			}
			for _, args := range commands {
				status, out, errs := exec(t.Context(), args...)
				want := `^glia: .*` + regexp.QuoteMeta(filepath.Ext(path)) + `: the model has ` + c.has + `: glia ` + args[0] + ` wants one of each\n$`
				if status != 1 || out != "" || !regexp.MustCompile(want).MatchString(errs) {
					t.Errorf("%q: status %d, stdout %q, stderr %q, want status 1 and %s", args, status, out, errs, want)
				}
			}
		}
	}
}
