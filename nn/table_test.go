package nn

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/vocab"
)

// TestTables wants every class of the tables among the configs of Keras's that
// interop/keras reads, writes and has Keras compare.
func TestTables(t *testing.T) {
	text, err := os.ReadFile("../interop/keras/testdata/configs.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(table string, names []string) {
		for _, n := range names {
			if !strings.Contains(string(text), fmt.Sprintf(`: %q`, n)) && !strings.Contains(string(text), fmt.Sprintf(`[%q]`, n)) {
				t.Errorf("%s: no config with %s", table, n)
			}
		}
	}
	check("layers", slices.DeleteFunc(names(layers.Classes), func(n string) bool { return n == "TernaryDense" })) // of Keras 3.16
	check("activations", names(activations.Classes))
	check("initializers", names(initializers.Classes))
	check("regularizers", names(regularizers.Classes))
	check("constraints", names(constraints.Classes))
}

func names[T any](classes []vocab.Class[T]) (all []string) {
	for _, c := range classes {
		if !strings.Contains(c.Name, ">") { // Keras's
			all = append(all, c.Name)
		}
	}
	return all
}
