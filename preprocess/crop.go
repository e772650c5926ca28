package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// CenterCrop returns a layer that cuts height by width pixels out of the middle of pictures. Of a
// picture that is smaller along an axis it takes the largest part of that shape, and resizes it.
//
// Shapes: x [n h w c] -> y [n height width c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless height and width are 1 or more, and the pictures
// have pixels.
// Options: [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.CenterCrop, which interpolates masks where it resizes them: glia takes the
// nearest element.
func CenterCrop(height, width int, opts ...nn.OptionOf[CenterCropLayer]) *CenterCropLayer {
	return nn.Setup(&CenterCropLayer{Cropped: Cropped{height, width}}, opts...)
}

// CenterCropLayer is the layer that [CenterCrop] makes.
type CenterCropLayer struct {
	Image
	Cropped
}

// Cropped groups the settings of [CenterCrop] and [RandomCrop].
type Cropped struct {
	// Height and Width are those of the output.
	Height int `json:"height"`
	Width  int `json:"width"`
}

func init() {
	nn.Register("keras.layers>CenterCrop", func() nn.Layer { return &CenterCropLayer{} })
	nn.Register("keras.layers>RandomCrop", func() nn.Layer { return &RandomCropLayer{} })
}

// Call implements [nn.Layer].
func (l *CenterCropLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *CenterCropLayer) Draw(d Draw) Transformation {
	l.want("CenterCrop", d)
	down, across := d.Height-l.Height, d.Width-l.Width
	if down >= 0 && across >= 0 {
		return l.cut(d, down/2, across/2, l.Height, l.Width)
	}
	h, w := l.part(d)
	return l.cut(d, (d.Height-h)/2, (d.Width-w)/2, h, w)
}

// want panics with *graph.Error unless pictures can be cropped.
func (l *Cropped) want(class string, d Draw) {
	if l.Height < 1 || l.Width < 1 || l.Height > mostCropped/l.Width {
		panic(graph.Errorf("preprocess.%s: height %d, width %d: want 1 or more, and at most %d pixels", class, l.Height, l.Width, mostCropped))
	}
	if d.Height < 1 || d.Width < 1 {
		panic(graph.Errorf("preprocess.%s: pictures of %d by %d pixels: want some", class, d.Height, d.Width))
	}
}

// mostCropped bounds the pixels of a picture whose size is a setting, which a file may give.
const mostCropped = 1 << 28

// part returns the size of the largest part of a picture with the proportions of the output.
func (l *Cropped) part(d Draw) (height, width int) {
	height = int(float64(d.Width*l.Height) / float64(l.Width))
	width = int(float64(d.Height*l.Width) / float64(l.Height))
	return max(min(d.Height, height), 1), max(min(d.Width, width), 1)
}

// cut returns the transformation that takes a part of pictures, and makes it as large as the output.
func (l *Cropped) cut(d Draw, top, left, height, width int) Transformation {
	resized := height != l.Height || width != l.Width
	size := tensor.D(l.Height, l.Width)
	part := func(by ops.Interpolation) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			x = ops.SliceAxis(ops.SliceAxis(x, 1, top, top+height), 2, left, left+width)
			if resized {
				x = ops.Resize(x, size, by, false)
			}
			return x
		}
	}
	return Transformation{
		Images: part(ops.Bilinear),
		Masks:  part(ops.Nearest),
		Boxes: func(b Boxes) Boxes {
			c := b.columns()
			for i, of := range [4]struct{ from, n, to int }{{left, width, l.Width}, {top, height, l.Height}, {left, width, l.Width}, {top, height, l.Height}} {
				c[i] = ops.Scale(ops.Offset(c[i], -float64(of.from)), float64(of.to)/float64(of.n))
			}
			return b.of(c[0], c[1], c[2], c[3])
		},
	}
}

// RandomCrop returns a layer that, in training, cuts height by width pixels out of pictures, at a
// place that is drawn for all pictures of a step. Where a picture is no larger than that along an
// axis, it takes what there is around the middle, and resizes it. Otherwise, in Evaluate and
// Predict, pictures stay as they are: a layer behind it that needs one size wants [CenterCrop] in
// front.
//
// Shapes: x [n h w c] -> y [n height width c] in training, else [n h w c]. DTypes: any number ->
// floats. Gradient: x.
// Panics with *graph.Error, when traced, unless height and width are 1 or more, and the pictures
// have pixels.
// Options: [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomCrop. Its boxes are moved along the wrong axes, and its masks
// interpolated: glia's follow the picture.
func RandomCrop(height, width int, opts ...nn.OptionOf[RandomCropLayer]) *RandomCropLayer {
	return nn.Setup(&RandomCropLayer{Cropped: Cropped{height, width}}, opts...)
}

// RandomCropLayer is the layer that [RandomCrop] makes.
type RandomCropLayer struct {
	Image
	Seeded
	Cropped
}

// Call implements [nn.Layer].
func (l *RandomCropLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomCropLayer) Draw(d Draw) Transformation {
	l.want("RandomCrop", d)
	switch {
	case !d.Training:
		return Transformation{}
	case d.Height > l.Height && d.Width > l.Width:
		return l.random(d)
	}
	h, w := l.part(d)
	top, left := (d.Height-h)/2, (d.Width-w)/2
	return l.cut(d, top, left, min(l.Height, d.Height-top), min(l.Width, d.Width-left))
}

// random returns the transformation that takes a part of pictures at a place that is drawn.
func (l *RandomCropLayer) random(d Draw) Transformation {
	start := func(room int) *graph.Node { // [1], 0 to room
		u := ops.Floor(ops.Scale(d.Uniform(0, 1, 1), float64(room+1)))
		return ops.Minimum(u, ops.ScalarLike(u, float64(room)))
	}
	top, left := start(d.Height-l.Height), start(d.Width-l.Width)
	rows := func(from *graph.Node, n int) *graph.Node {
		return ops.Add(ops.Cast(from, tensor.Int32), ops.Iota(d.Graph(), tensor.S(tensor.Int32, n), 0))
	}
	part := func(x *graph.Node) *graph.Node {
		return ops.Gather(ops.Gather(x, rows(top, l.Height), 1), rows(left, l.Width), 2)
	}
	return Transformation{
		Images: part,
		Masks:  part,
		Boxes: func(b Boxes) Boxes {
			c := b.columns()
			for i, from := range [4]*graph.Node{left, top, left, top} {
				c[i] = ops.Sub(c[i], ops.Cast(from, c[i].DType()))
			}
			return b.of(c[0], c[1], c[2], c[3])
		},
	}
}
