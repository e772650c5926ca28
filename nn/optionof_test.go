package nn_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// amplifier is a layer of a user's with settings of its own.
type amplifier struct {
	nn.Base
	Units int     `json:"units"`
	Gain  float64 `json:"gain"`

	kernel *graph.Var
}

func gain(g float64) nn.SettingOf[amplifier] { return func(l *amplifier) { l.Gain = g } }

func newAmplifier(units int, opts ...nn.OptionOf[amplifier]) *amplifier {
	return nn.Setup(&amplifier{Units: units, Gain: 1}, opts...)
}

func (l *amplifier) Build(b *nn.Builder, in tensor.Spec) {
	l.kernel = b.Param("kernel", tensor.D(in.Shape.At(-1), l.Units), nn.Ones)
}

func (l *amplifier) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return ops.Scale(ops.MatMul(x, c.Value(l.kernel)), l.Gain)
}

// TestSetupOfGroups sets groups of settings that a layer embeds.
func TestSetupOfGroups(t *testing.T) {
	type layer struct {
		nn.Base
		nn.Spatial
		nn.Interpolating
	}
	of := nn.Setup(&layer{}, nn.ChannelsFirst, nn.Bicubic, nn.SettingOf[nn.Spatial](func(*nn.Spatial) {}), nn.Name("x"))
	if of.DataFormat != nn.ChannelsFirst || of.Interpolation != nn.Bicubic || of.Name != "x" {
		t.Errorf("the layer is %+v", of)
	}
	err := graph.Catch(func() { newAmplifier(3, nn.ChannelsFirst) })
	if want := "nn.Setup: option 0 of *nn_test.amplifier is a setting of *nn.Spatial: want one of *nn_test.amplifier"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// TestSetup mixes options that every layer takes with a layer's own.
func TestSetup(t *testing.T) {
	l := newAmplifier(3, gain(2), nn.Name("amp"), nn.Frozen, nn.Float64)
	if l.Units != 3 || l.Gain != 2 || l.Name != "amp" || !bool(l.Frozen) || l.DType != nn.Float64 {
		t.Errorf("the layer is %+v", l)
	}
	if l := newAmplifier(2); l.Gain != 1 || l.Name != "" {
		t.Errorf("without options the layer is %+v", l)
	}
	type other struct{ nn.Base }
	for want, f := range map[string]func(){
		"nn.Setup: option 1 of *nn_test.amplifier is nil":                                                         func() { newAmplifier(3, nn.Frozen, nil) },
		"nn.Setup: option 0 of *nn_test.amplifier is a nil setting of *nn_test.amplifier":                         func() { newAmplifier(3, nn.SettingOf[amplifier](nil)) },
		"nn.Setup: option 0 of *nn_test.amplifier is a setting of *nn_test.other: want one of *nn_test.amplifier": func() { newAmplifier(3, nn.SettingOf[other](func(*other) {})) },
		"nn.Setup: *int embeds no nn.Base: want one":                                                              func() { nn.Setup(new(int)) },
	} {
		if err := graph.Catch(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
	err := graph.Catch(func() {
		nn.Sequential(newAmplifier(3), newAmplifier(-1)).Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 4, 2))
	})
	if err == nil || !strings.Contains(err.Error(), "optionof_test.go:") {
		t.Errorf("error is %v, want this file's line in it", err)
	}
}
