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

	"github.com/glia-ml/glia/internal/pytest"
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
// soft link of a file. It prints them again, after an empty line, when it has
// added and removed names and attributes, in places that no item of writeCases
// names. Then it removes everything, one by one.
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

# twins holds what h5py makes of the same data, to compare types and properties.
twins = h5py.File("twins", "w", driver="core", backing_store=False)

def properties(d):
    p = d.id.get_create_plist()
    return (p.get_layout(), p.get_chunk() if d.chunks else None, p.get_alloc_time(), p.get_fill_time(),
            p.fill_value_defined(), p.get_attr_creation_order(),
            [p.get_filter(i) for i in range(p.get_nfilters())])

def compare(path, o, v):
    t = twins.create_dataset(None, data=v, dtype=o.dtype, chunks=o.chunks, shuffle=o.shuffle,
                             compression=o.compression, compression_opts=o.compression_opts)
    assert o.id.get_type() == t.id.get_type(), path + ": another type than h5py's"
    assert properties(o) == properties(t), (path, properties(o), "h5py's:", properties(t))
    assert o.maxshape == t.maxshape, path + ": another largest shape than h5py's"

def describe(path, o, first):
    for name in o.attrs:
        a = o.attrs.get_id(name)
        v = o.attrs[name]
        print(path, "@" + name, value(v, a.dtype, a.shape, {}))
        if first:
            g = twins.create_group(None)
            g.attrs.create("twin", v, dtype=a.dtype, shape=a.shape)
            assert a.get_type() == g.attrs.get_id("twin").get_type(), path + " @" + name + ": another type than h5py's"
    if isinstance(o, h5py.Dataset):
        v = o[()]
        print(path, value(v, o.dtype, o.shape, o.attrs))
        if first:
            compare(path, o, v)
        return
    assert list(o) == sorted(o, key=lambda s: s.encode())
    for name in o:
        to = path.rstrip("/") + "/" + name
        link = o.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            print(to, "->", link.path)
        else:
            describe(to, o[name], first)

def each(o, do):
    for name in list(o):
        link = o.get(name, getlink=True)
        if isinstance(link, h5py.HardLink) and isinstance(o[name], h5py.Group):
            each(o[name], do)
    do(o)

def add(o):
    for i in range(40):
        o["added %d" % i] = np.full(i, i)
    o.attrs["added"] = "x" * 100

def undo(o):
    for i in range(40):
        del o["added %d" % i]
    del o.attrs["added"]

def remove(o):
    for name in sorted(o, reverse=o.name.endswith("7")): # 257 from the end
        del o[name]

sys.stdout.reconfigure(encoding="utf-8")
file = sys.argv[1]
with h5py.File(file) as f:
    describe("/", f, True)
for do in (add, undo):
    with h5py.File(file, "r+") as f:
        each(f, do)
print()
with h5py.File(file) as f:
    describe("/", f, False)
with h5py.File(file, "r+") as f:
    each(f, remove)
with h5py.File(file) as f:
    assert list(f) == [], list(f)
`

// writePython returns the command that runs a program in a Python that has the
// modules; it skips the test if there is none.
func writePython(t *testing.T, program string, modules ...string) func(args ...string) *exec.Cmd {
	t.Helper()
	python := pytest.Python(t, modules...)
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
// added to it and removed from it, so that the C library must find room and
// follow every pointer.
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
		read, changed, _ := strings.Cut("\n"+string(writeQuiet(t, python(name))), "\n\n")
		for when, out := range map[string]string{"read": read, "changed": "\n" + changed} {
			got := strings.Split(strings.TrimRight(out, "\n"), "\n")[1:]
			slices.Sort(got)
			if i := writeDifference(got, want); i >= 0 {
				t.Errorf("%s, %s: h5py has %d items, want %d; the first that differs:\ngot  %.300q\nwant %.300q",
					c.name, when, len(got), len(want), writeLine(got, i), writeLine(want, i))
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
		if testing.Short() && len(c.name)%4 != 0 {
			continue
		}
		name := writeBuild(c.build).saved(t, c.name+".h5")
		writeQuiet(t, exec.Command("h5dump", "-p", name))
		writeQuiet(t, exec.Command("h5ls", "-rv", name))
		writeQuiet(t, exec.Command("h5stat", name))
		writeQuiet(t, exec.Command("h5diff", name, name))
	}
}
