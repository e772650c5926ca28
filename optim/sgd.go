package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// SGD returns gradient descent: w -= lr·g, or with momentum
//
//	m = momentum·m - lr·g
//	w += m                     without Nesterov
//	w += momentum·m - lr·g     with Nesterov
//
// Keras's default for lr is 0.01.
//
// Options: [Momentum], [Nesterov], and those of every optimizer, see [Option].
//
// Source: Sutskever et al. 2013, "On the importance of initialization and momentum
// in deep learning", section 2; as in keras.optimizers.SGD.
func SGD[R Number](lr R, opts ...SGDOption) *SGDOptimizer {
	s := &SGDOptimizer{Config: newConfig("sgd", rate(lr))}
	for _, o := range opts {
		o.sgd(s)
	}
	return s
}

// SGDOptimizer is the optimizer that [SGD] makes.
type SGDOptimizer struct {
	Config
	// Momentum is the part of a step that the next one keeps.
	Momentum float64 `json:"momentum"`
	// Nesterov looks ahead by the momentum.
	Nesterov bool `json:"nesterov"`

	m []*graph.Var
}

// SGDOption is an option of [SGD].
type SGDOption interface{ sgd(*SGDOptimizer) }

// Class returns Keras's name of the type.
func (s *SGDOptimizer) Class() string { return "SGD" }

// Build implements [Optimizer].
func (s *SGDOptimizer) Build(params []*graph.Var) {
	s.build(params)
	if !(s.Momentum >= 0 && s.Momentum <= 1) {
		panic(s.errorf("momentum %g: want 0 to 1", s.Momentum))
	}
	if s.Momentum != 0 {
		s.m = s.slotEach("momentum")
	}
}

// Apply implements [Optimizer].
func (s *SGDOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	t := s.begin(g, grads)
	for i := range s.params {
		if s.Momentum == 0 {
			t.apply(ops.ApplySGDOp{}, i, nil, t.lr, t.decay(i))
			continue
		}
		rule := ops.ApplyMomentumOp{Momentum: s.Momentum, Nesterov: s.Nesterov}
		t.apply(rule, i, s.m[i:i+1], t.lr, t.decay(i))
	}
	t.end()
}
