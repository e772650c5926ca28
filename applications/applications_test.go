package applications_test

import (
	"crypto/sha256"
	"encoding/json"
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
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// facts are what testdata/applications.py tells of one of Keras's networks.
type facts struct {
	Name, Names, Config       string
	Layers, Params, Trainable int
	Output                    []int
}

var golden = func() (g struct {
	Networks    map[string]facts
	Predictions map[string][]float64
	Prepared    map[string][]float64
}) {
	text, err := os.ReadFile("testdata/applications.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		panic(err)
	}
	return g
}()

// made returns a function that makes a network with options.
func made[O any](f func(...O) (*nn.Network, error), opts ...O) func() (*nn.Network, error) {
	return func() (*nn.Network, error) { return f(opts...) }
}

// networks are the constructors, and variants with the options of testdata/applications.py.
func networks() map[string]func() (*nn.Network, error) {
	shape, noTop, average, most, classes, activation := applications.InputShape, applications.NoTop, applications.AveragePool, applications.MaxPool,
		applications.Classes, applications.ClassifierActivation
	return map[string]func() (*nn.Network, error){
		"VGG16": made(applications.VGG16), "VGG19": made(applications.VGG19),
		"ResNet50": made(applications.ResNet50), "ResNet101": made(applications.ResNet101), "ResNet152": made(applications.ResNet152),
		"ResNet50V2": made(applications.ResNet50V2), "ResNet101V2": made(applications.ResNet101V2), "ResNet152V2": made(applications.ResNet152V2),
		"MobileNet": made(applications.MobileNet), "MobileNetV2": made(applications.MobileNetV2),
		"MobileNetV3Small": made(applications.MobileNetV3Small), "MobileNetV3Large": made(applications.MobileNetV3Large),
		"DenseNet121": made(applications.DenseNet121), "DenseNet169": made(applications.DenseNet169), "DenseNet201": made(applications.DenseNet201),
		"InceptionV3": made(applications.InceptionV3), "InceptionResNetV2": made(applications.InceptionResNetV2),
		"NASNetMobile": made(applications.NASNetMobile), "NASNetLarge": made(applications.NASNetLarge), "Xception": made(applications.Xception),
		"EfficientNetB0": made(applications.EfficientNetB0), "EfficientNetB1": made(applications.EfficientNetB1),
		"EfficientNetB2": made(applications.EfficientNetB2), "EfficientNetB3": made(applications.EfficientNetB3),
		"EfficientNetB4": made(applications.EfficientNetB4), "EfficientNetB5": made(applications.EfficientNetB5),
		"EfficientNetB6": made(applications.EfficientNetB6), "EfficientNetB7": made(applications.EfficientNetB7),
		"EfficientNetV2B0": made(applications.EfficientNetV2B0), "EfficientNetV2B1": made(applications.EfficientNetV2B1),
		"EfficientNetV2B2": made(applications.EfficientNetV2B2), "EfficientNetV2B3": made(applications.EfficientNetV2B3),
		"EfficientNetV2S": made(applications.EfficientNetV2S), "EfficientNetV2M": made(applications.EfficientNetV2M),
		"EfficientNetV2L": made(applications.EfficientNetV2L),
		"ConvNeXtTiny":    made(applications.ConvNeXtTiny), "ConvNeXtSmall": made(applications.ConvNeXtSmall), "ConvNeXtBase": made(applications.ConvNeXtBase),
		"ConvNeXtLarge": made(applications.ConvNeXtLarge), "ConvNeXtXLarge": made(applications.ConvNeXtXLarge),

		"VGG16 without top":    made[applications.Option](applications.VGG16, noTop),
		"VGG19 pooled":         made[applications.Option](applications.VGG19, noTop, most, shape(32, 48, 1)),
		"ResNet50 without top": made[applications.Option](applications.ResNet50, noTop),
		"ResNet50 pooled":      made[applications.Option](applications.ResNet50, noTop, average, shape(64, 32, 3)),
		"ResNet50V2 pooled":    made[applications.Option](applications.ResNet50V2, noTop, most),
		"MobileNet alpha": made[applications.MobileNetOption](applications.MobileNet, applications.Alpha(0.25), applications.DepthMultiplier(2),
			applications.DropoutRate(0.5), classes(7), shape(128, 128, 3), activation(nn.Sigmoid)),
		"MobileNet without top":   made[applications.MobileNetOption](applications.MobileNet, noTop, average, applications.Alpha(0.5)),
		"MobileNetV2 alpha":       made[applications.MobileNetV2Option](applications.MobileNetV2, applications.Alpha(1.3), classes(7), activation(nn.Linear), shape(65, 97, 3)),
		"MobileNetV2 small":       made[applications.MobileNetV2Option](applications.MobileNetV2, applications.Alpha(0.35), noTop, shape(96, 96, 3)),
		"MobileNetV2 without top": made[applications.MobileNetV2Option](applications.MobileNetV2, noTop),
		"MobileNetV3Small minimalistic": made[applications.MobileNetV3Option](applications.MobileNetV3Small, applications.Minimalistic, applications.Alpha(1.25),
			classes(5), shape(64, 64, 3)),
		"MobileNetV3Large raw": made[applications.MobileNetV3Option](applications.MobileNetV3Large, applications.NoPreparation, applications.DropoutRate(0),
			applications.Alpha(0.75)),
		"MobileNetV3Small without top":  made[applications.MobileNetV3Option](applications.MobileNetV3Small, noTop, most),
		"DenseNet121 pooled":            made[applications.Option](applications.DenseNet121, noTop, average),
		"InceptionV3 pooled":            made[applications.Option](applications.InceptionV3, noTop, average),
		"InceptionResNetV2 without top": made[applications.Option](applications.InceptionResNetV2, noTop, shape(75, 80, 3)),
		"NASNetMobile without top":      made[applications.Option](applications.NASNetMobile, noTop, most),
		"NASNetLarge small":             made[applications.Option](applications.NASNetLarge, noTop, shape(65, 64, 3)),
		"Xception pooled":               made[applications.Option](applications.Xception, noTop, most, shape(71, 72, 3)),
		"EfficientNetB0 without top":    made[applications.Option](applications.EfficientNetB0, noTop),
		"EfficientNetB1 pooled":         made[applications.Option](applications.EfficientNetB1, noTop, average, shape(33, 64, 1)),
		"EfficientNetV2B0 grey":         made[applications.PreparingOption](applications.EfficientNetV2B0, noTop, most, shape(32, 32, 1)),
		"EfficientNetV2S raw":           made[applications.PreparingOption](applications.EfficientNetV2S, applications.NoPreparation, classes(3)),
		"ConvNeXtTiny without top":      made[applications.PreparingOption](applications.ConvNeXtTiny, noTop),
		"ConvNeXtTiny raw":              made[applications.PreparingOption](applications.ConvNeXtTiny, applications.NoPreparation, noTop, average, shape(64, 64, 3)),
	}
}

// TestNetworks compares names, configs, parameters and outputs with Keras's. No network takes
// memory for its weights. GLIA_APPLICATIONS is a directory with Keras's whole configs, as
// testdata/applications.py writes them, with which it tells what differs.
func TestNetworks(t *testing.T) {
	all := networks()
	if len(all) != len(golden.Networks) {
		t.Errorf("%d networks, want %d", len(all), len(golden.Networks))
	}
	for label, want := range golden.Networks {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			if want.Layers > 250 && testing.Short() {
				t.Skip("a network of many layers, in short mode")
			}
			make := all[label]
			if make == nil {
				t.Fatal("not in this test")
			}
			net, err := make()
			if err != nil {
				t.Fatal(err)
			}
			b := nn.NewBuilder(1)
			b.Blank = true
			in, _ := net.Declared()
			if err := graph.Catch(func() { net.BuildOpen(b, in) }); err != nil {
				t.Fatal(err)
			}
			got := facts{Name: net.Name, Names: digest(net.Names()), Layers: len(net.Layers()), Output: net.Records()[len(net.Layers())-1].Out[0].Shape.From(1).Slice()}
			params, states := b.Count()
			got.Params, got.Trainable = params+states, params
			o, err := keras.WriteModel(&keras.Model{Network: net, Inputs: in})
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			config := decoded(t, text)
			if got.Config = digest(config); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
				if dir := os.Getenv("GLIA_APPLICATIONS"); dir != "" {
					text, err := os.ReadFile(filepath.Join(dir, label+".json"))
					if err != nil {
						t.Fatal(err)
					}
					tellDifference(t, "", config, decoded(t, text), new(int))
				}
			}
		})
	}
}

