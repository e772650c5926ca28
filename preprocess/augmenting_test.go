package preprocess_test

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

func TestAugmentingLayers(t *testing.T) {
	for name, c := range map[string]nntest.Case{
		"RandAugment": {New: func() nn.Layer { return preprocess.RandAugment(preprocess.ValueRange(-9, 9)) }, In: f32(2, 5, 6, 3), Out: f32(2, 5, 6, 3), NoGradient: true},
		"AugMix": {New: func() nn.Layer {
			return preprocess.AugMix(preprocess.Chains(2, 1), preprocess.FewerOps(), preprocess.ValueRange(-9, 9))
		}, In: f32(2, 5, 6, 3), Out: f32(2, 5, 6, 3), NoGradient: true},
	} {
		t.Run(name, func(t *testing.T) { nntest.Layer(t, c) })
	}
}

// TestRandAugmentChooses checks that RandAugment does what one of its layers does, at a strength
// of 0: six of them leave pictures as they are. Masks stay.
func TestRandAugmentChooses(t *testing.T) {
	x, m := bytes(2, 5, 6, 3), numbers(2, 5, 6, 1)
	l := preprocess.RandAugment(preprocess.NumOps(1), preprocess.Strength(f(0)))
	known := map[string][]float64{"same": floatsOf(x)}
	for name, l := range map[string]nn.Layer{
		"sharpness": preprocess.RandomSharpness(f(0)), "posterization": preprocess.RandomPosterization(f(1)),
		"solarization": preprocess.Solarization(), "contrast": preprocess.AutoContrast(), "equalization": preprocess.Equalization(),
	} {
		known[name], _, _, _, _ = apply(t, l, 1, parts{images: x})
	}
	seen := map[string]int{}
	const seeds = 150
	for seed := range uint64(seeds) {
		images, _, _, _, masks := apply(t, l, seed, parts{images: x, masks: m})
		of := "none of the layers"
		for name, want := range known {
			if slices.EqualFunc(images, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-3 }) {
				of = name
			}
		}
		seen[of]++
		if !slices.Equal(masks, floatsOf(m)) {
			t.Fatalf("seed %d, %s: masks change", seed, of)
		}
	}
	if len(seen) != len(known) || seen["none of the layers"] > 0 || seen["same"] < seeds*6/11-30 || seen["same"] > seeds*6/11+30 {
		t.Errorf("seen %v: want those of %d layers, six of eleven times the same", seen, len(known))
	}
}

// TestRandAugmentParts has boxes and masks follow their pictures where these move.
func TestRandAugmentParts(t *testing.T) {
	const n, h, w = 3, 16, 20
	x, m := tensor.New(tensor.Uint8, n, h, w, 3), tensor.New(tensor.Int32, n, h, w, 1)
	at := tensor.New(tensor.Float32, n, 1, 4)
	for i := range n {
		for y := 5; y < 9; y++ {
			for c := 6; c < 12; c++ {
				tensor.Data[int32](m)[(i*h+y)*w+c] = 7
			}
		}
		copy(tensor.Data[float32](at)[4*i:], []float32{6, 5, 12, 9})
	}
	l := preprocess.RandAugment(preprocess.NumOps(2), preprocess.Strength(f(0.1)), preprocess.BoxesAs(preprocess.XYXY))
	moved := 0
	for seed := range uint64(40) {
		_, _, boxes, _, masks := apply(t, l, seed, parts{images: x, boxes: at, masks: m})
		for i := range n {
			left, top, right, bottom := w, h, 0, 0
			for y := range h {
				for c := range w {
					if masks[(i*h+y)*w+c] == 7 {
						left, top, right, bottom = min(left, c), min(top, y), max(right, c+1), max(bottom, y+1)
					}
				}
			}
			b := boxes[4*i : 4*i+4]
			if !slices.Equal(b, []float64{6, 5, 12, 9}) {
				moved++
			}
			// A box holds its mask, and no more than the corners that a turn adds.
			if d := []float64{float64(left) - b[0], float64(top) - b[1], b[2] - float64(right), b[3] - float64(bottom)}; slices.Min(d) < -1.6 || slices.Max(d) > 6 {
				t.Errorf("seed %d: box %.1f, mask %v", seed, b, []int{left, top, right, bottom})
			}
		}
	}
	if moved < 20 {
		t.Errorf("%d boxes moved: want 20 or more", moved)
	}
}

// TestAugMixMixes checks the mixture of layers that leave pictures as they are, and that of one
// that inverts them.
func TestAugMixMixes(t *testing.T) {
	x, m := bytes(2, 5, 6, 3), numbers(2, 5, 6, 1)
	l := preprocess.AugMix(preprocess.BoxesAs(preprocess.XYWH))
	at := numbers(2, 1, 4)
	of := tensor.New(tensor.Int32, 2, 1)
	kinds := map[float64]bool{}
	for seed := range uint64(12) {
		p := parts{x, numbers(2, 1), at, of, m}
		images, labels, _, _, masks := apply(t, l, seed, p)
		if slices.Min(images) < 0 || slices.Max(images) > 255 || !slices.Equal(labels, []float64{0, 1}) || len(masks) != 60 {
			t.Fatalf("seed %d: pixels %v to %v, labels %v, %d numbers of masks", seed, slices.Min(images), slices.Max(images), labels, len(masks))
		}
		procs := runtime.GOMAXPROCS(1)
		again, _, _, _, _ := apply(t, l, seed, p)
		runtime.GOMAXPROCS(procs)
		if !slices.Equal(images, again) {
			t.Errorf("seed %d: other pictures the second time", seed)
		}
		sum := 0.0
		for i, v := range images {
			sum += v * float64(i%7+1)
		}
		kinds[sum] = true
	}
	if len(kinds) < 10 {
		t.Errorf("%d kinds of mixtures of 12, want 10 or more", len(kinds))
	}
}

func TestAugmentingMistakes(t *testing.T) {
	for want, l := range map[string]nn.Layer{
		"preprocess.RandAugment: 101 operations: want 1 to 100":                preprocess.RandAugment(preprocess.NumOps(101)),
		"preprocess.RandAugment: factor is [2]: want one number":               preprocess.RandAugment(preprocess.Strength(f(2))),
		"preprocess.AugMix: 11 chains of 11 layers: want 1 to 100":             preprocess.AugMix(preprocess.Chains(11, 11)),
		"preprocess.AugMix: alpha -1: want a positive number":                  preprocess.AugMix(preprocess.Alpha(-1)),
		`interpolation "bicubic": want bilinear or nearest`:                    preprocess.AugMix(nn.Bicubic),
		"preprocess.RandAugment: value range [1 1]: want two numbers that dif": preprocess.RandAugment(preprocess.ValueRange(1, 1)),
	} {
		for _, training := range []bool{false, true} {
			g := graph.New()
			c := nn.NewCtx(g, nn.NewSeed(1))
			c.Training = training
			x := g.Input("x", f32(1, 3, 3, 3))
			if err := graph.Catch(func() { c.Trace(l, x) }); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("training %v: got %v, want an error with %q", training, err, want)
			}
		}
	}
}
