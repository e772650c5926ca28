package preprocess_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// TestGeometryLayers checks what all layers have to do.
func TestGeometryLayers(t *testing.T) {
	for name, c := range map[string]nntest.Case{
		"RandomFlip": {New: func() nn.Layer { return preprocess.RandomFlip() }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomFlip/first": {New: func() nn.Layer {
			return preprocess.RandomFlip(preprocess.Along(preprocess.Vertical), nn.ChannelsFirst, preprocess.BoxesAs(preprocess.XYWH))
		}, In: tensor.S(tensor.Uint8, 4, 3, 5, 6), Out: f32(4, 3, 5, 6), NoGradient: true},
		"RandomRotation": {New: func() nn.Layer { return preprocess.RandomRotation(preprocess.Factor{0.1}) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomRotation/all": {New: func() nn.Layer {
			return preprocess.RandomRotation(preprocess.Factor{-0.1, 0.3}, nn.Nearest, preprocess.Fill(preprocess.FillConstant), preprocess.FillValue(2), nn.ChannelsFirst)
		}, In: f32(4, 3, 5, 6), Out: f32(4, 3, 5, 6)},
		"RandomZoom": {New: func() nn.Layer { return preprocess.RandomZoom(preprocess.Factor{0.1}, nil) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomZoom/two": {New: func() nn.Layer { return preprocess.RandomZoom(preprocess.Factor{0.1}, preprocess.Factor{-0.5, 0}) },
			In: tensor.S(tensor.Uint8, 4, 5, 6, 3), Out: f32(4, 5, 6, 3), NoGradient: true},
		"RandomTranslation": {New: func() nn.Layer { return preprocess.RandomTranslation(preprocess.Factor{0.1}, preprocess.Factor{0.2}) },
			In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"CenterCrop":         {New: func() nn.Layer { return preprocess.CenterCrop(3, 4) }, In: f32(4, 5, 6, 3), Out: f32(4, 3, 4, 3)},
		"CenterCrop/smaller": {New: func() nn.Layer { return preprocess.CenterCrop(7, 4, nn.ChannelsFirst) }, In: f32(4, 3, 5, 6), Out: f32(4, 3, 7, 4)},
		"RandomCrop":         {New: func() nn.Layer { return preprocess.RandomCrop(3, 4) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3), NoGradient: true},
		"MixUp":              {New: func() nn.Layer { return preprocess.MixUp(0.2) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"CutMix":             {New: func() nn.Layer { return preprocess.CutMix(preprocess.Factor{1}) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomErasing": {New: func() nn.Layer {
			return preprocess.RandomErasing(preprocess.Factor{0.5, 1}, preprocess.ErasedArea(0.1, 0.2), preprocess.ErasedBy(1, 2, 3), preprocess.ValueRange(0, 4))
		}, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomPerspective": {New: func() nn.Layer {
			return preprocess.RandomPerspective(preprocess.Factor{1}, preprocess.MostPerspective(0.5), preprocess.FillValue(2))
		}, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomElasticTransform": {New: func() nn.Layer {
			return preprocess.RandomElasticTransform(preprocess.Factor{1}, preprocess.ElasticScale(preprocess.Factor{0.5}), preprocess.Fill(preprocess.FillMirror), preprocess.ValueRange(-9, 9))
		}, In: f32(4, 12, 10, 3), Out: f32(4, 12, 10, 3)},
		"MaxNumBoundingBoxes": {New: func() nn.Layer { return preprocess.MaxNumBoundingBoxes(3) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"Pipeline": {New: func() nn.Layer {
			return preprocess.Pipeline(preprocess.RandomFlip(), preprocess.Rescaling(0.5, 1), preprocess.CenterCrop(3, 3), preprocess.RandomFlip())
		}, In: f32(4, 5, 6, 3), Out: f32(4, 3, 3, 3)},
		"Rescaling/channels": {New: func() nn.Layer { return preprocess.RescalingChannels([]float64{1, 2, 3}, []float64{4, 5, 6}) },
			In: f32(4, 5, 6, 3), KeepsMask: true, Out: f32(4, 5, 6, 3)},
		"RandomShear": {New: func() nn.Layer { return preprocess.RandomShear(preprocess.Factor{0.1}, preprocess.Factor{0, 0.2}) },
			In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
	} {
		t.Run(name, func(t *testing.T) { nntest.Layer(t, c) })
	}
}

// packed is a tensor in a file of golden numbers.
type packed struct {
	DType string
	Shape []int
	Data  []float64
}

func (p *packed) tensor(t *testing.T) *tensor.Tensor {
	t.Helper()
	if p == nil {
		return nil
	}
	x, err := tensor.FromSlice(p.Data, p.Shape...)
	if err != nil {
		t.Fatal(err)
	}
	return x.AsType(tensor.ParseDType(p.DType))
}

// expectation holds the parts of a sample that Keras made; those that are nil are not compared.
type expectation struct{ Images, Labels, Boxes, Classes, Masks *packed }

// geometry is the file of golden numbers.
type geometry struct {
	Keras string
	Cases []struct {
		Class                                 string
		Config                                json.RawMessage
		Images, Labels, Boxes, Classes, Masks *packed
		Want                                  []expectation
	}
	Functions []struct {
		Function, Fill string
		Nearest        bool
		Value          float64
		In             []*packed
		Want           *packed
	}
}

func goldenGeometry(t *testing.T) (g geometry) {
	t.Helper()
	text, err := os.ReadFile("testdata/geometry.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestGeometryFunctions compares functions with Keras's: perspective transforms and places between
// elements by package ops, the elastic transform by its layer's part.
func TestGeometryFunctions(t *testing.T) {
	fills := map[string]ops.FillMode{"constant": ops.FillConstant, "nearest": ops.FillNearest, "wrap": ops.FillWrap, "mirror": ops.FillMirror, "reflect": ops.FillReflect}
	file, worst := goldenGeometry(t), map[string]float64{}
	for i, c := range file.Functions {
		g := graph.New()
		var in []*tensor.Tensor
		var nodes []*graph.Node
		for _, p := range c.In {
			in = append(in, p.tensor(t))
			nodes = append(nodes, g.Input("in", in[len(in)-1].Spec()))
		}
		s := ops.Sampling{Nearest: c.Nearest, Fill: fills[c.Fill], Value: c.Value}
		x := nodes[0]
		var y *graph.Node
		switch c.Function {
		case "perspective":
			wide := func(n *graph.Node) *graph.Node { return ops.Cast(n, tensor.Float64) }
			y = ops.AffineTransform(x, ops.Homography(wide(nodes[2]), wide(nodes[1])), s)
		case "map":
			y = ops.MapCoordinates(ops.ExpandDims(ops.ExpandDims(x, 0), -1), ops.ExpandDims(nodes[1], 0), s)
		case "elastic":
			noise := ops.ExpandDims(nodes[1], -1)
			s.Value = 0
			y = ops.MapCoordinates(x, preprocess.ElasticCoordinates(g, ops.Concat(-1, noise, noise), c.Value), s)
		}
		got := nntest.Run(g, []*graph.Node{y}, in...)[0].V
		off := distance(got, c.Want)
		worst[c.Function] = max(worst[c.Function], off)
		if off > 1e-5 && !(c.Function == "elastic" && off < 5e-5) { // steep pictures, far coordinates in float32
			t.Errorf("function %d: %s, fill %s, nearest %v: off by %.2g: got %.5v\nwant %.5v", i, c.Function, c.Fill, c.Nearest, off, got, c.Want.Data)
		}
	}
	t.Logf("Keras %s, worst errors: %v", file.Keras, worst)
}

// TestGeometry compares layers with Keras, each part of a sample, where the draw is known up to a
// few possibilities.
func TestGeometry(t *testing.T) {
	file := goldenGeometry(t)
	worst := map[string]float64{}
	for i, c := range file.Cases {
		l, err := nn.LayerFromConfig(c.Class, c.Config)
		if err != nil {
			t.Errorf("case %d: %s: %v", i, c.Class, err)
			continue
		}
		seen := make([]bool, len(c.Want))
		for seed := range uint64(12 * len(c.Want)) {
			images, labels, boxes, classes, masks := apply(t, l, seed, parts{c.Images.tensor(t), c.Labels.tensor(t), c.Boxes.tensor(t), c.Classes.tensor(t), c.Masks.tensor(t)})
			best, which, why := math.Inf(1), 0, ""
			for k, want := range c.Want {
				off, part := 0.0, ""
				for _, p := range []struct {
					name string
					got  []float64
					want *packed
				}{{"images", images, want.Images}, {"labels", labels, want.Labels}, {"boxes", boxes, want.Boxes}, {"classes", classes, want.Classes}, {"masks", masks, want.Masks}} {
					if d := distance(p.got, p.want); d > off {
						off, part = d, fmt.Sprintf("%s: got %.5v\nwant %.5v", p.name, p.got, p.want.Data)
					}
				}
				if off < best {
					best, which, why = off, k, part
				}
			}
			seen[which] = true
			worst[c.Class] = max(worst[c.Class], best)
			if best > 1e-5 {
				t.Errorf("case %d: %s %s: off by %.2g in %s", i, c.Class, c.Config, best, why)
				break
			}
			if len(c.Want) == 1 {
				break
			}
		}
		for k, s := range seen {
			if !s && !t.Failed() {
				t.Errorf("case %d: %s %s: possibility %d of %d was never drawn", i, c.Class, c.Config, k, len(seen))
			}
		}
	}
	t.Logf("Keras %s, worst errors: %v", file.Keras, worst)
}

// distance returns the greatest difference of numbers, relative to those above 1.
func distance(got []float64, want *packed) float64 {
	if want == nil {
		return 0
	}
	if len(got) != len(want.Data) {
		return math.Inf(1)
	}
	d := 0.0
	for i, w := range want.Data {
		if off := math.Abs(got[i]-w) / max(1, math.Abs(w)); !(off <= d) {
			d = off
		}
	}
	return d
}

// TestGeometrySpreads measures what layers draw on pictures whose pixels are their own columns: the
// numbers have to be uniform, each picture's its own.
func TestGeometrySpreads(t *testing.T) {
	const n, side = 800, 41
	const middle = (side - 1) / 2
	x := tensor.New(tensor.Float32, n, side, side, 1)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i % side)
	}
	f := func(v ...float64) preprocess.Factor { return v }
	for name, c := range map[string]struct {
		layer     nn.Layer
		row, col  int                     // of the pixel that tells
		of        func(v float64) float64 // the number that was drawn
		low, high float64
	}{
		"translation":  {preprocess.RandomTranslation(f(0.2), f(-0.2, 0.4)), middle, middle, func(v float64) float64 { return (middle - v) / side }, -0.2, 0.4},
		"zoom":         {preprocess.RandomZoom(f(0.2), f(-0.3, 0.5)), middle, middle + 10, func(v float64) float64 { return (v-middle)/10 - 1 }, -0.3, 0.5},
		"zoom of both": {preprocess.RandomZoom(f(0.25), nil), middle, middle + 10, func(v float64) float64 { return (v-middle)/10 - 1 }, -0.25, 0.25},
		"rotation":     {preprocess.RandomRotation(f(-0.1, 0.2)), middle - 10, middle, func(v float64) float64 { return math.Asin((v-middle)/10) / (2 * math.Pi) }, -0.1, 0.2},
		"shear":        {preprocess.RandomShear(f(0, 0.3), f(0)), 10, middle, func(v float64) float64 { return math.Abs(v-middle) / 10 }, 0, 0.3},
	} {
		images, _, _, _, _ := apply(t, c.layer, 11, parts{images: x})
		least, most, sum, squares := math.Inf(1), math.Inf(-1), 0.0, 0.0
		for i := range n {
			v := c.of(images[(i*side+c.row)*side+c.col])
			least, most, sum, squares = min(least, v), max(most, v), sum+v, squares+v*v
		}
		mean, width := sum/n, c.high-c.low
		deviation := math.Sqrt(squares/n - mean*mean)
		if least < c.low-1e-4 || least > c.low+width/50 || most > c.high+1e-4 || most < c.high-width/50 ||
			math.Abs(mean-(c.low+c.high)/2) > width/30 || math.Abs(deviation-width/math.Sqrt(12)) > width/30 {
			t.Errorf("%s: numbers from %.4f to %.4f, mean %.4f, deviation %.4f: want them uniform from %v to %v", name, least, most, mean, deviation, c.low, c.high)
		}
	}
}
