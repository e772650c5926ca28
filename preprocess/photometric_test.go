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

// f is short for factors.
func f(v ...float64) preprocess.Factor { return v }

// photometric lists layers that change colors alone, at random, by name.
func photometric() map[string]preprocess.ImageLayer {
	boxes := preprocess.BoxesAs(preprocess.XYXY)
	return map[string]preprocess.ImageLayer{
		"RandomBrightness":        preprocess.RandomBrightness(f(0.5), boxes),
		"RandomContrast":          preprocess.RandomContrast(f(0.5), boxes),
		"RandomHue":               preprocess.RandomHue(f(0.5), boxes),
		"RandomSaturation":        preprocess.RandomSaturation(f(0.2, 0.8), boxes),
		"RandomColorJitter":       preprocess.RandomColorJitter(preprocess.Brightness(f(0.2)), preprocess.Hue(f(0.2)), boxes),
		"RandomColorDegeneration": preprocess.RandomColorDegeneration(f(0.5), boxes),
		"RandomGrayscale":         preprocess.RandomGrayscale(0.5, boxes),
		"RandomInvert":            preprocess.RandomInvert(f(1), boxes),
		"RandomPosterization":     preprocess.RandomPosterization(f(6), boxes),
		"Solarization":            preprocess.Solarization(preprocess.Threshold(f(1)), preprocess.Addition(f(0.5)), boxes),
		"RandomSharpness":         preprocess.RandomSharpness(f(1), boxes),
		"RandomGaussianBlur":      preprocess.RandomGaussianBlur(f(1), boxes),
	}
}

