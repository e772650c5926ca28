package nn

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Interpolation says how elements between those of an image are made. It is an option of
// [UpSampling2D].
type Interpolation string

// The interpolations. All but Nearest take pixels as squares around their centers, and weigh
// those of a neighborhood, cut off at the border, so that the weights add up to 1.
const (
	// Nearest, the default, repeats the elements.
	Nearest Interpolation = "nearest"
	// Bilinear weighs the two next elements along each axis by their distances.
	Bilinear Interpolation = "bilinear"
	// Bicubic is Keys's cubic of four elements, with a = -0.5.
	Bicubic Interpolation = "bicubic"
	// Lanczos3 and Lanczos5 are windowed sincs of six and of ten elements.
	Lanczos3 Interpolation = "lanczos3"
	Lanczos5 Interpolation = "lanczos5"
)

// interpolations holds the weight of an element at a distance, up to the radius.
var interpolations = map[Interpolation]struct {
	radius float64
	weight func(x float64) float64
}{
	Bilinear: {1, func(x float64) float64 { return 1 - x }},
	Bicubic:  {2, keysCubic},
	Lanczos3: {3, func(x float64) float64 { return sinc(x) * sinc(x/3) }},
	Lanczos5: {5, func(x float64) float64 { return sinc(x) * sinc(x/5) }},
}

// keysCubic is the cubic with a = -0.5.
//
// Source: Keys 1981, "Cubic convolution interpolation for digital image processing".
func keysCubic(x float64) float64 {
	if x < 1 {
		return (1.5*x-2.5)*x*x + 1
	}
	return ((-0.5*x+2.5)*x-4)*x + 2
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// UnmarshalJSON reads an interpolation as Keras writes it.
func (p *Interpolation) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return fmt.Errorf("interpolation %s: want a string", vocab.Short(b))
	}
	*p = Interpolation(name)
	return p.check()
}

// check returns an error unless there is the interpolation.
func (p Interpolation) check() error {
	if p != "" && p != Nearest && interpolations[p].weight == nil {
		return fmt.Errorf("interpolation %q: want %q, %q, %q, %q or %q", p, Nearest, Bilinear, Bicubic, Lanczos3, Lanczos5)
	}
	return nil
}

// UpSampling1D returns a layer that repeats every step size times.
//
// Shapes: x [B T C] -> y [B size·T C]. DTypes: any. Gradient: x.
// Panics with *graph.Error, when built, unless x has three axes and size is 1 or more.
// Source: keras.layers.UpSampling1D.
func UpSampling1D(size int, opts ...LayerOption) *UpSamplingLayer {
	return &UpSamplingLayer{Base: NewBase(opts...), Size: Sizes{size}, Spatial: Spatial{places: 1}}
}

// UpSampling2D returns a layer that enlarges images: it repeats every pixel size times along
// both axes, unless [Sizes] or an [Interpolation] are given.
//
// Shapes: x [B H W C] -> y [B size·H size·W C]. DTypes: any, numbers to interpolate; integers
// are rounded. Gradient: x.
// Panics with *graph.Error, when built, unless x has four axes and size is 1 or more.
// Source: keras.layers.UpSampling2D.
func UpSampling2D(size int, opts ...UpSamplingOption) *UpSamplingLayer {
	l := &UpSamplingLayer{Base: NewBase(), Size: Sizes{size}, Spatial: Spatial{places: 2}}
	wantOptions(opts)
	for _, o := range opts {
		o.upSampling(l)
	}
	return l
}

// UpSampling3D returns a layer that repeats every voxel size times along each axis, unless
// [Sizes] are given.
//
// Shapes: x [B D H W C] -> y [B size·D size·H size·W C]. DTypes: any. Gradient: x.
// Panics with *graph.Error, when built, unless x has five axes and size is 1 or more.
// Source: keras.layers.UpSampling3D.
func UpSampling3D(size int, opts ...AdaptivePoolingOption) *UpSamplingLayer {
	l := &UpSamplingLayer{Base: NewBase(), Spatial: Spatial{places: 3, size: Sizes{size}}}
	wantOptions(opts)
	for _, o := range opts {
		o.adaptive(&l.Base, &l.Spatial)
	}
	l.Size = l.size
	return l
}

// UpSamplingOption is an option of [UpSampling2D]: an [Interpolation], [Sizes], a [DataFormat],
// or a [LayerOption].
type UpSamplingOption interface{ upSampling(*UpSamplingLayer) }

