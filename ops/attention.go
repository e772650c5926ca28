package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/tensor"
)

// Attention mixes values by how well their keys match a query, head by head:
//
//	p = softmax(scale · q·kᵀ + bias), y = p·v
//
// over the keys that settings and mask leave to the query. Key and value heads may be fewer than
// query heads: query heads h·H/G to (h+1)·H/G-1 share key head h. The scores are never in memory
// as a whole: they are computed in tiles, with a running softmax, and again for the gradient.
//
// The mask, nil for none, is of bools, true where a query may see a key, or of floats, which are
// added to the scores. A query without a key gives 0, or the mean of all values with
// [AttentionSettings].Uniform. The seed is needed for a rate other than 0.
//
// Shapes: q [B T H D], k [B S G D], v [B S G E], mask [b h t s] with each axis that of the scores
// [B H T S] or 1, seed [2] -> [B T H E]. DTypes: floats, one for q, k, v and a float mask; float16
// and bfloat16 are computed in float32; seed Uint64. Gradient: q, k, v and a float mask, whose
// gradient takes the memory of the scores; once. Panics with *graph.Error if a shape or dtype
// differs from this, or a setting is out of its range.
//
// Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2; Ainslie et al. 2023,
// arXiv:2305.13245, for groups; Milakov, Gimelshein 2018, arXiv:1805.02867, for the running softmax;
// Dao et al. 2022, arXiv:2205.14135, for tiles and the gradient.
func Attention(q, k, v, mask, seed *graph.Node, s AttentionSettings) *graph.Node {
	in := []*graph.Node{q, k, v}
	o := AttentionOp{AttentionForm{AttentionSettings: s}}
	if mask != nil {
		o.Masked = true
		in = append(in, mask)
	}
	if s.Rate > 0 {
		if seed == nil {
			panic(graph.Errorf("ops.Attention: rate %g without a seed: want one", s.Rate))
		}
		in = append(in, seed)
	}
	return graph.Pick(graph.Apply(o, in...), 0)
}

// AttentionSettings are those of [Attention].
type AttentionSettings struct {
	// Scale multiplies the products of queries and keys, 1/√D as a rule. 0 stands for 1.
	Scale float64
	// Causal leaves query i the keys 0 to i only.
	Causal bool
	// Window, if it is not 0, leaves query i the keys less than Window places away.
	Window int
	// Uniform gives a query without a key the mean of all values instead of 0.
	Uniform bool
	// Rate is the probability that a share p is dropped; the others are scaled by 1/(1-Rate). The
	// numbers are those of [Dropout] on the scores [B H T S].
	Rate float64
	// Stream tells operations with one seed apart.
	Stream uint32
}

// AttentionOp is the operation behind [Attention].
//
// Its second result holds ln Σ e^score for each query, [B H T], +Inf for one without a key:
// float32, or float64 for that.
type AttentionOp struct{ AttentionForm }

// AttentionForm holds what [AttentionOp] and [AttentionGradOp] have in common.
type AttentionForm struct {
	AttentionSettings
	// Masked says that there is a mask behind v.
	Masked bool
}

// Name implements graph.Op.
func (AttentionOp) Name() string { return "Attention" }

// AttentionSizes are the lengths of the axes of an [Attention].
type AttentionSizes struct{ B, T, S, H, G, D, E int }

// Sizes returns the lengths of the axes of q, k and v.
func (AttentionForm) Sizes(q, k, v tensor.Spec) AttentionSizes {
	return AttentionSizes{q.Shape.At(0), q.Shape.At(1), k.Shape.At(1), q.Shape.At(2), k.Shape.At(2), q.Shape.At(3), v.Shape.At(3)}
}

// scores returns the shape of the scores.
func (s AttentionSizes) scores() tensor.Dims { return tensor.D(s.B, s.H, s.T, s.S) }

