package keras_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestBFloat16OfKeras loads an .h5 file with bfloat16 that Keras 3.15.1 wrote and cannot load:
// testdata/bfloat16.py golden.
func TestBFloat16OfKeras(t *testing.T) {
	m, err := glia.Load("testdata/bfloat16/keras.h5")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/bfloat16/want.npz")
	if err != nil {
		t.Fatal(err)
	}
	want := arrays(t, b)
	for i, v := range m.Network().Vars() {
		dt := []tensor.DType{tensor.BFloat16, tensor.BFloat16, tensor.Float16, tensor.Float16}[i]
		if x := v.Tensor(); x.DType() != dt || !tensor.Equal(x.AsType(tensor.Float32), want[fmt.Sprintf("w%d", i)]) {
			t.Errorf("%s is %v, want %v %v", v.Path, x, dt, want[fmt.Sprintf("w%d", i)])
		}
	}
}

// of16Bits returns models whose variables have each dtype of floats.
func of16Bits(t testing.TB) map[string]*glia.Model {
	t.Helper()
	all := map[string]*glia.Model{}
	for _, p := range []nn.DTypePolicy{nn.BFloat16, nn.Float16, nn.Float64, nn.MixedBFloat16} {
		m := glia.Sequential(nn.Input(4), nn.Dense(3, nn.Tanh), nn.Dense(2))
		m.Network().DType = p
		m.Seed = 7
		if err := m.Compile(optim.Adam(0.01), loss.MeanSquaredError()); err != nil {
			t.Fatal(err)
		}
		x, y := tensor.New(tensor.Float32, 4, 4), tensor.New(tensor.Float32, 4, 2)
		for i := range tensor.Data[float32](x) {
			tensor.Data[float32](x)[i] = float32(i%5) - 2
		}
		ds, err := setOf([]*tensor.Tensor{x}, []*tensor.Tensor{y})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Fit(ds, glia.Epochs(2)); err != nil {
			t.Fatal(err)
		}
		all[p.String()] = m
	}
	return all
}

// files16 are the files of a model of 16 bits.
var files16 = []string{"%s.keras", "%s.h5", "%s.weights.h5", "%s.weights.json"}

// save16 writes the files of a model and returns their paths.
func save16(t testing.TB, dir, name string, m *glia.Model) (paths []string) {
	t.Helper()
	for _, pattern := range files16 {
		path := filepath.Join(dir, fmt.Sprintf(pattern, name))
		save := m.Save
		if slices.Contains(files16[2:], pattern) {
			save = m.SaveWeights
		}
		if err := save(path); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// TestFloatsInFiles has all variables come back in their dtypes and bits, from .h5 too, where
// bfloat16 stands as float32; those of the optimizer go on.
func TestFloatsInFiles(t *testing.T) {
	for name, m := range of16Bits(t) {
		for i, path := range save16(t, t.TempDir(), name, m) {
			again := m
			var err error
			if i < 2 {
				again, err = glia.Load(path)
			} else {
				again, err = glia.Load(filepath.Join(filepath.Dir(path), name+".keras"))
				if err == nil {
					err = again.LoadWeights(path)
				}
			}
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(path), err)
				continue
			}
			vars, other := slices.Concat(m.Network().Vars(), m.Optimizer().Vars()), slices.Concat(again.Network().Vars(), again.Optimizer().Vars())
			for k, v := range vars {
				if !tensor.Equal(v.Tensor(), other[k].Tensor()) {
					t.Errorf("%s: %s is %v, want %v", filepath.Base(path), v.Path, other[k].Tensor(), v.Tensor())
				}
			}
		}
	}
}

// TestFloatsInKeras has Keras load these files: values and dtypes are the same.
func TestFloatsInKeras(t *testing.T) {
	run := python(t)
	dir := t.TempDir()
	want := map[string][]string{}
	for name, m := range of16Bits(t) {
		var says []string
		for _, v := range m.Network().Vars() {
			sum := 0.0
			for _, x := range v.Tensor().Float64s() {
				sum += x
			}
			says = append(says, fmt.Sprintf("%v %v", v.Spec().DType, sum))
		}
		for _, path := range save16(t, dir, name, m) {
			want[filepath.Base(path)] = says
		}
	}
	if err := run("testdata/bfloat16.py", "check", dir); err != nil {
		t.Fatal(err)
	}
	got := said[map[string][]string](t, filepath.Join(dir, "said.json"))
	for name, says := range want {
		if len(got[name]) != len(says) {
			t.Errorf("%s: Keras says %q, want %q", name, got[name], says)
			continue
		}
		for i, x := range says {
			var kind, kindWant string
			var a, b float64
			fmt.Sscan(got[name][i], &kind, &a)
			fmt.Sscan(x, &kindWant, &b)
			if kind != kindWant || max(a-b, b-a) > 1e-5 {
				t.Errorf("%s: Keras has %q, want %q", name, got[name][i], x)
			}
		}
	}
}
