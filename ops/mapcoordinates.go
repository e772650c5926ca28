package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// MapCoordinates returns the elements of x at places between its own: y[n, p, c] is x[n, at[n, 0, p],
// at[n, 1, p] ..., c], where s says how elements are made between others and beyond the border.
// Coordinates count elements. Those beyond ±2³⁰ count as these; one that is NaN makes NaN.
//
// Shapes: x [N S... C], at [N K P...] with K = 1 to 3, the number of axes S -> y [N P... C].
// DTypes: x numbers, at floats; float16 and bfloat16 compute in float32. Integers come by floats of
// enough bits, and are rounded to the nearest, halves away from zero. Gradient: x and at, at
// elements that of the next interval; with s.Nearest x alone. Panics with *graph.Error if a shape or
// dtype differs from this, x has no elements along an axis, or s has no such fill mode.
//
// Source: keras.ops.image.map_coordinates, on JAX.
func MapCoordinates(x, at *graph.Node, s Sampling) *graph.Node {
	dt := x.DType()
	if dt.IsFloat() {
		return graph.Apply(MapCoordinatesOp{s}, x, at)
	}
	wide := tensor.Float32
	if dt.Size() > 2 {
		wide = tensor.Float64
	}
	y := graph.Apply(MapCoordinatesOp{s}, Cast(x, wide), at)
	if !s.Nearest {
		y = roundAway(y)
	}
	return Cast(y, dt)
}

// Sampling says how [MapCoordinates] makes elements that are not there. The zero Sampling weighs
// neighbours by their distance, and takes 0 beyond the border.
type Sampling struct {
	// Nearest takes the nearest element, instead of weighing the two next ones along each axis.
	// Halfway it is the one that is farther from the beginning.
	Nearest bool
	// Fill says which elements stand beyond the border.
	Fill FillMode
	// Value is the element beyond the border, with [FillConstant].
	Value float64
}

// FillMode says which elements stand beyond the border of an axis, of a b c d.
type FillMode uint8

// The fill modes.
const (
	// FillConstant: k k k | a b c d | k k k, with a constant k.
	FillConstant FillMode = iota
	// FillNearest: a a a | a b c d | d d d.
	FillNearest
	// FillWrap: b c d | a b c d | a b c.
	FillWrap
	// FillMirror: d c b | a b c d | c b a.
	FillMirror
	// FillReflect: c b a | a b c d | d c b.
	FillReflect
)

// fillModes holds Keras's names of the modes.
var fillModes = []string{FillConstant: "constant", FillNearest: "nearest", FillWrap: "wrap", FillMirror: "mirror", FillReflect: "reflect"}

// String returns Keras's name of the mode.
func (f FillMode) String() string {
	if int(f) < len(fillModes) {
		return fillModes[f]
	}
	return fmt.Sprintf("FillMode(%d)", f)
}

// Index returns the element of an axis of n elements that stands at place i, which may lie beyond
// the border: -1 for the constant.
func (f FillMode) Index(i, n int) int {
	if uint(i) < uint(n) {
		return i
	}
	switch f {
	case FillNearest:
		return min(max(i, 0), n-1)
	case FillWrap:
		return floorMod(i, n)
	case FillMirror:
		if n == 1 {
			return 0
		}
		i = floorMod(i, 2*(n-1))
		return min(i, 2*(n-1)-i)
	case FillReflect:
		i = floorMod(i, 2*n)
		return min(i, 2*n-1-i)
	}
	return -1
}

func floorMod(i, n int) int {
	if i %= n; i < 0 {
		i += n
	}
	return i
}

// index is [FillMode.Index] of a node of whole floats. The element of the constant is any.
func (f FillMode) index(i *graph.Node, n int) *graph.Node {
	mod := func(m int) *graph.Node { return Mod(i, ScalarLike(i, float64(m))) }
	folded := func(j *graph.Node, last int) *graph.Node { return Minimum(j, Offset(Neg(j), float64(last))) }
	switch {
	case n == 1:
		return Zeros(i)
	case f == FillWrap:
		i = mod(n)
	case f == FillMirror:
		i = folded(mod(2*(n-1)), 2*(n-1))
	case f == FillReflect:
		i = folded(mod(2*n), 2*n-1)
	}
	return Clip(i, 0, float64(n-1))
}