// check returns an error unless the operation takes the inputs.
func (o AttentionForm) check(in []tensor.Spec) error {
	q, k, v := in[0], in[1], in[2]
	if err := wantFloat("q", q); err != nil {
		return err
	}
	if q.Rank() != 4 || k.Rank() != 4 || v.Rank() != 4 {
		return fmt.Errorf("q %v, k %v, v %v: want [batch queries heads depth], [batch keys heads depth] and [batch keys heads depth]", q, k, v)
	}
	s := o.Sizes(q, k, v)
	switch {
	case k.DType != q.DType || v.DType != q.DType:
		return fmt.Errorf("q %v, k %v, v %v: want one dtype; ops.Cast converts", q, k, v)
	case k.Shape != tensor.D(s.B, s.S, s.G, s.D) || v.Shape != tensor.D(s.B, s.S, s.G, s.E):
		return fmt.Errorf("q %v, k %v, v %v: want one batch, as many keys as values, and one depth of q and k", q.Shape, k.Shape, v.Shape)
	case s.G < 1 || s.H%s.G != 0:
		return fmt.Errorf("q %v, k %v: want a number of query heads that key heads divide", q.Shape, k.Shape)
	case !(o.Rate >= 0 && o.Rate < 1) || float32(o.Rate) == 1:
		return fmt.Errorf("rate %g: want 0 to 1, less than 1", o.Rate)
	case o.Window < 0:
		return fmt.Errorf("window %d: want 0 or more", o.Window)
	case math.IsNaN(o.Scale) || math.IsInf(o.Scale, 0):
		return fmt.Errorf("scale %g: want a number", o.Scale)
	}
	if o.Masked {
		m := in[3]
		fits := m.Rank() == 4 && (m.DType == tensor.Bool || m.DType == q.DType)
		for i := 0; fits && i < 4; i++ {
			fits = m.Shape.At(i) == 1 || m.Shape.At(i) == s.scores().At(i)
		}
		if !fits {
			return fmt.Errorf("mask %v of scores %v: want bool or %v with each axis that of the scores or 1", m, s.scores(), q.DType)
		}
	}
	if o.Rate > 0 {
		return wantSeed(o.seed(in))
	}
	return nil
}

// seed returns what stands for the seed among what stands for the inputs.
func (o AttentionForm) seed(in []tensor.Spec) tensor.Spec {
	if o.Masked {
		return in[4]
	}
	return in[3]
}

// Infer implements graph.Op.
func (o AttentionOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := o.check(in); err != nil {
		return nil, err
	}
	s := o.Sizes(in[0], in[1], in[2])
	return []tensor.Spec{
		{DType: in[0].DType, Shape: tensor.D(s.B, s.T, s.H, s.E)},
		{DType: statsOf(in[0].DType), Shape: tensor.D(s.B, s.H, s.T)},
	}, nil
}

// statsOf returns the dtype of sums over floats of a dtype.
func statsOf(dt tensor.DType) tensor.DType {
	if dt == tensor.Float64 {
		return dt
	}
	return tensor.Float32
}

// Factor returns the scale of the scores.
func (o AttentionSettings) Factor() float64 {
	if o.Scale == 0 {
		return 1
	}
	return o.Scale
}

// Range returns the keys, from the first to before the last of n, that Causal and Window leave to a
// query.
func (o AttentionSettings) Range(query, n int) (from, to int) {
	to = n
	if o.Causal {
		to = min(n, query+1)
	}
	if o.Window > 0 {
		from, to = max(0, query-o.Window+1), min(to, query+o.Window)
	}
	return min(from, to), to
}

// row computes the scores of one query in float64, -Inf for keys that it does not see, and returns
// the greatest, NaN if there is one.
func (o AttentionForm) row(x []float64, in []Array, s AttentionSizes, b, h, t int) (top float64) {
	q, k := in[0].V[((b*s.T+t)*s.H+h)*s.D:][:s.D], in[1].V
	from, to := o.Range(t, s.S)
	top = math.Inf(-1)
	for j := range x {
		x[j] = math.Inf(-1)
		if j < from || j >= to {
			continue
		}
		dot := 0.0
		key := k[((b*s.S+j)*s.G+h/(s.H/s.G))*s.D:]
		for i, x := range q {
			dot += float64(x * key[i])
		}
		dot *= o.Factor()
		if o.Masked {
			m := in[3]
			v := m.V[maskAt(m.Shape, b, h, t, j)]
			if m.DType != tensor.Bool {
				dot += v
			} else if v == 0 {
				continue
			}
		}
		x[j] = dot
		if !(dot <= top) { // NaN too
			top = dot
		}
	}
	return top
}

