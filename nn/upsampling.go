package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Interpolation says how elements between those of an image are made. It is an option of
// [UpSampling2D]: [Nearest] by default.
type Interpolation string

// The interpolations are those of [ops.Interpolation] with these names.
const (
	Nearest  = Interpolation(ops.Nearest)
	Bilinear = Interpolation(ops.Bilinear)
	Bicubic  = Interpolation(ops.Bicubic)
	Lanczos3 = Interpolation(ops.Lanczos3)
	Lanczos5 = Interpolation(ops.Lanczos5)
	Area     = Interpolation(ops.Area)
)

// Interpolating is the group of the one setting [Interpolation], for layers outside nn.
type Interpolating struct {
	// Interpolation says how elements between those of an image are made.
	Interpolation Interpolation `json:"interpolation,omitempty"`
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
	if p == "" {
		return nil
	}
	return ops.Interpolation(p).Check()
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
}

// Call implements [Layer].
func (l *UpSamplingLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	if l.interpolation() == Nearest {
		for i, n := range l.Size.over(l.places) {
			x = ops.Repeat(x, n, l.firstPlace()+i)
		}
		return x
	}
	return l.channelsLast(x, func(x *graph.Node) *graph.Node {
		size := ops.Places(x.Shape())
		for i, n := range l.Size.over(l.places) {
			size = size.With(i, n*size.At(i))
		}
		return ops.Resize(x, size, ops.Interpolation(l.interpolation()), false)
	})
}