func (p Interpolation) upSampling(l *UpSamplingLayer) { l.Interpolation = p }
func (s Sizes) upSampling(l *UpSamplingLayer)         { l.Size = s }
func (f DataFormat) upSampling(l *UpSamplingLayer)    { l.DataFormat = f }
func (o LayerSetting) upSampling(l *UpSamplingLayer)  { o(&l.Base) }
func (p DTypePolicy) upSampling(l *UpSamplingLayer)   { l.DType = p }

// UpSamplingLayer is the layer that [UpSampling1D] and its like make.
type UpSamplingLayer struct {
	Base
	// Size holds how many times as long each axis becomes.
	Size Sizes `json:"size"`
	Spatial
	// Interpolation is [Nearest] by default. UpSampling2D alone has others.
	Interpolation Interpolation `json:"interpolation,omitempty"`
}

func init() {
	for places := 1; places <= ops.MaxPlaces; places++ {
		space := Spatial{places: places}
		addLayer(fmt.Sprintf("UpSampling%dD", places), vocab.Into[Layer](func() *UpSamplingLayer {
			return &UpSamplingLayer{Size: Sizes{2}, Spatial: space}
		}))
	}
}

// Class returns Keras's name of the layer.
func (l *UpSamplingLayer) Class() string { return fmt.Sprintf("UpSampling%dD", l.places) }

// OfIntegers implements [IntegerLayer].
func (*UpSamplingLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (l *UpSamplingLayer) SetDefaults() {
	l.Size = l.Size.over(l.places)
	l.setFormat()
	if l.places == 2 {
		l.Interpolation = l.interpolation()
	}
}

// MarshalJSON writes the layer's config as Keras does: the size of one axis is no list.
func (l *UpSamplingLayer) MarshalJSON() ([]byte, error) {
	type plain UpSamplingLayer
	if l.places > 1 || len(l.Size) == 0 {
		return vocab.Marshal(plain(*l))
	}
	return vocab.Marshal(struct {
		Base
		Size int `json:"size"`
	}{l.Base, l.Size[0]})
}

func (l *UpSamplingLayer) interpolation() Interpolation {
	if l.Interpolation == "" {
		return Nearest
	}
	return l.Interpolation
}

// Build implements [Layer].
func (l *UpSamplingLayer) Build(_ *Builder, in tensor.Spec) {
	class := l.Class()
	l.wantFormat(class)
	l.wantPlaces(class, in)
	wantSizes(class, "size", l.Size, l.places, 1)
	if err := l.Interpolation.check(); err != nil {
		panic(graph.Errorf("nn.%s: %v", class, err))
	}
	elements := in.Shape.From(1).Size()
	for _, n := range l.Size.over(l.places) {
		wantProduct(class, "size", n, elements)
		elements *= n
	}
	if l.interpolation() == Nearest {
		return
	}
	if l.places != 2 {
		panic(graph.Errorf("nn.%s: interpolation %q: want %q: UpSampling2D alone has others", class, l.Interpolation, Nearest))
	}
	wantNumber(class, in)
	for i, n := range l.Size.over(l.places) {
		length := l.placesOf(in).At(i)
		wantProduct(class, "size", n*length, length) // the weights
	}
}

// Call implements [Layer].
func (l *UpSamplingLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	first, sizes := l.firstPlace(), l.Size.over(l.places)
	if l.interpolation() == Nearest {
		for i, n := range sizes {
			x = ops.Repeat(x, n, first+i)
		}
		return x
	}
	dt := x.DType()
	if !dt.IsFloat() {
		x = ops.Cast(x, tensor.Float32)
	}
	for i, n := range sizes {
		if n > 1 {
			x = l.interpolation().along(x, first+i, n)
		}
	}
	if !dt.IsFloat() {
		x = ops.Cast(ops.Round(x), dt)
	}
	return x
}

// along returns x with n times as many elements along an axis.
func (p Interpolation) along(x *graph.Node, axis, n int) *graph.Node {
	length, of := x.Shape().At(axis), interpolations[p]
	return linear(x, axis, n*length, func(i int) []float64 {
		center := (float64(i)+0.5)/float64(n) - 0.5
		weights, sum := make([]float64, length), 0.0
		from, to := max(0, int(math.Ceil(center-of.radius))), min(length-1, int(math.Floor(center+of.radius)))
		for j := from; j <= to; j++ {
			weights[j] = of.weight(math.Abs(center - float64(j)))
			sum += weights[j]
		}
		for j := from; j <= to; j++ {
			weights[j] /= sum
		}
		return weights
	})
}
