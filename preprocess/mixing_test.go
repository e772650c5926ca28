package preprocess_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// marked returns n pictures of h by w by 1, all pixels of picture i being i.
func marked(n, h, w int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, n, h, w, 1)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i / (h * w))
	}
	return x
}

// identity returns the one-hot labels of n classes.
func identity(n int) *tensor.Tensor {
	y := tensor.New(tensor.Float32, n, n)
	for i := range n {
		tensor.Data[float32](y)[i*n+i] = 1
	}
	return y
}

// TestMixUp mixes pictures of one value each: pixels, labels and masks have to tell of the same
// parts of the same two pictures.
func TestMixUp(t *testing.T) {
	const n, h, w = 8, 2, 3
	at := tensor.New(tensor.Float32, n, 1, 4)
	classes := tensor.New(tensor.Int32, n, 1)
	for i := range n {
		copy(tensor.Data[float32](at)[4*i:], []float32{0, 0, 1, float32(i)})
		tensor.Data[int32](classes)[i] = int32(i)
	}
	var parts1 []float64
	for seed := range uint64(50) {
		images, labels, boxes, of, masks := apply(t, preprocess.MixUp(0.5, preprocess.BoxesAs(preprocess.XYXY)), seed,
			parts{marked(n, h, w), identity(n), at, classes, marked(n, h, w).AsType(tensor.Int32)})
		for i := range n {
			row := labels[i*n : (i+1)*n]
			sum, mean := 0.0, 0.0
			for k, v := range row {
				sum, mean = sum+v, mean+v*float64(k)
			}
			for p := range h * w {
				if v := images[i*h*w+p]; math.Abs(v-mean) > 1e-5 || math.Abs(masks[i*h*w+p]-v) > 1e-5 {
					t.Fatalf("picture %d has %v, its mask %v, labels %v", i, v, masks[i*h*w+p], row)
				}
			}
			other := int(of[2*i+1])
			if math.Abs(sum-1) > 1e-6 || of[2*i] != float64(i) || boxes[8*i+3] != float64(i) || boxes[8*i+7] != float64(other) || row[other] == 0 && row[i] < 0.999999 {
				t.Fatalf("picture %d: labels %v, boxes %v of %v", i, row, boxes[8*i:8*i+8], of[2*i:2*i+2])
			}
			if other != i {
				parts1 = append(parts1, row[i])
			}
		}
	}
	mean, square := 0.0, 0.0
	for _, p := range parts1 {
		mean, square = mean+p/float64(len(parts1)), square+p*p/float64(len(parts1))
	}
	if v := square - mean*mean; math.Abs(mean-0.5) > 0.07 || math.Abs(v-0.125) > 0.03 { // of Beta(1/2, 1/2)
		t.Errorf("%d parts have mean %.3f and variance %.3f, want about 0.5 and 0.125", len(parts1), mean, v)
	}
}

// TestCutMix cuts rectangles: pixels of one other picture, in parts that the labels tell.
func TestCutMix(t *testing.T) {
	const n, h, w = 6, 20, 30
	cut := 0
	for seed := range uint64(40) {
		images, labels, _, _, masks := apply(t, preprocess.CutMix(preprocess.Factor{1}), seed, parts{images: marked(n, h, w), labels: identity(n), masks: marked(n, h, w)})
		if !slices.Equal(images, masks) {
			t.Fatal("masks differ from pictures of the same pixels")
		}
		for i := range n {
			own, other, inside := labels[i*n+i], -1, 0
			top, bottom, left, right := h, -1, w, -1
			for p, v := range images[i*h*w : (i+1)*h*w] {
				if int(v) == i {
					continue
				}
				if other >= 0 && other != int(v) {
					t.Fatalf("picture %d has pixels of %d and of %d", i, other, int(v))
				}
				other = int(v)
				inside++
				top, bottom, left, right = min(top, p/w), max(bottom, p/w), min(left, p%w), max(right, p%w)
			}
			if other < 0 {
				continue
			}
			cut++
			if inside != (bottom-top+1)*(right-left+1) {
				t.Fatalf("picture %d: %d pixels in rows %d to %d, columns %d to %d: want a rectangle", i, inside, top, bottom, left, right)
			}
			area := float64(inside) / (h * w)
			if math.Abs(labels[i*n+other]+own-1) > 1e-5 || math.Abs(area-labels[i*n+other]) > 0.09 {
				t.Fatalf("picture %d: an area of %.3f of picture %d, labels %v", i, area, other, labels[i*n:(i+1)*n])
			}
		}
	}
	if cut < 60 {
		t.Errorf("%d of 240 pictures were cut, want more", cut)
	}
}

