package keras_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// parityPage is the page that TestParity writes.
const parityPage = "../../docs/parity.md"

// vocabulary is Keras's, as testdata/names.py asks Keras for it.
type vocabulary struct {
	Keras   string
	Modules []struct {
		Module string
		Names  []kerasName
	}
}

// kerasName is a class, and the other names that it has.
type kerasName struct {
	Name string
	Also []string
}

// TestParity compares docs/parity.md with what glia has of Keras's public names, and with
// how far its numbers are from Keras's over the cases of testdata/golden. With
// GLIA_UPDATE=1 it writes the page.
//
// The page has to agree in all but the last digits of errors, which differ with the
// machine: those up to 1e-6 count as one, others have to be within a factor of ten.
func TestParity(t *testing.T) {
	text, err := os.ReadFile("testdata/names.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vocabulary
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	r, err := ownReport()
	if err != nil {
		t.Fatal(err)
	}
	page := parityOf(t, v, r)
	if os.Getenv("GLIA_UPDATE") != "" {
		if err := os.WriteFile(parityPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(parityPage)
	if err != nil {
		t.Fatal(err)
	}
	got, want := strings.Split(strings.ReplaceAll(string(committed), "\r", ""), "\n"), strings.Split(page, "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !sameLine(got[i], want[i]) {
			t.Fatalf("%s is out of date in line %d (GLIA_UPDATE=1 writes it):\ngot  %s\nwant %s", parityPage, i+1, at(got, i), at(want, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}

// sameLine compares two lines of the page, whose last cell may be an error.
func sameLine(a, b string) bool {
	cellsA, cellsB := strings.Split(a, " | "), strings.Split(b, " | ")
	last := len(cellsA) - 1
	if a == b || last < 1 || len(cellsB) != len(cellsA) || strings.Join(cellsA[:last], "") != strings.Join(cellsB[:last], "") {
		return a == b
	}
	x, errX := strconv.ParseFloat(strings.TrimSuffix(cellsA[last], " |"), 64)
	y, errY := strconv.ParseFloat(strings.TrimSuffix(cellsB[last], " |"), 64)
	x, y = max(x, 1e-6), max(y, 1e-6)
	return errX == nil && errY == nil && x <= 10*y && y <= 10*x
}

// TestSameLine makes sure that the comparison sees what it has to.
func TestSameLine(t *testing.T) {
	const line = "| `Huber` | `loss.Huber` | 24 | 2e-05 |"
	for other, same := range map[string]bool{
		line: true, "| `Huber` | `loss.Huber` | 24 | 9e-05 |": true, "| `Huber` | `loss.Huber` | 24 | 9e-04 |": false,
		"| `Huber` | `loss.Huber` | 23 | 2e-05 |": false, "| `Huber` | no | | |": false, "| `Huber` | `loss.Hubert` | 24 | 2e-05 |": false,
	} {
		if sameLine(line, other) != same || sameLine(other, line) != same {
			t.Errorf("%s and %s: want %v", line, other, same)
		}
	}
	if !sameLine("| a | 0 |", "| a | 3e-07 |") {
		t.Error("0 and 3e-07 are not the same")
	}
}

// kinds says for every module of Keras's what its cases are called and how a name is read.
var kinds = map[string]struct {
	title, kind string
	packages    []string // where glia has it
	read        func(name string) error
}{
	"keras.activations":  {"Activations", "activation", []string{"nn"}, readInto[nn.Activation]},
	"keras.initializers": {"Initializers", "initializer", []string{"nn"}, readInto[nn.Initializer]},
	"keras.regularizers": {"Regularizers", "regularizer", []string{"nn"}, readInto[nn.Regularizer]},
	"keras.constraints":  {"Constraints", "constraint", []string{"nn"}, readInto[nn.Constraint]},
	"keras.losses": {"Losses", "loss", []string{"loss"}, func(name string) error {
		_, err := loss.FromConfig(name, nil)
		return err
	}},
	"keras.metrics": {"Metrics", "metric", []string{"metric", "loss"}, func(name string) error {
		_, err := metric.FromConfig(name, nil)
		if lacksName(err, name) {
			_, err = loss.FromConfig(name, nil)
		}
		return err
	}},
	"keras.optimizers": {"Optimizers", "optimizer", []string{"optim"}, func(name string) error {
		_, err := optim.FromConfig(name, nil)
		return err
	}},
	"keras.optimizers.schedules": {"Schedules", "schedule", []string{"optim"}, readInto[optim.Schedule]},
	"keras.callbacks":            {"Callbacks", "", []string{"", "callback"}, nil},
	"keras.layers": {"Layers", "layer", []string{"nn", "preprocess"}, func(name string) error {
		_, err := nn.LayerFromConfig(name, nil)
		return err
	}},
}

// readInto reads a name as an object of that class, or as a function.
func readInto[T any](name string) error {
	text, err := json.Marshal(map[string]any{"class_name": name, "config": map[string]any{}})
	if err == nil {
		err = json.Unmarshal(text, new(T))
	}
	return err
}

// lacksName reports whether an error says that a table has no such name.
func lacksName(err error, name string) bool {
	var m *vocab.MissingError
	return errors.As(err, &m) && m.Items[0].Name == name && m.Items[0].At == ""
}

// elsewhere lists names that glia has under another name, or which no table reads, since
// they stand for what the user writes.
var elsewhere = map[string]string{
	"keras.activations.sparsemax":                     "nn.KerasSparsemax",
	"keras.activations.threshold":                     "nn.Threshold",
	"keras.initializers.Identity":                     "nn.IdentityInitializer",
	"keras.initializers.Initializer":                  "nn.Initializer",
	"keras.initializers.Orthogonal":                   "nn.OrthogonalInitializer",
	"keras.initializers.STFT":                         "nn.STFTInitializer",
	"keras.regularizers.Regularizer":                  "nn.Regularizer",
	"keras.losses.Loss":                               "loss.Loss",
	"keras.metrics.Accuracy":                          "metric.ExactAccuracy",
	"keras.metrics.MeanMetricWrapper":                 "metric.Mean",
	"keras.metrics.Metric":                            "metric.Metric",
	"keras.optimizers.LossScaleOptimizer":             "optim.LossScale",
	"keras.optimizers.MultiOptimizer":                 "optim.Multi",
	"keras.optimizers.Optimizer":                      "optim.Optimizer",
	"keras.optimizers.OptimizerMap":                   "optim.For",
	"keras.optimizers.schedules.LearningRateSchedule": "optim.Schedule",
	"keras.callbacks.LambdaCallback":                  "glia.Callback",
	"keras.callbacks.CallbackList":                    "glia.Use",
	"keras.callbacks.ProgbarLogger":                   "glia.Progress",
	"keras.callbacks.RemoteMonitor":                   "remote.Monitor",
	"keras.callbacks.TensorBoard":                     "tensorboard.Callback",
	"keras.layers.ELU":                                "nn.ELUAlpha",
	"keras.layers.Input":                              "nn.Input",
	"keras.layers.InputLayer":                         "nn.Input",
	"keras.layers.Lambda":                             "nn.Lambda",
	"keras.layers.Layer":                              "nn.Layer",
	"keras.layers.LeakyReLU":                          "nn.LeakyReLUSlope",
	"keras.layers.ReLU":                               "nn.ReLUWith",
	"keras.layers.Softmax":                            "nn.SoftmaxAxis",
}

// unmeasured says why there are no cases of what glia has.
var unmeasured = map[string]string{
	"keras.initializers.Initializer":                  "a type",
	"keras.regularizers.Regularizer":                  "a type",
	"keras.losses.Loss":                               "a type",
	"keras.metrics.Metric":                            "a type",
	"keras.metrics.MeanMetricWrapper":                 "of any function",
	"keras.optimizers.Optimizer":                      "a type",
	"keras.optimizers.OptimizerMap":                   "part of MultiOptimizer",
	"keras.optimizers.schedules.LearningRateSchedule": "a type",
	"keras.layers.GaussianDropout":                    "random",
	"keras.layers.GaussianNoise":                      "random",
	"keras.layers.Input":                              "declares a shape",
	"keras.layers.InputLayer":                         "declares a shape",
	"keras.layers.TextVectorization":                  "of texts: `preprocess`",
	"keras.layers.Lambda":                             "of any function",
	"keras.layers.Layer":                              "a type",
	"keras.layers.Masking":                            "of masks: nn",
}

// parityOf writes the page.
func parityOf(t *testing.T, v vocabulary, r *report) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, `# Keras's vocabulary in glia

Every public name of Keras %s that a model is made or trained of, and what glia calls it.
The tables are written by TestParity in interop/keras:

    GLIA_UPDATE=1 go test ./interop/keras -run Parity

Cases are those of interop/keras/testdata/golden, computed by Keras; all pass, on the
references of the operations and as compiled plans. The worst error is that of the
compiled plans over all numbers of the cases: the difference from what Keras computes,
which does so in float32, relative where a number is over 1. Digits differ with the machine, up to 1e-6 they count as
one, so that writing the page again may change them. Of what draws random numbers
the distribution is compared. A metric that is the mean of a loss has the cases of the loss
where it has none of its own. Up to Keras 3.15 its sparsemax is not that of the paper, which
is `+"`nn.Sparsemax`"+`: files of Keras 3.16 and later with one are refused.
`, v.Keras)
	names := exported(t)
	for _, m := range v.Modules {
		k, ok := kinds[m.Module]
		if !ok {
			t.Fatalf("module %s: want one of the kinds", m.Module)
		}
		var rows strings.Builder
		here := 0
		for _, n := range m.Names {
			row, ok := parityRow(t, m.Module, n, names, r)
			if ok {
				here++
			}
			rows.WriteString(row)
		}
		head := "| Keras | glia | cases | worst error |\n|---|---|---|---|\n"
		if k.kind == "" {
			head = "| Keras | glia |\n|---|---|\n"
		}
		fmt.Fprintf(&b, "\n## %s\n\n`%s`: %d of %d names.\n\n%s%s", k.title, m.Module, here, len(m.Names), head, &rows)
	}
	return b.String()
}

// parityRow writes the row of a name and returns whether glia has it.
func parityRow(t *testing.T, module string, n kerasName, names map[string]string, r *report) (string, bool) {
	t.Helper()
	k := kinds[module]
	title := "`" + n.Name + "`"
	for _, a := range n.Also {
		title += " `" + a + "`"
	}
	ident := gliaName(t, module, n.Name, names)
	switch {
	case k.kind == "" && ident == "":
		return fmt.Sprintf("| %s | no |\n", title), false
	case k.kind == "":
		return fmt.Sprintf("| %s | `%s` |\n", title, ident), true
	case ident == "":
		return fmt.Sprintf("| %s | no | | |\n", title), false
	}
	o, drawn := r.outcomeOf(module, n.Name)
	api := module + "." + n.Name
	cases, far := strconv.Itoa(o.pass), fmt.Sprintf("%.0e", o.worst)
	switch {
	case o.pass == 0 && unmeasured[api] == "":
		t.Errorf("%s: no case in testdata/golden", api)
	case o.pass == 0:
		cases, far = "", unmeasured[api]
	case drawn:
		far = "random"
	case o.worst == 0:
		far = "0"
	}
	if o.fail > 0 || o.uncovered > 0 {
		t.Errorf("%s: %d cases fail, %d are not covered", api, o.fail, o.uncovered)
	}
	return fmt.Sprintf("| %s | `%s` | %s | %s |\n", title, ident, cases, far), true
}

// outcomeOf returns what became of the cases of a name, and whether they are those of
// something random. A loss among the metrics has those of the loss, if no others.
func (r *report) outcomeOf(module, name string) (o outcome, drawn bool) {
	find := func(kind, api string) bool {
		found := r.of[kind][api]
		if found != nil {
			o = *found
		}
		return found != nil
	}
	api := module + "." + name
	kind := kinds[module].kind
	switch {
	case find(kind, api):
	case find("initializer_statistics", api):
		return o, true
	case kind == "metric":
		for loss := range r.of["loss"] {
			if fold(loss) == fold("keras.losses."+name) {
				find("loss", loss)
			}
		}
	}
	return o, false
}

// gliaName returns what glia calls a name of Keras's, empty if it has none.
func gliaName(t *testing.T, module, name string, names map[string]string) string {
	t.Helper()
	k := kinds[module]
	if ident := elsewhere[module+"."+name]; ident != "" {
		if names[fold(ident)] != ident {
			t.Errorf("%s.%s: %s does not exist", module, name, ident)
		}
		return ident
	}
	known := k.read != nil && !lacksName(k.read(name), name)
	for i, pkg := range k.packages {
		if pkg == "" {
			pkg = "glia"
		}
		ident := names[fold(pkg+"."+name)]
		switch {
		case ident == "" || k.read != nil && !known:
			continue
		case k.kind == "metric" && i > 0:
			return "metric.FromLoss(" + ident + ")"
		}
		return ident
	}
	if known {
		t.Errorf("%s.%s: a table reads it, no identifier has that name", module, name)
	}
	return ""
}

// fold makes names alike that differ in case and in underscores.
func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// exported returns glia's exported identifiers by their folded names.
func exported(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for pkg, dir := range map[string]string{
		"glia": "../..", "callback": "../../callback", "nn": "../../nn", "loss": "../../loss", "metric": "../../metric", "optim": "../../optim", "preprocess": "../../preprocess", "remote": "../../remote", "tensorboard": "../../tensorboard",
	} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			for _, name := range declared(t, f) {
				all[fold(pkg+"."+name)] = pkg + "." + name
			}
		}
	}
	return all
}