// unsaid are settings that say nothing where they have these values, ignored those that say
// nothing.
var (
	unsaid  = map[string]any{"training": false, "sparse": false, "ragged": false, "optional": false, "data_format": "channels_last", "compile_config": map[string]any{}}
	ignored = []string{"module", "registered_name", "build_config", "dtype"}
)

// decoded returns a config without what says nothing, with numbers as text.
func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return canonical(v)
}

func canonical(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for k, x := range v {
			if def, ok := unsaid[k]; x != nil && !slices.Contains(ignored, k) && !(ok && reflect.DeepEqual(x, def)) {
				kept[k] = canonical(x)
			}
		}
		return kept
	case []any:
		for i, x := range v {
			v[i] = canonical(x)
		}
		return v
	case float64:
		return fmt.Sprintf("%.17g", v)
	}
	return v
}

func digest(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))[:16]
}

// tellDifference reports the first differences of two configs.
func tellDifference(t *testing.T, at string, got, want any, told *int) {
	if *told > 5 || reflect.DeepEqual(got, want) {
		return
	}
	g, both := got.(map[string]any)
	w, also := want.(map[string]any)
	if both && also {
		for k := range w {
			tellDifference(t, at+"."+k, g[k], w[k], told)
		}
		for k := range g {
			if w[k] == nil {
				tellDifference(t, at+"."+k, g[k], nil, told)
			}
		}
		return
	}
	gl, both := got.([]any)
	wl, also := want.([]any)
	if both && also && len(gl) == len(wl) {
		for i := range wl {
			tellDifference(t, fmt.Sprintf("%s[%d]", at, i), gl[i], wl[i], told)
		}
		return
	}
	*told++
	t.Logf("%s: got %.200v, want %.200v", at, got, want)
}

