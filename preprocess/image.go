package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// ImageLayer is a layer of pictures. It draws a [Transformation] for each picture of a batch,
// which then changes all that belongs to the picture: [Apply] has it change labels, boxes and
// masks, Call the pictures alone. A type of your own that embeds [Image] and has a method Draw is
// one if its Call is [CallImages].
type ImageLayer interface {
	nn.Layer
	// Draw returns what the layer does to the pictures d, by random numbers of d. It panics with
	// *graph.Error if a setting is wrong or does not fit the pictures, whether the step trains
	// or not.
	Draw(d Draw) Transformation
	image() *Image
}

// Image groups the settings of every layer of pictures: its options are [nn.ChannelsFirst] and
// [BoxesAs] besides those of every layer.
type Image struct {
	nn.Base
	nn.Spatial
	// BoxFormat is the format of boxes, of those that [Apply] takes and of those it returns.
	// Layers in a network need none.
	BoxFormat BoxFormat `json:"bounding_box_format,omitempty"`
}

func (l *Image) image() *Image { return l }

// Build implements [nn.Layer]: the layer has no variables, and Draw checks its settings.
func (*Image) Build(*nn.Builder, tensor.Spec) {}

// OfIntegers implements [nn.IntegerLayer]: pixels become floats.
func (*Image) OfIntegers(tensor.DType) tensor.DType { return tensor.Float32 }

// Seeded groups the settings of random layers.
type Seeded struct {
	// Seed is that of a Keras file, which is written again. The numbers that a layer draws depend
	// on the seed of the model, the step and the layer's place in it.
	Seed Seed `json:"seed"`
}

// Seed is a whole number in decimal digits, or empty.
type Seed string

// MarshalJSON writes the number, or null.
func (s Seed) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return []byte(s), nil
}

// UnmarshalJSON reads a whole number. Any other value, such as the object of a generator, is
// none.
func (s *Seed) UnmarshalJSON(b []byte) error {
	*s = ""
	if len(b) <= 20 && len(b) > 0 && allDigits(b) {
		*s = Seed(b)
	}
	return nil
}

func allDigits(b []byte) bool {
	for i, c := range b {
		if (c < '0' || c > '9') && !(c == '-' && i == 0 && len(b) > 1) {
			return false
		}
	}
	return true
}

// Draw is a batch of pictures for which a layer draws. Its context has the random numbers and
// says whether the step trains.
type Draw struct {
	*nn.Ctx
	// N is the number of pictures, Height, Width and Channels are those of each, whatever the data
	// format.
	N, Height, Width, Channels int
	// DType is the dtype of floats that the layer computes in.
	DType tensor.DType
}

// Uniform returns float32 numbers of a uniform distribution from low to high, all of them low if
// that is high.
//
// Shapes: dims.
func (d Draw) Uniform(low, high float64, dims ...int) *graph.Node {
	s := tensor.S(tensor.Float32, dims...)
	if low == high {
		return ops.Full(d.Graph(), s, low)
	}
	seed, stream := d.Seed()
	return ops.Offset(ops.Scale(ops.RandomUniform(seed, s, stream), high-low), low)
}

// Normal returns float32 numbers of the standard normal distribution.
//
// Shapes: dims.
func (d Draw) Normal(dims ...int) *graph.Node {
	seed, stream := d.Seed()
	return ops.RandomNormal(seed, tensor.S(tensor.Float32, dims...), stream)
}

// Transformation is what a layer has drawn for a batch of pictures, for all that belongs to them.
// A nil function leaves its part as it is. The channels of pictures and masks are the last axis,
// whatever the layer's data format.
type Transformation struct {
	// Images changes pictures [n h w c], floats that the layer computes in, or integers if its
	// OfIntegers says that they stay.
	Images func(x *graph.Node) *graph.Node
	// Labels changes labels [n ...].
	Labels func(y *graph.Node) *graph.Node
	// Boxes changes boxes in pixels. They are then cut at the border of the new pictures; the
	// labels of those that have no area left become -1.
	Boxes func(b Boxes) Boxes
	// Listed changes which boxes there are, in the layer's format. They are not cut.
	Listed func(b Boxes) Boxes
	// Masks changes segmentation masks [n h w c] of any dtype.
	Masks func(m *graph.Node) *graph.Node
}

