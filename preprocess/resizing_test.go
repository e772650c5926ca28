package preprocess_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

func TestResizingLayer(t *testing.T) {
	for name, c := range map[string]nntest.Case{
		"smaller": {New: func() nn.Layer { return preprocess.Resizing(3, 2, nn.Bicubic, preprocess.Antialias()) }, In: f32(4, 5, 6, 3), Out: f32(4, 3, 2, 3)},
		"larger":  {New: func() nn.Layer { return preprocess.Resizing(7, 9, nn.ChannelsFirst, preprocess.PadToAspect(1)) }, In: f32(4, 2, 5, 6), Out: f32(4, 2, 7, 9)},
		"area":    {New: func() nn.Layer { return preprocess.Resizing(2, 9, nn.Area, preprocess.CropToAspect()) }, In: f32(4, 5, 6, 1), Out: f32(4, 2, 9, 1)},
		"bytes": {New: func() nn.Layer { return preprocess.Resizing(2, 9) }, In: tensor.S(tensor.Uint8, 4, 5, 6, 1), Out: tensor.S(tensor.Uint8, 4, 2, 9, 1),
			NoGradient: true},
	} {
		t.Run(name, func(t *testing.T) { nntest.Layer(t, c) })
	}
}

// TestResizingParts resizes boxes and masks with their picture, to Keras 3.15.1's numbers.
func TestResizingParts(t *testing.T) {
	// A box of rows 2 to 4 and columns 1 to 4 of 6 by 8 pixels, and none.
	at, _ := tensor.FromSlice([]float32{1, 2, 4, 4, 0, 0, 0, 0}, 1, 2, 4)
	of, _ := tensor.FromSlice([]int32{5, 6}, 1, 2)
	for name, c := range map[string]struct {
		opt   nn.OptionOf[preprocess.ResizingLayer]
		boxes []float64
		masks []float64
	}{
		"stretched": {nn.Bilinear, []float64{0.5, 4.0 / 3, 2, 8.0 / 3}, []float64{1, 3, 5, 7, 17, 19, 21, 23, 25, 27, 29, 31, 41, 43, 45, 47}},
		"cropped":   {preprocess.CropToAspect(), []float64{2.0 / 3, 4.0 / 3, 8.0 / 3, 8.0 / 3}, []float64{1, 3, 4, 6, 17, 19, 20, 22, 25, 27, 28, 30, 41, 43, 44, 46}},
		"padded":    {preprocess.PadToAspect(-1), []float64{0.5, 1, 2, 2}, []float64{1, 3, 5, 7, 17, 19, 21, 23, 33, 35, 37, 39, -1, -1, -1, -1}},
	} {
		l := preprocess.Resizing(4, 4, c.opt, preprocess.BoxesAs(preprocess.XYXY))
		_, labels, boxes, classes, masks := apply(t, l, 1, parts{numbers(1, 6, 8, 2), numbers(1, 3), at, of, numbers(1, 6, 8, 1)})
		if want := append(slices.Clone(c.boxes), 0, 0, 0, 0); !slices.EqualFunc(boxes, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-5 }) {
			t.Errorf("%s: boxes %v, want %v", name, boxes, want)
		}
		if !slices.Equal(masks, c.masks) || !slices.Equal(labels, []float64{0, 1, 2}) || !slices.Equal(classes, []float64{5, -1}) {
			t.Errorf("%s: masks %v, labels %v, classes %v", name, masks, labels, classes)
		}
	}
}

func TestResizingMistakes(t *testing.T) {
	for want, c := range map[string]struct {
		l    nn.Layer
		dims []int
	}{
		"height 0, width 2, of pictures of 3 by 3: want 1 or more": {preprocess.Resizing(0, 2), []int{1, 3, 3, 1}},
		"of pictures of 0 by 3":           {preprocess.Resizing(2, 2), []int{1, 0, 3, 1}},
		"pixels at most":                  {preprocess.Resizing(1<<30, 1<<30), []int{1, 3, 3, 1}},
		`interpolation "sinc": want`:      {preprocess.Resizing(2, 2, nn.Interpolation("sinc")), []int{1, 3, 3, 1}},
		"want one of them":                {preprocess.Resizing(2, 2, preprocess.CropToAspect(), preprocess.PadToAspect(0)), []int{1, 3, 3, 1}},
		"x is float32[1 3 3]: want pictu": {preprocess.Resizing(2, 2), []int{1, 3, 3}},
	} {
		g := graph.New()
		x := g.Input("x", f32(c.dims...))
		err := graph.Catch(func() { nn.NewCtx(g, nn.NewSeed(1)).Trace(c.l, x) })
		if err == nil || !strings.Contains(err.Error(), "preprocess.Resizing: "+want) && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
