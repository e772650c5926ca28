package preprocess

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// FillMode says which pixels stand beyond the border of a picture, of a row a b c d.
type FillMode string

// The fill modes.
const (
	// FillReflect, the default: c b a | a b c d | d c b.
	FillReflect FillMode = "reflect"
	// FillConstant: k k k | a b c d | k k k, with the [FillValue] k.
	FillConstant FillMode = "constant"
	// FillWrap: b c d | a b c d | a b c.
	FillWrap FillMode = "wrap"
	// FillNearest: a a a | a b c d | d d d.
	FillNearest FillMode = "nearest"
	// FillMirror: d c b | a b c d | c b a. [RandomElasticTransform] alone takes it, as in Keras.
	FillMirror FillMode = "mirror"
)

// fillModes holds the modes as package ops has them.
var fillModes = map[FillMode]ops.FillMode{
	"": ops.FillReflect, FillReflect: ops.FillReflect, FillConstant: ops.FillConstant, FillWrap: ops.FillWrap,
	FillNearest: ops.FillNearest, FillMirror: ops.FillMirror,
}

// UnmarshalJSON reads a fill mode as Keras writes it.
func (f *FillMode) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil || name == "" || fillModes[FillMode(name)] == 0 && name != string(FillConstant) {
		return fmt.Errorf("fill mode %s: want %q, %q, %q, %q or %q", vocab.Short(b), FillReflect, FillConstant, FillWrap, FillNearest, FillMirror)
	}
	*f = FillMode(name)
	return nil
}

// Sampling groups the settings of layers that take pixels from between others. Its options are
// [nn.Nearest], [nn.Bilinear] and [FillValue].
type Sampling struct {
	// Interpolating holds [nn.Bilinear] by default, or [nn.Nearest]. Masks are always made by the
	// latter.
	nn.Interpolating
	// FillValue is the value of pixels that come from nowhere.
	FillValue float64 `json:"fill_value"`
}

// FillValue sets the value of pixels that come from beyond the border, with [FillConstant].
func FillValue(v float64) nn.SettingOf[Sampling] { return func(s *Sampling) { s.FillValue = v } }

// SetDefaults sets the interpolation, if it is not set, to the default.
func (s *Sampling) SetDefaults() {
	if s.Interpolation == "" {
		s.Interpolation = nn.Bilinear
	}
}

// Filling groups the settings of layers that take pixels from beyond the border. Its option is
// [Fill].
type Filling struct {
	// FillMode is [FillReflect] by default.
	FillMode FillMode `json:"fill_mode"`
}

// Fill sets which pixels stand beyond the border.
func Fill(mode FillMode) nn.SettingOf[Filling] { return func(f *Filling) { f.FillMode = mode } }

// SetDefaults sets the fill mode, if it is not set, to the default.
func (f *Filling) SetDefaults() {
	if f.FillMode == "" {
		f.FillMode = FillReflect
	}
}

// of returns the settings as package ops has them. It panics with *graph.Error if there is no such
// interpolation or fill mode.
func (s Sampling) of(class string, mode FillMode, mirror bool) ops.Sampling {
	fill, ok := fillModes[mode]
	switch {
	case s.Interpolation != "" && s.Interpolation != nn.Bilinear && s.Interpolation != nn.Nearest:
		panic(graph.Errorf("preprocess.%s: interpolation %q: want %s or %s", class, s.Interpolation, nn.Bilinear, nn.Nearest))
	case !ok || fill == ops.FillMirror && !mirror:
		panic(graph.Errorf("preprocess.%s: fill mode %q: want %s, %s, %s or %s", class, mode, FillReflect, FillConstant, FillWrap, FillNearest))
	case math.IsNaN(s.FillValue) || math.IsInf(s.FillValue, 0):
		panic(graph.Errorf("preprocess.%s: fill value %v: want a number", class, s.FillValue))
	}
	return ops.Sampling{Nearest: s.Interpolation == nn.Nearest, Fill: fill, Value: s.FillValue}
}

// Warp groups the settings of layers that move pixels by a matrix: [RandomRotation] and its like.
type Warp struct {
	Image
	Seeded
	Sampling
	Filling
}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (w *Warp) SetDefaults() {
	w.Spatial.SetDefaults()
	w.Sampling.SetDefaults()
	w.Filling.SetDefaults()
}

// warped returns the transformation that moves pictures by matrices [n 6] or [n 8], as
// [ops.AffineTransform] does, and boxes by the inverse.
func warped(m *graph.Node, s ops.Sampling) Transformation {
	nearest := s
	nearest.Nearest = true
	return Transformation{
		Images: func(x *graph.Node) *graph.Node { return ops.AffineTransform(x, m, s) },
		Masks:  func(x *graph.Node) *graph.Node { return ops.AffineTransform(x, m, nearest) },
		Boxes:  func(b Boxes) Boxes { return b.moved(ops.InvertAffine(m)) },
	}
}

// moved returns boxes in pixels around the places to which a matrix [n 8] takes their corners.
func (b Boxes) moved(m *graph.Node) Boxes {
	c := b.columns()
	m = ops.Cast(m, c[0].DType())
	at := func(i int) *graph.Node { return ops.ExpandDims(ops.SliceAxis(m, 1, i, i+1), -1) } // [n 1 1]
	sum := func(i int, x, y *graph.Node) *graph.Node {
		return ops.Add(ops.Mul(at(i), x), ops.Mul(at(i+1), y))
	}
	var low, high [2]*graph.Node
	for _, corner := range [4][2]*graph.Node{{c[0], c[1]}, {c[2], c[1]}, {c[2], c[3]}, {c[0], c[3]}} {
		k := ops.Offset(sum(6, corner[0], corner[1]), 1)
		for i := range 2 {
			v := ops.Div(ops.Add(sum(3*i, corner[0], corner[1]), at(3*i+2)), k)
			if low[i] == nil {
				low[i], high[i] = v, v
				continue
			}
			low[i], high[i] = ops.Minimum(low[i], v), ops.Maximum(high[i], v)
		}
	}
	return b.of(low[0], low[1], high[0], high[1])
}

// affine returns matrices [n 6] of six numbers, each a node [n 1] or a float64.
func affine(d Draw, a ...any) *graph.Node {
	columns := make([]*graph.Node, len(a))
	for i, v := range a {
		switch v := v.(type) {
		case *graph.Node:
			columns[i] = v
		case float64:
			columns[i] = ops.Full(d.Graph(), tensor.S(tensor.Float32, d.N, 1), v)
		}
	}
	return ops.Concat(1, columns...)
}
