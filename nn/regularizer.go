package nn

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Regularizer is a penalty on a tensor, a variable or a layer's output, that training
// adds to the loss. The zero Regularizer adds nothing. [RegularizerFunc] makes one of a
// function of your own.
//
// Formulas and defaults are Keras's.
type Regularizer struct {
	class   string
	cfg     regularizerConfig
	penalty func(x *graph.Node) *graph.Node
	own     bool // a function of the user's
}

// regularizerConfig holds the settings of Keras's configs of regularizers.
type regularizerConfig struct {
	L1     *float64 `json:"l1,omitempty"`
	L2     *float64 `json:"l2,omitempty"`
	Factor *float64 `json:"factor,omitempty"`
	Mode   Mode     `json:"mode,omitempty"`
}

// RegularizerFunc returns a penalty of your own: f returns a scalar of x's dtype. To
// be saved it needs [Regularizer.Register].
func RegularizerFunc(name string, f func(x *graph.Node) *graph.Node) Regularizer {
	return Regularizer{class: name, penalty: f, own: true}
}

// L1 returns the penalty l1·Σ|x|, of slope 0 where x is 0. Keras's default is 0.01;
// 0 is no penalty.
func L1(l1 float64) Regularizer {
	if l1 == 0 {
		return Regularizer{}
	}
	return Regularizer{class: "L1", cfg: regularizerConfig{L1: &l1}, penalty: func(x *graph.Node) *graph.Node {
		wantFactor("L1", l1)
		return ops.Scale(ops.ReduceSum(ops.Abs(x)), l1)
	}}
}

// L2 returns the penalty l2·Σx². Keras's default is 0.01; 0 is no penalty.
func L2(l2 float64) Regularizer {
	if l2 == 0 {
		return Regularizer{}
	}
	return Regularizer{class: "L2", cfg: regularizerConfig{L2: &l2}, penalty: func(x *graph.Node) *graph.Node {
		wantFactor("L2", l2)
		return ops.Scale(ops.ReduceSum(ops.Mul(x, x)), l2)
	}}
}

// L1L2 returns the penalty l1·Σ|x| + l2·Σx². Keras's default is 0 for both, which is
// no penalty.
func L1L2(l1, l2 float64) Regularizer {
	a, b := L1(l1), L2(l2)
	switch {
	case a.Zero():
		return b
	case b.Zero():
		return a
	}
	return Regularizer{class: "L1L2", cfg: regularizerConfig{L1: &l1, L2: &l2}, penalty: func(x *graph.Node) *graph.Node {
		return ops.Add(a.penalty(x), b.penalty(x))
	}}
}

// Mode selects the lines of a matrix that [OrthogonalRegularizer] penalizes.
type Mode string

// The lines of a matrix that [OrthogonalRegularizer] drives apart.
const (
	Rows    Mode = "rows"
	Columns Mode = "columns"
)

// OrthogonalRegularizer returns the penalty of the rows or columns u of a matrix that
// are not at right angles to each other, their mean cosine without sign:
//
//	factor · Σ|uᵢ·uⱼ| / (|uᵢ||uⱼ|) / (n(n-1)/2)   over the pairs i < j
//
// Keras's default is a factor of 0.01 and [Rows]. The slope where a product is 0 is 0.
//
// Panics with *graph.Error, when used, unless x has two axes and two lines.
// Source: keras.regularizers.OrthogonalRegularizer.
func OrthogonalRegularizer(factor float64, mode Mode) Regularizer {
	cfg := regularizerConfig{Factor: &factor, Mode: mode}
	return Regularizer{class: "OrthogonalRegularizer", cfg: cfg, penalty: func(x *graph.Node) *graph.Node {
		wantFactor("OrthogonalRegularizer", factor)
		if x.Rank() != 2 || mode != Rows && mode != Columns {
			panic(graph.Errorf("nn.OrthogonalRegularizer: x %v, mode %q: want a matrix and nn.Rows or nn.Columns", x.Shape(), mode))
		}
		axis, n := 1, x.Shape().At(0)
		if mode == Columns {
			axis, n = 0, x.Shape().At(1)
		}
		if n < 2 {
			panic(graph.Errorf("nn.OrthogonalRegularizer: x %v has %d %s: want 2 or more", x.Shape(), n, mode))
		}
		u := ops.L2Normalize(x, axis)
		cosines := ops.Abs(ops.MatMulT(u, u, mode == Columns, mode == Rows))
		i := ops.Iota(x.Graph(), tensor.S(tensor.Int32, n, 1), 0)
		j := ops.Iota(x.Graph(), tensor.S(tensor.Int32, 1, n), 1)
		others := ops.Where(ops.Equal(i, j), ops.ScalarLike(x, 0), cosines)
		return ops.Scale(ops.ReduceSum(others), factor*0.5/(float64(n)*float64(n-1)/2))
	}}
}

