package preprocess_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// parts holds the tensors of a sample; what there is not is nil.
type parts struct{ images, labels, boxes, classes, masks *tensor.Tensor }

// apply returns what a layer makes of a sample in training, each part as numbers.
func apply(t *testing.T, l nn.Layer, seed uint64, p parts) (images, labels, boxes, classes, masks []float64) {
	t.Helper()
	g := graph.New()
	var s preprocess.Sample
	var in []*tensor.Tensor
	for _, part := range []struct {
		name string
		from *tensor.Tensor
		to   **graph.Node
	}{{"images", p.images, &s.Images}, {"labels", p.labels, &s.Labels}, {"boxes", p.boxes, &s.Boxes.At},
		{"classes", p.classes, &s.Boxes.Labels}, {"masks", p.masks, &s.Masks}} {
		if part.from != nil {
			*part.to = g.Input(part.name, part.from.Spec())
			in = append(in, part.from)
		}
	}
	c := nn.NewCtx(g, nn.NewSeed(seed))
	c.Training = true
	s = preprocess.Apply(c, l, s)
	var nodes []*graph.Node
	var to []*[]float64
	for _, part := range []struct {
		n  *graph.Node
		to *[]float64
	}{{s.Images, &images}, {s.Labels, &labels}, {s.Boxes.At, &boxes}, {s.Boxes.Labels, &classes}, {s.Masks, &masks}} {
		if part.n != nil {
			nodes, to = append(nodes, part.n), append(to, part.to)
		}
	}
	for i, a := range nntest.Run(g, nodes, in...) {
		*to[i] = a.V
	}
	return images, labels, boxes, classes, masks
}

// numbers returns a tensor of dims with the numbers 0, 1, 2 ...
func numbers(dims ...int) *tensor.Tensor {
	t := tensor.New(tensor.Float32, dims...)
	for i := range tensor.Data[float32](t) {
		tensor.Data[float32](t)[i] = float32(i)
	}
	return t
}

// TestFlipAll flips pictures with a mark, its box and its mask: about half of them, all parts of a
// picture together.
func TestFlipAll(t *testing.T) {
	const n, h, w = 64, 3, 4
	x, m := tensor.New(tensor.Float32, n, h, w, 1), tensor.New(tensor.Int32, n, h, w, 1)
	at, classes := tensor.New(tensor.Float32, n, 1, 4), tensor.New(tensor.Int32, n, 1)
	for i := range n {
		tensor.Data[float32](x)[i*h*w], tensor.Data[int32](m)[i*h*w] = 9, 7
		copy(tensor.Data[float32](at)[4*i:], []float32{0, 0, 1, 1})
		tensor.Data[int32](classes)[i] = int32(i)
	}
	for mode, want := range map[preprocess.FlipMode]struct{ row, column int }{
		preprocess.Horizontal: {0, w - 1}, preprocess.Vertical: {h - 1, 0}, preprocess.HorizontalAndVertical: {h - 1, w - 1},
	} {
		l := preprocess.RandomFlip(preprocess.Along(mode), preprocess.BoxesAs(preprocess.XYWH))
		images, _, boxes, labels, masks := apply(t, l, 3, parts{images: x, boxes: at, classes: classes, masks: m})
		flipped := 0
		for i := range n {
			row, column := 0, 0
			if images[i*h*w] == 0 {
				row, column = want.row, want.column
				flipped++
			}
			place := i*h*w + row*w + column
			if images[place] != 9 || masks[place] != 7 {
				t.Fatalf("%s: picture %d: %v, mask %v: want the mark at row %d, column %d", mode, i, images[i*h*w:(i+1)*h*w], masks[i*h*w:(i+1)*h*w], row, column)
			}
			if got, want := boxes[4*i:4*i+4], []float64{float64(column), float64(row), 1, 1}; !slices.Equal(got, want) {
				t.Fatalf("%s: picture %d: box %v, want %v", mode, i, got, want)
			}
			if labels[i] != float64(i) {
				t.Fatalf("%s: picture %d: label %v", mode, i, labels[i])
			}
		}
		if flipped < n/4 || flipped > 3*n/4 {
			t.Errorf("%s: %d of %d pictures flipped, want about half", mode, flipped, n)
		}
	}
}

// TestApplyOne applies a layer to one picture, with the parts that belong to it.
func TestApplyOne(t *testing.T) {
	at, _ := tensor.FromSlice([]float32{0, 0, .5, .5, 0, 0, 0, 0}, 2, 4)
	l := preprocess.RandomFlip(preprocess.Along(preprocess.Horizontal), preprocess.BoxesAs(preprocess.RelXYXY), nn.ChannelsFirst)
	seen := map[float64]bool{}
	for seed := range uint64(20) {
		images, labels, boxes, classes, masks := apply(t, l, seed, parts{numbers(1, 1, 2), tensor.Of[float32](5), at, tensor.Of[int32](3, 4), numbers(1, 1, 2)})
		want := []float64{0, 0, .5, .5}
		if images[0] == 1 {
			want = []float64{.5, 0, 1, .5}
		}
		seen[images[0]] = true
		if !slices.Equal(boxes[:4], want) || !slices.Equal(masks, images) || labels[0] != 5 || !slices.Equal(classes, []float64{3, -1}) {
			t.Fatalf("picture %v, labels %v, boxes %v of %v, masks %v: want the box %v, and the empty one with label -1", images, labels, boxes, classes, masks, want)
		}
	}
	if len(seen) != 2 {
		t.Errorf("20 seeds gave pictures that begin with %v: want both orders", seen)
	}
}