// FarCoordinate bounds the coordinates of [MapCoordinates].
const FarCoordinate = 1 << 30

// MapCoordinatesOp is the operation behind [MapCoordinates].
type MapCoordinatesOp struct{ Sampling }

// Name implements graph.Op.
func (MapCoordinatesOp) Name() string { return "MapCoordinates" }

// Infer implements graph.Op.
func (o MapCoordinatesOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, at := in[0], in[1]
	if err := wantFloat("x", x); err != nil {
		return nil, err
	}
	if err := wantFloat("at", at); err != nil {
		return nil, err
	}
	places := x.Rank() - 2
	switch {
	case places < 1 || places > MaxPlaces:
		return nil, fmt.Errorf("x %v: want [N S... C] with 1 to %d axes S", x, MaxPlaces)
	case at.Rank() < 2 || at.Shape.At(0) != x.Shape.At(0) || at.Shape.At(1) != places:
		return nil, fmt.Errorf("at %v of x %v: want [%d %d P...], the coordinates on %d axes", at, x, x.Shape.At(0), places, places)
	case Places(x.Shape).Size() == 0:
		return nil, fmt.Errorf("x %v: want an element along each axis", x)
	case int(o.Fill) >= len(fillModes):
		return nil, fmt.Errorf("fill mode %v: want one of %v", o.Fill, fillModes)
	}
	return oneOf(x.DType, at.Shape.To(1), at.Shape.From(2), tensor.D(x.Shape.At(-1)))
}

// Ref implements [Referenced].
func (o MapCoordinatesOp) Ref(out, in []Array) {
	x, at := in[0], in[1]
	shape := Places(x.Shape)
	k, c := shape.Rank(), x.Shape.At(-1)
	each := at.Shape.From(2).Size()
	for i := range len(at.V) / k {
		y := out[0].V[i*c : (i+1)*c]
		sample := i / each
		first := sample * shape.Size()
		for corner := range o.corners(k) {
			weight, place := 1.0, 0
			for axis := range k {
				v := math.Max(-FarCoordinate, math.Min(at.V[(sample*k+axis)*each+i%each], FarCoordinate)) // NaN stays
				low, w := math.Floor(v), 1.0
				switch {
				case v != v:
					low, w = 0, v
				case o.Nearest:
					low = math.Round(v)
				case corner>>axis&1 == 1:
					low, w = low+1, v-low
				default:
					w = 1 - (v - low)
				}
				weight *= w
				j := o.Fill.Index(int(low), shape.At(axis))
				if j < 0 || place < 0 {
					place = -1
					continue
				}
				place = place*shape.At(axis) + j
			}
			for ch := range c {
				v := o.Value
				if place >= 0 {
					v = x.V[(first+place)*c+ch]
				}
				y[ch] += weight * v
			}
		}
	}
}

// corners returns how many elements of k axes make one.
func (s Sampling) corners(k int) int {
	if s.Nearest {
		return 1
	}
	return 1 << k
}

// corner is an element of x that has a part in each result of MapCoordinates.
type corner struct {
	row     *graph.Node   // [N P...], its number among all rows [N S...] of channels
	weights []*graph.Node // [N P...] along each axis
	inside  *graph.Node   // [N P...], nil if all are
}

// weight returns the product of the weights but that of an axis, nil for 1.
func (c corner) weight(but int) *graph.Node {
	var w *graph.Node
	for axis, of := range c.weights {
		switch {
		case axis == but:
		case w == nil:
			w = of
		default:
			w = Mul(w, of)
		}
	}
	return w
}

// elements returns what the corner is of x, as [rows C]: [N P... C].
func (c corner) elements(rows *graph.Node, value float64) *graph.Node {
	v := Gather(rows, c.row, 0)
	if c.inside == nil {
		return v
	}
	return Where(ExpandDims(c.inside, -1), v, ScalarLike(v, value))
}