func wantFactor(what string, v float64) {
	if !(v >= 0) || math.IsInf(v, 1) {
		panic(graph.Errorf("nn.%s %g: want a finite number of 0 or more", what, v))
	}
}

// Zero reports whether r is no penalty.
func (r Regularizer) Zero() bool { return r.penalty == nil }

// Penalty returns the scalar penalty of x. It panics with *graph.Error if a factor is
// negative or not finite, or if x does not fit.
func (r Regularizer) Penalty(x *graph.Node) *graph.Node {
	if r.Zero() {
		return ops.ScalarLike(x, 0)
	}
	y := r.penalty(x)
	if y.Rank() != 0 || y.DType() != x.DType() {
		panic(graph.Errorf("nn.Regularizer: penalty %s of x %v is %v: want a scalar of x's dtype", r.class, x.Spec(), y.Spec()))
	}
	return y
}

// activity adds the penalty of a layer's output to the loss, divided by the length of
// the batch, so that its weight does not depend on it. Outputs of 16 bits are summed up
// in float32, where Keras rounds.
func (r Regularizer) activity(c *Ctx, y *graph.Node) {
	if !r.Zero() {
		c.AddLoss(ops.Scale(r.Penalty(ops.AtLeastFloat32(y)), 1/float64(y.Shape().At(0))))
	}
}

// MarshalJSON writes the regularizer as Keras does. It fails for regularizers that Keras
// does not have.
func (r Regularizer) MarshalJSON() ([]byte, error) {
	switch {
	case r.Zero():
		return []byte("null"), nil
	case r.own:
		return ownObject(&regularizers, r.class)
	}
	return regularizers.Marshal(r.class, r.cfg)
}

// UnmarshalJSON reads a regularizer as Keras writes it: an object, a name such as "l2", or
// null.
func (r *Regularizer) UnmarshalJSON(b []byte) error {
	known, err := regularizers.Unmarshal(b)
	if err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	*r = known
	return nil
}

// regularizers holds Keras's classes, which files also name in snake case.
var regularizers = vocab.Table[Regularizer]{
	Kind: "regularizer", Module: "keras.regularizers", Fold: SnakeCase,
	Classes: []vocab.Class[Regularizer]{
		{Name: "L1", New: regularizerOf(func(c regularizerConfig) Regularizer { return L1(vocab.Or(c.L1, 0.01)) })},
		{Name: "L2", New: regularizerOf(func(c regularizerConfig) Regularizer { return L2(vocab.Or(c.L2, 0.01)) })},
		{Name: "L1L2", Aliases: []string{"l1_l2"}, New: regularizerOf(func(c regularizerConfig) Regularizer {
			return L1L2(vocab.Or(c.L1, 0), vocab.Or(c.L2, 0))
		})},
		{Name: "OrthogonalRegularizer", New: regularizerOf(func(c regularizerConfig) Regularizer {
			if c.Mode == "" {
				c.Mode = Rows
			}
			return OrthogonalRegularizer(vocab.Or(c.Factor, 0.01), c.Mode)
		})},
	},
}

// regularizerOf returns a maker of regularizers from their settings.
func regularizerOf(f func(c regularizerConfig) Regularizer) func(c *vocab.Config) (Regularizer, error) {
	return func(c *vocab.Config) (Regularizer, error) {
		var cfg regularizerConfig
		err := c.Into(&cfg)
		for name, v := range map[string]*float64{"l1": cfg.L1, "l2": cfg.L2, "factor": cfg.Factor} {
			if v != nil && *v < 0 && err == nil {
				err = fmt.Errorf("%s %g: want 0 or more", name, *v)
			}
		}
		if cfg.Mode != "" && cfg.Mode != Rows && cfg.Mode != Columns && err == nil {
			err = fmt.Errorf("mode %q: want %q or %q", cfg.Mode, Rows, Columns)
		}
		return f(cfg), err
	}
}
