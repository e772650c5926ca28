package keras_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// TestSoftmaxMask gives a softmax its mask as a second input, also of a model in a file. The
// numbers and the argument's place in the file are those of Keras 3.15.1.
func TestSoftmaxMask(t *testing.T) {
	x, err := tensor.FromSlice([]float32{1, 2, 3, 0, 1, -1}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		mask []float32
		axes int
		want []float32
	}{
		"elements": {[]float32{1, 0, 1, 0, 0, 0}, 3, []float32{0.11920291, 0, 0.880797, 0, 0, 0}},
		"rows":     {[]float32{1, 0}, 1, []float32{0.09003057, 0.24472848, 0.66524094, 0, 0, 0}},
		"halves":   {[]float32{0.6, 0.5, 1, 0, 2, 1}, 3, []float32{0.11920291, 0, 0.880797, 0, 0.880797, 0.11920291}},
	} {
		a, b := nn.Apply(nn.Input(3)), nn.Apply(nn.Input(tt.axes))
		m := glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{nn.Apply(nn.SoftmaxAxis(-1), a, b)})
		mask, err := tensor.FromSlice(tt.mask, 2, tt.axes)
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string, m *glia.Model) {
			out, err := m.PredictAll(x, mask)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, what, err)
			}
			for i, v := range tensor.Data[float32](out[0]) {
				if d := v - tt.want[i]; d > 1e-6 || d < -1e-6 {
					t.Errorf("%s, %s: %v, want %v", name, what, out[0], tt.want)
					break
				}
			}
		}
		check("made", m)
		var file bytes.Buffer
		if err := m.SaveTo(&file, keras.Archive); err != nil {
			t.Fatal(err)
		}
		config := string(unzipped(t, file.Bytes())["config.json"])
		if !strings.Contains(config, `"class_name":"Softmax"`) || !strings.Contains(config, `"kwargs":{"mask":{"class_name":"__keras_tensor__"`) {
			t.Errorf("%s: the config is %s", name, config)
		}
		again, err := glia.LoadBytes(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		check("loaded", again)
	}
	a, b := nn.Apply(nn.Input(3)), nn.Apply(nn.Input(2))
	for want, y := range map[string]*nn.Symbol{
		"nn.SoftmaxAxis: mask bool[1 2] of x float32[1 3]: want one of x's shape, with axes of 1 perhaps": nn.Apply(nn.SoftmaxAxis(-1), a, b),
		"is applied to 2 inputs: want 1": nn.Apply(nn.ReLU, a, b),
	} {
		m := glia.Functional([]*nn.Symbol{a, b}, []*nn.Symbol{y})
		if _, err := m.PredictAll(tensor.New(tensor.Float32, 1, 3), tensor.New(tensor.Float32, 1, 2)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}