// Sample holds pictures and what belongs to them, for [Apply]. What there is not is nil.
type Sample struct {
	// Images holds pictures: [n h w c], or one [h w c], in which case the other parts have no axis
	// of n either. With nn.ChannelsFirst the channels stand before the height.
	Images *graph.Node
	// Labels holds the label of each picture: [n ...].
	Labels *graph.Node
	// Boxes holds the bounding boxes of the pictures, in the layer's BoxFormat.
	Boxes Boxes
	// Masks holds a segmentation mask of each picture: [n h w c] with the height and width of the
	// pictures, of any dtype.
	Masks *graph.Node
}

// Apply applies a layer to pictures and to what belongs to them, by one draw: a box or a mask
// follows its picture. The layer may be an [ImageLayer] or a [Pipeline] of some; any other changes
// the pictures alone. Random layers do nothing unless c.Training is set.
//
//	s = preprocess.Apply(c, preprocess.RandomFlip(preprocess.BoxesAs(preprocess.XYWH)), s)
//
// Pictures become floats; so do boxes, and labels that are mixed. Masks keep their dtype.
// Panics with *graph.Error if the parts of s do not fit each other, or there are boxes and the
// layer has no format of boxes.
func Apply(c *nn.Ctx, l nn.Layer, s Sample) Sample {
	if s.Images == nil {
		panic(graph.Errorf("preprocess.Apply: no pictures: want what belongs to pictures together with them"))
	}
	if s.Images.Rank() == 3 {
		return s.each(func(x *graph.Node) *graph.Node { return ops.ExpandDims(x, 0) }).through(c, l).each(
			func(x *graph.Node) *graph.Node { return ops.Squeeze(x, 0) })
	}
	return s.through(c, l)
}

// each returns s with f of each part that there is.
func (s Sample) each(f func(x *graph.Node) *graph.Node) Sample {
	for _, part := range []**graph.Node{&s.Images, &s.Labels, &s.Boxes.At, &s.Boxes.Labels, &s.Masks} {
		if *part != nil {
			*part = f(*part)
		}
	}
	return s
}

// through returns s, a batch, as l changes it.
func (s Sample) through(c *nn.Ctx, l nn.Layer) Sample {
	switch l := l.(type) {
	case ImageLayer:
		return s.transformed(c, l)
	case *PipelineLayer:
		for _, part := range l.Parts {
			s = s.through(c, part)
		}
		return s
	default:
		s.Images = c.Trace(l, s.Images)
		return s
	}
}

// CallImages traces an image layer on pictures alone: it is the method Call of all of them.
//
// Shapes: x [n h w c] -> y [n h w c], of the height and width that the layer makes.
// Panics with *graph.Error unless x is a batch of pictures of numbers.
func CallImages(c *nn.Ctx, l ImageLayer, x *graph.Node) *graph.Node {
	y := Sample{Images: x}.transformed(c, l).Images
	c.SetMask(y, nil) // as in Keras, even if it is x
	return y
}

