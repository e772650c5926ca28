// Package pytest finds the Python that tests compare glia's files with.
package pytest

import (
	"cmp"
	"os"
	"os/exec"
	"testing"
)

// Python returns the Python that GLIA_PYTHON names, python3 by default. It skips the test
// unless that has the modules.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	exe := cmp.Or(os.Getenv("GLIA_PYTHON"), "python3")
	if _, err := exec.LookPath(exe); err != nil {
		t.Skipf("no Python: %v", err)
	}
	for _, m := range modules {
		if out, err := exec.Command(exe, "-c", "import "+m).CombinedOutput(); err != nil {
			t.Skipf("%s has no module %s (GLIA_PYTHON names another): %v: %s", exe, m, err, out[max(0, len(out)-200):])
		}
	}
	return exe
}
