package npy

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/glia-ml/glia/internal/pytest"
	"github.com/glia-ml/glia/tensor"
)

// NumPy reads what Write wrote, and writes the same bytes.
func TestPython(t *testing.T) {
	exe := pytest.Python(t, "numpy", "ml_dtypes")
	dir := t.TempDir()
	arrays := map[string]*tensor.Tensor{}
	for _, dt := range tensor.DTypes() {
		for i, dims := range [][]int{{}, {0}, {1}, {7}, {2, 3}, {3, 0, 2}, {1, 2, 1, 2, 1, 2, 1, 2}, {120, 1}} {
			name := fmt.Sprintf("%v_%d", dt, i)
			arrays[name] = count(dt, 1, dims...)
			if dt == tensor.Bool { // again.py counts, and all but 0 is true
				x := count(tensor.Int32, 1, dims...)
				arrays[name] = x.AsType(dt)
			}
			if err := os.WriteFile(filepath.Join(dir, name+".npy"), encode(t, arrays[name]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, b := range map[string][]byte{"glia.npz": archive(t, arrays), "glia-deflate.npz": archive(t, arrays, Deflate)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(exe, "testdata/again.py", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, want := range arrays {
		got, err := os.ReadFile(filepath.Join(dir, "again", name+".npy"))
		if err != nil || !bytes.Equal(got, encode(t, want)) {
			t.Errorf("%s: NumPy wrote %.200q, %v; want %.200q", name, got, err, encode(t, want))
		}
	}
	for _, name := range []string{"numpy.npz", "numpy-deflate.npz"} {
		b, err := os.ReadFile(filepath.Join(dir, "again", name))
		if err != nil {
			t.Fatal(err)
		}
		a, err := OpenArchive(bytes.NewReader(b), int64(len(b)), BFloat16)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Names()) != len(arrays) {
			t.Errorf("%s: got %d arrays, want %d", name, len(a.Names()), len(arrays))
		}
		for name, want := range arrays {
			if got, err := a.Tensor(name); err != nil || !tensor.Equal(got, want) {
				t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
			}
		}
	}
}