// transformed returns s, a batch, as an image layer changes it by one draw.
func (s Sample) transformed(c *nn.Ctx, l ImageLayer) Sample {
	of, class := l.image(), nn.ClassOf(l)
	of.wantFormat(class)
	s.want(class, of)
	d := Draw{Ctx: c, N: s.Images.Shape().At(0), DType: of.computes(c)}
	s = of.channelsLast(s)
	d.Height, d.Width, d.Channels = s.Images.Shape().At(1), s.Images.Shape().At(2), s.Images.Shape().At(3)
	t := l.Draw(d)
	if dt := s.Images.DType(); dt.IsFloat() || !keeps(l, dt) {
		s.Images = ops.Cast(s.Images, d.DType)
	}
	if t.Images != nil {
		s.Images = t.Images(s.Images)
	}
	if s.Labels != nil && t.Labels != nil {
		s.Labels = t.Labels(s.Labels)
	}
	if s.Masks != nil && t.Masks != nil {
		s.Masks = t.Masks(s.Masks)
	}
	if s.Boxes.At != nil && t.Listed != nil {
		s.Boxes = t.Listed(s.Boxes)
	}
	if s.Boxes.At != nil && t.Boxes != nil {
		height, width := s.Images.Shape().At(1), s.Images.Shape().At(2)
		b := of.BoxFormat.toXYXY(s.Boxes, d.Height, d.Width)
		s.Boxes = of.BoxFormat.fromXYXY(t.Boxes(b).clipped(height, width), height, width)
	}
	return of.channelsBack(s)
}

// keeps reports whether a layer takes integers as they are.
func keeps(l ImageLayer, dt tensor.DType) bool {
	of, ok := l.(nn.IntegerLayer)
	return ok && of.OfIntegers(dt) == dt
}

// want panics with *graph.Error unless the parts of a batch fit each other.
func (s Sample) want(class string, of *Image) {
	x := s.Images.Spec()
	if x.Rank() != 4 || x.DType == tensor.Bool {
		panic(graph.Errorf("preprocess.%s: x is %v: want pictures of numbers, [n height width channels] with %s, or [n channels height width] with %s",
			class, x, nn.ChannelsLast, nn.ChannelsFirst))
	}
	n := x.Shape.At(0)
	if y := s.Labels; y != nil && (y.Rank() == 0 || y.Shape().At(0) != n) {
		panic(graph.Errorf("preprocess.%s: labels %v of pictures %v: want one for each picture, [%d ...]", class, y.Spec(), x, n))
	}
	if m := s.Masks; m != nil {
		shape := m.Shape()
		if m.Rank() != 4 || shape.With(of.channels(), 1) != x.Shape.With(of.channels(), 1) {
			panic(graph.Errorf("preprocess.%s: masks %v of pictures %v: want four axes, and the lengths of the pictures' but for the channels", class, m.Spec(), x))
		}
	}
	s.Boxes.want(class, of.BoxFormat, n)
}

// channels returns the axis of the channels.
func (l *Image) channels() int {
	if l.DataFormat == nn.ChannelsFirst {
		return 1
	}
	return 3
}

// wantFormat panics with *graph.Error unless the data format is one that there is.
func (l *Image) wantFormat(class string) {
	switch l.DataFormat {
	case "", nn.ChannelsLast, nn.ChannelsFirst:
	default:
		panic(graph.Errorf("preprocess.%s: data format %q: want %s or %s", class, l.DataFormat, nn.ChannelsLast, nn.ChannelsFirst))
	}
}

// computes returns the dtype that the layer computes in, inside a network or outside of one.
func (l *Image) computes(c *nn.Ctx) tensor.DType {
	if l.DType != "" {
		return l.DType.ComputeDType()
	}
	return c.ComputeDType()
}

// channelsLast returns a batch with the channels last.
func (l *Image) channelsLast(s Sample) Sample { return l.moved(s, 0, 2, 3, 1) }

// channelsBack returns a batch with the channels where the layer has them.
func (l *Image) channelsBack(s Sample) Sample { return l.moved(s, 0, 3, 1, 2) }

func (l *Image) moved(s Sample, axes ...int) Sample {
	if l.DataFormat != nn.ChannelsFirst {
		return s
	}
	s.Images = ops.Transpose(s.Images, axes...)
	if s.Masks != nil {
		s.Masks = ops.Transpose(s.Masks, axes...)
	}
	return s
}
