package keras_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// python returns an interpreter that has Keras: the one that GLIA_PYTHON names, or
// python3. If it has none, one is installed into the folder that GLIA_KERAS_VENV names,
// with CI=true into a folder of the user's cache; otherwise the test skips.
func python(t *testing.T) func(args ...string) error {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped with -short: Keras takes seconds to start")
	}
	name, err := findKeras()
	if err != nil {
		t.Skipf("no Keras: %v (GLIA_PYTHON names a Python that has it, GLIA_KERAS_VENV a folder to install it into)", err)
	}
	return func(args ...string) error {
		_, err := runPython(name, args...)
		return err
	}
}

func runPython(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "PYTHONWARNINGS=ignore")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s %.300q: %w\n%s", name, args, err, out)
	}
	return out, nil
}

var findKeras = sync.OnceValues(func() (string, error) {
	name := os.Getenv("GLIA_PYTHON")
	if name == "" {
		name = "python3"
	}
	err := hasKeras(name)
	dir := os.Getenv("GLIA_KERAS_VENV")
	if err == nil || dir == "" && os.Getenv("CI") != "true" {
		return name, err
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(cache, "glia-keras")
	}
	cmd := exec.Command("sh", "testdata/realkeras-venv.sh", dir)
	cmd.Env = append(os.Environ(), "PYTHON="+name)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("realkeras-venv.sh: %w: %s", err, out)
	}
	name = filepath.Join(dir, "bin", "python")
	return name, hasKeras(name)
})

func hasKeras(python string) error {
	out, err := exec.Command(python, "-c", "import os; os.environ.setdefault('KERAS_BACKEND', 'jax'); import keras, h5py").CombinedOutput()
	if err != nil {
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		return fmt.Errorf("%s: %w: %s", python, err, lines[len(lines)-1])
	}
	return nil
}
