package loss

import (
	"os"
	"strings"
	"testing"
)

// TestTable wants every class of the table among the configs of Keras's that
// interop/keras reads, writes and has Keras compare.
func TestTable(t *testing.T) {
	text, err := os.ReadFile("../interop/keras/testdata/configs.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range losses.Classes {
		if !strings.Contains(string(text), `: "`+c.Name+`"`) && !strings.Contains(string(text), `["`+c.Name+`"]`) {
			t.Errorf("no config with %s", c.Name)
		}
	}
}
