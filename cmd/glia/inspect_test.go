package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// golden compares an output with what stands in testdata; GLIA_UPDATE=1 writes it.
// FILE stands for the path, VERSION for that of Keras.
func golden(t *testing.T, name, path, got string) {
	t.Helper()
	got = strings.NewReplacer(path, "FILE", "Keras "+keras.Version, "Keras VERSION").Replace(got)
	file := filepath.Join("testdata", name+".txt")
	if os.Getenv("GLIA_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("got\n%s\nwant, by %s,\n%s", got, file, want)
	}
}

// inDir enters a new directory, so that paths are short and lines end alike.
func inDir(t *testing.T) { t.Chdir(t.TempDir()) }

// fill writes a file in the directory.
func fill(t *testing.T, name string, write func(w io.Writer) error) {
	t.Helper()
	var b bytes.Buffer
	err := write(&b)
	if err == nil {
		err = os.WriteFile(name, b.Bytes(), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func writeHDF5(w io.Writer) error {
	h := hdf5.NewWriter()
	root := h.Root()
	root.SetAttr("keras_version", "3.0.0")
	root.SetAttr("model_config", strings.Repeat("{", 500))
	root.SetAttr("names", []string{"a", "a b", "ä\x1b[31m"})
	root.SetAttr("many", strings.Split(strings.Repeat("x,", 20), ","))
	root.SetAttr("count", int64(7))
	root.SetAttr("shape", tensor.Of[int32](1, 2, 3))
	root.SetAttr("matrix", tensor.New(tensor.Float64, 3, 3))
	g := root.Group("layers/dense/vars")
	g.SetAttr("name", "dense")
	g.Dataset("0", tensor.New(tensor.Float32, 40, 30), hdf5.Chunks(10, 30), hdf5.Shuffle, hdf5.Gzip(6))
	g.Dataset("1", tensor.New(tensor.BFloat16, 30))
	root.Dataset("scalar", tensor.Scalar(1.5)).SetAttr("unit", "none")
	root.Strings("texts", []string{"a", "b"})
	root.SoftLink("soft", "/layers/dense")
	root.SoftLink("lost", "/nowhere")
	_, err := h.WriteTo(w)
	return err
}

// TestInspect compares the listings of small files of every format.
func TestInspect(t *testing.T) {
	_, whole := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(4), nn.Dense(3, nn.Softmax, nn.Name("head")))
	changing := regexp.MustCompile(`(?m)(@ date_saved: |@ keras_version: 3\.1|^[^ ]+: |config\.json +|model\.weights\.h5 +).*`)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	inDir(t)
	array := func(w io.Writer) error { return npy.Write(w, tensor.New(tensor.Int16, 2, 3)) }
	fill(t, "x.h5", writeHDF5)
	fill(t, "x.npy", array)
	fill(t, "x.npz", func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, m := range []struct{ name, head string }{
			{"a/big.npy", `{'descr': '>f8', 'fortran_order': True, 'shape': (1, 2)}`},
			{"a/rows.npy", `{'descr': [('x', '<f4'), ('y', '<i8')], 'fortran_order': False, 'shape': (0,)}`},
			{"b.npy", `{'descr': '<f4', 'fortran_order': False, 'shape': ()}`},
		} {
			f, err := z.Create(m.name)
			if err != nil {
				return err
			}
			head := m.head + strings.Repeat(" ", 117-len(m.head)) + "\n"
			fmt.Fprintf(f, "\x93NUMPY\x01\x00%c\x00%s%s", len(head), head, strings.Repeat("\x00", map[string]int{"a/big.npy": 16, "b.npy": 4}[m.name]))
		}
		return z.Close()
	})
	fill(t, "x.safetensors", func(w io.Writer) error {
		return safetensors.Write(w, []safetensors.Entry{
			{Name: "block/0/w", Tensor: tensor.New(tensor.Float16, 8, 9)}, {Name: "block/0/b", Tensor: tensor.New(tensor.Float32, 9)},
			{Name: "block/1/w", Tensor: tensor.New(tensor.Float16, 9, 1000)}, {Name: "block", Tensor: tensor.New(tensor.Bool)},
			{Name: "odd \x1b[2J name", Tensor: tensor.New(tensor.Int64, 0, 2)}, {Name: strings.Repeat("/", 100), Tensor: tensor.New(tensor.Int64)},
		}, map[string]string{"format": "pt", "note": "two\nlines"})
	})
	for _, name := range []string{"x.h5", "x.npy", "x.npz", "x.safetensors"} {
		out := must(t, "inspect", name)
		t.Run(name, func(t *testing.T) {
			t.Chdir(here)
			golden(t, "inspect-"+strings.TrimPrefix(name, "x."), name, out)
		})
	}
	out := must(t, "inspect", whole)
	t.Chdir(here)
	golden(t, "inspect-keras", whole, changing.ReplaceAllString(out, "$1..."))
}

// TestInspectDeep lists groups that are nested deeper than a line is wide.
func TestInspectDeep(t *testing.T) {
	path := create(t, "deep.h5", func(w io.Writer) error {
		h := hdf5.NewWriter()
		h.Root().Group(strings.Repeat("g/", 59)+"g").Dataset("x", tensor.Scalar(1.0))
		_, err := h.WriteTo(w)
		return err
	})
	out := must(t, "inspect", path)
	if strings.Count(out, "g\n") != 60 || !strings.Contains(out, "1 tensor, 1 number, 8 bytes\n") || len(out) > 10_000 {
		t.Errorf("%d bytes: %.2000s", len(out), out)
	}
}

// TestClosedPipe checks that a listing that nobody reads to the end ends quietly.
func TestClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	_, path := saved(t, "m.keras", nil, nn.Input(4), nn.Dense(3))
	out := &output{File: w}
	var errs bytes.Buffer
	status := run(t.Context(), []string{"inspect", path}, out, &errs)
	if status != 0 || errs.Len() > 0 || !out.closed() {
		t.Errorf("status %d, stderr %s, error of the output %v", status, &errs, out.err)
	}
}
