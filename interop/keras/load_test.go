package keras_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

var formats = []keras.Format{keras.Archive, keras.HDF5, keras.WeightsHDF5, keras.Safetensors, keras.NPZ}

// built returns a model of layers with weights, all of one value.
func built(t testing.TB, value float64, layers ...nn.Layer) *glia.Model {
	t.Helper()
	m := glia.Sequential(layers...)
	if err := m.Compile(sgd(), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	fill(m, value)
	return m
}

func fill(m *glia.Model, value float64) {
	for _, v := range m.Network().Vars() {
		v.Write(func(t *tensor.Tensor) {
			data := tensor.Data[float32](t)
			for i := range data {
				data[i] = float32(value)
			}
		})
	}
}

// saved returns the bytes of a file.
func saved(t testing.TB, m *glia.Model, f keras.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.SaveTo(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// valuesPerLayer tells the value that the weights of each layer have: "a=1 b=2".
func valuesPerLayer(m *glia.Model) string {
	seen := map[string]float32{}
	var order []string
	for _, v := range m.Network().Vars() {
		layer, _, _ := strings.Cut(v.Path, "/")
		for _, x := range tensor.Data[float32](v.Tensor()) {
			if old, ok := seen[layer]; !ok {
				order = append(order, layer)
			} else if old != x {
				return fmt.Sprintf("%s has %g and %g", layer, old, x)
			}
			seen[layer] = x
		}
	}
	for i, layer := range order {
		order[i] = fmt.Sprintf("%s=%g", layer, seen[layer])
	}
	return strings.Join(order, " ")
}

func input() nn.Layer { return nn.Input(4) }

func dense(name string, units int, opts ...nn.WeightsOption) nn.Layer {
	return nn.Dense(units, append(opts, nn.Name(name))...)
}

// TestLoadWeightsModes loads files into models that they fit and into others: what
// fits, what is refused in which words, and what the weights are then. Those of the
// file are 1, those of the model 2.
func TestLoadWeightsModes(t *testing.T) {
	skipped := 0
	skip := glia.SkipMismatch(func(error) { skipped++ })
	tests := []struct {
		name    string
		file    []nn.Layer
		model   []nn.Layer
		opts    []glia.LoadOption
		formats string // those that the row is about
		want    string
		err     string
		skipped int
	}{
		{name: "same", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, want: "a=1 b=1"},
		{name: "other names", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("c", 3), dense("d", 2)},
			formats: ".keras .weights.h5 .h5", want: "c=1 d=1"},
		{name: "other names by path", file: []nn.Layer{input(), dense("a", 3, nn.NoBias)}, model: []nn.Layer{input(), dense("c", 3, nn.NoBias)},
			formats: ".safetensors .npz", want: "c=2",
			err: "weights do not fit the model: layer c: the file has 0 weights for it: want 1 (sequential/c/kernel)\n" +
				"the file has sequential/a/kernel, the model no variable of that path"},
		{name: "by name", file: []nn.Layer{input(), dense("b", 3), dense("a", 2)}, model: []nn.Layer{input(), dense("b", 3), dense("c", 4), dense("d", 1)},
			opts: []glia.LoadOption{glia.ByName}, want: "b=1 c=2 d=2"},
		{name: "by name of another shape", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3), dense("c", 5), dense("b", 2)},
			opts: []glia.LoadOption{glia.ByName}, formats: ".keras .weights.h5", want: "a=2 c=2 b=2",
			err: "weights do not fit the model: layer b: layers/dense_1/vars/0 in the file is float32[3 2]: want float32[5 2], as b/kernel"},
		{name: "by name, skipping", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3), dense("c", 5), dense("b", 2)},
			opts: []glia.LoadOption{glia.ByName, skip}, want: "a=1 c=2 b=2", skipped: 1},
		{name: "by names that are others", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("c", 3), dense("d", 2)},
			opts: []glia.LoadOption{glia.ByName}, formats: ".keras .h5 .weights.h5", want: "c=2 d=2",
			err: `by name: nothing fits: the file has "a", "b", the model "c", "d": want layers of the same names, or no option ByName`},
		{name: "by paths that are others", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("c", 3), dense("d", 2)},
			opts: []glia.LoadOption{glia.ByName, skip}, formats: ".safetensors .npz", want: "c=2 d=2",
			err: `by name: nothing fits: the file has "sequential/a", "sequential/b", the model "c", "d": want layers of the same names, or no option ByName`},
		{name: "by name, skipping all", file: []nn.Layer{input(), dense("a", 3)}, model: []nn.Layer{input(), dense("a", 5)},
			opts: []glia.LoadOption{glia.ByName, skip}, formats: ".keras .weights.h5", want: "a=2",
			err: "nothing fits, all layers would be skipped: layer a: layers/dense/vars/0 in the file is float32[4 3]: want float32[4 5], as a/kernel"},
		{name: "skipping all", file: []nn.Layer{input(), dense("a", 3)}, model: []nn.Layer{input(), dense("a", 5)},
			opts: []glia.LoadOption{skip}, formats: ".h5", want: "a=2",
			err: "nothing fits, all layers would be skipped: layer a: sequential/a/kernel in the file is float32[4 3]: want float32[4 5], as a/kernel"},
		{name: "by name of nothing", file: []nn.Layer{input(), nn.Flatten()}, model: []nn.Layer{input(), dense("a", 5)},
			opts: []glia.LoadOption{glia.ByName}, formats: ".keras", want: "a=2",
			err: `the .keras file has no weights: want one with those of "a/kernel", "a/bias"`},
		{name: "no variables at all", file: []nn.Layer{input(), nn.Flatten()}, model: []nn.Layer{input(), nn.Flatten()}, opts: []glia.LoadOption{glia.ByName, skip}},
		{name: "by order", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("c", 3), dense("d", 2)},
			opts: []glia.LoadOption{glia.ByOrder}, formats: ".npz", want: "c=1 d=1"},
		{name: "by order of others", file: []nn.Layer{input(), dense("a", 3)}, model: []nn.Layer{input(), dense("a", 3)},
			opts: []glia.LoadOption{glia.ByOrder}, formats: ".h5", want: "a=2", err: "by order: a .h5 file: want .npz"},
		{name: "by order, too many", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("c", 3)},
			opts: []glia.LoadOption{glia.ByOrder}, formats: ".npz", want: "c=2", err: "weights do not fit the model: the file has 2 tensors more than the model variables"},
		{name: "by order, too few", file: []nn.Layer{input(), dense("a", 3)}, model: []nn.Layer{input(), dense("c", 3), dense("d", 2)},
			opts: []glia.LoadOption{glia.ByOrder}, formats: ".npz", want: "c=2 d=2",
			err: "weights do not fit the model: layer d: the file has 0 weights for it: want 2 (d/kernel, d/bias)"},
		{name: "layer missing in the file", file: []nn.Layer{input(), dense("a", 3)}, model: []nn.Layer{input(), dense("a", 3), dense("b", 2)},
			formats: ".keras .weights.h5", want: "a=2 b=2",
			err: "weights do not fit the model: layer b: the file has 0 weights for it: want 2 (b/kernel, b/bias)"},
		{name: "layer missing in the file, by path", file: []nn.Layer{input(), dense("a", 3)}, model: []nn.Layer{input(), dense("a", 3), dense("b", 2)},
			formats: ".safetensors .npz", want: "a=2 b=2",
			err: "weights do not fit the model: layer b: the file has 0 weights for it: want 2 (sequential/b/kernel, sequential/b/bias)"},
		{name: "layer missing in the older file", file: []nn.Layer{input(), dense("a", 3)}, model: []nn.Layer{input(), dense("a", 3), dense("b", 2)},
			formats: ".h5", want: "a=2 b=2", err: "weights do not fit the model: layer b: the file has no layer for it"},
		{name: "layer missing in the model", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3)},
			formats: ".keras .weights.h5", want: "a=2", err: `weights do not fit the model: the file has layers/dense_1 of layer "b", the model has no such layer`},
		{name: "layer missing in the model, older", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3)},
			formats: ".h5", want: "a=2", err: `weights do not fit the model: the file has layer "b", the model no layer for it`},
		{name: "shape", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3), dense("b", 5)},
			formats: ".h5", want: "a=2 b=2", err: "weights do not fit the model: layer b: sequential/b/kernel in the file is float32[3 2]: want float32[3 5], as b/kernel"},
		{name: "shape, skipping", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3), dense("b", 5)},
			opts: []glia.LoadOption{skip}, want: "a=1 b=2", skipped: 1},
		{name: "count", file: []nn.Layer{input(), dense("a", 3, nn.NoBias), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3), dense("b", 2)},
			formats: ".keras .weights.h5 .h5", want: "a=2 b=2",
			err: "weights do not fit the model: layer a: the file has 1 weights for it: want 2 (a/kernel, a/bias)"},
		{name: "without bias", file: []nn.Layer{input(), dense("a", 3), dense("b", 2)}, model: []nn.Layer{input(), dense("a", 3, nn.NoBias), dense("b", 2)},
			formats: ".keras .weights.h5 .h5", want: "a=2 b=2", err: "weights do not fit the model: layer a: the file has 2 weights for it: want 1 (a/kernel)"},
		{name: "in a network", file: []nn.Layer{input(), nn.Sequential(dense("a", 3)), dense("b", 2)}, model: []nn.Layer{input(), nn.Sequential(dense("a", 4)), dense("b", 2)},
			formats: ".keras .weights.h5", want: "sequential=2 b=2",
			err: "weights do not fit the model: layer a: layers/sequential/layers/dense/vars/0 in the file is float32[4 3]: want float32[4 4], as sequential/a/kernel\n" +
				"layer b: layers/dense/vars/0 in the file is float32[3 2]: want float32[4 2], as b/kernel"},
	}
	for _, tt := range tests {
		for _, f := range formats {
			if tt.formats != "" && !strings.Contains(" "+tt.formats+" ", " "+f.String()+" ") {
				continue
			}
			t.Run(tt.name+f.String(), func(t *testing.T) {
				skipped = 0
				b := saved(t, built(t, 1, tt.file...), f)
				m := built(t, 2, tt.model...)
				err := m.LoadWeightsBytes(b, tt.opts...)
				if want := "glia: LoadWeightsBytes: keras: " + tt.err; tt.err == "" && err != nil || tt.err != "" && (err == nil || err.Error() != want) {
					t.Errorf("error\n%v\nwant\n%s", err, want)
				}
				if got := valuesPerLayer(m); got != tt.want {
					t.Errorf("weights are %s, want %s", got, tt.want)
				}
				if skipped != tt.skipped {
					t.Errorf("%d layers skipped, want %d", skipped, tt.skipped)
				}
			})
		}
	}
}