// predicted are the networks of testdata/applications.py that predict, and those of them with
// pixels from 0 to 255.
func predicted() (all map[string]func() (*nn.Network, error), pixels []string) {
	square := func(n int) applications.Setting { return applications.InputShape(n, n, 3) }
	five, logits := applications.Classes(5), applications.ClassifierActivation(nn.Linear)
	odd := applications.InputShape(32, 33, 3)
	return map[string]func() (*nn.Network, error){
		"VGG16":             made[applications.Option](applications.VGG16, applications.NoTop, applications.AveragePool, square(32)),
		"ResNet50":          made[applications.Option](applications.ResNet50, square(32), five, logits),
		"ResNet50V2":        made[applications.Option](applications.ResNet50V2, square(32), five, logits),
		"MobileNet":         made[applications.MobileNetOption](applications.MobileNet, square(32), applications.Alpha(0.25), five, logits),
		"MobileNetV2":       made[applications.MobileNetV2Option](applications.MobileNetV2, odd, applications.Alpha(0.35), five, logits),
		"MobileNetV3Small":  made[applications.MobileNetV3Option](applications.MobileNetV3Small, odd, applications.Alpha(0.75), five, logits),
		"DenseNet121":       made[applications.Option](applications.DenseNet121, square(32), five, logits),
		"InceptionV3":       made[applications.Option](applications.InceptionV3, square(75), five, logits),
		"InceptionResNetV2": made[applications.Option](applications.InceptionResNetV2, square(75), five, logits),
		"NASNetMobile":      made[applications.Option](applications.NASNetMobile, square(32), five, logits),
		"Xception":          made[applications.Option](applications.Xception, square(71), five, logits),
		"EfficientNetB0":    made[applications.Option](applications.EfficientNetB0, square(32), five, logits),
		"EfficientNetV2B0":  made[applications.PreparingOption](applications.EfficientNetV2B0, square(32), five, logits),
		"ConvNeXtTiny":      made[applications.PreparingOption](applications.ConvNeXtTiny, square(32), five, logits),
	}, []string{"MobileNetV3Small", "EfficientNetB0", "EfficientNetV2B0", "ConvNeXtTiny"}
}

