package flow

import (
	"slices"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// VJPs implements [ops.DifferentiableTuple]: a scan in the other direction, whose state
// is the gradient of the state, and whose body is that of this scan, with autodiff.VJP.
// Gradients of full inputs are summed over the steps. Where they are products of values
// that exist for all steps, one product after the loop computes the sum.
func (o ScanOp) VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node {
	b := &backward{ScanOp: o, n: n, dy: dy}
	b.activate()
	b.trace()
	b.share()
	return b.run()
}

// backward is the gradient of a scan, under construction.
type backward struct {
	ScanOp
	n      *graph.Node
	dy     []*graph.Node
	active []int // the states that have a gradient
	given  []int // the sequences, among results, that have a gradient from outside

	// What one step computes, all of it: trial is its graph, in parts.
	trial *graph.Func
	copy  map[*graph.Node]*graph.Node // of the nodes of Body, in trial
	wrt   []int                       // inputs of n that have a gradient
	grads []*graph.Node               // in trial, one for each of wrt
	// sequence holds the nodes of trial whose values of all steps exist before the loop,
	// extra those that the loop returns.
	sequence map[*graph.Node]*source
	extra    []*graph.Node
	sums     []sum
}

// activate finds the states and the sequences that have gradients.
func (b *backward) activate() {
	var roots []*graph.Node
	for i := b.State; i < len(b.dy); i++ {
		if b.dy[i] != nil {
			b.given = append(b.given, i)
			roots = append(roots, b.Body.Out[i])
		}
	}
	for i := range b.State {
		if b.dy[i] != nil {
			b.active = append(b.active, i)
			roots = append(roots, b.Body.Out[i])
		}
	}
	for more := true; more; {
		more = false
		live := graph.Reachable(roots, nil)
		for i, s := range b.Body.In[:b.State] {
			if s.DType().IsFloat() && !slices.Contains(b.active, i) && slices.Contains(live, s) {
				b.active = append(b.active, i)
				roots = append(roots, b.Body.Out[i])
				more = true
			}
		}
	}
	slices.Sort(b.active)
}

// trace traces a whole step backward: the body again, and its gradient. Inputs are the
// gradients of the new states, the states before the step, a step of the sequences, one
// of the gradients from outside, and the full inputs.
func (b *backward) trace() {
	in := b.Body.In
	var specs []tensor.Spec
	for _, i := range b.active {
		specs = append(specs, in[i].Spec())
	}
	specs = append(specs, specsOf(in[:b.State+b.Scanned])...)
	for _, i := range b.given {
		specs = append(specs, b.Body.Out[i].Spec())
	}
	specs = append(specs, specsOf(in[b.State+b.Scanned:])...)
	for i, x := range in {
		if x.DType().IsFloat() && (i >= b.State || slices.Contains(b.active, i)) {
			b.wrt = append(b.wrt, i)
		}
	}
	b.copy = map[*graph.Node]*graph.Node{}
	b.trial, _ = b.n.Graph().Trace(named("x", len(specs)), specs, func(args []*graph.Node) []*graph.Node {
		ds, args := cut(args, len(b.active))
		step, args := cut(args, b.State+b.Scanned)
		given, full := cut(args, len(b.given))
		for i, x := range slices.Concat(step, full) {
			b.copy[in[i]] = x
		}
		out := b.n.Graph().Copy(b.copy, b.Body.Out...)
		var y, wrt []*graph.Node
		for _, i := range slices.Concat(b.active, b.given) {
			y = append(y, out[i])
		}
		for _, i := range b.wrt {
			wrt = append(wrt, b.copy[in[i]])
		}
		return autodiff.VJPs(y, slices.Concat(ds, given), wrt...)
	})
	b.grads = b.trial.Out
	b.sources(b.trial.In[len(b.active)+b.State+b.Scanned:][:len(b.given)])
}

// cut returns the first n of list, and the others.
func cut(list []*graph.Node, n int) (first, rest []*graph.Node) { return list[:n:n], list[n:] }

// sum is the gradient of a full input: the sum of terms, nodes of trial, over all steps.
type sum struct {
	input int           // of n
	each  []*graph.Node // terms that the loop adds up
	after []*graph.Node // products and sums, to compute of all steps at once after the loop
}

// share splits the gradients of full inputs into terms that the loop adds up and terms
// that are computed after it, from sequences that the loop returns.
func (b *backward) share() {
	for k, i := range b.wrt {
		switch {
		case isZero(b.grads[k]):
		case i >= b.State+b.Scanned:
			b.sums = append(b.sums, sum{input: i, each: termsOf(b.grads[k])})
		case i >= b.State:
			b.returns(b.grads[k])
		}
	}
	move := func(after func(t *graph.Node) bool) {
		for k := range b.sums {
			s := &b.sums[k]
			s.each = slices.DeleteFunc(s.each, func(t *graph.Node) bool {
				ok := after(t)
				if ok {
					s.after = append(s.after, t)
				}
				return ok
			})
		}
	}
	move(func(t *graph.Node) bool {
		if !b.isProduct(t) {
			return false
		}
		b.returns(t.In[0])
		b.returns(t.In[1])
		return true
	})
	move(func(t *graph.Node) bool {
		r, ok := reduction(t)
		return ok && r.In[0].Rank() < tensor.MaxRank && (b.sequence[r.In[0]] != nil || slices.Contains(b.extra, r.In[0]))
	})
}

// returns makes n a sequence that the loop returns.
func (b *backward) returns(n *graph.Node) {
	if b.sequence[n] == nil && !slices.Contains(b.extra, n) {
		b.extra = append(b.extra, n)
	}
}

func isZero(n *graph.Node) bool {
	f, ok := n.Op.(ops.FullOp)
	return ok && f.Value() == 0
}

// termsOf returns nodes whose sum is n.
func termsOf(n *graph.Node) []*graph.Node {
	if _, add := n.Op.(ops.AddOp); add && n.In[0].Spec() == n.In[1].Spec() {
		return append(termsOf(n.In[0]), termsOf(n.In[1])...)
	}
	return []*graph.Node{n}
}

// isProduct reports whether n is aᵀ·b for matrices that both may differ from step to
// step: the sum over the steps is one product, over the rows of all steps.
func (b *backward) isProduct(n *graph.Node) bool {
	op, ok := n.Op.(ops.MatMulOp)
	if !ok || !op.TransA || op.TransB {
		return false
	}
	for _, x := range n.In {
		if _, err := stacked(x.Spec(), b.Steps); err != nil || x.Rank() != 2 || b.sequence[x] == nil && len(x.In) == 0 {
			return false
		}
	}
	return true
}

// reduction returns n, or its input if n is a reshape, and whether that is a sum.
func reduction(n *graph.Node) (*graph.Node, bool) {
	if _, ok := n.Op.(ops.ReshapeOp); ok {
		n = n.In[0]
	}
	_, ok := n.Op.(ops.ReduceSumOp)
	return n, ok
}

// source is a sequence outside of which trial reads a step: node from of n's graph, or
// result result of n.
type source struct {
	from   *graph.Node
	result int
}

// sources finds the nodes of trial whose values of all steps already exist: inputs, and
// results of the scan, including those kept for its gradient.
func (b *backward) sources(given []*graph.Node) {
	b.sequence = map[*graph.Node]*source{}
	state := map[*graph.Node]bool{}
	for _, x := range b.Body.In[:b.State] {
		state[b.copy[x]] = true
	}
	for i := b.State; i < len(b.Body.Out); i++ {
		n := b.copy[b.Body.Out[i]]
		if r, ok := n.Op.(ops.ReshapeOp); ok && state[n.In[0]] && r.Shape.Rank() == 1 { // a state of too many axes
			b.sequence[n.In[0]] = &source{result: i}
		}
		if len(n.In) > 0 || state[n] { // else it is an unchanged input, or constant
			b.sequence[n] = &source{result: i}
		}
	}
	for i := b.State; i < b.State+b.Scanned; i++ {
		b.sequence[b.copy[b.Body.In[i]]] = &source{from: b.n.In[i]}
	}
	for k, i := range b.given {
		b.sequence[given[k]] = &source{from: b.dy[i]}
	}
}

// outside returns the sequence of s.
func (b *backward) outside(s *source) *graph.Node {
	if s.from == nil {
		s.from = graph.Pick(b.n, s.result)
	}
	return s.from
}

// run applies the scan backward and returns the gradients of all inputs of n.
func (b *backward) run() []*graph.Node {
	var results []*graph.Node // of a step, in trial
	ds := b.trial.In[:len(b.active)]
	for k, i := range b.wrt {
		if i < b.State {
			results = append(results, b.grads[k])
		}
	}
	results = append(results, b.extra...)
	var adding []*sum
	for k := range b.sums {
		if s := &b.sums[k]; len(s.each) > 0 {
			adding = append(adding, s)
			results = append(results, s.each...)
		}
	}

	as := map[*graph.Node]*graph.Node{} // the nodes that replace inputs of trial
	full := b.n.In[b.State+b.Scanned:]
	for i, n := range full {
		as[b.trial.In[len(b.trial.In)-len(full)+i]] = n
	}
	var read, xs []*graph.Node
	stop := func(n *graph.Node) bool { return b.sequence[n] != nil || as[n] != nil || slices.Contains(ds, n) }
	use := func(n *graph.Node) {
		if s := b.sequence[n]; s != nil && !slices.Contains(read, n) {
			read, xs = append(read, n), append(xs, b.outside(s))
		}
	}
	for _, n := range results {
		use(n)
	}
	for _, n := range graph.Reachable(results, stop) {
		for _, x := range n.In {
			use(x)
		}
	}

	var init []*graph.Node
	for _, i := range b.active {
		if d := b.dy[i]; d != nil {
			init = append(init, d)
		} else {
			init = append(init, ops.Full(b.n.Graph(), b.Body.In[i].Spec(), 0))
		}
	}
	for _, s := range adding {
		x := b.n.In[s.input].Spec()
		x.DType = sumType(x.DType)
		init = append(init, ops.Full(b.n.Graph(), x, 0))
	}
	opts := []ScanOption{Steps(b.Steps)}
	if !b.Reverse {
		opts = append(opts, Reverse)
	}
	last, ys := init, make([]*graph.Node, len(b.extra))
	if len(init)+len(xs) > 0 {
		last, ys = Scan(init, xs, func(state, x []*graph.Node) (next, y []*graph.Node) {
			for i, n := range read {
				as[n] = ops.Reshape(x[i], n.Shape().Slice()...)
			}
			for i, n := range ds {
				as[n] = state[i]
			}
			out := b.n.Graph().Copy(as, results...)
			next, out = out[:len(ds):len(ds)], out[len(ds):]
			y, out = out[:len(b.extra)], out[len(b.extra):]
			for i, s := range adding {
				total := state[len(ds)+i]
				var sum *graph.Node
				for _, t := range out[:len(s.each)] {
					if t = ops.Cast(t, total.DType()); sum != nil {
						t = ops.Add(sum, t)
					}
					sum = t
				}
				next, out = append(next, ops.Add(total, sum)), out[len(s.each):]
			}
			return next, y
		}, opts...)
	}
	for i, n := range b.extra {
		b.sequence[n] = &source{from: ys[i]}
	}

	dx := make([]*graph.Node, len(b.n.In))
	for k, i := range b.active {
		dx[i] = last[k]
	}
	for k, i := range b.wrt {
		if i >= b.State && i < b.State+b.Scanned && !isZero(b.grads[k]) {
			dx[i] = b.outside(b.sequence[b.grads[k]])
		}
	}
	for i, s := range adding {
		dx[s.input] = ops.Cast(last[len(ds)+i], b.n.In[s.input].DType())
	}
	for _, s := range b.sums {
		for _, t := range s.after {
			d := b.after(t)
			if dx[s.input] != nil {
				d = ops.Add(dx[s.input], d)
			}
			dx[s.input] = d
		}
	}
	return dx
}

// sumType returns the dtype in which gradients of dtype dt are summed.
func sumType(dt tensor.DType) tensor.DType {
	if dt == tensor.Float16 || dt == tensor.BFloat16 {
		return tensor.Float32
	}
	return dt
}

// after computes the sum of t over all steps.
func (b *backward) after(t *graph.Node) *graph.Node {
	all := func(x *graph.Node) *graph.Node { return b.outside(b.sequence[x]) }
	if r, ok := reduction(t); ok {
		axes := []int{0}
		for _, a := range r.Op.(ops.ReduceSumOp).Axes.Slice() {
			axes = append(axes, a+1)
		}
		return ops.Reshape(ops.ReduceSum(all(r.In[0]), axes...), t.Shape().Slice()...)
	}
	rows := func(x *graph.Node) *graph.Node {
		return ops.Reshape(all(x), b.Steps*x.Shape().At(0), x.Shape().At(1))
	}
	return ops.MatMulT(rows(t.In[0]), rows(t.In[1]), true, false)
}