// TestRandomErasing erases rectangles in all pictures, in half of them, and with noise.
func TestRandomErasing(t *testing.T) {
	const n, h, w = 200, 20, 30
	x := tensor.New(tensor.Float32, n, h, w, 1)
	for name, c := range map[string]struct {
		layer  nn.Layer
		share  float64
		within func(v float64) bool
	}{
		"all":   {preprocess.RandomErasing(preprocess.Factor{1, 1}, preprocess.ErasedBy(7)), 1, func(v float64) bool { return v == 7 }},
		"half":  {preprocess.RandomErasing(preprocess.Factor{1}, preprocess.ErasedBy(300)), 0.5, func(v float64) bool { return v == 255 }},
		"noise": {preprocess.RandomErasing(preprocess.Factor{1, 1}, preprocess.ValueRange(1, 2)), 1, func(v float64) bool { return v >= 1 && v <= 2 }},
	} {
		images, _, _, _, _ := apply(t, c.layer, 4, parts{images: x})
		erased, area := 0, 0.0
		for i := range n {
			count := 0
			for _, v := range images[i*h*w : (i+1)*h*w] {
				if v != 0 {
					count++
					if !c.within(v) {
						t.Fatalf("%s: value %v", name, v)
					}
				}
			}
			if count > 0 {
				erased++
				area += float64(count) / (h * w)
			}
		}
		if share := float64(erased) / n; math.Abs(share-c.share) > 0.1 {
			t.Errorf("%s: %v of the pictures have a hole, want about %v", name, share, c.share)
		}
		// The mean of the product of roots of two numbers from 0.02 to 0.33.
		root := 2. / 3 * (math.Pow(.33, 1.5) - math.Pow(.02, 1.5)) / .31
		if mean := area / float64(erased); math.Abs(mean-root*root) > 0.03 {
			t.Errorf("%s: holes have an area of %.3f, want about %.3f", name, mean, root*root)
		}
	}
}

// TestRandomCropFollows crops pictures with one marked pixel, whose box and mask have to follow, to
// places that are equally likely.
func TestRandomCropFollows(t *testing.T) {
	const h, w = 5, 6
	x, m := tensor.New(tensor.Float32, 1, h, w, 1), tensor.New(tensor.Int32, 1, h, w, 1)
	const row, column = 2, 3
	tensor.Data[float32](x)[row*w+column], tensor.Data[int32](m)[row*w+column] = 9, 4
	at, _ := tensor.FromSlice([]float32{column, row, 1, 1}, 1, 1, 4)
	l := preprocess.RandomCrop(3, 2, preprocess.BoxesAs(preprocess.XYWH))
	five, _ := tensor.FromSlice([]int32{5}, 1, 1)
	seen := map[[2]int]int{}
	for seed := range uint64(600) {
		images, _, boxes, classes, masks := apply(t, l, seed, parts{images: x, boxes: at, classes: five, masks: m})
		p := slices.Index(images, 9)
		if p < 0 {
			if classes[0] != -1 || boxes[2]*boxes[3] != 0 || slices.Max(masks) != 0 {
				t.Fatalf("without the mark: box %v of %v, mask %v", boxes, classes, masks)
			}
			continue
		}
		if want := []float64{float64(p % 2), float64(p / 2), 1, 1}; !slices.Equal(boxes, want) || masks[p] != 4 || classes[0] != 5 {
			t.Fatalf("mark at %d: box %v of %v, want %v, mask %v", p, boxes, classes, want, masks)
		}
		seen[[2]int{p / 2, p % 2}]++
	}
	if len(seen) != 6 {
		t.Errorf("the mark was seen at %v: want 3 rows and 2 columns", seen)
	}
	for p, n := range seen {
		if n < 20 || n > 70 { // of 600 / 15
			t.Errorf("the mark was %d times at %v, want about 40", n, p)
		}
	}
}

