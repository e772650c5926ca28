package keras_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// counted makes every variable of a model and its optimizer another.
func counted(m *glia.Model) *glia.Model {
	vars := m.Network().Vars()
	if m.Optimizer() != nil {
		vars = append(vars[:len(vars):len(vars)], m.Optimizer().Vars()...)
	}
	for i, v := range vars {
		for j, b := 0, v.Tensor().Bytes(); j < len(b); j++ {
			b[j] = byte(i + j)
		}
	}
	return m
}

// opened opens a file of bytes.
func opened(t testing.TB, b []byte) *keras.File {
	t.Helper()
	f, err := keras.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// modelIn reads the model in a file.
func modelIn(t testing.TB, b []byte) *keras.Model {
	t.Helper()
	m, err := keras.ReadModel(opened(t, b).Object, keras.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// content returns what a file holds, without the date of a .keras file.
func content(t testing.TB, b []byte, f keras.Format) string {
	t.Helper()
	if f != keras.Archive {
		return string(b)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, m := range z.File {
		if m.Name == "metadata.json" {
			continue
		}
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(m.Name + "\n" + string(b))
	}
	return all.String()
}

// TestStoredIn writes, from files of every format, the files that the model in memory
// is saved as.
func TestStoredIn(t *testing.T) {
	adam := func() *glia.Model {
		m := small(t)
		if err := m.Compile(optim.Adam(optim.CosineDecay(0.1, 100)), loss.MeanSquaredError()); err != nil {
			t.Fatal(err)
		}
		return m
	}
	halves := glia.Sequential(input(), dense("a", 3, nn.BFloat16), dense("b", 2, nn.Float16), dense("c", 2, nn.MixedBFloat16))
	if err := halves.Compile(sgd(), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*glia.Model{"momentum": counted(small(t)), "adam": counted(adam()), "halves": counted(halves)} {
		whole := saved(t, m, keras.Archive)
		m, err := glia.LoadBytes(whole) // whose config is in the order of the file
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range formats {
			b := saved(t, m, from)
			for _, to := range formats {
				k := modelIn(t, whole)
				if from.Whole() {
					k = modelIn(t, b)
				}
				s, err := k.StoredIn(opened(t, b), keras.ByPlace)
				if err != nil {
					t.Fatalf("%s: %v to %v: %v", name, from, to, err)
				}
				var out bytes.Buffer
				if err := s.Write(&out, to); err != nil {
					t.Errorf("%s: %v to %v: %v", name, from, to, err)
				} else if content(t, out.Bytes(), to) != content(t, saved(t, m, to), to) {
					t.Errorf("%s: %v to %v is another file than the model is saved as", name, from, to)
				}
			}
		}
	}
}

// TestStoredFresh writes the optimizer's state of a new one where the file has none.
func TestStoredFresh(t *testing.T) {
	m := counted(small(t))
	s, err := modelIn(t, saved(t, m, keras.Archive)).StoredIn(opened(t, saved(t, counted(uncompiled()), keras.Safetensors)), keras.ByPlace)
	if err != nil {
		t.Fatal(err)
	}
	s.Date = time.Now()
	var out bytes.Buffer
	if err := s.Write(&out, keras.Archive); err != nil {
		t.Fatal(err)
	}
	back, err := glia.LoadBytes(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "weights", back.Network().Vars(), m.Network().Vars())
	for _, v := range back.Optimizer().Vars() {
		if x := v.Tensor(); !strings.HasSuffix(v.Path, "learning_rate") && !tensor.Equal(x, tensor.NewSpec(x.Spec())) {
			t.Errorf("%s is %v, want zeros", v.Path, x)
		}
	}
}

// uncompiled is the model of small without how it is trained, built.
func uncompiled() *glia.Model {
	m := glia.Sequential(input(), dense("a", 3, nn.ReLU), nn.Sequential(dense("b", 2), nn.Dropout(0.5)))
	if _, err := m.Predict(tensor.New(tensor.Float32, 1, 4)); err != nil {
		panic(err)
	}
	return m
}

func wantSame(t *testing.T, what string, got, want []*graph.Var) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d, want %d", what, len(got), len(want))
	}
	for i, v := range want {
		if !bytes.Equal(got[i].Tensor().Bytes(), v.Tensor().Bytes()) {
			t.Errorf("%s: %s differs", what, v.Path)
		}
	}
}

// TestStoredConverted converts weights of other dtypes, more than are converted at a
// time, as loading them does.
func TestStoredConverted(t *testing.T) {
	const units = 300 // 90000 elements
	m := built(t, 0, nn.Input(units), nn.Dense(units, nn.Name("a")))
	whole := saved(t, m, keras.Archive)
	for _, dt := range []tensor.DType{tensor.Float16, tensor.BFloat16, tensor.Float32, tensor.Float64} {
		kernel, bias := tensor.New(tensor.Float64, units, units), tensor.New(dt, units)
		values := tensor.Data[float64](kernel)
		for i := range values {
			values[i] = float64(i)/7 - 6000
		}
		b := weightsFile(t, map[string]*tensor.Tensor{"sequential/a/kernel": kernel.AsType(dt), "sequential/a/bias": bias})
		want := kernel.AsType(dt).AsType(tensor.Float32)
		if err := m.LoadWeightsBytes(b); err != nil {
			t.Fatal(err)
		}
		if got := m.Network().Vars()[0].Tensor(); !tensor.Equal(got, want) {
			t.Errorf("%v: loaded otherwise than tensor.Convert converts", dt)
		}
		s, err := modelIn(t, whole).StoredIn(opened(t, b), keras.ByPlace)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := s.Write(&out, keras.NPZ); err != nil {
			t.Fatal(err)
		}
		if got, err := opened(t, out.Bytes()).Weights[0].Tensor(); err != nil || !tensor.Equal(got, want) {
			t.Errorf("%v: written otherwise than tensor.Convert converts, error %v", dt, err)
		}
	}
}

func weightsFile(t *testing.T, all map[string]*tensor.Tensor) []byte {
	t.Helper()
	var entries []safetensors.Entry
	for name, x := range all {
		entries = append(entries, safetensors.Entry{Name: name, Tensor: x})
	}
	var b bytes.Buffer
	if err := safetensors.Write(&b, entries, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStoredErrors(t *testing.T) {
	m := counted(small(t))
	whole := saved(t, m, keras.Archive)
	store := bytes.Index(whole, []byte("\x89HDF"))
	damaged := bytes.Clone(whole)
	damaged[store+96] ^= 1 // the first weight
	other := saved(t, built(t, 1, input(), dense("a", 4), nn.Sequential(dense("b", 2))), keras.Archive)
	adam := small(t)
	if err := adam.Compile(optim.Adam(0.1), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		b    []byte
		want string
	}{
		{"damage", damaged, "keras: archive member \"model.weights.h5\": checksum"},
		{"another model", other, "keras: weights do not fit the model: layer a: layers/dense/vars/0 in the file is float32[4 4]: want float32[4 3]"},
		{"another optimizer", saved(t, adam, keras.Archive), "keras: the optimizer's state does not fit: "},
	} {
		_, err := modelIn(t, whole).StoredIn(opened(t, c.b), keras.ByPlace)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.what, err, c.want)
		}
		if state := (*keras.StateError)(nil); errors.As(err, &state) != strings.Contains(c.want, "optimizer") {
			t.Errorf("%s: error %#v", c.what, err)
		}
	}
	k := modelIn(t, whole)
	k.Inputs = nil
	if _, err := k.StoredIn(opened(t, whole), keras.ByPlace); err == nil || !strings.Contains(err.Error(), "has no shape of a sample") {
		t.Errorf("without a shape: error %v", err)
	}
	// A weight that is damaged in an archive whose checksum is that of one member each.
	b := saved(t, m, keras.NPZ)
	at := bytes.Index(b, []byte("sequential/a/kernel.npy"))
	bad := bytes.Clone(b)
	bad[at+len("sequential/a/kernel.npy")+150] ^= 1 // behind the dates in the archive and the array's header of 128
	s, err := modelIn(t, whole).StoredIn(opened(t, bad), keras.ByPlace)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range formats {
		if err := s.Write(io.Discard, f); err == nil || !strings.Contains(err.Error(), `npy: archive: array "sequential/a/kernel": zip: checksum error`) {
			t.Errorf("to %v: error %v, want one of the checksum", f, err)
		}
	}
}

// TestWeightSource gives the bytes of a weight, and why it cannot.
func TestWeightSource(t *testing.T) {
	for _, f := range formats {
		for _, w := range opened(t, saved(t, counted(small(t)), f)).Weights {
			want, err := w.Tensor()
			if err != nil {
				t.Fatal(err)
			}
			src, err := w.Source()
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := tensor.WriteSource(&out, src); err != nil || src.Spec() != want.Spec() || !bytes.Equal(out.Bytes(), want.Bytes()) {
				t.Errorf("%v: %s: error %v, or other bytes than the tensor's", f, w.Path, err)
			}
		}
	}
	var b bytes.Buffer
	a := npy.NewArchiveWriter(&b)
	if err := errors.Join(a.Add("x", tensor.Of[int8](1)), a.Close()); err != nil {
		t.Fatal(err)
	}
	bad := bytes.Replace(b.Bytes(), []byte("'|i1'"), []byte("'|S1'"), 1)
	if _, err := opened(t, bad).Weights[0].Source(); err == nil || !strings.HasPrefix(err.Error(), "keras: x: npy: ") {
		t.Errorf("error %v, want one that names the weight", err)
	}
}
