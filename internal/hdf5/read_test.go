package hdf5

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// wantObject is what testdata/dump.py says of an object.
type wantObject struct {
	Path  string
	Names []string // of a group
	Attrs map[string]wantValue
	wantValue
	Stored int64
}

// wantValue is what testdata/dump.py says of the elements of an attribute or a
// dataset.
type wantValue struct {
	Type   string // of a dtype, "string" or "refused"
	Shape  []int
	Null   bool
	Scalar bool
	Data   string // see digest
}

func digest(b []byte) string {
	if len(b) <= 32 {
		return hex.EncodeToString(b)
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func packStrings(s []string) []byte {
	var b []byte
	for _, s := range s {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}

// compare walks a file and returns how it differs from what h5py read.
func compare(r io.ReaderAt, size int64, want []wantObject) error {
	g, err := Open(r, size)
	if err != nil {
		return err
	}
	i := 0
	err = Walk(g, func(o Object) error {
		if i == len(want) {
			return fmt.Errorf("%s: got it after all %d objects", o.Path(), i)
		}
		w := &want[i]
		i++
		if o.Path() != w.Path {
			return fmt.Errorf("object %d: got %s, want %s", i, o.Path(), w.Path)
		}
		if err := compareObject(g, o, w); err != nil {
			return fmt.Errorf("%s: %w", o.Path(), err)
		}
		return nil
	})
	if err == nil && i != len(want) {
		err = fmt.Errorf("got %d objects, want %d, the next one %s", i, len(want), want[i].Path)
	}
	return err
}

func compareObject(root *Group, o Object, want *wantObject) error {
	names, err := o.AttrNames()
	if err != nil {
		return err
	}
	if len(names) != len(want.Attrs) {
		return fmt.Errorf("attributes: got %q, want %d", names, len(want.Attrs))
	}
	for name, w := range want.Attrs {
		v, err := o.Attr(name)
		if err := compareAttr(v, err, &w); err != nil {
			return fmt.Errorf("attribute %q: %w", name, err)
		}
	}
	again, err := root.Get(o.Path())
	if err != nil || again.Path() != o.Path() {
		return fmt.Errorf("Get: got %v, %v", again, err)
	}
	if g, ok := o.(*Group); ok {
		if names, err := g.Names(); err != nil || !slices.Equal(names, want.Names) {
			return fmt.Errorf("links: got %q, %v, want %q", names, err, want.Names)
		}
		return nil
	}
	return compareDataset(again.(*Dataset), want)
}

func compareAttr(v any, err error, want *wantValue) error {
	if want.Type == "refused" && !want.Null {
		if err == nil {
			return fmt.Errorf("got %v, want an error", v)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if want.Null {
		if v != nil {
			return fmt.Errorf("got %v, want nil", v)
		}
		return nil
	}
	var got []byte
	var shape []int
	typ := want.Type
	switch v := v.(type) {
	case string:
		got, typ = packStrings([]string{v}), "string"
	case []string:
		got, typ, shape = packStrings(v), "string", want.Shape
	case *tensor.Tensor:
		got, typ, shape = v.Bytes(), v.DType().String(), v.Shape().Slice()
	default:
		// A scalar: back to the type it had.
		t, err := scalarTensor(v)
		if err != nil {
			return err
		}
		got = t.AsType(tensor.ParseDType(typ)).Bytes()
	}
	_, array := v.([]string)
	_, numbers := v.(*tensor.Tensor)
	if want.Scalar == (array || numbers) || typ != want.Type || !slices.Equal(shape, want.Shape) || digest(got) != want.Data {
		return fmt.Errorf("got %T %s %v %s, want %+v", v, typ, shape, digest(got), *want)
	}
	return nil
}

func scalarTensor(v any) (*tensor.Tensor, error) {
	switch v := v.(type) {
	case int64:
		return tensor.Scalar(v), nil
	case uint64:
		return tensor.Scalar(v), nil
	case float64:
		return tensor.Scalar(v), nil
	case bool:
		return tensor.Scalar(v), nil
	}
	return nil, fmt.Errorf("got a %T", v)
}

func compareDataset(d *Dataset, want *wantObject) error {
	if want.Type != "refused" && d.Type() != want.Type {
		return fmt.Errorf("got type %s, want %s", d.Type(), want.Type)
	}
	if got := d.StoredBytes(); !want.Null && got != want.Stored {
		return fmt.Errorf("got %d bytes stored, want %d", got, want.Stored)
	}
	if want.Null != (d.Dims() == nil) {
		return fmt.Errorf("got dims %v, want nil: %v", d.Dims(), want.Null)
	}
	dims := make([]int, len(d.Dims()))
	for i, v := range d.Dims() {
		dims[i] = int(v)
	}
	if !slices.Equal(dims, want.Shape) {
		return fmt.Errorf("got shape %v, want %v", dims, want.Shape)
	}
	if want.Type == "string" {
		s, err := d.Strings()
		if err != nil {
			return err
		}
		if got := digest(packStrings(s)); got != want.Data {
			return fmt.Errorf("got %.200q %s, want %s", s, got, want.Data)
		}
		return nil
	}
	t, err := d.Tensor()
	if want.Type == "refused" || want.Null {
		if err == nil {
			return fmt.Errorf("got %v, want an error", t.Spec())
		}
		return nil
	}
	if err != nil {
		return err
	}
	if got := digest(t.Bytes()); got != want.Data || !slices.Equal(t.Shape().Slice(), want.Shape) {
		return fmt.Errorf("got %v %s, want %+v", t.Spec(), got, want.wantValue)
	}
	// Again, over what is there.
	for i := range t.Bytes() {
		t.Bytes()[i] = 1
	}
	if err := d.ReadInto(t); err != nil || digest(t.Bytes()) != want.Data {
		return fmt.Errorf("ReadInto: got %s, %v, want %s", digest(t.Bytes()), err, want.Data)
	}
	return nil
}

// python returns an interpreter that has h5py; without one the test is skipped.
func python(t testing.TB) string {
	t.Helper()
	name := os.Getenv("GLIA_PYTHON")
	if name == "" {
		name = "python3"
	}
	if out, err := exec.Command(name, "-c", "import h5py, numpy, ml_dtypes").CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Skipf("%s: %v: %s", name, err, lines[len(lines)-1])
	}
	return name
}

// dump returns what h5py reads from files.
func dump(t testing.TB, python string, files ...string) map[string][]wantObject {
	t.Helper()
	cmd := exec.Command(python, append([]string{filepath.Join("testdata", "dump.py")}, files...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, errs.Bytes())
	}
	var want map[string][]wantObject
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func compareFile(t *testing.T, name string, want []wantObject) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(bytes.NewReader(b), int64(len(b)), want); err != nil {
		t.Errorf("%s: %v", filepath.Base(name), err)
	}
}

// TestFiles compares the files below the directory GLIA_HDF5 with what h5py reads.
func TestFiles(t *testing.T) {
	dir := os.Getenv("GLIA_HDF5")
	if dir == "" {
		t.Skip("GLIA_HDF5 names no directory of files")
	}
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".h5" {
			names = append(names, path)
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: got %d files, %v", dir, len(names), err)
	}
	want := dump(t, python(t), names...)
	for _, name := range names {
		compareFile(t, name, want[name])
	}
	t.Logf("%d files", len(names))
}
