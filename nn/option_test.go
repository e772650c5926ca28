package nn

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
)

// TestOptionsOfEveryLayer gives the constructor of every class in the table the options
// that every layer takes.
func TestOptionsOfEveryLayer(t *testing.T) {
	name, policy := Name("given"), MixedBFloat16
	made := map[string]Layer{
		"Activation":             Tanh.Layer(name, Frozen, policy),
		"ActivityRegularization": ActivityRegularization(1, 1, name, Frozen, policy),
		"Add":                    Add(name, Frozen, policy),
		"AlphaDropout":           AlphaDropout(0.5, name, Frozen, policy),
		"Average":                Average(name, Frozen, policy),
		"Concatenate":            Concatenate(name, Frozen, policy),
		"Dense":                  Dense(1, name, Frozen, policy),
		"Dot":                    Dot(name, Frozen, policy),
		"Dropout":                Dropout(0.5, name, Frozen, policy),
		"ELU":                    ELU.Layer(name, Frozen, policy),
		"Flatten":                Flatten(name, Frozen, policy),
		"GaussianDropout":        GaussianDropout(0.5, name, Frozen, policy),
		"GaussianNoise":          GaussianNoise(1, name, Frozen, policy),
		"InputLayer":             Input(2).With(name, Frozen),
		"LeakyReLU":              LeakyReLU.Layer(name, Frozen, policy),
		"Masking":                Masking(0, name, Frozen, policy),
		"Maximum":                Maximum(name, Frozen, policy),
		"Minimum":                Minimum(name, Frozen, policy),
		"Multiply":               Multiply(name, Frozen, policy),
		"PReLU":                  PReLU(name, Frozen, policy),
		"Permute":                Permute(1).With(name, Frozen, policy),
		"ReLU":                   ReLU.Layer(name, Frozen, policy),
		"RepeatVector":           RepeatVector(2, name, Frozen, policy),
		"Reshape":                Reshape(1).With(name, Frozen, policy),
		"Sequential":             Sequential().With(name, Frozen, policy),
		"Softmax":                Softmax.Layer(name, Frozen, policy),
		"SpatialDropout1D":       SpatialDropout1D(0.5, name, Frozen, policy),
		"SpatialDropout2D":       SpatialDropout2D(0.5, name, Frozen, policy),
		"SpatialDropout3D":       SpatialDropout3D(0.5, name, Frozen, policy),
		"Subtract":               Subtract(name, Frozen, policy),
	}
	for _, c := range layers.Classes {
		if strings.Contains(c.Name, ">") { // not Keras's
			continue
		}
		l := made[c.Name]
		if l == nil {
			t.Errorf("%s: want its constructor with the options in this test", c.Name)
			continue
		}
		base := BaseOf(l)
		if _, input := l.(*InputLayer); input { // it has a dtype instead
			base.DType = policy
		}
		if base.Name != "given" || !bool(base.Frozen) || base.DType != policy || base.where == "" {
			t.Errorf("%s: named %q, frozen %v, policy %q, made at %q: want what the options say", c.Name, base.Name, base.Frozen, base.DType, base.where)
		}
	}
	if l := Input(2).With(Float16); l.DType.String() != "float16" {
		t.Errorf("an input with policy float16 has dtype %v", l.DType)
	}
	if err := graph.Catch(func() { Sequential(Input(2).With(DTypePolicy("int8"))).Build(NewBuilder(1), Input(2).spec()) }); err == nil {
		t.Error("an input with policy int8 is no error")
	}
}
