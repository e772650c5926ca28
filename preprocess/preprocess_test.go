package preprocess_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

func f32(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }

func TestLayers(t *testing.T) {
	for name, c := range map[string]nntest.Case{
		"Rescaling": {New: func() nn.Layer { return preprocess.Rescaling(0.5, 1) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"Rescaling/pixels": {New: func() nn.Layer { return preprocess.Rescaling(1.0/255, 0) }, In: tensor.S(tensor.Uint8, 4, 5),
			KeepsMask: true, Out: f32(4, 5), NoGradient: true},
		"Normalization/given": {New: func() nn.Layer {
			return preprocess.Normalization(preprocess.PerAxis(-1, 1), preprocess.Moments([]float64{1, 2}, []float64{3, 4}), preprocess.Inverted())
		}, In: f32(4, 3, 2), KeepsMask: true, Out: f32(4, 3, 2)},
		"Normalization/pixels": {New: func() nn.Layer {
			return preprocess.Normalization(preprocess.PerAxis(), preprocess.Moments([]float64{9}, []float64{0.25}))
		},
			In: tensor.S(tensor.Uint8, 4, 5), KeepsMask: true, Out: f32(4, 5), NoGradient: true},
	} {
		t.Run(name, func(t *testing.T) { nntest.Layer(t, c) })
	}
}

// TestNormalizationAdapts takes moments from samples as Keras 3.15.1 does: before the layer is
// built and after, of sets that are read in several batches, again instead of what was there.
func TestNormalizationAdapts(t *testing.T) {
	x := numbered(t, 2, 3, 4)
	for name, c := range map[string]struct {
		axes           []int
		mean, variance []float64
	}{
		"channels": {[]int{-1}, []float64{10, 11, 12, 13}, []float64{140. / 3, 140. / 3, 140. / 3, 140. / 3}},
		"two axes": {[]int{-1, 1}, []float64{6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}, slices.Repeat([]float64{36}, 12)},
		"all":      {nil, []float64{11.5}, []float64{575. / 12}},
	} {
		t.Run(name, func(t *testing.T) {
			before := preprocess.Normalization(preprocess.PerAxis(c.axes...))
			after := preprocess.Normalization(preprocess.PerAxis(c.axes...))
			var states [2][]*graph.Var
			for i, l := range []*preprocess.NormalizationLayer{before, after} {
				build := func() {
					b := nn.NewBuilder(1)
					b.Build("n", l, x.Spec())
					states[i] = b.States()
				}
				if i == 1 {
					build()
					if err := l.Adapt(memory(t, numbered(t, 7, 3, 4))); err != nil {
						t.Fatal(err)
					}
				}
				if err := l.Adapt(memory(t, x)); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					build()
				}
				for j, want := range [][]float64{c.mean, c.variance, {0}} {
					if got := states[i][j].Tensor().Float64s(); !near(got, want) {
						t.Errorf("built first %v: %s is %v, want %v", i == 1, states[i][j].Path, got, want)
					}
				}
			}
		})
	}
}

// TestNormalizationInBatches adapts to more numbers than Adapt reads at once.
func TestNormalizationInBatches(t *testing.T) {
	const n = 3_000_001
	x := tensor.New(tensor.Float32, n, 1)
	for i := range n {
		tensor.Data[float32](x)[i] = 1e4 + float32(i%3)
	}
	l := preprocess.Normalization()
	b := nn.NewBuilder(1)
	b.Build("n", l, x.Spec())
	if err := l.Adapt(memory(t, x)); err != nil {
		t.Fatal(err)
	}
	if mean, variance := b.States()[0].Tensor().Float64s()[0], b.States()[1].Tensor().Float64s()[0]; math.Abs(mean-10001) > 1e-3 || math.Abs(variance-2./3) > 1e-5 {
		t.Errorf("mean %v, variance %v, want 10001 and 2/3", mean, variance)
	}
}

// TestNormalizationMistakes has an error for what cannot be normalized.
func TestNormalizationMistakes(t *testing.T) {
	x, list := numbered(t, 2, 3, 4), []float64{1, 2}
	for want, l := range map[string]*preprocess.NormalizationLayer{
		"axis 0: want an axis of a sample, 1 to 2": preprocess.Normalization(preprocess.PerAxis(0)),
		"axis 3: want":        preprocess.Normalization(preprocess.PerAxis(3)),
		"axis 1 stands twice": preprocess.Normalization(preprocess.PerAxis(1, -2)),
		"mean and variance [2], x [2 3 4] along axes [-1]: want":  preprocess.Normalization(preprocess.Moments(list, list)),
		"mean [2], variance []: want one shape":                   preprocess.Normalization(preprocess.Moments(list, []float64{1})),
		"a mean without a variance":                               {Axes: nn.Axes(-1), Mean: preprocess.NumbersOf(1)},
		"lengths [5] along axes [-1]: want the same":              adapted(t, numbered(t, 2, 5)),
		"the layer has moments that were given: want none, Adapt": preprocess.Normalization(preprocess.Moments([]float64{1}, []float64{1})),
	} {
		if want, adapt := strings.CutSuffix(want, ", Adapt"); adapt {
			if err := l.Adapt(memory(t, x)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Adapt: error %v, want %q", err, want)
			}
			continue
		}
		err := graph.Catch(func() { nn.NewBuilder(1).Build("n", l, x.Spec()) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	built := preprocess.Normalization()
	nn.NewBuilder(1).Build("n", built, x.Spec())
	two, err := data.Zip(memory(t, x), memory(t, x))
	if err != nil {
		t.Fatal(err)
	}
	for want, set := range map[string]data.Dataset{
		"the set is nil":                    nil,
		"has no samples":                    memory(t, tensor.New(tensor.Float32, 0, 4)),
		"want one input of numbers":         two,
		"bool[4]]: want one input":          memory(t, tensor.New(tensor.Bool, 2, 4)),
		"axis -1: want an axis of a sample": memory(t, numbered(t, 5)),
		"lengths [3] along axes [-1]: the layer was built for [4]": memory(t, numbered(t, 2, 3)),
	} {
		if err := built.Adapt(set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Adapt: error %v, want %q", err, want)
		}
	}
}

func adapted(t *testing.T, x *tensor.Tensor) *preprocess.NormalizationLayer {
	t.Helper()
	l := preprocess.Normalization()
	if err := l.Adapt(memory(t, x)); err != nil {
		t.Fatal(err)
	}
	return l
}

// numbered returns a tensor of the numbers from 0 on.
func numbered(t *testing.T, dims ...int) *tensor.Tensor {
	t.Helper()
	x := tensor.New(tensor.Float32, dims...)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i)
	}
	return x
}

func memory(t *testing.T, x *tensor.Tensor) *data.Memory {
	t.Helper()
	m, err := data.New(x, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func near(got, want []float64) bool {
	return slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-5 })
}
