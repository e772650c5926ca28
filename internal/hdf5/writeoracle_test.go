package hdf5

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// line returns what describe in writeDescribe prints of the same item.
func (r writeItem) line() string {
	if r.target != "" {
		return fmt.Sprintf("%s -> %s", r.path, r.target)
	}
	where := r.path
	if where == "" {
		where = "/"
	}
	if r.attr != "" {
		where += " @" + r.attr
	}
	if r.tensor != nil {
		return fmt.Sprintf("%s %v %s", where, r.tensor.Spec(), writeDigest(r.tensor.Bytes()))
	}
	shape := tensor.D(len(r.strings))
	if r.scalar {
		shape = tensor.D()
	}
	return fmt.Sprintf("%s string%v %s", where, shape, writeDigest([]byte(strings.Join(r.strings, "\n"))))
}

func writeDigest(b []byte) string {
	if len(b) <= 32 {
		return hex.EncodeToString(b)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// writeDescribe is a program that prints a line for each dataset, attribute and
// soft link of a file. With "change" it adds and removes names and attributes
// first, in places that no item of writeCases names.
const writeDescribe = `
import sys, hashlib, h5py, numpy as np

def digest(b):
    return b.hex() if len(b) <= 32 else hashlib.sha256(b).hexdigest()[:16]

def value(v, dtype, shape, attrs):
    dims = "[" + " ".join(map(str, shape)) + "]"
    if h5py.check_string_dtype(dtype) is not None:
        assert h5py.check_string_dtype(dtype) == ("utf-8", None), dtype
        items = [v] if shape == () else list(v)
        items = [s.encode() if isinstance(s, str) else s for s in items]
        return "string" + dims + " " + digest(b"\n".join(items))
    name = "bfloat16" if dtype == np.dtype("V2") and attrs.get("dtype") == "bfloat16" else dtype.name
    return name + dims + " " + digest(np.asarray(v).tobytes())

def describe(path, o):
    for name in o.attrs:
        a = o.attrs.get_id(name)
        print(path, "@" + name, value(o.attrs[name], a.dtype, a.shape, {}))
    if isinstance(o, h5py.Dataset):
        print(path, value(o[()], o.dtype, o.shape, o.attrs))
        return
    assert list(o) == sorted(o, key=lambda s: s.encode())
    for name in o:
        to = path.rstrip("/") + "/" + name
        link = o.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            print(to, "->", link.path)
        else:
            describe(to, o[name])

def change(o, again):
    for name in list(o):
        if isinstance(o.get(name, getlink=True), h5py.HardLink):
            if isinstance(o[name], h5py.Group):
                change(o[name], again)
    if again:
        for i in range(40):
            del o["added %d" % i]
        del o.attrs["added"]
    else:
        for i in range(40):
            o["added %d" % i] = np.full(i, i)
        o.attrs["added"] = "x" * 100

sys.stdout.reconfigure(encoding="utf-8")
if sys.argv[2:] == ["change"]:
    for again in (False, True):
        with h5py.File(sys.argv[1], "r+") as f:
            change(f, again)
with h5py.File(sys.argv[1]) as f:
    describe("/", f)
`

// writePython returns the command that runs a program in a Python that has the
// modules; it skips the test if there is none.
func writePython(t *testing.T, program string, modules ...string) func(args ...string) *exec.Cmd {
	t.Helper()
	python := os.Getenv("GLIA_PYTHON")
	if python == "" {
		python = "python3"
	}
	for _, m := range modules {
		if out, err := exec.Command(python, "-c", "import "+m).CombinedOutput(); err != nil {
			t.Skipf("%s has no module %s (GLIA_PYTHON names another Python): %v\n%s", python, m, err, out)
		}
	}
	return func(args ...string) *exec.Cmd {
		return exec.Command(python, append([]string{"-c", program}, args...)...)
	}
}

// saved writes the file of r beside others of the test and returns its name.
func (r *writeRecorder) saved(t *testing.T, name string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, r.bytes(t), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// writeQuiet runs a command that must succeed and complain of nothing.
func writeQuiet(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("%s: %v: %.2000s", filepath.Base(cmd.Path), err, complaints.Bytes())
	}
	return out.Bytes()
}

// TestWriteH5py lets h5py read what the writer wrote, and again after h5py has
// added to it and removed from it, so that the C library must find room.
func TestWriteH5py(t *testing.T) {
	python := writePython(t, writeDescribe, "h5py")
	for _, c := range writeCases {
		r := writeBuild(c.build)
		name := r.saved(t, c.name+".h5")
		var want []string
		for _, item := range r.items {
			want = append(want, item.line())
		}
		slices.Sort(want)
		for _, mode := range []string{"read", "change"} {
			out := string(writeQuiet(t, python(name, mode)))
			got := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			if out == "" {
				got = nil
			}
			slices.Sort(got)
			if i := writeDifference(got, want); i >= 0 {
				t.Errorf("%s, %s: h5py has %d items, want %d; the first that differs:\ngot  %.300q\nwant %.300q",
					c.name, mode, len(got), len(want), writeLine(got, i), writeLine(want, i))
			}
		}
	}
}

// writeDifference returns the index of the first element that differs, or -1.
func writeDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

func writeLine(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "nothing"
}

// TestWriteH5dump lets the C library's own tools go through every byte.
func TestWriteH5dump(t *testing.T) {
	for _, tool := range []string{"h5dump", "h5ls", "h5stat", "h5diff"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: %v", tool, err)
		}
	}
	for _, c := range writeCases {
		name := writeBuild(c.build).saved(t, c.name+".h5")
		writeQuiet(t, exec.Command("h5dump", "-p", name))
		writeQuiet(t, exec.Command("h5ls", "-rv", name))
		writeQuiet(t, exec.Command("h5stat", name))
		writeQuiet(t, exec.Command("h5diff", name, name))
	}
}