// TestBoxesFollow warps pictures with a bright square: the box has to hold all of its bright pixels,
// and not much more.
func TestBoxesFollow(t *testing.T) {
	const n, h, w = 1, 40, 60
	x := tensor.New(tensor.Float32, n, h, w, 1)
	for r := 12; r < 28; r++ {
		for c := 20; c < 36; c++ {
			tensor.Data[float32](x)[r*w+c] = 1
		}
	}
	at, _ := tensor.FromSlice([]float32{20, 12, 36, 28}, 1, 1, 4)
	fill, boxes := preprocess.Fill(preprocess.FillConstant), preprocess.BoxesAs(preprocess.XYXY)
	for name, l := range map[string]nn.Layer{
		"rotation":    preprocess.RandomRotation(preprocess.Factor{0.2}, fill, boxes),
		"zoom":        preprocess.RandomZoom(preprocess.Factor{0.3}, preprocess.Factor{-0.2, 0.3}, fill, boxes),
		"translation": preprocess.RandomTranslation(preprocess.Factor{0.3}, preprocess.Factor{0.3}, fill, boxes),
		"shear":       preprocess.RandomShear(preprocess.Factor{0.3}, preprocess.Factor{0.2}, fill, boxes),
		"perspective": preprocess.RandomPerspective(preprocess.Factor{1, 1}, preprocess.MostPerspective(0.4), boxes),
		"pipeline": preprocess.Pipeline(preprocess.RandomFlip(boxes), preprocess.RandomRotation(preprocess.Factor{0.05}, fill, boxes),
			preprocess.RandomCrop(36, 52, boxes)),
	} {
		for seed := range uint64(8) {
			images, _, box, _, masks := apply(t, l, seed, parts{images: x, boxes: at, masks: x})
			width := w
			if name == "pipeline" {
				width = 52
			}
			got := [4]float64{1e9, 1e9, -1e9, -1e9}
			for p, v := range images {
				if v > 0.5 {
					got = [4]float64{min(got[0], float64(p%width)), min(got[1], float64(p/width)), max(got[2], float64(p%width+1)), max(got[3], float64(p/width+1))}
				}
				if d := math.Abs(v - masks[p]); d > 0.76 {
					t.Fatalf("%s, seed %d: pixel %d is %v, its mask %v", name, seed, p, v, masks[p])
				}
			}
			for i := range got {
				if math.Abs(got[i]-box[i]) > 2 {
					t.Errorf("%s, seed %d: bright pixels in %v, box %.4v", name, seed, got, box)
					break
				}
			}
		}
	}
}

