package nn

import (
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// SpectralNormalization returns a layer that applies another one, whose kernel it divides, in
// every step of training, by an estimate of the kernel's largest singular value: the layer
// lengthens no difference of inputs by more than about 1. The estimate is that of the power
// iteration, which goes on from step to step.
//
// As in Keras the divided kernel is the new value of the variable, from which the optimizer
// goes on, and other calls than those of training divide nothing. (Keras on JAX forgets the
// new value in fit.) A layer that is applied several times in a step is divided once.
//
// Shapes: those of the layer; vector_u [1 n], for a kernel [... n].
// DTypes: those of the layer, whose output is converted to the dtype of x. Gradient: that of
// the layer, by the divided kernel.
// Panics with *graph.Error, when built, if the layer is nil or has no variable "kernel" or
// "embeddings", or there are fewer than 1 iterations.
//
// Options: [PowerIterations], and every [LayerOption].
//
// Source: keras.layers.SpectralNormalization; Miyato et al. 2018, arXiv:1802.05957,
// algorithm 1.
func SpectralNormalization(layer Layer, opts ...SpectralNormalizationOption) *SpectralNormalizationLayer {
	l := &SpectralNormalizationLayer{Base: NewBase(), Layer: layer, PowerIterations: 1}
	wantOptions(opts)
	for _, o := range opts {
		o.spectralNormalization(l)
	}
	return l
}

// SpectralNormalizationLayer is the layer that [SpectralNormalization] makes.
type SpectralNormalizationLayer struct {
	Base
	// Layer is the layer whose kernel is divided.
	Layer Layer `json:"layer"`
	// PowerIterations is the number of steps of the power iteration in a step of training.
	// SpectralNormalization sets 1.
	PowerIterations int `json:"power_iterations"`

	kernel, u *graph.Var
}

func init() {
	addLayer("SpectralNormalization", vocab.Into[Layer](func() *SpectralNormalizationLayer { return &SpectralNormalizationLayer{PowerIterations: 1} }))
}

// SpectralNormalizationOption is an option of [SpectralNormalization]: [PowerIterations], or
// a [LayerOption].
type SpectralNormalizationOption interface {
	spectralNormalization(*SpectralNormalizationLayer)
}

// PowerIterations is the number of steps of the power iteration in a step of training. It is
// an option of [SpectralNormalization].
type PowerIterations int

func (n PowerIterations) spectralNormalization(l *SpectralNormalizationLayer) {
	l.PowerIterations = int(n)
}
func (s LayerSetting) spectralNormalization(l *SpectralNormalizationLayer) { s(&l.Base) }
func (p DTypePolicy) spectralNormalization(l *SpectralNormalizationLayer)  { l.DType = p }

// Layers implements [Container].
func (l *SpectralNormalizationLayer) Layers() []Layer { return []Layer{l.Layer} }

// kept implements keeper: Keras's files have the kernel under both layers.
func (l *SpectralNormalizationLayer) kept() []*graph.Var { return []*graph.Var{l.kernel} }

// Build implements [Layer].
func (l *SpectralNormalizationLayer) Build(b *Builder, in tensor.Spec) {
	if l.PowerIterations < 1 {
		panic(graph.Errorf("nn.SpectralNormalization: %d power iterations: want 1 or more", l.PowerIterations))
	}
	r := b.buildPart("layer", l.Layer, in)
	params, _ := r.Stored()
	l.kernel = nil
	for _, name := range []string{"kernel", "embeddings"} {
		i := slices.IndexFunc(params, func(v *graph.Var) bool { return v.Path == name || strings.HasSuffix(v.Path, "/"+name) })
		if i >= 0 && l.kernel == nil {
			l.kernel = params[i]
		}
	}
	if l.kernel == nil {
		panic(graph.Errorf("nn.SpectralNormalization: layer %s has no variable named kernel or embeddings: want one that has", r.Class))
	}
	spec := l.kernel.Spec()
	if spec.Shape.Rank() == 0 {
		panic(graph.Errorf("nn.SpectralNormalization: the kernel of %s is %v: want one with axes", r.Class, spec))
	}
	spec.Shape = tensor.D(1, spec.Shape.At(-1))
	l.u = b.State("vector_u", spec, TruncatedNormal(0, 0.02))
}

// Call implements [Layer].
func (l *SpectralNormalizationLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if c.Training && !c.divided[l.kernel] {
		c.divided[l.kernel] = true
		l.divide(c)
	}
	y := c.Trace(l.Layer, x)
	if x.DType().IsFloat() && y.DType() != x.DType() {
		mask := c.Mask(y)
		y = ops.Cast(y, x.DType())
		c.SetMask(y, mask)
	}
	return y
}

// divide divides the kernel by its largest singular value, and moves u toward the vector of
// that. A kernel of zeros stays.
func (l *SpectralNormalizationLayer) divide(c *Ctx) {
	kernel, old := c.Graph().Value(l.kernel), ops.AtLeastFloat32(c.Graph().Value(l.u)) // [... n], [1 n]
	w := ops.AtLeastFloat32(kernel)
	w = ops.StopGradient(ops.Reshape(w, -1, kernel.Shape().At(-1))) // [m n]
	u, v := old, (*graph.Node)(nil)
	for range l.PowerIterations {
		v = ops.L2Normalize(ops.MatMul(u, ops.Transpose(w, 1, 0))) // [1 m]
		u = ops.L2Normalize(ops.MatMul(v, w))
	}
	sigma := ops.ReduceSum(ops.Mul(ops.MatMul(v, w), u))
	some := ops.Any(ops.NotEqual(w, ops.ScalarLike(w, 0)))
	divided := ops.Reshape(ops.Div(w, sigma), kernel.Shape().Slice()...)
	c.Update(l.u, ops.Where(some, u, old))
	c.Update(l.kernel, ops.Where(some, ops.Cast(divided, kernel.DType()), kernel))
}
