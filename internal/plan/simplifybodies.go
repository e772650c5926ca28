package plan

import (
	"slices"

	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// neededResults returns, of each operation of several results that the roots depend on,
// the results that are read.
func neededResults(roots []*graph.Node) map[*graph.Node][]int {
	needed := map[*graph.Node][]int{}
	for _, n := range live(roots) {
		if p, ok := n.Op.(graph.PickOp); ok {
			needed[n.In[0]] = append(needed[n.In[0]], p.Result)
		}
	}
	for _, r := range needed {
		slices.Sort(r)
	}
	return needed
}

// result returns which result of the new node for n is result i of n.
func (s *rewriter) result(n *graph.Node, i int) int {
	switch n.Op.(type) {
	case flow.ScanOp, flow.CondOp:
		return slices.Index(s.keptResults(n), i)
	}
	return i
}

// keptResults returns the results of scan or branch n that remain: those that are read,
// and the last states of states on which those depend.
func (s *rewriter) keptResults(n *graph.Node) []int {
	keep := s.results[n]
	if len(n.Specs()) == 1 {
		return []int{0}
	}
	op, ok := n.Op.(flow.ScanOp)
	for more := ok; more; {
		more = false
		live := graph.Reachable(chosen(op.Body.Out, keep), nil)
		for i, x := range op.Body.In[:op.State] {
			if !slices.Contains(keep, i) && slices.Contains(live, x) {
				keep, more = append(slices.Clip(keep), i), true
			}
		}
	}
	slices.Sort(keep)
	return keep
}

func chosen(nodes []*graph.Node, which []int) []*graph.Node {
	list := make([]*graph.Node, len(which))
	for k, i := range which {
		list[k] = nodes[i]
	}
	return list
}

// pruneBodies removes from a loop or a branch the results, states and inputs that are not
// read. Inputs that are one number everywhere become constants of the bodies.
func pruneBodies(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	switch op := n.Op.(type) {
	case flow.ScanOp:
		kept := s.keptResults(n)
		b := bodies{fs: []*graph.Func{op.Body}, outs: [][]*graph.Node{chosen(op.Body.Out, kept)}, args: in}
		stays := func(i int) bool { return i < op.State && slices.Contains(kept, i) }
		of := b.prune(stays, op.State+op.Scanned)
		op.Body = b.fs[0]
		op.State, op.Scanned = of(0, op.State), of(op.State, op.State+op.Scanned)
		return s.g.Apply(op, b.args...)
	case flow.CondOp:
		kept := s.keptResults(n)
		b := bodies{fs: op.Bodies(), outs: [][]*graph.Node{chosen(op.Then.Out, kept), chosen(op.Else.Out, kept)}, args: in[1:]}
		b.prune(func(int) bool { return false }, 0)
		return s.g.Apply(flow.CondOp{Then: b.fs[0], Else: b.fs[1]}, slices.Concat(in[:1], b.args)...)
	case flow.WhileOp:
		b := bodies{fs: op.Bodies(), outs: [][]*graph.Node{op.Cond.Out, op.Body.Out}, args: in}
		b.prune(func(i int) bool { return i < op.State }, op.State)
		op.Cond, op.Body = b.fs[0], b.fs[1]
		return s.g.Apply(op, b.args...)
	}
	return nil
}

// bodies are functions of the same inputs, for which args stand outside.
type bodies struct {
	fs   []*graph.Func
	outs [][]*graph.Node // of each, the remaining results
	args []*graph.Node
}

// prune removes the inputs from vary on that are constants or are not read, unless stays
// keeps them. The function that it returns counts the remaining ones of a range of
// inputs.
func (b *bodies) prune(stays func(i int) bool, vary int) func(from, to int) int {
	read := map[*graph.Node]bool{}
	for _, out := range b.outs {
		for _, n := range graph.Reachable(out, nil) {
			read[n] = true
		}
	}
	isConstant := func(i int) bool {
		_, full := b.args[i].Op.(ops.FullOp)
		return full && i >= vary
	}
	var left []int
	for i := range b.args {
		used := slices.ContainsFunc(b.fs, func(f *graph.Func) bool { return read[f.In[i]] })
		if stays(i) || used && !isConstant(i) {
			left = append(left, i)
		}
	}
	pruned := make([]*graph.Func, len(b.fs))
	for k, f := range b.fs {
		g, as := graph.New(), map[*graph.Node]*graph.Node{}
		for i, x := range f.In {
			if slices.Contains(left, i) {
				as[x] = g.Input(x.Op.(graph.InputOp).Label, x.Spec())
			} else if isConstant(i) {
				as[x] = g.Apply(b.args[i].Op)
			}
		}
		pruned[k] = &graph.Func{Graph: g, Out: g.Copy(as, b.outs[k]...)}
		pruned[k].In = g.Inputs()
	}
	b.fs, b.args = pruned, chosen(b.args, left)
	return func(from, to int) (count int) {
		for _, i := range left {
			if i >= from && i < to {
				count++
			}
		}
		return count
	}
}
