package nn

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
)

// Regularizer is a penalty on the size of a tensor's elements:
//
//	L1·Σ|x| + L2·Σx²
//
// The zero Regularizer is none.
type Regularizer struct{ L1, L2 float64 }

// L1 returns the penalty l1·Σ|x|. Keras's default is 0.01.
func L1(l1 float64) Regularizer { return Regularizer{L1: l1} }

// L2 returns the penalty l2·Σx². Keras's default is 0.01.
func L2(l2 float64) Regularizer { return Regularizer{L2: l2} }

// L1L2 returns the penalty l1·Σ|x| + l2·Σx².
func L1L2(l1, l2 float64) Regularizer { return Regularizer{l1, l2} }

// Zero reports whether r is no penalty.
func (r Regularizer) Zero() bool { return r == Regularizer{} }

// Penalty returns the scalar penalty of x. It panics with *graph.Error if L1 or L2
// is negative or not finite.
func (r Regularizer) Penalty(x *graph.Node) *graph.Node {
	if !(r.L1 >= 0 && r.L2 >= 0) || math.IsInf(r.L1+r.L2, 1) {
		panic(graph.Errorf("nn.Regularizer: L1 %v, L2 %v: want finite numbers of 0 or more", r.L1, r.L2))
	}
	switch {
	case r.Zero():
		return ops.ScalarLike(x, 0)
	case r.L2 == 0:
		return ops.Scale(ops.ReduceSum(ops.Abs(x)), r.L1)
	case r.L1 == 0:
		return ops.Scale(ops.ReduceSum(ops.Mul(x, x)), r.L2)
	}
	return ops.Add(L1(r.L1).Penalty(x), L2(r.L2).Penalty(x))
}

// activity adds the penalty of a layer's output to the loss, divided by the
// length of the batch, so that its weight does not depend on it.
func (r Regularizer) activity(c *Ctx, y *graph.Node) {
	if !r.Zero() {
		c.AddLoss(ops.Scale(r.Penalty(y), 1/float64(y.Shape().At(0))))
	}
}

type regularizerConfig struct {
	L1 *float64 `json:"l1,omitempty"`
	L2 *float64 `json:"l2,omitempty"`
}

// MarshalJSON writes the regularizer as Keras does.
func (r Regularizer) MarshalJSON() ([]byte, error) {
	var class string
	var cfg regularizerConfig
	switch {
	case r.Zero():
		return []byte("null"), nil
	case r.L2 == 0:
		class, cfg.L1 = "L1", &r.L1
	case r.L1 == 0:
		class, cfg.L2 = "L2", &r.L2
	default:
		class, cfg.L1, cfg.L2 = "L1L2", &r.L1, &r.L2
	}
	b, err := vocab.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	return json.Marshal(vocab.Object{Module: regularizers.Module, Class: class, Config: b})
}

// UnmarshalJSON reads what Keras writes: an object, a name such as "l2", or null.
func (r *Regularizer) UnmarshalJSON(b []byte) error {
	class, config, err := vocab.Decode(b)
	if err != nil {
		return fmt.Errorf("nn: regularizer: %w", err)
	}
	if class == "" {
		*r = Regularizer{}
		return nil
	}
	if *r, err = regularizers.Make(class, config); err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	return nil
}

// regularizers are Keras's classes, which files also name in snake case.
var regularizers = vocab.Table[Regularizer]{
	Kind: "regularizer", Module: "keras.regularizers", Fold: SnakeCase,
	Classes: []vocab.Class[Regularizer]{
		{Name: "L1", New: regularizerOf(0.01, 0)},
		{Name: "L2", New: regularizerOf(0, 0.01)},
		{Name: "L1L2", Aliases: []string{"l1_l2"}, New: regularizerOf(0, 0)},
	},
}

// regularizerOf returns a maker of regularizers with these defaults.
func regularizerOf(l1, l2 float64) func(c *vocab.Config) (Regularizer, error) {
	return func(c *vocab.Config) (Regularizer, error) {
		var cfg regularizerConfig
		err := c.Into(&cfg)
		return Regularizer{numberOr(cfg.L1, l1), numberOr(cfg.L2, l2)}, err
	}
}
