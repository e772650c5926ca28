package applications_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/applications"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// TestPreparations compares Apply with Keras's preprocess_input, and the layers with Apply.
func TestPreparations(t *testing.T) {
	compared := 0
	for _, p := range []applications.Preparation{applications.CaffePreparation, applications.TFPreparation, applications.TorchPreparation} {
		for _, shape := range [][]int{{2, 2, 3}, {2, 1, 2, 3}, {3, 2, 2}, {2, 3, 1, 2}} {
			format := nn.ChannelsLast
			if shape[len(shape)-1] != 3 {
				format = nn.ChannelsFirst
			}
			x := tensor.New(tensor.Float32, shape...)
			for i, v := range numbers(7, x.Shape().Size()) {
				tensor.Data[float32](x)[i] = float32((v + 1) * 127.5)
			}
			y, err := p.Apply(x, format)
			if err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprintf("%s (%s)", p, strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", ", "), "[]"))
			want := golden.Prepared[key]
			if got := y.Float64s(); !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(b)) }) {
				t.Errorf("%s: got %v, want %v", key, got, want)
			}
			compared++
			if len(shape) < 4 || format == nn.ChannelsFirst {
				continue
			}
			layers, err := p.Layers()
			if err != nil {
				t.Fatal(err)
			}
			z, err := glia.Sequential(append([]nn.Layer{nn.Input(1, 2, 3)}, layers...)...).Predict(x)
			if err != nil {
				t.Fatal(err)
			}
			if err := tensor.AllClose(z, y, 1e-5, 1e-5); err != nil {
				t.Errorf("%s as layers: %v", p, err)
			}
		}
	}
	if compared != len(golden.Prepared) {
		t.Errorf("%d preparations compared, want %d", compared, len(golden.Prepared))
	}
	pixels := tensor.Of[uint8](255, 0, 51)
	pixels, _ = pixels.Reshape(1, 1, 3)
	flat := func(y *tensor.Tensor) *tensor.Tensor { z, _ := y.AsType(tensor.Float64).Reshape(3); return z }
	if y, err := applications.CaffePreparation.Apply(pixels, ""); err != nil || tensor.AllClose(flat(y), tensor.Of(51-103.939, -116.779, 255-123.68), 1e-6, 0) != nil {
		t.Errorf("bytes: got %v (%v)", y, err)
	}
	for want, f := range map[string]func() error{
		`preparation "gray": want caffe, tf or torch`: func() error { _, err := applications.Preparation("gray").Apply(pixels, ""); return err },
		`data format "x": want channels_last`:         func() error { _, err := applications.TFPreparation.Apply(pixels, "x"); return err },
		`x is uint8[1 1 3]: want numbers`:             func() error { _, err := applications.TFPreparation.Apply(pixels, nn.ChannelsFirst); return err },
		`x is nil`:                                    func() error { _, err := applications.TFPreparation.Apply(nil, ""); return err },
		`preparation ""`:                              func() error { _, err := applications.Preparation("").Layers(); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestDecode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.json")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"0": ["n1", "tench"], "1": ["n2", "goldfish"], "2": ["n3", "shark"]}`)
	names, err := applications.ReadClassNames(path)
	if err != nil {
		t.Fatal(err)
	}
	y, _ := tensor.FromSlice([]float32{0.25, 0.5, 0.25, float32(math.NaN()), 0, 1}, 2, 3)
	got, err := names.Decode(y, 2)
	want := [][]applications.Prediction{
		{{Class: applications.Class{ID: "n2", Name: "goldfish"}, Score: 0.5}, {Class: applications.Class{ID: "n1", Name: "tench"}, Score: 0.25}},
		{{Class: applications.Class{ID: "n3", Name: "shark"}, Score: 1}, {Class: applications.Class{ID: "n2", Name: "goldfish"}}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	if got, err := names.Decode(y, 9); err != nil || len(got[0]) != 3 {
		t.Errorf("top 9 of 3: got %v (%v)", got, err)
	}
	for want, f := range map[string]func() error{
		"top 0: want 1 or more":             func() error { _, err := names.Decode(y, 0); return err },
		"y is nil: want floats [samples 3]": func() error { _, err := names.Decode(nil, 1); return err },
		"y is float32[2 4]: want floats":    func() error { _, err := names.Decode(tensor.New(tensor.Float32, 2, 4), 1); return err },
		"y is int32[2 3]: want floats":      func() error { _, err := names.Decode(tensor.New(tensor.Int32, 2, 3), 1); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for text, want := range map[string]string{
		"{}":                                 "no classes",
		"[1":                                 "unexpected end",
		`{"0": ["a", "b"], "2": ["a", "b"]}`: `class 1 of 2 is []: want an identity`,
		`{"0": ["a"]}`:                       `class 0 of 1 is ["a"]: want an identity and a name`,
	} {
		write(text)
		if _, err := applications.ReadClassNames(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	if _, err := applications.ReadClassNames(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "class names") {
		t.Errorf("error %v", err)
	}
}

// TestMistakes has an error, never a panic, for options that no network can have.
func TestMistakes(t *testing.T) {
	for want, make := range map[string]func() (*nn.Network, error){
		"applications: ResNet50: pictures of shape [31 64 3]: want a height and a width of 32 or more": made[applications.Option](applications.ResNet50, applications.InputShape(31, 64, 3)),
		"Xception: pictures of shape [70 71 3]: want a height and a width of 71":                       made[applications.Option](applications.Xception, applications.InputShape(70, 71, 3)),
		"pictures of shape [-1 64 3]: want a height and a width, or NoTop":                             made[applications.Option](applications.VGG16, applications.InputShape(nn.Any, 64, 3)),
		"pictures of shape [-1 64 3]: want a height and a width, on which the cells depend":            made[applications.Option](applications.NASNetLarge, applications.NoTop, applications.InputShape(nn.Any, 64, 3)),
		"pictures of shape [64 64 0]: want 1 channel or more":                                          made[applications.Option](applications.VGG16, applications.InputShape(64, 64, 0)),
		"pictures of shape [64 64 1]: want 3 channels, for which Keras publishes weights":              made[applications.Option](applications.EfficientNetB0, applications.InputShape(64, 64, 1), applications.Published),
		"0 classes: want 1 or more":     made[applications.Option](applications.DenseNet121, applications.Classes(0)),
		"option 1 is nil":               made[applications.Option](applications.DenseNet121, applications.NoTop, nil),
		"alpha 0: want a number over 0": made[applications.MobileNetV2Option](applications.MobileNetV2, applications.Alpha(0)),
		"alpha NaN: want a number":      made[applications.MobileNetOption](applications.MobileNet, applications.Alpha(math.NaN())),
		"none.h5":                       made[applications.Option](applications.VGG16, applications.NoTop, applications.Weights("none.h5")),
	} {
		if net, err := make(); err == nil || net != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestWeights reads the weights of a network from each kind of file, and none of another one.
func TestWeights(t *testing.T) {
	small := []applications.MobileNetOption{applications.Alpha(0.25), applications.InputShape(32, 32, 3), applications.Classes(3)}
	net, err := applications.MobileNet(small...)
	if err != nil {
		t.Fatal(err)
	}
	m := glia.New(net)
	x := tensor.New(tensor.Float32, 1, 32, 32, 3)
	copy(tensor.Data[float32](x), tensor.Data[float32](x))
	for i, v := range numbers(1, x.Shape().Size()) {
		tensor.Data[float32](x)[i] = float32(v)
	}
	want, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"m.keras", "m.h5", "m.weights.h5"} {
		path := filepath.Join(dir, name)
		save := func() error { return m.Save(path) }
		if strings.Contains(name, "weights") {
			save = func() error { return m.SaveWeights(path) }
		}
		if err := save(); err != nil {
			t.Fatal(err)
		}
		loaded, err := applications.MobileNet(append(small, applications.Weights(path))...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := glia.New(loaded).Predict(x); err != nil || !tensor.Equal(got, want) {
			t.Errorf("%s: predicts %v (%v), want %v", name, got, err, want)
		}
		_, err = applications.MobileNet(append(small, applications.Weights(path), applications.Alpha(0.5))...)
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s for a wider network: error %v", name, err)
		}
	}
}
