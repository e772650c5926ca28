package preprocess

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// Valued groups the settings of layers that have to know the range of pixels.
type Valued struct {
	// ValueRange is 0 to 255 by default.
	ValueRange Range `json:"value_range"`
}

// ValueRange sets the least and the greatest value of pixels, in layers that change colors.
func ValueRange(low, high float64) nn.SettingOf[Valued] {
	return func(v *Valued) { v.ValueRange = Range{low, high} }
}

// Range holds a least and a greatest value. The zero Range is the default.
type Range [2]float64

// UnmarshalJSON reads a list of two numbers.
func (r *Range) UnmarshalJSON(b []byte) error {
	var list []float64
	if json.Unmarshal(b, &list) != nil || len(list) != 2 {
		return fmt.Errorf("%s: want two numbers", vocab.Short(b))
	}
	*r = Range(list)
	return nil
}

// pixels is the range in which colors of one byte lie.
var pixels = Range{0, 255}

// SetDefaults sets the settings that are not set to the defaults that they stand for.
func (v *Valued) SetDefaults() {
	if v.ValueRange == (Range{}) {
		v.ValueRange = pixels
	}
}

// values returns the range. It panics with *graph.Error unless it has a length.
func (v *Valued) values(class string) Range {
	r := v.ValueRange
	if r == (Range{}) {
		r = pixels
	}
	if r[0] > r[1] {
		r[0], r[1] = r[1], r[0]
	}
	if n := r[1] - r[0]; !(n > 0) || n-n != 0 {
		panic(graph.Errorf("preprocess.%s: value range %v: want two numbers that differ", class, v.ValueRange))
	}
	return r
}

// length returns the distance of the two values.
func (r Range) length() float64 { return r[1] - r[0] }

// clip returns x kept in the range.
func (r Range) clip(x *graph.Node) *graph.Node { return ops.Clip(x, r[0], r[1]) }

// to returns x of this range in another.
func (r Range) to(other Range, x *graph.Node) *graph.Node {
	if r == other {
		return x
	}
	part := ops.Div(ops.Offset(x, -r[0]), ops.ScalarLike(x, r.length()))
	return ops.Offset(ops.Scale(part, other.length()), other[0])
}

// wantRGB panics with *graph.Error unless pictures have three channels.
func (d Draw) wantRGB(class string) {
	if d.Channels != 3 {
		panic(graph.Errorf("preprocess.%s: pictures of %d channels: want red, green and blue", class, d.Channels))
	}
}

// each returns a number from low to high for each picture, in the dtype that the layer computes in:
// [n 1 1 1].
func (d Draw) each(low, high float64) *graph.Node {
	return ops.Cast(d.Uniform(low, high, d.N, 1, 1, 1), d.DType)
}

// some returns whether each picture is one of those that a layer changes, with a probability
// that is itself drawn between low and high: [n 1 1 1].
func (d Draw) some(low, high float64) *graph.Node {
	return ops.Less(d.Uniform(0, 1, d.N, 1, 1, 1), d.Uniform(low, high, d.N, 1, 1, 1))
}

// changed returns a transformation of the pixels alone.
func changed(f func(x *graph.Node) *graph.Node) Transformation { return Transformation{Images: f} }
