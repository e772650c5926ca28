package preprocess_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
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

// TestGeometry compares layers with Keras, each part of a sample, where the draw is known up to a
// few possibilities.
func TestGeometry(t *testing.T) {
	text, err := os.ReadFile("testdata/geometry.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Keras string
		Cases []struct {
			Class                                 string
			Config                                json.RawMessage
			Images, Labels, Boxes, Classes, Masks *packed
			Want                                  []expectation
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
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