// TestReportLoad checks what is told of a load by name.
func TestReportLoad(t *testing.T) {
	file := built(t, 1, input(), dense("a", 3), dense("b", 3), dense("c", 2))
	for _, f := range formats {
		var r keras.LoadReport
		m := built(t, 2, input(), dense("b", 4), dense("a", 3), dense("d", 3))
		err := m.LoadWeightsBytes(saved(t, file, f), glia.ByName, glia.SkipMismatch(nil), glia.ReportLoad(&r))
		if err != nil {
			t.Errorf("%v: %v", f, err)
		}
		kept := []string{"b/kernel", "b/bias", "d/kernel", "d/bias"}
		if got := []string{"a/kernel", "a/bias"}; !slices.Equal(r.Loaded, got) || !slices.Equal(r.Kept, kept) || len(r.Unused) != 4 {
			t.Errorf("%v: report %+v, want %q loaded and %q kept, 4 unused", f, r, got, kept)
		}
		if want := `loaded 2 of 6 variables; kept "b/kernel", "b/bias", "d/kernel", "d/bias"; the file's `; !strings.HasPrefix(r.String(), want) {
			t.Errorf("%v: report is %s, want %s...", f, r, want)
		}
	}
	err := file.LoadWeightsBytes(saved(t, file, keras.NPZ), glia.ReportLoad(nil))
	if err == nil || !strings.Contains(err.Error(), "option ReportLoad: the report is nil") {
		t.Errorf("error is %v", err)
	}
}

