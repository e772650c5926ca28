package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyAdafactor returns w and the slots after a step of Adafactor, for w of two axes or
// more:
//
//	s  = g² + eps1
//	r' = keep·r + rest·mean(s, -1),  c' = keep·c + rest·mean(s, -2)
//	v' = r'·c' / mean(r', -1)
//	u  = g/√v',  u = u / max(1, rms(u)/threshold)
//	w' = w - decay·w - rho · max(eps2, rms(w - decay·w)) · u
//
// and for others, where r and c are nil,
//
//	v' = keep·v + rest·s
//
// rest is 1 - keep, decay is the weight decay times the learning rate; rms is that of a
// whole tensor.
//
// It takes three passes: for the means, for the size of u, for the step.
//
// Shapes: w, v, g [... R C], r [... R], c [... C], the others [] -> newW, newR, newC,
// newV as w, r, c, v. DTypes: floats, one for all. No gradient. Panics with
// *graph.Error if a shape or dtype differs from this.
//
// Source: Shazeer, Stern 2018, arXiv:1804.04235, algorithms 4 and 5; as in
// keras.optimizers.Adafactor.
func ApplyAdafactor(o ApplyAdafactorOp, w, r, c, v, g, rho, keep, rest, decay *graph.Node) (newW, newR, newC, newV *graph.Node) {
	if r == nil {
		n := graph.Apply(o, w, v, g, rho, keep, rest, decay)
		return graph.Pick(n, 0), nil, nil, graph.Pick(n, 1)
	}
	n := graph.Apply(o, w, r, c, v, g, rho, keep, rest, decay)
	return graph.Pick(n, 0), graph.Pick(n, 1), graph.Pick(n, 2), graph.Pick(n, 3)
}

// ApplyAdafactorOp is the operation behind [ApplyAdafactor].
type ApplyAdafactorOp struct {
	Eps1, Eps2, Threshold float64
}

// Name implements graph.Op.
func (ApplyAdafactorOp) Name() string { return "ApplyAdafactor" }

// Compose implements [Composed].
func (o ApplyAdafactorOp) Compose(in []*graph.Node) []*graph.Node {
	w, last := in[0], len(in)-4
	rho, keep, rest, decay := in[last], in[last+1], in[last+2], in[last+3]
	g := in[last-1]
	s := Offset(Square(g), o.Eps1)
	mixed := func(old, now *graph.Node) *graph.Node { return Add(Mul(keep, old), Mul(rest, now)) }
	var v *graph.Node
	var out []*graph.Node
	if w.Rank() < 2 {
		v = mixed(in[1], s)
		out = []*graph.Node{nil, v}
	} else {
		r, c := mixed(in[1], ReduceMean(s, -1)), mixed(in[2], ReduceMean(s, -2))
		v = Div(Mul(ExpandDims(r, -1), ExpandDims(c, -2)), ExpandDims(ReduceMeanKeep(r, -1), -1))
		out = []*graph.Node{nil, r, c, v}
	}
	u := Div(g, Sqrt(v))
	one := ScalarLike(w, 1)
	size := Mul(Sqrt(ReduceMean(Square(w))), Sub(one, decay))
	rate := Div(Maximum(size, ScalarLike(w, o.Eps2)), Maximum(Scale(Sqrt(ReduceMean(Square(u))), 1/o.Threshold), one))
	out[0] = Sub(decayed(w, decay), Mul(Mul(rho, rate), u))
	return out
}

// Sweepable implements [Sweepable].
func (ApplyAdafactorOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyAdafactorOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	w := in[0]
	if w.Rank() < 2 {
		return inferSweep(in, 3, 4, 2)
	}
	if len(in) != 9 {
		return nil, fmt.Errorf("%d inputs: want 9", len(in))
	}
	if _, err := inferSweep([]tensor.Spec{w, in[3], in[4], in[5], in[6], in[7], in[8]}, 3, 4, 0); err != nil {
		return nil, err
	}
	r, c := factors(w)
	if in[1] != r || in[2] != c {
		return nil, fmt.Errorf("means of rows %v and columns %v of w %v: want %v and %v", in[1], in[2], w, r, c)
	}
	return []tensor.Spec{w, r, c, w}, nil
}

// factors returns the specs of the means of the rows and of the columns of w.
func factors(w tensor.Spec) (r, c tensor.Spec) {
	last := w.Rank() - 1
	rows, cols := w.Shape.Slice(), w.Shape.Slice()
	cols[last-1] = cols[last]
	return tensor.S(w.DType, rows[:last]...), tensor.S(w.DType, cols[:last]...)
}

// Ref implements [Referenced].
func (o ApplyAdafactorOp) Ref(out, in []Array) {
	w, last := in[0], len(in)-4
	rho, keep, rest, decay := in[last].V[0], in[last+1].V[0], in[last+2].V[0], in[last+3].V[0]
	g, v := in[last-1].V, out[len(out)-1].V
	if w.Rank() < 2 {
		for i, x := range g {
			v[i] = keep*in[1].V[i] + rest*(x*x+o.Eps1)
		}
	} else {
		o.factor(out, in, keep, rest)
	}
	var uu, ww float64
	for i, x := range g {
		uu, ww = uu+x*x/v[i], ww+w.V[i]*w.V[i]
	}
	rate := rho * o.Rate(ww, uu, len(g), decay)
	for i, x := range g {
		out[0].V[i] = w.V[i] - decay*w.V[i] - rate*x/math.Sqrt(v[i])
	}
}

// factor updates the means of the rows and columns, and v.
func (o ApplyAdafactorOp) factor(out, in []Array, keep, rest float64) {
	rank := in[0].Rank()
	rows, cols := in[0].Shape.At(rank-2), in[0].Shape.At(rank-1)
	for at := 0; at < len(in[4].V); at += rows * cols {
		r, c := out[1].V[at/cols:][:rows], out[2].V[at/rows:][:cols]
		var mean float64
		for i := range r {
			r[i] = keep*in[1].V[at/cols+i] + rest*o.Eps1
		}
		for j := range c {
			c[j] = keep*in[2].V[at/rows+j] + rest*o.Eps1
		}
		for k, x := range in[4].V[at : at+rows*cols] {
			r[k/cols] += rest * x * x / float64(cols)
			c[k%cols] += rest * x * x / float64(rows)
		}
		for _, x := range r {
			mean += x / float64(rows)
		}
		for k := range rows * cols {
			out[3].V[at+k] = r[k/cols] * c[k%cols] / mean
		}
	}
}

// Rate returns the factor of the learning rate, for n elements of which ww is the sum of
// the squares of w and uu that of u.
func (o ApplyAdafactorOp) Rate(ww, uu float64, n int, decay float64) float64 {
	size := math.Sqrt(ww/float64(n)) * (1 - decay)
	return max(size, o.Eps2) / max(math.Sqrt(uu/float64(n))/o.Threshold, 1)
}
