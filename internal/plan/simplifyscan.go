package plan

import (
	"slices"

	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
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
	if _, ok := n.Op.(flow.ScanOp); ok {
		return slices.Index(s.keptResults(n), i)
	}
	return i
}

// keptResults returns the results of scan n that remain: those that are read, and last
// states that are not, of states that one of the others needs.
func (s *rewriter) keptResults(n *graph.Node) []int {
	op := n.Op.(flow.ScanOp)
	keep := s.results[n]
	if len(n.Specs()) == 1 {
		return []int{0}
	}
	for more := true; more; {
		more = false
		var roots []*graph.Node
		for _, i := range keep {
			roots = append(roots, op.Body.Out[i])
		}
		live := graph.Reachable(roots, nil)
		for i, x := range op.Body.In[:op.State] {
			if !slices.Contains(keep, i) && slices.Contains(live, x) {
				keep, more = append(slices.Clip(keep), i), true
			}
		}
	}
	slices.Sort(keep)
	return keep
}

// pruneScan leaves out of a scan what nothing reads: results, states and inputs.
func pruneScan(s *rewriter, n *graph.Node, in []*graph.Node) *graph.Node {
	op, ok := n.Op.(flow.ScanOp)
	if !ok {
		return nil
	}
	f := op.Body
	var out []*graph.Node
	read := map[*graph.Node]bool{}
	for _, i := range s.keptResults(n) {
		out = append(out, f.Out[i])
		if i < op.State {
			read[f.In[i]] = true
		}
	}
	for _, x := range graph.Reachable(out, nil) {
		read[x] = true
	}
	var inputs, args []*graph.Node
	var kinds [2]int // states, sequences
	for i, x := range f.In {
		if !read[x] {
			continue
		}
		inputs, args = append(inputs, x), append(args, in[i])
		switch {
		case i < op.State:
			kinds[0]++
		case i < op.State+op.Scanned:
			kinds[1]++
		}
	}
	if len(inputs) == len(f.In) && len(out) == len(f.Out) {
		return nil
	}
	op.Body, op.State, op.Scanned = graph.Extract(inputs, out), kinds[0], kinds[1]
	return s.g.Apply(op, args...)
}
