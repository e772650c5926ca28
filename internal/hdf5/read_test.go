package hdf5

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/pytest"
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
	if want.Type != "refused" && strings.TrimPrefix(d.Type(), "enum of ") != want.Type {
		return fmt.Errorf("got type %s, want %s", d.Type(), want.Type)
	}
	if got := d.StoredBytes(); want.Type != "refused" && !want.Null && got != want.Stored {
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

// dump returns what h5py reads from files.
func dump(t testing.TB, python string, files ...string) map[string][]wantObject {
	t.Helper()
	cmd := exec.Command(python, append([]string{filepath.Join("testdata", "dump.py")}, files...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s dump.py: %v\n%s", python, err, errs.Bytes())
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

// TestModels compares the models of Keras in keras-models-open.tar.gz, below the
// directory GLIA_DATA, with what h5py reads.
func TestModels(t *testing.T) {
	const archive = "keras-models-open.tar.gz"
	data := os.Getenv("GLIA_DATA")
	if data == "" {
		t.Skipf("GLIA_DATA names no directory with %s", archive)
	}
	f, err := os.Open(filepath.Join(data, archive))
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	python, dir := pytest.Python(t, "h5py", "numpy", "ml_dtypes"), t.TempDir()
	if err := unpack(dir, f); err != nil {
		t.Fatal(err)
	}
	compareDir(t, python, dir)
}

// unpack writes the HDF5 files of an archive to dir, those in .keras files too.
func unpack(dir string, r io.Reader) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	for n, tr := 0, tar.NewReader(z); ; n++ {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			return err
		}
		if filepath.Ext(h.Name) == ".keras" {
			z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				return err
			}
			if b, err = fs.ReadFile(z, "model.weights.h5"); err != nil {
				return err
			}
		} else if filepath.Ext(h.Name) != ".h5" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d-%s.h5", n, path.Base(h.Name))), b, 0o600); err != nil {
			return err
		}
	}
}

// fixtures returns the files that testdata/make.py made.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join("testdata", "files.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestFixtures compares the files that are kept with what h5py read when they were
// made.
func TestFixtures(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "want.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]wantObject
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	files := fixtures(t)
	if len(files) != len(want) || len(files) == 0 {
		t.Fatalf("got %d files, want %d", len(files), len(want))
	}
	for name, b := range files {
		if err := compare(bytes.NewReader(b), int64(len(b)), want[name]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMatrix compares many more files with what h5py reads.
func TestMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes half a minute")
	}
	python, dir := pytest.Python(t, "h5py", "numpy", "ml_dtypes"), t.TempDir()
	if out, err := exec.Command(python, filepath.Join("testdata", "make.py"), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	compareDir(t, python, dir)
}

// compareDir compares the files below a directory with what h5py reads.
func compareDir(t *testing.T, python, dir string) {
	t.Helper()
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
	want := dump(t, python, names...)
	for _, name := range names {
		compareFile(t, name, want[name])
	}
	t.Logf("%d files", len(names))
}
