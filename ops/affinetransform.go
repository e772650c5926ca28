package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// AffineTransform returns pictures moved by a matrix of six or eight numbers a, which says where
// each pixel comes from: that at column x and row y of the result is, with s, that of images at
// column (a₀x + a₁y + a₂) / k and row (a₃x + a₄y + a₅) / k, where k = a₆x + a₇y + 1, or 1 for six
// numbers.
//
// Shapes: images [N H W C], a [N 6] or [N 8] -> [N H W C]. DTypes: images numbers, a floats; float16
// and bfloat16 compute in float32. Gradient: images and a. Panics with *graph.Error if a shape or
// dtype differs from this, or as [MapCoordinates] does.
//
// Source: keras.ops.image.affine_transform, as it is documented; on JAX it ignores a₆ and a₇.
func AffineTransform(images, a *graph.Node, s Sampling) *graph.Node {
	if images.Rank() != 4 || a.Rank() != 2 || !a.DType().IsFloat() || a.Shape().At(0) != images.Shape().At(0) ||
		a.Shape().At(1) != 6 && a.Shape().At(1) != 8 {
		panic(graph.Errorf("ops.AffineTransform: images %v, a %v: want [N H W C] and floats [N 6] or [N 8]", images.Spec(), a.Spec()))
	}
	a = AtLeastFloat32(a)
	n, height, width := a.Shape().At(0), images.Shape().At(1), images.Shape().At(2)
	x := Iota(a.Graph(), tensor.S(a.DType(), width), 0)
	y := Iota(a.Graph(), tensor.S(a.DType(), height, 1), 0)
	column := func(i int) *graph.Node { return SliceAxis(a, 1, i, i+1) }
	pair := func(i int) *graph.Node { return Reshape(Concat(1, column(i+3), column(i)), n, 2, 1, 1) } // row before column
	at := Add(Add(Mul(pair(0), x), Mul(pair(1), y)), pair(2))                                         // [N 2 H W]
	if a.Shape().At(1) == 8 {
		one := func(i int) *graph.Node { return Reshape(column(i), n, 1, 1, 1) }
		at = Div(at, Offset(Add(Mul(one(6), x), Mul(one(7), y)), 1))
	}
	return MapCoordinates(images, at, s)
}

// Homography returns the matrix that takes each of four points to another, for
// [AffineTransform]: moved by it, pictures have at each point of from what they had at that of to.
//
// Shapes: from, to [N 4 2], of columns and rows -> [N 8]. DTypes: floats, one for both; float16 and
// bfloat16 compute in float32, and so is the result. Gradient: from and to. Three points on a line
// give no finite numbers, or none of use. Panics with *graph.Error if a shape or dtype differs from
// this.
//
// Source: Heckbert 1989, "Fundamentals of Texture Mapping and Image Warping", section 2.2.3.
func Homography(from, to *graph.Node) *graph.Node {
	if from.Rank() != 3 || from.Shape() != to.Shape() || from.Shape().From(1) != tensor.D(4, 2) || from.DType() != to.DType() || !from.DType().IsFloat() {
		panic(graph.Errorf("ops.Homography: from %v, to %v: want floats [N 4 2]", from.Spec(), to.Spec()))
	}
	wide := AtLeastFloat32(from)
	m := times(ofSquare(AtLeastFloat32(to)), adjugate(ofSquare(wide)))
	rows := make([]*graph.Node, 8)
	for i := range rows {
		rows[i] = Div(m[i], m[8])
	}
	return Concat(1, rows...)
}

// matrix holds the elements [N 1] of 3x3 matrices, row by row.
type matrix [9]*graph.Node

// ofSquare returns the matrices that take (0, 0), (1, 0), (0, 1) and (1, 1) to four points.
func ofSquare(p *graph.Node) matrix {
	at := func(i int) (x, y *graph.Node) {
		q := Index(p, 1, i)
		return SliceAxis(q, 1, 0, 1), SliceAxis(q, 1, 1, 2)
	}
	x0, y0 := at(0)
	x1, y1 := at(1)
	x2, y2 := at(2)
	x3, y3 := at(3)
	dx1, dy1, dx2, dy2 := Sub(x1, x3), Sub(y1, y3), Sub(x2, x3), Sub(y2, y3)
	sx, sy := Add(Sub(Sub(x0, x1), x2), x3), Add(Sub(Sub(y0, y1), y2), y3)
	det := cross(dx1, dy1, dx2, dy2)
	g, h := Div(cross(sx, sy, dx2, dy2), det), Div(cross(dx1, dy1, sx, sy), det)
	one := Full(p.Graph(), x0.Spec(), 1)
	return matrix{
		Add(Sub(x1, x0), Mul(g, x1)), Add(Sub(x2, x0), Mul(h, x2)), x0,
		Add(Sub(y1, y0), Mul(g, y1)), Add(Sub(y2, y0), Mul(h, y2)), y0,
		g, h, one,
	}
}

// cross returns ad - bc.
func cross(a, b, c, d *graph.Node) *graph.Node { return Sub(Mul(a, d), Mul(b, c)) }

// adjugate returns the inverse of m, times its determinant.
func adjugate(m matrix) matrix {
	var inv matrix
	for i := range 3 {
		for j := range 3 {
			r0, r1, c0, c1 := (j+1)%3, (j+2)%3, (i+1)%3, (i+2)%3
			inv[3*i+j] = cross(m[3*r0+c0], m[3*r0+c1], m[3*r1+c0], m[3*r1+c1])
		}
	}
	return inv
}

func times(a, b matrix) matrix {
	var m matrix
	for i := range m {
		r, c := i/3, i%3
		m[i] = Add(Add(Mul(a[3*r], b[c]), Mul(a[3*r+1], b[3+c])), Mul(a[3*r+2], b[6+c]))
	}
	return m
}

// InvertAffine returns the matrix that undoes that of [AffineTransform].
//
// Shapes: a [N 6] or [N 8] -> [N 8]. DTypes: floats; float16 and bfloat16 compute in float32, and so
// is the result. Gradient: a. A matrix without inverse gives no finite numbers. Panics with
// *graph.Error if a shape or dtype differs from this.
func InvertAffine(a *graph.Node) *graph.Node {
	if a.Rank() != 2 || !a.DType().IsFloat() || a.Shape().At(1) != 6 && a.Shape().At(1) != 8 {
		panic(graph.Errorf("ops.InvertAffine: a %v: want floats [N 6] or [N 8]", a.Spec()))
	}
	a = AtLeastFloat32(a)
	var m matrix
	for i := range m {
		switch {
		case i < a.Shape().At(1):
			m[i] = SliceAxis(a, 1, i, i+1)
		case i < 8:
			m[i] = Zeros(m[0])
		default:
			m[i] = Full(a.Graph(), m[0].Spec(), 1)
		}
	}
	m = adjugate(m)
	rows := make([]*graph.Node, 8)
	for i := range rows {
		rows[i] = Div(m[i], m[8])
	}
	return Concat(1, rows...)
}
