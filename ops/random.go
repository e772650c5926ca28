package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/tensor"
)

// Random numbers come from Philox4x32-10 by way of package kern. The seed is a node,
// uint64 [2] = (key, counter): a key for the model, a counter that a step raises.
// The stream tells operations with one seed apart. Element i of a result depends on
// key, counter, stream and i alone, not on threads, devices or other operations.
//
// Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy as
// 1, 2, 3".

// StreamOf returns the stream of package kern for a counter and an operation's stream:
// stream in the upper 32 bits, counter in the lower.
func StreamOf(counter uint64, stream uint32) uint64 { return uint64(stream)<<32 + counter }

// seedOf returns key and stream for a seed in the reference. Float64 holds numbers
// up to 2^53.
func seedOf(seed Array, stream uint32) (key, kernStream uint64) {
	return uint64(seed.V[0]), StreamOf(uint64(seed.V[1]), stream)
}

// wantSeed returns an error unless s is the spec of a seed.
func wantSeed(s tensor.Spec) error {
	if want := tensor.S(tensor.Uint64, 2); s != want {
		return fmt.Errorf("seed is %v: want %v, a key and a counter", s, want)
	}
	return nil
}

// inferRandom is the shape rule of random floats.
func inferRandom(s, seed tensor.Spec) ([]tensor.Spec, error) {
	if s.DType != tensor.Float32 && s.DType != tensor.Float64 {
		return nil, fmt.Errorf("result %v: want float32 or float64; ops.Cast converts", s)
	}
	return []tensor.Spec{s}, wantSeed(seed)
}

// setFloat32 sets dst to the float32 numbers that f writes.
func setFloat32(dst []float64, f func(v []float32)) {
	v := make([]float32, len(dst))
	f(v)
	for i, x := range v {
		dst[i] = float64(x)
	}
}

// RandomUniform returns numbers uniform in [0, 1), multiples of 2^-24.
//
// Shapes: seed [2] -> that of s. DTypes: seed Uint64 -> Float32, or Float64 of the
// same values. No gradient. Panics with *graph.Error unless s is Float32 or Float64,
// or if seed differs from this.
//
// Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2,
// 3".
func RandomUniform(seed *graph.Node, s tensor.Spec, stream uint32) *graph.Node {
	return graph.Apply(RandomUniformOp{s, stream}, seed)
}

// RandomUniformOp is the operation behind [RandomUniform].
type RandomUniformOp struct {
	Spec   tensor.Spec
	Stream uint32
}

// Name implements graph.Op.
func (RandomUniformOp) Name() string { return "RandomUniform" }

// Primitive implements [Primitive].
func (RandomUniformOp) Primitive() {}

// Infer implements graph.Op.
func (o RandomUniformOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferRandom(o.Spec, in[0])
}

// Ref implements [Referenced].
func (o RandomUniformOp) Ref(out, in []Array) {
	key, stream := seedOf(in[0], o.Stream)
	setFloat32(out[0].V, func(v []float32) { kern.Uniform(v, key, stream, 0) })
}

// RandomNormal returns numbers of the standard normal distribution.
//
// Shapes: seed [2] -> that of s. DTypes: seed Uint64 -> Float32, or Float64 of the
// same values. No gradient. Panics with *graph.Error unless s is Float32 or Float64,
// or if seed differs from this.
func RandomNormal(seed *graph.Node, s tensor.Spec, stream uint32) *graph.Node {
	return graph.Apply(RandomNormalOp{s, stream}, seed)
}

// RandomNormalOp is the operation behind [RandomNormal].
type RandomNormalOp struct {
	Spec   tensor.Spec
	Stream uint32
}

// Name implements graph.Op.
func (RandomNormalOp) Name() string { return "RandomNormal" }

// Primitive implements [Primitive].
func (RandomNormalOp) Primitive() {}

// Infer implements graph.Op.
func (o RandomNormalOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferRandom(o.Spec, in[0])
}

// Ref implements [Referenced].
func (o RandomNormalOp) Ref(out, in []Array) {
	key, stream := seedOf(in[0], o.Stream)
	setFloat32(out[0].V, func(v []float32) { kern.Normal(v, key, stream, 0) })
}

// Bernoulli returns 1 with probability p and 0 otherwise: 1 where the element of
// [RandomUniform] with the same seed and stream is less than float32(p).
//
// Shapes: seed [2] -> that of s. DTypes: seed Uint64 -> any. No gradient. Panics with
// *graph.Error unless 0 <= p <= 1, or if seed differs from this.
func Bernoulli(seed *graph.Node, s tensor.Spec, p float64, stream uint32) *graph.Node {
	return graph.Apply(BernoulliOp{s, p, stream}, seed)
}

// BernoulliOp is the operation behind [Bernoulli].
type BernoulliOp struct {
	Spec   tensor.Spec
	P      float64
	Stream uint32
}

// Name implements graph.Op.
func (BernoulliOp) Name() string { return "Bernoulli" }

// Compose implements [Composed].
func (o BernoulliOp) Compose(in []*graph.Node) []*graph.Node {
	u := RandomUniform(in[0], tensor.Spec{DType: tensor.Float32, Shape: o.Spec.Shape}, o.Stream)
	return []*graph.Node{Cast(Less(u, ScalarLike(u, float64(float32(o.P)))), o.Spec.DType)}
}

// Infer implements graph.Op.
func (o BernoulliOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if !(o.P >= 0 && o.P <= 1) {
		return nil, fmt.Errorf("probability %g: want 0 to 1", o.P)
	}
	return []tensor.Spec{o.Spec}, wantSeed(in[0])
}

// Ref implements [Referenced].
func (o BernoulliOp) Ref(out, in []Array) {
	key, stream := seedOf(in[0], o.Stream)
	setFloat32(out[0].V, func(v []float32) { kern.Uniform(v, key, stream, 0) })
	for i, u := range out[0].V {
		out[0].V[i] = truth(float32(u) < float32(o.P))
	}
}