// softmax makes shares of the scores of a query, which have a greatest, and returns the logarithm
// of the sum.
func (o AttentionForm) softmax(x []float64, top float64) (lse float64) {
	if math.IsInf(top, -1) {
		for j := range x {
			x[j] = o.without(len(x))
		}
		return math.Inf(1)
	}
	sum := 0.0
	for j := range x {
		x[j] = math.Exp(x[j] - top)
		sum += x[j]
	}
	for j := range x {
		x[j] /= sum
	}
	return top + math.Log(sum)
}

// without returns the share of each of n keys for a query that sees none.
func (o AttentionSettings) without(n int) float64 {
	if o.Uniform {
		return 1 / float64(n)
	}
	return 0
}

// maskAt returns the place in a mask of a score.
func maskAt(shape tensor.Dims, at ...int) int {
	place := 0
	for i, x := range at {
		if shape.At(i) == 1 {
			x = 0
		}
		place = place*shape.At(i) + x
	}
	return place
}

// drops returns the factors of the shares of a query, all 1 without dropout.
func (o AttentionForm) drops(in []Array, s AttentionSizes) []float64 {
	d := make([]float64, s.scores().Size())
	for i := range d {
		d[i] = 1
	}
	if o.Rate > 0 {
		seed := in[3]
		if o.Masked {
			seed = in[4]
		}
		key, stream := seedOf(seed, o.Stream)
		setFloat32(d, func(v []float32) { kern.DropoutMask(v, key, stream, 0, float32(o.Rate)) })
	}
	return d
}

// Ref implements [Referenced].
func (o AttentionOp) Ref(out, in []Array) {
	s := o.Sizes(in[0].Spec, in[1].Spec, in[2].Spec)
	drops := o.drops(in, s)
	p := make([]float64, s.S)
	for b := range s.B {
		for h := range s.H {
			for t := range s.T {
				row := (b*s.H+h)*s.T + t
				out[1].V[row] = o.softmax(p, o.row(p, in, s, b, h, t))
				y := out[0].V[((b*s.T+t)*s.H+h)*s.E:][:s.E]
				for j, share := range p {
					if share *= drops[row*s.S+j]; share == 0 {
						continue
					}
					v := in[2].V[((b*s.S+j)*s.G+h/(s.H/s.G))*s.E:]
					for i := range y {
						y[i] += float64(share * v[i])
					}
				}
			}
		}
	}
}

// Compose implements [Composed], with the scores in memory.
func (o AttentionOp) Compose(in []*graph.Node) []*graph.Node {
	p, lse := o.shares(in)
	y := o.dropped(p, in)
	s := o.Sizes(in[0].Spec(), in[1].Spec(), in[2].Spec())
	v := o.grouped(in[2], s, s.E) // [B G 1 S E]
	y = MatMul(Reshape(y, s.B, s.G, s.H/s.G, s.T, s.S), v)
	y = Transpose(Reshape(y, s.B, s.H, s.T, s.E), 0, 2, 1, 3)
	return []*graph.Node{Cast(y, in[0].DType()), lse}
}

// grouped returns keys or values as [B G 1 S depth], widened.
func (o AttentionForm) grouped(k *graph.Node, s AttentionSizes, depth int) *graph.Node {
	return Reshape(Transpose(AtLeastFloat32(k), 0, 2, 1, 3), s.B, s.G, 1, s.S, depth)
}

// queries returns what has a row for each query as [B G H/G T depth], widened.
func (o AttentionForm) queries(q *graph.Node, s AttentionSizes, depth int) *graph.Node {
	return Reshape(Transpose(AtLeastFloat32(q), 0, 2, 1, 3), s.B, s.G, s.H/s.G, s.T, depth)
}

// logits returns the scores, [B H T S], -Inf for keys that queries do not see.
func (o AttentionForm) logits(in []*graph.Node) *graph.Node {
	s := o.Sizes(in[0].Spec(), in[1].Spec(), in[2].Spec())
	x := MatMulT(o.queries(in[0], s, s.D), o.grouped(in[1], s, s.D), false, true)
	x = Scale(Reshape(x, s.scores().Slice()...), o.Factor())
	if o.Masked && in[3].DType() != tensor.Bool {
		x = Add(x, AtLeastFloat32(in[3]))
	}
	if seen := o.seen(in, s); seen != nil {
		x = Where(seen, x, ScalarLike(x, math.Inf(-1)))
	}
	return x
}