// TestConvertBoxes converts boxes from every format to every other and back.
func TestConvertBoxes(t *testing.T) {
	of := map[preprocess.BoxFormat][]float64{ // of a picture of 10 by 20
		preprocess.XYXY: {2, 1, 10, 5}, preprocess.YXYX: {1, 2, 5, 10}, preprocess.XYWH: {2, 1, 8, 4},
		preprocess.CenterXYWH: {6, 3, 8, 4}, preprocess.CenterYXHW: {3, 6, 4, 8}, preprocess.RelXYXY: {.1, .1, .5, .5},
		preprocess.RelYXYX: {.1, .1, .5, .5}, preprocess.RelXYWH: {.1, .1, .4, .4}, preprocess.RelCenterXYWH: {.3, .3, .4, .4},
	}
	for from, x := range of {
		for to, want := range of {
			g := graph.New()
			in, _ := tensor.FromSlice(x, 1, 4)
			y := preprocess.ConvertBoxes(g.Input("x", in.Spec()), from, to, 10, 20)
			got := nntest.Run(g, []*graph.Node{y}, in)[0].V
			for i := range want {
				if d := got[i] - want[i]; d > 1e-12 || d < -1e-12 {
					t.Errorf("%s %v as %s: got %v, want %v", from, x, to, got, want)
					break
				}
			}
		}
	}
}

// TestApplyMistakes gives Apply parts that do not fit.
func TestApplyMistakes(t *testing.T) {
	spec := func(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }
	flip := func() nn.Layer { return preprocess.RandomFlip(preprocess.BoxesAs(preprocess.XYXY)) }
	for name, c := range map[string]struct {
		layer                         nn.Layer
		images, labels, boxes, of, ms tensor.Spec
		want                          string
	}{
		"boxes without pictures": {layer: flip(), boxes: spec(2, 1, 4), want: "preprocess.Apply: no pictures"},
		"two axes":               {layer: flip(), images: spec(2, 3), want: "preprocess.RandomFlip: x is float32[2 3]: want pictures"},
		"bools":                  {layer: flip(), images: tensor.S(tensor.Bool, 2, 3, 3, 1), want: "want pictures of numbers"},
		"labels":                 {layer: flip(), images: spec(2, 3, 3, 1), labels: spec(3), want: "labels float32[3] of pictures float32[2 3 3 1]: want one for each picture"},
		"masks":                  {layer: flip(), images: spec(2, 3, 3, 1), ms: spec(2, 3, 4, 1), want: "masks float32[2 3 4 1] of pictures"},
		"no format":              {layer: preprocess.RandomFlip(), images: spec(2, 3, 3, 1), boxes: spec(2, 1, 4), want: "the layer has no format of boxes: want the option preprocess.BoxesAs"},
		"another format":         {layer: preprocess.RandomFlip(preprocess.BoxesAs("xyz")), images: spec(2, 3, 3, 1), want: `format of boxes "xyz": want one of xyxy`},
		"five numbers":           {layer: flip(), images: spec(2, 3, 3, 1), boxes: spec(2, 1, 5), want: "want [2 boxes 4] numbers"},
		"labels of boxes alone":  {layer: flip(), images: spec(2, 3, 3, 1), of: spec(2, 1), want: "labels of boxes float32[2 1] without boxes"},
		"labels of other boxes":  {layer: flip(), images: spec(2, 3, 3, 1), boxes: spec(2, 1, 4), of: spec(2, 2), want: "want a number for each box"},
		"mode":                   {layer: preprocess.RandomFlip(preprocess.Along("up")), images: spec(2, 3, 3, 1), want: `preprocess.RandomFlip: mode "up": want horizontal, vertical`},
		"data format":            {layer: preprocess.RandomFlip(nn.DataFormat("NCHW")), images: spec(2, 3, 3, 1), want: `data format "NCHW"`},
	} {
		g := graph.New()
		var s preprocess.Sample
		for _, part := range []struct {
			spec tensor.Spec
			to   **graph.Node
		}{{c.images, &s.Images}, {c.labels, &s.Labels}, {c.boxes, &s.Boxes.At}, {c.of, &s.Boxes.Labels}, {c.ms, &s.Masks}} {
			if part.spec.Rank() > 0 {
				*part.to = g.Input(name, part.spec)
			}
		}
		err := graph.Catch(func() { preprocess.Apply(nn.NewCtx(g, nn.NewSeed(1)), c.layer, s) })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}
