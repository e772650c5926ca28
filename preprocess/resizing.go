package preprocess

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Resizing returns a layer that makes pictures of a height and width by [ops.Resize], in training
// and otherwise. Proportions change, unless [CropToAspect] or [PadToAspect] keeps them. Boxes
// follow, and masks, by [nn.Nearest].
//
// Shapes: x [n h w c] -> y [n height width c]. DTypes: any number; integers stay, rounded to the
// nearest even and kept in range. Gradient: x.
// Panics with *graph.Error, when built, unless height and width are 1 or more and the pictures
// have a pixel.
// Options: an [nn.Interpolation], [Antialias], [CropToAspect], [PadToAspect], [nn.ChannelsFirst],
// [BoxesAs], those of every layer.
// Source: keras.layers.Resizing.
func Resizing(height, width int, opts ...nn.OptionOf[ResizingLayer]) *ResizingLayer {
	return nn.Setup(&ResizingLayer{Height: height, Width: width}, opts...)
}

// Antialias makes all pixels count as [Resizing] makes pictures smaller.
func Antialias() nn.SettingOf[ResizingLayer] {
	return func(l *ResizingLayer) { l.Antialias = true }
}

// CropToAspect has [Resizing] cut pictures to the new proportions by [ops.CropToAspect].
func CropToAspect() nn.SettingOf[ResizingLayer] {
	return func(l *ResizingLayer) { l.CropToAspectRatio = true }
}

// PadToAspect has [Resizing] add pixels of a value to pictures of other proportions by
// [ops.PadToAspect].
func PadToAspect(value float64) nn.SettingOf[ResizingLayer] {
	return func(l *ResizingLayer) { l.PadToAspectRatio, l.FillValue = true, value }
}

// ResizingLayer is the layer that [Resizing] makes.
type ResizingLayer struct {
	Image
	// Height and Width are those of the new pictures.
	Height int `json:"height"`
	Width  int `json:"width"`
	// Sampling holds [nn.Bilinear] by default, and the value of pixels that are added.
	Sampling
	// CropToAspectRatio and PadToAspectRatio keep proportions; at most one is set.
	CropToAspectRatio bool `json:"crop_to_aspect_ratio"`
	PadToAspectRatio  bool `json:"pad_to_aspect_ratio"`
	// FillMode is [FillConstant], and no other.
	FillMode FillMode `json:"fill_mode"`
	// Antialias makes all pixels count as pictures become smaller.
	Antialias bool `json:"antialias"`
}

func init() { nn.Register("keras.layers>Resizing", func() nn.Layer { return &ResizingLayer{} }) }

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *ResizingLayer) SetDefaults() {
	l.Spatial.SetDefaults()
	l.Sampling.SetDefaults()
	if l.FillMode == "" {
		l.FillMode = FillConstant
	}
}

// OfIntegers implements [nn.IntegerLayer].
func (*ResizingLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Call implements [nn.Layer].
func (l *ResizingLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *ResizingLayer) Draw(d Draw) Transformation {
	by := l.Interpolation
	if by == "" {
		by = nn.Bilinear
	}
	if l.Height < 1 || l.Width < 1 || d.Height < 1 || d.Width < 1 {
		panic(graph.Errorf("preprocess.Resizing: height %d, width %d, of pictures of %d by %d: want 1 or more", l.Height, l.Width, d.Height, d.Width))
	}
	if n := mostPixels / l.Height / max(1, d.N*d.Channels); l.Width > n {
		panic(graph.Errorf("preprocess.Resizing: height %d, width %d: want %d pixels at most", l.Height, l.Width, mostPixels))
	}
	if err := ops.Interpolation(by).Check(); err != nil {
		panic(graph.Errorf("preprocess.Resizing: %v", err))
	}
	if l.CropToAspectRatio && l.PadToAspectRatio {
		panic(graph.Errorf("preprocess.Resizing: crop_to_aspect_ratio and pad_to_aspect_ratio: want one of them"))
	}
	if l.FillMode != "" && l.FillMode != FillConstant {
		panic(graph.Errorf("preprocess.Resizing: fill mode %q: want %s", l.FillMode, FillConstant))
	}
	resized := func(by nn.Interpolation) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node { return l.resized(x, by) }
	}
	return Transformation{Images: resized(by), Masks: resized(nn.Nearest), Boxes: func(b Boxes) Boxes { return l.boxes(d, b) }}
}

// mostPixels bounds the numbers of the new pictures of a batch.
const mostPixels = 1 << 40

// resized returns pictures of the layer's size.
func (l *ResizingLayer) resized(x *graph.Node, by nn.Interpolation) *graph.Node {
	dt := x.DType()
	if !dt.IsFloat() && by != nn.Nearest {
		x = ops.Cast(x, tensor.Float32) // so that it takes any fill value
	}
	switch {
	case l.CropToAspectRatio:
		x = ops.CropToAspect(x, l.Height, l.Width)
	case l.PadToAspectRatio:
		x = ops.PadToAspect(x, l.Height, l.Width, l.FillValue)
	}
	y := ops.Resize(x, tensor.D(l.Height, l.Width), ops.Interpolation(by), l.Antialias)
	if y.DType() != dt {
		y = ops.Cast(ops.Round(y), dt)
	}
	return y
}

// boxes returns boxes in pixels of the pictures in those of the new ones, as Keras places them:
// those without area become 0.
func (l *ResizingLayer) boxes(d Draw, b Boxes) Boxes {
	height, width := float64(l.Height), float64(l.Width)
	across, down := width/float64(d.Width), height/float64(d.Height)
	left, top := 0.0, 0.0
	switch {
	case l.CropToAspectRatio:
		across = max(across, down)
		down = across
		left, top = -math.Floor((across*float64(d.Width)-width)/2), -math.Floor((down*float64(d.Height)-height)/2)
	case l.PadToAspectRatio:
		across = min(across, down)
		down = across
		left, top = math.Floor((width-across*float64(d.Width))/2), math.Floor((height-down*float64(d.Height))/2)
	}
	c := b.columns()
	area := ops.Mul(ops.Sub(c[2], c[0]), ops.Sub(c[3], c[1]))
	some := ops.Greater(area, ops.ScalarLike(area, 0))
	for i, of := range [][2]float64{{across, left}, {down, top}, {across, left}, {down, top}} {
		c[i] = ops.Where(some, ops.Offset(ops.Scale(c[i], of[0]), of[1]), ops.Zeros(c[i]))
	}
	return b.of(c[0], c[1], c[2], c[3])
}
