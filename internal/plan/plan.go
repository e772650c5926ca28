// Package plan compiles a graph into a plan: a flat list of kernel calls over
// buffers whose places are fixed. A plan is immutable; each run borrows memory
// of its own, so any number of goroutines may run one plan at once.
//
// The passes, in order: simplify rewrites the graph; derive takes out what is computed from
// variables alone, in plans that do not train, for it is computed again only when these
// change, and packs weights; fuse gathers elementwise operations
// and reductions into programs, programs into the epilogues of heads such as matrix
// products, and parameter updates into sweeps, and lets programs compute cheap values again;
// lower makes steps of them, of which a convolution and a maximum of windows become one,
// and a head and the sums over columns of its results; place puts every buffer into one arena by
// its live range and lets results take the memory of inputs whose live range ends. A loop
// or a branch is one step, with the plans of its bodies.
package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Plan is a compiled graph.
type Plan struct {
	kernels    backend.Kernels
	steps      []step
	values     []value
	inputs     []tensor.Spec
	labels     []string
	outputs    []tensor.Spec
	finals     []final
	overwrites []bool       // outputs that are computed in the memory of the inputs of their numbers
	vars       []*graph.Var // that a run reads or updates
	updated    []*graph.Var
	derived    []*derived // that a run reads
	trains     bool       // a run updates trainable variables
	arena      int
	pool       *pool
	free       freeList
}

// step is one kernel call.
type step struct {
	op      graph.Op
	in, out []int // values
}

// value is a result of a step, an input, a variable or a constant.
type value struct {
	spec  tensor.Spec
	alias int // the value whose memory this one is a view of, or -1
	// A view begins offset bytes behind the value that it is a view of. strides are the
	// distances of its elements along each axis, or the zero Dims if they lie row by row.
	offset  int
	strides tensor.Dims
	place   place
}

// place says where a value's memory is.
type place struct {
	kind  kind
	index int // of the input, the output, the derived value; the offset in the arena
	v     *graph.Var
	data  *tensor.Tensor
}

type kind uint8

const (
	nowhere kind = iota
	inArena
	inInput
	inOutput
	inVar
	inConst
	inDerived
)

// final is a copy after the last step: a value that could not be computed in the
// memory where it is wanted.
type final struct {
	from int
	to   place
}

// Compile makes the plan that computes outputs, and every update of the graph's
// variables, from the graph's inputs.
func Compile(g *graph.Graph, outputs []*graph.Node, kernels backend.Kernels) *Plan {
	return new(pool).compile(g, outputs, kernels)
}

// compile makes a plan that borrows memory from p, and shares what it derives.
func (p *pool) compile(g *graph.Graph, outputs []*graph.Node, kernels backend.Kernels) *Plan {
	plan := compile(g, outputs, nil, kernels, p)
	p.serve(plan)
	return plan
}

// compile does the work of [Compile]. Output i may be computed in the memory of input i
// where replaces[i] is true. What no run changes is derived in the pool, if there is one.
func compile(g *graph.Graph, outputs []*graph.Node, replaces []bool, kernels backend.Kernels, share *pool) *Plan {
	updates := g.Updates()
	roots := append([]*graph.Node(nil), outputs...)
	for _, u := range updates {
		roots = append(roots, u.Node)
	}
	steady := share != nil && derives(g)
	roots = simplify(g, roots, kernels, steady)
	if steady {
		roots = derive(g, roots, kernels, share)
	}

	p := &Plan{kernels: kernels, vars: slices.Clone(g.Vars()), trains: !derives(g)}
	for _, u := range updates {
		p.updated = append(p.updated, u.Var)
	}
	for _, in := range g.Inputs() {
		p.inputs = append(p.inputs, in.Spec())
		p.labels = append(p.labels, in.Op.(graph.InputOp).Label)
	}
	for _, out := range outputs {
		p.outputs = append(p.outputs, out.Spec())
	}
	l := lower(p, fuse(roots, kernels), roots)
	l.joinPools(roots)
	l.joinColumns()
	l.widenInSweeps(roots)
	l.sweep()
	l.place(roots[:len(outputs)], replaces, updates, roots[len(outputs):])
	return p
}

// Inputs returns the specs of the tensors that a run takes.
func (p *Plan) Inputs() []tensor.Spec { return p.inputs }

// Outputs returns the specs of the tensors that a run fills.
func (p *Plan) Outputs() []tensor.Spec { return p.outputs }

// Arena returns the bytes of scratch memory that a run takes.
func (p *Plan) Arena() int { return p.arena }

// Len returns the number of kernel calls of a run.
func (p *Plan) Len() int { return len(p.steps) }