// TestColorLayers builds, saves and trains the layers of colors.
func TestColorLayers(t *testing.T) {
	for name, c := range map[string]nntest.Case{
		"RandomBrightness": {New: func() nn.Layer {
			return preprocess.RandomBrightness(f(0.5), preprocess.ValueRange(-9, 9))
		}, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomContrast": {New: func() nn.Layer { return preprocess.RandomContrast(f(0.5), preprocess.ValueRange(0, 1)) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomHue":      {New: func() nn.Layer { return preprocess.RandomHue(f(0.5)) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomSaturation": {New: func() nn.Layer {
			return preprocess.RandomSaturation(f(0.5), preprocess.ValueRange(0, 1))
		}, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomColorJitter": {New: func() nn.Layer {
			return preprocess.RandomColorJitter(preprocess.ValueRange(-9, 9), preprocess.Brightness(f(0.1)), preprocess.Contrast(f(0.1)), preprocess.Hue(f(0.1)))
		}, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomColorDegeneration": {New: func() nn.Layer { return preprocess.RandomColorDegeneration(f(0.5)) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomGrayscale":         {New: func() nn.Layer { return preprocess.RandomGrayscale(0.5) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomInvert":            {New: func() nn.Layer { return preprocess.RandomInvert(f(1)) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomPosterization":     {New: func() nn.Layer { return preprocess.RandomPosterization(f(4)) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3), NoGradient: true},
		"Solarization":            {New: func() nn.Layer { return preprocess.Solarization(preprocess.Threshold(f(0.5))) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomSharpness":         {New: func() nn.Layer { return preprocess.RandomSharpness(f(0.5)) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"RandomGaussianBlur":      {New: func() nn.Layer { return preprocess.RandomGaussianBlur(f(1), preprocess.BlurSize(3, 1)) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"AutoContrast":            {New: func() nn.Layer { return preprocess.AutoContrast() }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3)},
		"Equalization":            {New: func() nn.Layer { return preprocess.Equalization(preprocess.Bins(32)) }, In: f32(4, 5, 6, 3), Out: f32(4, 5, 6, 3), NoGradient: true},
	} {
		t.Run(name, func(t *testing.T) { nntest.Layer(t, c) })
	}
}

// bytes returns pictures of bytes.
func bytes(dims ...int) *tensor.Tensor {
	t := tensor.New(tensor.Uint8, dims...)
	for i := range tensor.Data[uint8](t) {
		tensor.Data[uint8](t)[i] = uint8(i * i * 37 % 251)
	}
	return t
}

// TestColorsAlone checks that layers of colors leave all but the pictures, change each picture of a
// batch in its own way, and do so alike with a seed, at any number of processors, and with pixels
// as bytes or floats.
func TestColorsAlone(t *testing.T) {
	const n, size = 16, 6 * 7 * 3
	x, masks, labels := bytes(1, 6, 7, 3), numbers(n, 6, 7, 1), numbers(n, 2)
	same := tensor.New(tensor.Uint8, n, 6, 7, 3)
	for i := range n {
		copy(tensor.Data[uint8](same)[i*size:], tensor.Data[uint8](x))
	}
	at, classes := tensor.New(tensor.Float32, n, 1, 4), tensor.New(tensor.Int32, n, 1)
	for i := range n {
		copy(tensor.Data[float32](at)[4*i:], []float32{1, 2, 3, 4})
	}
	whole := parts{same, labels, at, classes, masks}
	for name, l := range photometric() {
		images, y, boxes, of, m := apply(t, l, 5, whole)
		if !slices.Equal(y, floatsOf(labels)) || !slices.Equal(boxes, floatsOf(at)) || slices.Max(of) != 0 || slices.Min(of) != 0 || !slices.Equal(m, floatsOf(masks)) {
			t.Errorf("%s: labels, boxes or masks change", name)
		}
		kinds := map[float64]bool{}
		for i := range n {
			sum := 0.0
			for j, v := range images[i*size : (i+1)*size] {
				if v != v || math.IsInf(v, 0) {
					t.Fatalf("%s: picture %d has %v", name, i, v)
				}
				sum += v * float64(j%11+1)
			}
			kinds[sum] = true
		}
		want := 8
		switch name {
		case "RandomGrayscale", "RandomInvert", "RandomGaussianBlur":
			want = 2
		case "RandomPosterization":
			want = 4
		}
		if len(kinds) < want {
			t.Errorf("%s: %d kinds of pictures of %d, want %d or more", name, len(kinds), n, want)
		}
		procs := runtime.GOMAXPROCS(1)
		again, _, _, _, _ := apply(t, l, 5, whole)
		runtime.GOMAXPROCS(procs)
		if !slices.Equal(again, images) {
			t.Errorf("%s: the same seed makes other pictures", name)
		}
		if other, _, _, _, _ := apply(t, l, 6, whole); slices.Equal(other, images) {
			t.Errorf("%s: another seed makes the same pictures", name)
		}
		floats := whole
		floats.images = same.AsType(tensor.Float32)
		if of, _, _, _, _ := apply(t, l, 5, floats); name != "RandomGrayscale" && !slices.Equal(of, images) {
			t.Errorf("%s: floats become other pictures than bytes", name)
		}
	}
}

// floatsOf returns the numbers of a tensor.
func floatsOf(t *tensor.Tensor) []float64 { return tensor.Data[float64](t.AsType(tensor.Float64)) }

// TestColorsSpread checks how what layers draw is spread, over 4000 pictures of one pixel.
func TestColorsSpread(t *testing.T) {
	const n = 4000
	of := func(l nn.Layer, v ...float32) (first []float64) {
		x := tensor.New(tensor.Float32, n, 1, len(v)/3, 3)
		for i := range n {
			copy(tensor.Data[float32](x)[i*len(v):], v)
		}
		images, _, _, _, _ := apply(t, l, 9, parts{images: x})
		for i := range n {
			first = append(first, images[i*len(v)])
		}
		return first
	}
	for name, c := range map[string]struct {
		got             []float64
		low, high, mean float64
	}{
		"brightness":    {of(preprocess.RandomBrightness(f(-0.2, 0.4)), 100, 0, 0), 100 - 51, 100 + 102, 100 + 25.5},
		"contrast":      {of(preprocess.RandomContrast(f(0.5, 0.25)), 160, 0, 0, 80, 0, 0), 150, 180, 165}, // 120 + 40·[0.75 1.5] after sorting
		"invert":        {of(preprocess.RandomInvert(f(0.5)), 55, 0, 0), 55, 200, 55 + 145*0.25},
		"grayscale":     {of(preprocess.RandomGrayscale(0.25), 100, 0, 0), 29.89, 100, 100 - 70.11*0.25},
		"posterization": {of(preprocess.RandomPosterization(f(1, 3)), 200, 0, 0), 128, 192, 160},
		"degeneration":  {of(preprocess.RandomColorDegeneration(f(0, 0.5)), 100, 0, 0), 100 - 70.11/2, 100, 100 - 70.11/4},
		"addition":      {of(preprocess.Solarization(preprocess.Addition(f(0.2)), preprocess.Threshold(f(0))), 100, 0, 0), 104, 155, 129.5},
		"threshold":     {of(preprocess.Solarization(preprocess.Threshold(f(1))), 51, 0, 0), 51, 204, 51 + 153*0.2},
		"sharpness":     {of(preprocess.RandomSharpness(f(1)), 130, 0, 0), 50, 210, 130}, // alone, its mean is 50
	} {
		mean := 0.0
		for _, v := range c.got {
			mean += v / n
		}
		low, high := slices.Min(c.got), slices.Max(c.got)
		slack := 0.02 * (c.high - c.low)
		if low < c.low-1e-3 || low > c.low+slack || high > c.high+1e-3 || high < c.high-slack || math.Abs(mean-c.mean) > 1.5*slack {
			t.Errorf("%s: %.2f to %.2f, mean %.2f: want %.2f to %.2f, mean %.2f", name, low, high, mean, c.low, c.high, c.mean)
		}
	}
}

// TestColorMistakes gives layers of colors settings and pictures that they refuse.
func TestColorMistakes(t *testing.T) {
	for want, c := range map[string]struct {
		l    nn.Layer
		dims []int
	}{
		"RandomBrightness: factor is [2]: want one number or two, from -1 to 1":     {preprocess.RandomBrightness(f(2)), []int{1, 2, 2, 3}},
		"RandomContrast: factor is []":                                              {preprocess.RandomContrast(nil), []int{1, 2, 2, 3}},
		"RandomHue: pictures of 1 channels: want red, green and blue":               {preprocess.RandomHue(f(1)), []int{1, 2, 2, 1}},
		"RandomSaturation: pictures of 4 channels":                                  {preprocess.RandomSaturation(f(1)), []int{1, 2, 2, 4}},
		"RandomColorDegeneration: pictures of 4 channels":                           {preprocess.RandomColorDegeneration(f(1)), []int{1, 2, 2, 4}},
		"RandomGrayscale: factor 2: want 0 to 1":                                    {preprocess.RandomGrayscale(2), []int{1, 2, 2, 3}},
		"RandomGrayscale: pictures of 2 channels":                                   {preprocess.RandomGrayscale(1), []int{1, 2, 2, 2}},
		"RandomPosterization: factor is [2.5]: want whole numbers of bits":          {preprocess.RandomPosterization(f(2.5)), []int{1, 2, 2, 3}},
		"RandomSharpness: value range [3 3]: want two numbers that differ":          {preprocess.RandomSharpness(f(1), preprocess.ValueRange(3, 3)), []int{1, 2, 2, 3}},
		"RandomGaussianBlur: kernel size [2 3]: want one odd number or two":         {preprocess.RandomGaussianBlur(f(1), preprocess.BlurSize(2, 3)), []int{1, 2, 2, 3}},
		"Equalization: 100000 bins: want 1 to 65536":                                {preprocess.Equalization(preprocess.Bins(100000)), []int{1, 2, 2, 3}},
		"Solarization: threshold factor is [-1]: want one number or two, from 0 to": {preprocess.Solarization(preprocess.Threshold(f(-1))), []int{1, 2, 2, 3}},
	} {
		for _, training := range []bool{false, true} {
			g := graph.New()
			x := g.Input("x", tensor.S(tensor.Float32, c.dims...))
			ctx := nn.NewCtx(g, nn.NewSeed(1))
			ctx.Training = training
			err := graph.Catch(func() { ctx.Trace(c.l, x) })
			if err == nil || !strings.Contains(err.Error(), "preprocess."+want) {
				t.Errorf("training %v: got %v, want an error with %q", training, err, want)
			}
		}
	}
}

// TestGammaAndBeta checks means and variances of what draws of gamma and beta distributions give.
func TestGammaAndBeta(t *testing.T) {
	const n = 20000
	for _, c := range []struct {
		draw           func(d preprocess.Draw) *graph.Node
		mean, variance float64
	}{
		{func(d preprocess.Draw) *graph.Node { return d.Gamma(2.5, n) }, 2.5, 2.5},
		{func(d preprocess.Draw) *graph.Node { return d.Gamma(1, n) }, 1, 1},
		{func(d preprocess.Draw) *graph.Node { return d.Gamma(0.2, n) }, 0.2, 0.2},
		{func(d preprocess.Draw) *graph.Node { return d.Beta(0.2, 0.2, n) }, 0.5, 0.04 / (0.16 * 1.4)},
		{func(d preprocess.Draw) *graph.Node { return d.Beta(2, 6, n) }, 0.25, 12.0 / (64 * 9)},
	} {
		g := graph.New()
		got := nntest.Run(g, []*graph.Node{c.draw(preprocess.Draw{Ctx: nn.NewCtx(g, nn.NewSeed(3)), DType: tensor.Float32})})[0].V
		mean, variance := 0.0, 0.0
		for _, v := range got {
			mean += v / n
		}
		for _, v := range got {
			variance += (v - mean) * (v - mean) / n
		}
		if math.Abs(mean-c.mean) > 0.03*max(c.mean, 0.3) || math.Abs(variance-c.variance) > 0.08*c.variance {
			t.Errorf("mean %.4f, variance %.4f: want %.4f, %.4f", mean, variance, c.mean, c.variance)
		}
	}
}
