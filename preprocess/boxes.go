package preprocess

import (
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Boxes holds the bounding boxes of a batch of pictures, as many for each, those that there are
// not with the label -1.
type Boxes struct {
	// At holds the places of the boxes: [n boxes 4] numbers in a [BoxFormat].
	At *graph.Node
	// Labels holds the number of the class of each box: [n boxes] numbers.
	Labels *graph.Node
}

// BoxFormat says what the four numbers of a bounding box are. x counts pixels from the left border
// of the picture, y from the upper one; in formats that begin with Rel they are fractions of the
// picture's width and height.
type BoxFormat string

// The formats of boxes.
const (
	// XYXY is left, top, right, bottom.
	XYXY BoxFormat = "xyxy"
	// YXYX is top, left, bottom, right.
	YXYX BoxFormat = "yxyx"
	// XYWH is left, top, width, height.
	XYWH BoxFormat = "xywh"
	// CenterXYWH is the center's x and y, width, height.
	CenterXYWH BoxFormat = "center_xywh"
	// CenterYXHW is the center's y and x, height, width.
	CenterYXHW BoxFormat = "center_yxhw"
	// RelXYXY, RelYXYX, RelXYWH and RelCenterXYWH are as those above, in fractions.
	RelXYXY       BoxFormat = "rel_xyxy"
	RelYXYX       BoxFormat = "rel_yxyx"
	RelXYWH       BoxFormat = "rel_xywh"
	RelCenterXYWH BoxFormat = "rel_center_xywh"
)

// boxFormats lists the formats.
var boxFormats = []BoxFormat{XYXY, YXYX, XYWH, CenterXYWH, CenterYXHW, RelXYXY, RelYXYX, RelXYWH, RelCenterXYWH}

// BoxesAs sets the format of the boxes that a layer takes and returns in [Apply].
func BoxesAs(f BoxFormat) nn.SettingOf[Image] { return func(l *Image) { l.BoxFormat = f } }

// ConvertBoxes returns boxes of pictures of a height and width in another format.
//
// Shapes: at [... 4] -> [... 4]. DTypes: floats, others become float32. Gradient: at.
// Panics with *graph.Error if the last axis is not 4, or a format is none.
// Source: keras.utils.bounding_boxes.convert_format.
func ConvertBoxes(at *graph.Node, from, to BoxFormat, height, width int) *graph.Node {
	if at.Rank() == 0 || at.Shape().At(-1) != 4 || at.DType() == tensor.Bool {
		panic(graph.Errorf("preprocess.ConvertBoxes: boxes %v: want [... 4] numbers", at.Spec()))
	}
	from.check("ConvertBoxes")
	to.check("ConvertBoxes")
	b := from.toXYXY(Boxes{At: at}, height, width)
	return to.fromXYXY(b, height, width).At
}

// known reports whether there is the format.
func (f BoxFormat) known() bool {
	for _, k := range boxFormats {
		if f == k {
			return true
		}
	}
	return false
}

// check panics with *graph.Error unless there is the format.
func (f BoxFormat) check(class string) {
	if !f.known() {
		var names []string
		for _, k := range boxFormats {
			names = append(names, string(k))
		}
		panic(graph.Errorf("preprocess.%s: format of boxes %q: want one of %s", class, string(f), strings.Join(names, " ")))
	}
}

// want panics with *graph.Error unless b has no boxes, or some for each of n pictures in a format.
func (b Boxes) want(class string, f BoxFormat, n int) {
	if f != "" {
		f.check(class)
	}
	if b.At == nil {
		if b.Labels != nil {
			panic(graph.Errorf("preprocess.%s: labels of boxes %v without boxes: want both", class, b.Labels.Spec()))
		}
		return
	}
	if f == "" {
		panic(graph.Errorf("preprocess.%s: boxes %v, and the layer has no format of boxes: want the option preprocess.BoxesAs", class, b.At.Spec()))
	}
	if s := b.At.Spec(); s.Rank() != 3 || s.Shape.At(0) != n || s.Shape.At(2) != 4 || s.DType == tensor.Bool {
		panic(graph.Errorf("preprocess.%s: boxes %v of %d pictures: want [%d boxes 4] numbers", class, s, n, n))
	}
	if y := b.Labels; y != nil && (y.Shape() != b.At.Shape().To(2) || y.DType() == tensor.Bool) {
		panic(graph.Errorf("preprocess.%s: labels %v of boxes %v: want a number for each box", class, y.Spec(), b.At.Spec()))
	}
}

// columns returns the four numbers of boxes [... 4], each [... 1], as floats.
func (b Boxes) columns() [4]*graph.Node {
	at := b.At
	if !at.DType().IsFloat() {
		at = ops.Cast(at, tensor.Float32)
	}
	var c [4]*graph.Node
	for i := range c {
		c[i] = ops.SliceAxis(at, -1, i, i+1)
	}
	return c
}

// of returns boxes with the labels of b at other places.
func (b Boxes) of(x1, y1, x2, y2 *graph.Node) Boxes {
	b.At = ops.Concat(-1, x1, y1, x2, y2)
	return b
}

// toXYXY returns boxes of this format in pixels: left, top, right, bottom.
func (f BoxFormat) toXYXY(b Boxes, height, width int) Boxes {
	name, relative := strings.CutPrefix(string(f), "rel_")
	c := b.columns()
	switch BoxFormat(name) {
	case YXYX:
		c = [4]*graph.Node{c[1], c[0], c[3], c[2]}
	case XYWH:
		c[2], c[3] = ops.Add(c[0], c[2]), ops.Add(c[1], c[3])
	case CenterXYWH, CenterYXHW:
		if BoxFormat(name) == CenterYXHW {
			c = [4]*graph.Node{c[1], c[0], c[3], c[2]}
		}
		w, h := ops.Scale(c[2], 0.5), ops.Scale(c[3], 0.5)
		c = [4]*graph.Node{ops.Sub(c[0], w), ops.Sub(c[1], h), ops.Add(c[0], w), ops.Add(c[1], h)}
	}
	if relative {
		for i, n := range []int{width, height, width, height} {
			c[i] = ops.Scale(c[i], float64(n))
		}
	}
	return b.of(c[0], c[1], c[2], c[3])
}

// fromXYXY returns boxes in pixels in this format.
func (f BoxFormat) fromXYXY(b Boxes, height, width int) Boxes {
	name, relative := strings.CutPrefix(string(f), "rel_")
	c := b.columns()
	if relative {
		for i, n := range []int{width, height, width, height} {
			c[i] = ops.Scale(c[i], 1/float64(n))
		}
	}
	w, h := ops.Sub(c[2], c[0]), ops.Sub(c[3], c[1])
	switch BoxFormat(name) {
	case YXYX:
		c = [4]*graph.Node{c[1], c[0], c[3], c[2]}
	case XYWH:
		c[2], c[3] = w, h
	case CenterXYWH, CenterYXHW:
		c = [4]*graph.Node{ops.Scale(ops.Add(c[0], c[2]), 0.5), ops.Scale(ops.Add(c[1], c[3]), 0.5), w, h}
		if BoxFormat(name) == CenterYXHW {
			c = [4]*graph.Node{c[1], c[0], h, w}
		}
	}
	return b.of(c[0], c[1], c[2], c[3])
}

// clipped returns boxes in pixels cut at the border of a picture. Those without area get the label
// -1.
func (b Boxes) clipped(height, width int) Boxes {
	c := b.columns()
	for i, n := range []int{width, height, width, height} {
		c[i] = ops.Clip(c[i], 0, float64(n))
	}
	b = b.of(c[0], c[1], c[2], c[3])
	if b.Labels != nil {
		area := ops.Mul(ops.Sub(c[2], c[0]), ops.Sub(c[3], c[1])) // [... 1]
		left := ops.Squeeze(ops.Greater(area, ops.ScalarLike(area, 0)), -1)
		y := b.Labels
		if y.DType().IsUnsigned() {
			y = ops.Cast(y, tensor.Int32)
		}
		b.Labels = ops.Where(left, y, ops.ScalarLike(y, -1))
	}
	return b
}
