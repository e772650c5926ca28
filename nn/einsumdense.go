package nn

import (
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// EinsumDense returns a layer that multiplies x by a kernel of any axes, as an equation of
// [ops.Einsum] says: X,Y->Z, ...X,Y->...Z or X...,Y->Z..., X being the axes of the input, Y those of
// the kernel and Z those of the output.
//
//	nn.EinsumDense("abc,cd->abd", []int{nn.Any, 64}, nn.BiasAxes("d"))
//
// The output's shape is without the batch, and without the axes of an ellipsis. Lengths that the
// input has may be [Any].
//
// Shapes: those of the equation; the bias has the lengths of its axes, and 1 for others behind the
// first of them. DTypes: floats. Gradient: x, kernel, bias.
// Panics with *graph.Error, when built, if the equation is malformed, or lengths do not fit or
// are not known.
//
// Options: [BiasAxes], those of [Weights] but for NoBias, and every [LayerOption].
//
// Source: keras.layers.EinsumDense.
func EinsumDense(equation string, outputShape []int, opts ...EinsumDenseOption) *EinsumDenseLayer {
	l := &EinsumDenseLayer{Base: NewBase(), Equation: equation, OutputShape: outputShape}
	wantOptions(opts)
	for _, o := range opts {
		o.einsumDense(l)
	}
	return l
}

// EinsumDenseLayer is the layer that [EinsumDense] makes.
type EinsumDenseLayer struct {
	Base
	// Equation is that of the product.
	Equation string `json:"equation"`
	// OutputShape is the shape of the output without the batch and the axes of an ellipsis.
	OutputShape PartialShape `json:"output_shape"`
	// BiasAxes are the letters of the axes that the bias has; empty for no bias.
	BiasAxes string `json:"bias_axes"`
	Weights
}

// EinsumDenseOption is an option of [EinsumDense]: [BiasAxes], an [Activation], a [WeightsSetting],
// or a [LayerOption].
type EinsumDenseOption interface{ einsumDense(*EinsumDenseLayer) }

// BiasAxes are the letters of the axes that the bias of an [EinsumDense] has.
type BiasAxes string

func (a BiasAxes) einsumDense(l *EinsumDenseLayer)       { l.BiasAxes = string(a) }
func (a Activation) einsumDense(l *EinsumDenseLayer)     { a.weights(&l.Base, &l.Weights) }
func (s WeightsSetting) einsumDense(l *EinsumDenseLayer) { s(&l.Weights) }
func (s LayerSetting) einsumDense(l *EinsumDenseLayer)   { s(&l.Base) }
func (p DTypePolicy) einsumDense(l *EinsumDenseLayer)    { l.DType = p }

func init() { addLayer("EinsumDense", layerOf[EinsumDenseLayer]()) }

// MarshalJSON writes the layer's config as Keras does.
func (l *EinsumDenseLayer) MarshalJSON() ([]byte, error) {
	type plain EinsumDenseLayer
	more := map[string]any{}
	if l.BiasAxes == "" {
		more["bias_axes"] = nil
	}
	return configWithout((*plain)(l), more, "use_bias")
}

// projection holds the lengths that follow from the equation of an [EinsumDense].
type projection struct {
	kernel, bias tensor.Dims
	in, out      int // numbers of inputs and outputs of the kernel
}

// projection returns the shapes of the variables for an input.
func (l *EinsumDenseLayer) projection(in tensor.Dims) projection {
	fail := func(format string, args ...any) {
		panic(graph.Errorf("nn.EinsumDense: %q of x %v to %s: "+format, append([]any{l.Equation, in, listed(l.OutputShape)}, args...)...))
	}
	x, kernel, y, left, right := l.letters(fail)
	elided := in.Rank() - len(x)
	if elided < 0 || elided > 0 && !left && !right {
		fail("want x of %d axes", len(x))
	}
	out := append([]int{in.At(0)}, l.OutputShape...)
	switch {
	case left && elided > 0:
		out = append(in.To(elided).Slice(), l.OutputShape...)
	case right:
		out = append(out, in.From(in.Rank()-elided).Slice()...)
	}
	before := 0 // axes of an ellipsis before the letters
	if left {
		before = elided
	}
	if want := len(y) + elided; len(out) != want {
		fail("want the output's shape with %d lengths", len(l.OutputShape)+want-len(out))
	}
	lengths := map[byte]int{}
	for i := range len(x) {
		lengths[x[i]] = in.At(before + i)
	}
	for i := range len(y) {
		d, known := lengths[y[i]]
		switch o := out[before+i]; {
		case !known && !strings.Contains(kernel, y[i:i+1]):
			fail("letter %q of the output is in neither x nor the kernel", y[i])
		case known && o != Any && o != d:
			fail("letter %q has length %d in x and %d in the output: want one", y[i], d, o)
		case !known && o != Any:
			lengths[y[i]] = o
		}
	}
	p := projection{in: 1, out: 1}
	for i := range len(kernel) {
		d, ok := lengths[kernel[i]]
		if !ok || d < 1 {
			fail("the length of letter %q of the kernel is not known: want it in x, or in the output's shape", kernel[i])
		}
		p.kernel = p.kernel.Append(d)
		if strings.IndexByte(y, kernel[i]) >= 0 {
			p.out *= d
		} else if strings.IndexByte(x, kernel[i]) >= 0 {
			p.in *= d
		}
	}
	first := strings.IndexAny(y, l.BiasAxes)
	if l.BiasAxes == "" {
		return p
	}
	for _, b := range l.BiasAxes {
		if !strings.ContainsRune(y, b) {
			fail("axis %q of the bias is not in the output", b)
		}
	}
	for i := first; i < len(y); i++ {
		d := 1
		if strings.IndexByte(l.BiasAxes, y[i]) >= 0 {
			if d = out[before+i]; d < 1 {
				fail("the length of axis %q of the bias is not known: want it in the output's shape", y[i])
			}
		}
		p.bias = p.bias.Append(d)
	}
	if right {
		for range elided {
			p.bias = p.bias.Append(1)
		}
	}
	return p
}

// letters returns the letters of the input, the kernel and the output, and whether an ellipsis
// stands before or behind them.
func (l *EinsumDenseLayer) letters(fail func(format string, args ...any)) (x, kernel, y string, left, right bool) {
	before, y, ok := strings.Cut(strings.ReplaceAll(l.Equation, " ", ""), "->")
	x, kernel, two := strings.Cut(before, ",")
	x, left = strings.CutPrefix(x, "...")
	x, right = strings.CutSuffix(x, "...")
	outLeft, outRight := false, false
	y, outLeft = strings.CutPrefix(y, "...")
	y, outRight = strings.CutSuffix(y, "...")
	for _, part := range []string{x, kernel, y} {
		notLetter := func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }
		if part == "" || strings.ContainsFunc(part, notLetter) {
			ok = false
		}
	}
	if !ok || !two || left != outLeft || right != outRight || left && right {
		fail("want X,Y->Z, ...X,Y->...Z or X...,Y->Z..., of letters")
	}
	return x, kernel, y, left, right
}

// Build implements [Layer].
func (l *EinsumDenseLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("EinsumDense", in)
	p := l.projection(in.Shape)
	l.kernel = b.Param("kernel", p.kernel, l.KernelInitializer.Or(GlorotUniform).between(p.in, p.out))
	constrain(l.kernel, l.KernelConstraint)
	l.bias = nil
	if l.BiasAxes != "" {
		l.bias = b.Param("bias", p.bias, l.BiasInitializer)
		constrain(l.bias, l.BiasConstraint)
	}
}

// Call implements [Layer].
func (l *EinsumDenseLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	wantFloat("EinsumDense", x.Spec())
	l.projection(x.Shape())
	return l.finish(c, l.addBias(c, ops.Einsum(l.Equation, x, c.Value(l.kernel))))
}
