package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
)

// TestBuildErrorsNameTheFile wants file and layer in the errors of a model that cannot
// be built or compiled, and no line of a program that the user did not write.
func TestBuildErrorsNameTheFile(t *testing.T) {
	_, path := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dropout(0.5), nn.Dense(3, nn.Softmax))
	layer := reworded(t, path, `"rate":0.5`, `"rate":1.5`)
	optimizer := reworded(t, path, `"beta_1":0.9`, `"beta_1":1.9`)
	to := filepath.Join(t.TempDir(), "m.h5")
	for _, c := range []struct {
		file, want string
		args       []string
	}{
		{layer, `layer "dropout": nn.Dropout: rate 1.5:`, []string{"summary", layer}},
		{layer, `layer "dropout": nn.Dropout: rate 1.5:`, []string{"evaluate", layer, "mnist"}},
		{layer, `layer "dropout": nn.Dropout: rate 1.5:`, []string{"predict", layer, "x.png"}},
		{layer + " to " + to, `layer "dropout": nn.Dropout: rate 1.5:`, []string{"convert", layer, to}},
		{optimizer, "Compile: optim: adam: beta 1.9:", []string{"summary", optimizer}},
		{optimizer, "Compile: optim: adam: beta 1.9:", []string{"evaluate", optimizer, "mnist"}},
	} {
		status, _, errs := exec(t.Context(), c.args...)
		if want := c.file + ": " + c.want; status != 1 || !strings.Contains(errs, want) || strings.Contains(errs, ".go:") {
			t.Errorf("glia %s: status %d, stderr %swant %q and no line of glia's", strings.Join(c.args, " "), status, errs, want)
		}
	}
}