// TestNumberedArrays wants the option named that loads what numpy.savez wrote without
// names.
func TestNumberedArrays(t *testing.T) {
	var b bytes.Buffer
	a := npy.NewArchiveWriter(&b)
	for i, spec := range []tensor.Spec{tensor.S(tensor.Float32, 4, 3), tensor.S(tensor.Float32, 3)} {
		x := tensor.NewSpec(spec)
		for j := range tensor.Data[float32](x) {
			tensor.Data[float32](x)[j] = 1
		}
		if err := a.Add(fmt.Sprintf("arr_%d", i), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	m := built(t, 2, input(), dense("a", 3))
	for _, opts := range [][]glia.LoadOption{nil, {glia.ByName}, {glia.SkipMismatch(nil)}} {
		err := m.LoadWeightsBytes(b.Bytes(), opts...)
		want := `glia: LoadWeightsBytes: keras: the arrays are named "arr_0", "arr_1", as NumPy names those without a name: ` +
			`want option ByOrder (glia convert --by-order), which takes them one after the other, or the names "a/kernel", "a/bias"`
		if err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
	if err := m.LoadWeightsBytes(b.Bytes(), glia.ByOrder); err != nil || valuesPerLayer(m) != "a=1" {
		t.Errorf("by order: weights are %s (%v), want a=1", valuesPerLayer(m), err)
	}
}
