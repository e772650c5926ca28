package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// RGBToGrayscale returns the brightness of pixels: 0.2989 of red, 0.587 of green and 0.114 of
// blue.
//
// Shapes: x [... 3] -> [... 1]; [... 1] is returned as it is. DTypes: numbers; integers are cut
// off. Gradient: x. Panics with *graph.Error if a shape or dtype differs from this.
//
// Source: keras.ops.image.rgb_to_grayscale.
func RGBToGrayscale(x *graph.Node) *graph.Node {
	if x.DType() == tensor.Bool || x.Rank() == 0 || x.Shape().At(-1) != 1 && x.Shape().At(-1) != 3 {
		panic(graph.Errorf("ops.RGBToGrayscale: x is %v: want numbers [... 3] or [... 1]", x.Spec()))
	}
	if x.Shape().At(-1) == 1 {
		return x
	}
	dt := x.DType()
	if !dt.IsFloat() {
		x = Cast(x, tensor.Float32)
	}
	weights := Cast(Reshape(x.Graph().Const(tensor.Of(0.2989, 0.5870, 0.1140)), 3, 1), x.DType())
	y := MatMul(Reshape(x, x.Shape().Size()/3, 3), weights)
	return Cast(Reshape(y, x.Shape().With(x.Rank()-1, 1).Slice()...), dt)
}

// RGBToHSV returns hue, saturation and value of pixels from 0 to 1: of red, green and blue, value
// is the greatest, and saturation its distance from the least as a part of it. The hue of red is
// 0, of green 1/3, of blue 2/3, and of gray 0.
//
// Shapes: x [... 3] -> [... 3]. DTypes: floats. Gradient: x. Panics with *graph.Error if a shape
// or dtype differs from this.
//
// Source: keras.ops.image.rgb_to_hsv, as on JAX, where a number below the dtype's distance from 1
// to the next is 0.
func RGBToHSV(x *graph.Node) *graph.Node {
	wantColors("RGBToHSV", x)
	zero, one := ScalarLike(x, 0), ScalarLike(x, 1)
	p := channels(Where(Less(Abs(x), ScalarLike(x, epsilon(x.DType()))), zero, x))
	r, g, b := p[0], p[1], p[2]
	value := Maximum(Maximum(r, g), b)
	span := Sub(value, Minimum(Minimum(r, g), b))
	bright, colored := Greater(value, zero), Greater(span, zero)
	saturation := Where(bright, Div(span, Where(bright, value, one)), zero)
	norm := Div(one, Scale(Where(colored, span, one), 6))
	hue := Where(Equal(value, g), Offset(Mul(norm, Sub(b, r)), 2.0/6), Offset(Mul(norm, Sub(r, g)), 4.0/6))
	hue = Where(Equal(value, r), Mul(norm, Sub(g, b)), hue)
	hue = Where(colored, Where(Less(hue, zero), Offset(hue, 1), hue), zero)
	return Concat(-1, hue, saturation, value)
}

// HSVToRGB returns red, green and blue of pixels of which [RGBToHSV] gives hue, saturation and
// value. Hues that differ by a whole number are the same.
//
// Shapes: x [... 3] -> [... 3]. DTypes: floats. Gradient: x. Panics with *graph.Error if a shape
// or dtype differs from this.
//
// Source: keras.ops.image.hsv_to_rgb.
func HSVToRGB(x *graph.Node) *graph.Node {
	wantColors("HSVToRGB", x)
	p := channels(x)
	hue, saturation, value := p[0], p[1], p[2]
	turn := Scale(Sub(hue, Floor(hue)), 6) // a sixth is 1
	away := func(from float64) *graph.Node { return Abs(Offset(turn, -from)) }
	weights := []*graph.Node{Offset(away(3), -1), Offset(Neg(away(2)), 2), Offset(Neg(away(4)), 2)}
	for i, w := range weights {
		w = Clip(w, 0, 1)
		weights[i] = Mul(value, Add(Sub(ScalarLike(x, 1), saturation), Mul(saturation, w)))
	}
	return Concat(-1, weights...)
}

func wantColors(op string, x *graph.Node) {
	if !x.DType().IsFloat() || x.Rank() == 0 || x.Shape().At(-1) != 3 {
		panic(graph.Errorf("ops.%s: x is %v: want floats [... 3]", op, x.Spec()))
	}
}

// channels returns the elements of the last axis, each [... 1].
func channels(x *graph.Node) []*graph.Node {
	all := make([]*graph.Node, x.Shape().At(-1))
	for i := range all {
		all[i] = SliceAxis(x, -1, i, i+1)
	}
	return all
}

// epsilon returns the distance from 1 to the next number of a dtype of floats.
func epsilon(dt tensor.DType) float64 {
	switch dt {
	case tensor.Float64:
		return math.Ldexp(1, -52)
	case tensor.Float16:
		return math.Ldexp(1, -10)
	case tensor.BFloat16:
		return math.Ldexp(1, -7)
	}
	return math.Ldexp(1, -23)
}

// GaussianBlur returns images whose pixels are means of a window around them, weighed by a normal
// distribution of its distances. Pixels beyond the border are 0.
//
// Shapes: x [N H W C], size [height width], sigma [2], the deviations down and across -> [N H W C].
// DTypes: floats, x and sigma of one. Gradient: x, sigma. Panics with *graph.Error if a shape or
// dtype differs from this, or a size is not odd.
//
// Source: keras.ops.image.gaussian_blur, which takes sizes and deviations across first.
func GaussianBlur(x *graph.Node, size tensor.Dims, sigma *graph.Node) *graph.Node {
	if x.Rank() != 4 || !x.DType().IsFloat() || size.Rank() != 2 || sigma.Spec() != tensor.S(x.DType(), 2) {
		panic(graph.Errorf("ops.GaussianBlur: x %v, size %v, sigma %v: want floats [N H W C], two sizes and two deviations", x.Spec(), size, sigma.Spec()))
	}
	var bells [2]*graph.Node
	for i := range bells {
		n := size.At(i)
		if n < 1 || n%2 == 0 || n > mostPlaces {
			panic(graph.Errorf("ops.GaussianBlur: size %v: want odd ones", size))
		}
		away := make([]float64, n)
		for j := range away {
			away[j] = float64(j) - float64(n-1)/2
		}
		d := Div(Cast(x.Graph().Const(tensor.Of(away...)), x.DType()), SliceAxis(sigma, 0, i, i+1))
		bell := Exp(Scale(Mul(d, d), -0.5))
		bells[i] = Div(bell, ReduceSumKeep(bell, 0))
	}
	c := x.Shape().At(3)
	kernel := BroadcastTo(Reshape(Mul(Reshape(bells[0], -1, 1), bells[1]), size.At(0), size.At(1), 1, 1), size.Append(1, c))
	return Conv(x, kernel, Valid(2).Padded(Places(x.Shape()), size), c)
}