// shares returns p before dropout, [B H T S], and the second result.
func (o AttentionForm) shares(in []*graph.Node) (p, lse *graph.Node) {
	x := o.logits(in)
	if x.Shape().At(3) == 0 {
		return x, Full(x.Graph(), tensor.Spec{DType: x.DType(), Shape: x.Shape().To(3)}, math.Inf(1))
	}
	top := StopGradient(ReduceMaxKeep(x, -1))
	empty := Equal(top, ScalarLike(top, math.Inf(-1)))
	top = Where(empty, ScalarLike(top, 0), top)
	e := Exp(Sub(x, top))
	sum := Where(empty, ScalarLike(top, 1), ReduceSumKeep(e, -1))
	p = Div(e, sum)
	if o.Uniform {
		p = Where(empty, ScalarLike(p, o.without(x.Shape().At(3))), p)
	}
	lse = Where(empty, ScalarLike(top, math.Inf(1)), Add(top, Log(sum)))
	return p, Squeeze(lse, -1)
}

// seen returns which keys the settings and a mask of bools leave, nil for all.
func (o AttentionForm) seen(in []*graph.Node, s AttentionSizes) *graph.Node {
	var seen *graph.Node
	also := func(m *graph.Node) {
		if seen != nil {
			m = And(seen, m)
		}
		seen = m
	}
	spec := tensor.S(tensor.Int32, 1, 1, s.T, s.S)
	g := in[0].Graph()
	if o.Causal {
		also(GreaterEqual(Iota(g, spec, 2), Iota(g, spec, 3)))
	}
	if o.Window > 0 {
		also(Less(Abs(Sub(Iota(g, spec, 2), Iota(g, spec, 3))), Full(g, tensor.S(tensor.Int32), float64(min(o.Window, math.MaxInt32)))))
	}
	if o.Masked && in[3].DType() == tensor.Bool {
		also(in[3])
	}
	return seen
}

// dropped returns shares after dropout.
func (o AttentionForm) dropped(p *graph.Node, in []*graph.Node) *graph.Node {
	if o.Rate == 0 {
		return p
	}
	return Dropout(p, in[len(in)-1], o.Rate, o.Stream)
}

// VJPs implements [DifferentiableTuple]. With P the shares after dropout and δ = Σ dy·y less the
// gradient of the logarithm, [AttentionGradOp] has the formulas.
func (o AttentionOp) VJPs(n *graph.Node, d []*graph.Node) []*graph.Node {
	y, lse := graph.Pick(n, 0), graph.Pick(n, 1)
	dy := d[0]
	if dy == nil {
		dy = Zeros(y)
	}
	delta := Transpose(ReduceSum(Mul(AtLeastFloat32(dy), AtLeastFloat32(y)), -1), 0, 2, 1) // [B H T]
	if d[1] != nil {
		delta = Sub(delta, d[1])
	}
	in := append(append([]*graph.Node{}, n.In...), lse, delta, dy)
	grads := graph.Apply(AttentionGradOp(o), in...)
	dx := make([]*graph.Node, len(n.In))
	for i := range 3 {
		dx[i] = graph.Pick(grads, i)
	}
	if o.Masked && n.In[3].DType() != tensor.Bool {
		_, ds := AttentionGradOp(o).shares(in)
		dx[3] = Cast(ds, n.In[3].DType())
	}
	return dx
}

// AttentionGradOp computes the gradients of [Attention] by q, k and v, from its inputs, the
// logarithms of its sums, δ and dy: with the shares p computed again, and r their factors of
// dropout,
//
//	dv = (p·r)ᵀ·dy, ds = p·(dy·vᵀ·r - δ), dq = scale·ds·k, dk = scale·dsᵀ·q
//
// Shapes: the inputs of the operation, lse, δ [B H T], dy [B T H E] -> those of q, k, v.
type AttentionGradOp struct{ AttentionForm }

