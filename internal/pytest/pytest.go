// Package pytest finds the Python that tests compare glia's files with.
package pytest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
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
	if len(modules) == 0 {
		return exe
	}
	imports := "import " + strings.Join(modules, ", ")
	once, _ := tried.LoadOrStore(exe+" "+imports, sync.OnceValue(func() error {
		out, err := exec.Command(exe, "-c", imports).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out[max(0, len(out)-200):])
		}
		return nil
	}))
	if err := once.(func() error)(); err != nil {
		t.Skipf("%s cannot %s (GLIA_PYTHON names another): %v", exe, imports, err)
	}
	return exe
}

// tried holds whether a Python has modules, which takes it seconds to tell.
var tried sync.Map
