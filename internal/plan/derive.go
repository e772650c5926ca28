package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// derived is a value that is computed from variables and constants alone, such as weights in
// the order in which a kernel reads them. It is computed once for each of their values, and
// shared by all plans of a device that read it.
type derived struct {
	node    *graph.Node // what it is, in a graph of its own
	plan    *Plan       // computes it
	mu      sync.Mutex  // of its computation
	current atomic.Pointer[derivedValue]
}

// derivedValue is a value of a derived. It does not change.
type derivedValue struct {
	*tensor.Tensor
	of []uint64 // the versions of the variables
}

// value returns the value for what the variables hold. They do not change during the call.
func (d *derived) value() (*tensor.Tensor, error) {
	if v := d.current.Load(); v != nil && d.holds(v) {
		return v.Tensor, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if v := d.current.Load(); v != nil && d.holds(v) { // another goroutine was first
		return v.Tensor, nil
	}
	d.current.Store(nil) // the old one may go
	v := &derivedValue{tensor.NewSpec(d.node.Spec()), make([]uint64, len(d.plan.vars))}
	for i, x := range d.plan.vars {
		v.of[i] = x.Version()
	}
	if err := d.plan.Run([]*tensor.Tensor{v.Tensor}, nil); err != nil {
		return nil, err
	}
	d.current.Store(v)
	d.plan.pool.derived.held.Store(true)
	return v.Tensor, nil
}

// holds reports whether a value is that of what the variables hold.
func (d *derived) holds(v *derivedValue) bool {
	for i, x := range d.plan.vars {
		if x.Version() != v.of[i] {
			return false
		}
	}
	return true
}

// drop forgets a value of what the variables no longer hold, and reports whether there is one
// still.
func (d *derived) drop() bool {
	v := d.current.Load()
	if v != nil && !d.holds(v) {
		d.current.CompareAndSwap(v, nil)
		return false
	}
	return v != nil
}

// derivedOp is the value of a derived, as a leaf of a graph.
type derivedOp struct{ of *derived }

// Name implements graph.Op.
func (derivedOp) Name() string { return "Derived" }

// Infer implements graph.Op.
func (o derivedOp) Infer([]tensor.Spec) ([]tensor.Spec, error) { return o.of.node.Specs(), nil }

// String prints how it is computed.
func (o derivedOp) String() string { return expression(o.of.node, 6) }

// expression prints the calls that compute n, so many within each other.
func expression(n *graph.Node, depth int) string {
	switch op := n.Op.(type) {
	case graph.VarOp:
		return op.Var.Path
	case ops.FullOp:
		return fmt.Sprintf("%g", op.Value())
	case graph.PickOp:
		return fmt.Sprintf("%s[%d]", expression(n.In[0], depth), op.Result)
	}
	if len(n.In) == 0 {
		return n.Op.Name()
	}
	if depth == 0 {
		return "..."
	}
	in := make([]string, len(n.In))
	for i, x := range n.In {
		in[i] = expression(x, depth-1)
	}
	return n.Op.Name() + "(" + strings.Join(in, ", ") + ")"
}

// fixedNodes tells which nodes depend on constants and on variables that no run of a plan
// changes alone.
type fixedNodes struct {
	updated map[*graph.Var]bool
	known   map[*graph.Node]bool
}

func newFixedNodes(g *graph.Graph) fixedNodes {
	f := fixedNodes{map[*graph.Var]bool{}, map[*graph.Node]bool{}}
	for _, u := range g.Updates() {
		f.updated[u.Var] = true
	}
	return f
}

func (f fixedNodes) has(n *graph.Node) bool {
	fixed, known := f.known[n]
	if known {
		return fixed
	}
	switch op := n.Op.(type) {
	case graph.VarOp:
		fixed = !f.updated[op.Var]
	case graph.ConstOp, ops.FullOp:
		fixed = true
	case graph.InputOp, graph.Control:
	default:
		fixed = len(n.In) > 0 && !slices.ContainsFunc(n.In, func(x *graph.Node) bool { return !f.has(x) })
	}
	f.known[n] = fixed
	return fixed
}

// derives reports whether what no run of a plan of g changes is derived: not in training, where
// all that is of interest changes.
func derives(g *graph.Graph) bool {
	return !slices.ContainsFunc(g.Updates(), func(u graph.Update) bool { return u.Var.Trainable })
}

const (
	mostDerivedNodes = 64   // of one derived value; of larger ones parts are derived
	smallDerived     = 4096 // bytes that a derived value may have, whatever it is computed from
)

// deriving rewrites a graph so that what no run changes is a leaf.
type deriving struct {
	g       *graph.Graph
	kernels backend.Kernels
	pool    *pool
	fixed   fixedNodes
	new     map[*graph.Node]*graph.Node
	roots   map[*graph.Node]bool
}

// derive rewrites the graph of the roots, g after it was simplified, so that what depends on
// constants and on variables that no run changes is a leaf, but for the roots themselves, and
// weights are packed. It returns the new roots.
func derive(g *graph.Graph, roots []*graph.Node, kernels backend.Kernels, p *pool) []*graph.Node {
	if len(roots) == 0 {
		return roots
	}
	d := &deriving{graph.New(), kernels, p, newFixedNodes(g), map[*graph.Node]*graph.Node{}, map[*graph.Node]bool{}}
	for _, r := range roots {
		d.roots[r] = true
	}
	for _, in := range roots[0].Graph().Inputs() {
		d.new[in] = d.g.Input(in.Op.(graph.InputOp).Label, in.Spec())
	}
	for _, n := range live(roots) {
		if !d.fixed.has(n) {
			d.copyOf(n)
		}
	}
	out := make([]*graph.Node, len(roots))
	for i, r := range roots {
		out[i] = d.copyOf(r)
	}
	return out
}

// copyOf returns the node of the new graph for n.
func (d *deriving) copyOf(n *graph.Node) *graph.Node {
	if d.new[n] == nil {
		d.new[n] = d.newCopy(n)
	}
	return d.new[n]
}

func (d *deriving) newCopy(n *graph.Node) *graph.Node {
	if v, ok := n.Op.(graph.VarOp); ok {
		return d.g.Value(v.Var)
	}
	if d.derives(n) {
		own := graph.New()
		return d.leaf(own, transplant(own, n, map[*graph.Node]*graph.Node{}))
	}
	if m := d.packed(n); m != nil {
		return m
	}
	return copyTo(d.g, n, d.copyOf)
}

// copyTo applies the operation of n in g, to what of returns for its inputs.
func copyTo(g *graph.Graph, n *graph.Node, of func(*graph.Node) *graph.Node) *graph.Node {
	in := make([]*graph.Node, len(n.In))
	for i, x := range n.In {
		in[i] = of(x)
	}
	if p, ok := n.Op.(graph.PickOp); ok {
		return graph.Pick(in[0], p.Result)
	}
	return g.Apply(n.Op, in...)
}

// transplant copies a node that is fixed, and all that it depends on, to a graph.
func transplant(g *graph.Graph, n *graph.Node, done map[*graph.Node]*graph.Node) *graph.Node {
	if done[n] != nil {
		return done[n]
	}
	if v, ok := n.Op.(graph.VarOp); ok {
		done[n] = g.Value(v.Var)
	} else {
		done[n] = copyTo(g, n, func(x *graph.Node) *graph.Node { return transplant(g, x, done) })
	}
	return done[n]
}

// leaf returns the leaf for a node of a graph of its own.
func (d *deriving) leaf(own *graph.Graph, n *graph.Node) *graph.Node {
	return d.g.Apply(derivedOp{d.pool.derive(own, n, d.kernels)})
}

// derives reports whether n, which is no root, becomes a leaf: a result of an operation, not
// much larger than the variables and constants that it is computed from.
func (d *deriving) derives(n *graph.Node) bool {
	if !d.fixed.has(n) || d.roots[n] || len(n.Specs()) != 1 || leaf(n) && !picks(n) {
		return false
	}
	size, ok := sourceBytes(n)
	return ok && n.Spec().Bytes() <= 2*size+smallDerived
}

// picks reports whether n is a result of an operation that computes several.
func picks(n *graph.Node) bool {
	_, ok := n.Op.(graph.PickOp)
	return ok && !isView(n.In[0])
}

// sourceBytes returns the bytes of the variables and constants that n is computed from. It is
// not ok if there are too many nodes.
func sourceBytes(n *graph.Node) (size int, ok bool) {
	seen, next := map[*graph.Node]bool{n: true}, []*graph.Node{n}
	for i := 0; i < len(next); i++ {
		x := next[i]
		switch x.Op.(type) {
		case graph.VarOp, graph.ConstOp:
			size += x.Spec().Bytes()
		}
		for _, in := range x.In {
			if !seen[in] {
				seen[in] = true
				if next = append(next, in); len(next) > mostDerivedNodes {
					return 0, false
				}
			}
		}
	}
	return size, true
}

// packed returns n with packed weights, or nil.
func (d *deriving) packed(n *graph.Node) *graph.Node {
	if len(n.In) != 2 || len(n.Specs()) != 1 || !d.fixed.has(n.In[1]) {
		return nil
	}
	to, ok := d.kernels.Packs(n.Op, n.Specs(), specsOf(n.In))
	if !ok || to.Bytes() > 2*n.In[1].Spec().Bytes()+smallDerived {
		return nil
	}
	if _, ok := sourceBytes(n.In[1]); !ok {
		return nil
	}
	own, weights := graph.New(), n.In[1].Spec()
	pack := own.Apply(backend.Pack{Op: n.Op, Weights: weights, Packed: to}, transplant(own, n.In[1], map[*graph.Node]*graph.Node{}))
	return d.g.Apply(backend.Packed{Op: n.Op, Weights: weights}, d.copyOf(n.In[0]), d.leaf(own, pack))
}

// shared holds the derived values of the plans of a pool.
type shared struct {
	mu   sync.Mutex
	of   map[string][]weak.Pointer[derived] // by what they have in common with equal ones
	most int                                // of the map before those that no plan has are removed
	held atomic.Bool                        // one may have a value
}

// derive returns the derived value of a node in a graph of its own: a known one if it is the
// same.
func (p *pool) derive(own *graph.Graph, n *graph.Node, kernels backend.Kernels) *derived {
	key := fmt.Sprint(n.Op.Name(), n.Spec())
	for _, v := range own.Vars() {
		key += " " + v.Path
	}
	p.derived.mu.Lock()
	defer p.derived.mu.Unlock()
	for _, w := range p.derived.of[key] {
		if d := w.Value(); d != nil && alike(d.node, n, map[*graph.Node]*graph.Node{}) {
			return d
		}
	}
	d := &derived{node: n, plan: compile(own, []*graph.Node{n}, nil, kernels, nil)}
	p.serve(d.plan)
	p.derived.add(key, d)
	return d
}

func (s *shared) add(key string, d *derived) {
	if len(s.of) >= s.most {
		maps.DeleteFunc(s.of, func(_ string, list []weak.Pointer[derived]) bool {
			return !slices.ContainsFunc(list, func(w weak.Pointer[derived]) bool { return w.Value() != nil })
		})
		s.most = 2*len(s.of) + 64
	}
	if s.of == nil {
		s.of = map[string][]weak.Pointer[derived]{}
	}
	list := slices.DeleteFunc(s.of[key], func(w weak.Pointer[derived]) bool { return w.Value() == nil })
	s.of[key] = append(list, weak.Make(d))
}

// dropOld forgets the values of what variables no longer hold.
func (s *shared) dropOld() {
	if !s.held.Swap(false) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, list := range s.of {
		for _, w := range list {
			if d := w.Value(); d != nil && d.drop() {
				s.held.Store(true)
			}
		}
	}
}

// alike reports whether nodes of two graphs are computed alike. equal holds those that are.
func alike(a, b *graph.Node, equal map[*graph.Node]*graph.Node) bool {
	if known, ok := equal[a]; ok {
		return known == b
	}
	if a.Op != b.Op || len(a.In) != len(b.In) || !slices.Equal(a.Specs(), b.Specs()) {
		return false
	}
	for i := range a.In {
		if !alike(a.In[i], b.In[i], equal) {
			return false
		}
	}
	equal[a] = b
	return true
}