// TestPredictions compares what a network of each family predicts with what Keras does, with the
// same weights. In short mode it takes small ones.
func TestPredictions(t *testing.T) {
	all, pixels := predicted()
	for name, want := range golden.Predictions {
		t.Run(name, func(t *testing.T) {
			if golden.Networks[name].Params > 8e6 && testing.Short() {
				t.Skip("a network of many parameters, in short mode")
			}
			net, err := all[name]()
			if err != nil {
				t.Fatal(err)
			}
			b := nn.NewBuilder(1)
			b.Blank = true
			in, _ := net.Declared()
			net.BuildOpen(b, in)
			for k, v := range net.Vars() {
				if strings.HasSuffix(v.Path, "/count") {
					continue
				}
				if err := v.Set(value(k, v)); err != nil {
					t.Fatal(err)
				}
			}
			in[0].Shape = in[0].Shape.With(0, 2)
			x := tensor.NewSpec(in[0])
			for i, v := range numbers(-1, in[0].Shape.Size()) {
				if slices.Contains(pixels, name) {
					v = (v + 1) * 127.5
				}
				tensor.Data[float32](x)[i] = float32(v)
			}
			y, err := glia.New(net).Predict(x)
			if err != nil {
				t.Fatal(err)
			}
			largest := 0.0
			for _, v := range want {
				largest = max(largest, math.Abs(v))
			}
			row, v := y.Shape().At(1), y.Float64s()
			for i, want := range want {
				n := min(row, 10)
				if got := v[i/n*row+i%n]; !(math.Abs(got-want) <= 1e-4*largest) {
					t.Errorf("output %d is %g, want %g (of at most %g)", i, got, want, largest)
				}
			}
		})
	}
}

// numbers returns n numbers from -1 to 1 that follow from k.
func numbers(k, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		x := uint64(k+1)*0x9E3779B97F4A7C15 + uint64(i)*0xBF58476D1CE4E5B9
		x ^= x >> 31
		x *= 0x94D049BB133111EB
		x ^= x >> 29
		v[i] = float64(x>>40)/(1<<23) - 1
	}
	return v
}

// value returns the value of weight k.
func value(k int, v *graph.Var) *tensor.Tensor {
	t := tensor.NewSpec(v.Spec())
	shape := v.Spec().Shape
	name := v.Path[strings.LastIndexByte(v.Path, '/')+1:]
	values := numbers(k, shape.Size())
	scale, shift := 1.0/8, 0.0
	switch {
	case strings.HasSuffix(name, "kernel"):
		fan := shape.To(shape.Rank() - 1).Size()
		if shape.Rank() == 4 && shape.At(3) == 1 {
			fan = shape.To(2).Size()
		}
		scale = math.Sqrt(6 / float64(fan))
	case name == "gamma" || name == "moving_variance" || name == "variance":
		scale, shift = 1.0/4, 1
	}
	for i, x := range values {
		tensor.Data[float32](t)[i] = float32(shift + x*scale)
	}
	return t
}