// of returns the corners of coordinates in x, with weights of a dtype.
func (s Sampling) of(at *graph.Node, x tensor.Dims, dt tensor.DType) []corner {
	at = Clip(AtLeastFloat32(at), -FarCoordinate, FarCoordinate)
	shape := Places(x)
	k := shape.Rank()
	all := make([]corner, s.corners(k))
	for i := range all {
		all[i].row = Iota(at.Graph(), tensor.Spec{DType: tensor.Int64, Shape: Index(at, 1, 0).Shape()}, 0)
	}
	for axis := range k {
		v := Index(at, 1, axis) // [N P...]
		low := Floor(v)
		part := Sub(v, low)
		if s.Nearest {
			low, part = roundAway(v), Scale(part, 0) // NaN stays
		}
		for i := range all {
			to, w := low, Offset(Neg(part), 1)
			if i>>axis&1 == 1 {
				to, w = Offset(low, 1), part
			}
			j := s.Fill.index(to, shape.At(axis))
			if s.Fill == FillConstant {
				inside := Equal(j, to)
				if shape.At(axis) == 1 {
					inside = Equal(to, Zeros(to))
				}
				if all[i].inside != nil {
					inside = And(all[i].inside, inside)
				}
				all[i].inside = inside
			}
			j = Cast(Where(IsNaN(j), Zeros(j), j), tensor.Int64)
			all[i].row = Add(Scale(all[i].row, float64(shape.At(axis))), j)
			all[i].weights = append(all[i].weights, Cast(w, dt))
		}
	}
	return all
}

// roundAway returns x rounded to the nearest whole number, halves away from zero.
func roundAway(x *graph.Node) *graph.Node {
	size := Abs(x)
	low := Floor(size)
	up := GreaterEqual(Sub(size, low), ScalarLike(x, 0.5))
	return Mul(Sign(x), Where(up, Offset(low, 1), low))
}

// Compose implements [Composed].
func (o MapCoordinatesOp) Compose(in []*graph.Node) []*graph.Node {
	x := AtLeastFloat32(in[0])
	rows := rowsOf(x)
	var y *graph.Node
	for _, c := range o.of(in[1], x.Shape(), x.DType()) {
		part := Mul(ExpandDims(c.weight(-1), -1), c.elements(rows, o.Value))
		if y == nil {
			y = part
		} else {
			y = Add(y, part)
		}
	}
	return []*graph.Node{Cast(y, in[0].DType())}
}

// rowsOf returns x [N S... C] as [N·S C].
func rowsOf(x *graph.Node) *graph.Node {
	c := x.Shape().At(-1)
	return Reshape(x, x.Shape().To(x.Rank()-1).Size(), c)
}

// VJP: x gets each dy by the weights with which it came; a coordinate the difference that its two
// neighbours make. Where a coordinate is beyond [FarCoordinate], it gets that of the border.
func (o MapCoordinatesOp) VJP(n, dy *graph.Node) []*graph.Node {
	x, at := n.In[0], n.In[1]
	wide := AtLeastFloat32(x)
	rows, dx := rowsOf(wide), Zeros(rowsOf(wide))
	dy = AtLeastFloat32(dy)
	dAt := make([]*graph.Node, Places(x.Shape()).Rank())
	for i, c := range o.of(at, x.Shape(), wide.DType()) {
		part := Mul(ExpandDims(c.weight(-1), -1), dy)
		if c.inside != nil {
			part = Where(ExpandDims(c.inside, -1), part, Zeros(part))
		}
		dx = ScatterAdd(dx, c.row, part, 0)
		if o.Nearest {
			continue
		}
		sum := ReduceSum(Mul(dy, c.elements(rows, o.Value)), -1) // [N P...]
		for axis := range dAt {
			d := sum
			if w := c.weight(axis); w != nil {
				d = Mul(d, w)
			}
			if i>>axis&1 == 0 {
				d = Neg(d)
			}
			if dAt[axis] != nil {
				d = Add(dAt[axis], d)
			}
			dAt[axis] = d
		}
	}
	dx = Cast(Reshape(dx, x.Shape().Slice()...), x.DType())
	if o.Nearest {
		return []*graph.Node{dx, nil}
	}
	for axis := range dAt {
		dAt[axis] = ExpandDims(dAt[axis], 1)
	}
	return []*graph.Node{dx, Cast(Concat(1, dAt...), at.DType())}
}
