package nn_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// drawn returns the values that i gives a parameter.
func drawn(i nn.Initializer, seed uint64, shape ...int) []float64 {
	return nn.NewBuilder(seed).Param("v", tensor.D(shape...), i).Tensor().Float64s()
}

// moments returns mean, standard deviation, least and greatest.
func moments(v []float64) (mean, stddev, least, most float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		stddev += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(stddev), slices.Min(v), slices.Max(v)
}

func TestInitializers(t *testing.T) {
	for _, c := range []struct {
		name           string
		i              nn.Initializer
		stddev, within float64 // of a kernel [300 200]
	}{
		{"GlorotUniform", nn.GlorotUniform, math.Sqrt(2.0 / 500), math.Sqrt(6.0 / 500)},
		{"GlorotNormal", nn.GlorotNormal, math.Sqrt(2.0 / 500), 2 * math.Sqrt(2.0/500) / 0.8796},
		{"HeUniform", nn.HeUniform, math.Sqrt(2.0 / 300), math.Sqrt(6.0 / 300)},
		{"HeNormal", nn.HeNormal, math.Sqrt(2.0 / 300), 2 * math.Sqrt(2.0/300) / 0.8796},
		{"LecunUniform", nn.LecunUniform, math.Sqrt(1.0 / 300), math.Sqrt(3.0 / 300)},
		{"LecunNormal", nn.LecunNormal, math.Sqrt(1.0 / 300), 2 * math.Sqrt(1.0/300) / 0.8796},
		{"VarianceScaling", nn.VarianceScaling(3, nn.FanOut, nn.Normal), math.Sqrt(3.0 / 200), 1},
		{"RandomNormal", nn.RandomNormal(0, 0.1), 0.1, 1},
		{"TruncatedNormal", nn.TruncatedNormal(0, 0.1), 0.08796, 0.2},
		{"RandomUniform", nn.RandomUniform(-1, 1), 1 / math.Sqrt(3), 1},
	} {
		mean, stddev, least, most := moments(drawn(c.i, 9, 300, 200))
		if tol := 5 * c.stddev / math.Sqrt(60000); math.Abs(mean) > tol || math.Abs(stddev-c.stddev) > tol {
			t.Errorf("%s: mean %g, standard deviation %g; want 0 and %g ± %g", c.name, mean, stddev, c.stddev, tol)
		}
		if least < -c.within*1.00001 || most > c.within*1.00001 {
			t.Errorf("%s: from %g to %g, want up to ±%g", c.name, least, most, c.within)
		}
	}
}

func TestSeeded(t *testing.T) {
	i := nn.HeNormal.Seeded(4)
	if !slices.Equal(drawn(i, 1, 3, 4), drawn(i, 2, 3, 4)) {
		t.Error("the initializer's own seed gives different values in two models")
	}
	if slices.Equal(drawn(nn.HeNormal, 1, 3, 4), drawn(nn.HeNormal, 2, 3, 4)) {
		t.Error("two models have the same values")
	}
}

func TestInitializerJSON(t *testing.T) {
	for _, i := range []nn.Initializer{nn.Zeros, nn.Ones, nn.Constant(2), nn.RandomNormal(1, 2), nn.TruncatedNormal(0, 1), nn.RandomUniform(-1, 2),
		nn.GlorotUniform, nn.HeNormal.Seeded(3), nn.VarianceScaling(2, nn.FanIn, nn.Uniform), {}} {
		text, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		var back nn.Initializer
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !slices.Equal(drawn(back, 1, 5, 6), drawn(i, 1, 5, 6)) {
			t.Errorf("%s read again gives other values", text)
		}
	}
	var i nn.Initializer
	if err := json.Unmarshal([]byte(`"he_normal"`), &i); err != nil || !slices.Equal(drawn(i, 1, 3), drawn(nn.HeNormal, 1, 3)) {
		t.Errorf("a name gives other values, or %v", err)
	}
}

// read returns the initializer that Keras writes as text.
func read(t *testing.T, text string) (i nn.Initializer) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		t.Fatal(err)
	}
	return i
}

// TestSeedJSON writes the seeds that Keras can have, and none of what draws nothing.
func TestSeedJSON(t *testing.T) {
	value, err := tensor.FromSlice([]float32{1, 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		i    nn.Initializer
		want string
	}{
		{nn.HeNormal.Seeded(1<<32 - 1), `"config":{"seed":4294967295}`},
		{nn.HeNormal.Seeded(1 << 32), `error calling MarshalJSON for type nn.Initializer: nn: initializer HeNormal: seed 4294967296: Keras's have 32 bits: want 4294967295 at most`},
		{nn.OrthogonalInitializer(1).Seeded(1 << 63), `Orthogonal: seed 9223372036854775808: Keras's have 32 bits`},
		{nn.Zeros.Seeded(5), `"class_name":"Zeros","config":{}`},
		{nn.Ones.Seeded(5), `"class_name":"Ones","config":{}`},
		{nn.Constant(2).Seeded(5), `"config":{"value":2.0}`},
		{nn.ConstantTensor(value).Seeded(5), `"config":{"value":{`},
		{nn.IdentityInitializer(2).Seeded(5), `"config":{"gain":2.0}`},
		{read(t, `{"class_name":"Identity","config":{"gain":2.0,"seed":5}}`), `"config":{"gain":2.0}`},
	} {
		text, err := json.Marshal(c.i)
		if err != nil {
			text = []byte(err.Error())
		}
		if !strings.Contains(string(text), c.want) || strings.Contains(string(text), `"seed":5`) {
			t.Errorf("got %s, want %s", text, c.want)
		}
	}
}