// Name implements graph.Op.
func (AttentionGradOp) Name() string { return "AttentionGrad" }

// Infer implements graph.Op.
func (o AttentionGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	n := len(in) - 3
	of, err := AttentionOp(o).Infer(in[:n])
	if err != nil {
		return nil, err
	}
	for i, want := range []tensor.Spec{of[1], of[1], of[0]} {
		if in[n+i] != want {
			return nil, fmt.Errorf("%s is %v: want %v", []string{"lse", "delta", "dy"}[i], in[n+i], want)
		}
	}
	return in[:3:3], nil
}

// Ref implements [Referenced].
func (o AttentionGradOp) Ref(out, in []Array) {
	s := o.Sizes(in[0].Spec, in[1].Spec, in[2].Spec)
	n := len(in) - 3
	lse, delta, dy := in[n].V, in[n+1].V, in[n+2].V
	drops := o.drops(in[:n], s)
	p := make([]float64, s.S)
	for b := range s.B {
		for h := range s.H {
			for t := range s.T {
				row := (b*s.H+h)*s.T + t
				o.row(p, in, s, b, h, t)
				at := ((b*s.T+t)*s.H + h)
				d := dy[at*s.E:][:s.E]
				for j, x := range p {
					share := math.Exp(x - lse[row])
					if math.IsInf(lse[row], 1) {
						share = o.without(s.S)
					}
					r := drops[row*s.S+j]
					key := (b*s.S+j)*s.G + h/(s.H/s.G)
					dp := 0.0
					for i, x := range d {
						out[2].V[key*s.E+i] += float64(float64(share*r) * x)
						dp += float64(x * in[2].V[key*s.E+i])
					}
					if share == 0 || math.IsInf(lse[row], 1) {
						continue
					}
					ds := o.Factor() * share * (float64(dp*r) - delta[row])
					for i := range s.D {
						out[0].V[at*s.D+i] += float64(ds * in[1].V[key*s.D+i])
						out[1].V[key*s.D+i] += float64(ds * in[0].V[at*s.D+i])
					}
				}
			}
		}
	}
}

// shares returns p before dropout and ds, the gradient by the scores, [B H T S].
func (o AttentionGradOp) shares(in []*graph.Node) (p, ds *graph.Node) {
	s := o.Sizes(in[0].Spec(), in[1].Spec(), in[2].Spec())
	n := len(in) - 3
	lse := ExpandDims(in[n], -1)
	p = Exp(Sub(o.logits(in[:n]), lse))
	dp := MatMulT(o.queries(in[n+2], s, s.E), o.grouped(in[2], s, s.E), false, true)
	dp = o.dropped(Reshape(dp, s.scores().Slice()...), in[:n])
	ds = Mul(p, Sub(dp, ExpandDims(in[n+1], -1)))
	if o.Uniform {
		p = Where(Equal(lse, ScalarLike(lse, math.Inf(1))), ScalarLike(p, o.without(max(1, s.S))), p)
	}
	return p, ds
}

// Compose implements [Composed], with the scores in memory.
func (o AttentionGradOp) Compose(in []*graph.Node) []*graph.Node {
	s := o.Sizes(in[0].Spec(), in[1].Spec(), in[2].Spec())
	n := len(in) - 3
	p, ds := o.shares(in)
	byGroup := func(x *graph.Node) *graph.Node { return Reshape(x, s.B, s.G, s.H/s.G, s.T, s.S) }
	p, ds = byGroup(o.dropped(p, in[:n])), byGroup(Scale(ds, o.Factor()))
	back := func(d *graph.Node, heads, rows, depth int, like *graph.Node) *graph.Node {
		return Cast(Transpose(Reshape(d, s.B, heads, rows, depth), 0, 2, 1, 3), like.DType())
	}
	dq := MatMul(ds, o.grouped(in[1], s, s.D))
	dk := ReduceSum(MatMulT(ds, o.queries(in[0], s, s.D), true, false), 2)
	dv := ReduceSum(MatMulT(p, o.queries(in[n+2], s, s.E), true, false), 2)
	return []*graph.Node{back(dq, s.H, s.T, s.D, in[0]), back(dk, s.G, s.S, s.D, in[1]), back(dv, s.G, s.S, s.E, in[2])}
}
