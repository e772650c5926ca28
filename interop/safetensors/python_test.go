package safetensors

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/pytest"
	"github.com/glia-ml/glia/tensor"
)

// The format's library reads what Write wrote, and writes the same bytes.
func TestPython(t *testing.T) {
	exe := pytest.Python(t, "numpy", "ml_dtypes", "safetensors")
	all := entries()
	all = append(all, Entry{"\"\\/\b\f\n\r\t\x00\x1f\x7fé\u2028€😀<>&", tensor.New(tensor.Uint8, 1)}, Entry{"", tensor.New(tensor.Int8, 2)})
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	for i, e := range all { // as again.py expects
		all[i].Tensor = count(e.Tensor.Spec().DType, i, e.Tensor.Spec().Shape.Slice()...)
	}
	for name, c := range map[string]struct {
		entries  []Entry
		metadata map[string]string
	}{
		"all":            {all, nil},
		"text":           {all, map[string]string{"\"é\x01": "a\\b\n"}},
		"empty metadata": {all[:1], map[string]string{}},
		"nothing":        {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ours, theirs := filepath.Join(dir, "glia"), filepath.Join(dir, "python")
			want := encode(t, c.metadata, c.entries...)
			if err := os.WriteFile(ours, want, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(exe, "testdata/again.py", ours, theirs).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			got, err := os.ReadFile(theirs)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("the library wrote %d bytes %.300q, %v; want %d bytes %.300q", len(got), got, err, len(want), want)
			}
			f, err := Open(theirs)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for _, e := range c.entries {
				if got, err := f.Tensor(e.Name); err != nil || !tensor.Equal(got, held(e)) {
					t.Errorf("%q: got %v, %v; want %v", e.Name, got, err, e.Tensor)
				}
			}
		})
	}
}