// TestGeometryMistakes tells of settings that are wrong, whether a step trains or not.
func TestGeometryMistakes(t *testing.T) {
	f := func(v ...float64) preprocess.Factor { return v }
	for want, l := range map[string]nn.Layer{
		"preprocess.RandomRotation: factor is [1.5]: want one number or two, from -1 to 1":          preprocess.RandomRotation(f(1.5)),
		"preprocess.RandomRotation: factor is []":                                                   preprocess.RandomRotation(nil),
		"preprocess.RandomRotation: factor is [0 1 0]":                                              preprocess.RandomRotation(f(0, 1, 0)),
		"preprocess.RandomRotation: factor is [NaN]":                                                preprocess.RandomRotation(f(math.NaN())),
		`preprocess.RandomRotation: fill mode "mirror": want reflect`:                               preprocess.RandomRotation(f(1), preprocess.Fill(preprocess.FillMirror)),
		`preprocess.RandomRotation: interpolation "bicubic": want bilinear or nearest`:              preprocess.RandomRotation(f(1), nn.Bicubic),
		"preprocess.RandomRotation: fill value +Inf":                                                preprocess.RandomRotation(f(1), preprocess.FillValue(math.Inf(1))),
		"preprocess.RandomZoom: height factor is [-1 0]: want more than -1":                         preprocess.RandomZoom(f(-1, 0), nil),
		"preprocess.RandomZoom: width factor is [2]":                                                preprocess.RandomZoom(f(0), f(2)),
		"preprocess.RandomTranslation: width factor is []":                                          preprocess.RandomTranslation(f(0), nil),
		"preprocess.RandomShear: x factor is [-0.5 0.25]: want one number or two, from 0 to 1":      preprocess.RandomShear(f(-.5, .25), f(0)),
		"preprocess.RandomPerspective: scale 2: want 0 to 1":                                        preprocess.RandomPerspective(f(1), preprocess.MostPerspective(2)),
		"preprocess.RandomElasticTransform: scale is [-1]":                                          preprocess.RandomElasticTransform(f(1), preprocess.ElasticScale(f(-1))),
		"preprocess.CenterCrop: height 0, width 3: want 1 or more":                                  preprocess.CenterCrop(0, 3),
		"preprocess.CenterCrop: height 4294967296, width 4294967296: want 1 or more, and at most":   preprocess.CenterCrop(1<<32, 1<<32),
		"preprocess.RandomCrop: height -1, width 3: want 1 or more":                                 preprocess.RandomCrop(-1, 3),
		"preprocess.MixUp: alpha 0: want more than 0":                                               preprocess.MixUp(0),
		"preprocess.CutMix: factor is [2]":                                                          preprocess.CutMix(f(2)),
		"preprocess.RandomErasing: 2 fill values of lengths [2]: want one, or one for each of 3 ch": preprocess.RandomErasing(f(1), preprocess.ErasedBy(1, 2)),
		"preprocess.RandomErasing: scale is [0 2]":                                                  preprocess.RandomErasing(f(1), preprocess.ErasedArea(0, 2)),
		"preprocess.MaxNumBoundingBoxes: 0 boxes: want 1 to":                                        preprocess.MaxNumBoundingBoxes(0),
		"preprocess.Pipeline: no layers":                                                            preprocess.Pipeline(),
		"preprocess.Pipeline: layer 1 is nil":                                                       preprocess.Pipeline(preprocess.RandomFlip(), nil),
		"preprocess.Rescaling: scale [2] of x float32[2 5 5 3]: want an array that broadcasts to":   preprocess.RescalingChannels([]float64{1, 2}, []float64{0}),
	} {
		err := graph.Catch(func() { nn.Sequential(l).Build(nn.NewBuilder(1), f32(2, 5, 5, 3)) })
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "mixing_test.go:") {
			t.Errorf("got %v, want an error with %q and the line that made the layer", err, want)
		}
	}
	for want, c := range map[string]struct {
		layer nn.Layer
		p     parts
	}{
		"preprocess.MixUp: labels int32[2]: want floats":                   {preprocess.MixUp(1), parts{images: marked(2, 3, 3), labels: tensor.Of[int32](1, 2)}},
		"preprocess.CutMix: boxes float32[2 1 4]: want none":               {preprocess.CutMix(f(1), preprocess.BoxesAs(preprocess.XYXY)), parts{images: marked(2, 3, 3), boxes: numbers(2, 1, 4)}},
		"preprocess.RandomElasticTransform: boxes float32[2 1 4]: want no": {preprocess.RandomElasticTransform(f(1), preprocess.BoxesAs(preprocess.XYXY)), parts{images: marked(2, 3, 3), boxes: numbers(2, 1, 4)}},
	} {
		err := graph.Catch(func() { apply(t, c.layer, 1, c.p) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
