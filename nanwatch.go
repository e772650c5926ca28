package glia

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Scopes of a step's parts that belong to no layer.
const (
	lossScope      = "the loss"
	outputScope    = lossScope + " of output " // and its name, if there are several
	metricScope    = "the metrics"
	optimizerScope = "the optimizer"
)

// nanWatch finds the operation that made a NaN, for [StopOnNaN]. While the loss is finite it
// only keeps a copy of the state of a few batches ago. When it is not, nanWatch repeats the
// steps from there, with the same bits, until the first that fails, and runs that one with
// every intermediate result kept. Its methods do nothing if it is nil.
type nanWatch struct {
	f     *fitRun
	vars  []stateVar
	saved [][]byte
	batch int // before which the copy was made; -1: none in this epoch
}

// betweenCopies is the number of batches from one copy of the state to the next.
const betweenCopies = 256

// epoch is called when an epoch begins or is resumed.
func (w *nanWatch) epoch() {
	if w != nil {
		w.vars, w.batch = w.f.vars(), -1
	}
}

// before is called before batch b of the epoch.
func (w *nanWatch) before(b int) {
	if w != nil && (w.batch < 0 || b-w.batch >= betweenCopies) {
		w.saved, w.batch = copyState(w.saved, w.vars), b
	}
}

// copyState copies the values of variables, into the memory of an older copy where
// it fits.
func copyState(to [][]byte, vars []stateVar) [][]byte {
	if len(to) != len(vars) {
		to = make([][]byte, len(vars))
	}
	for i, v := range vars {
		to[i] = v.of.AppendTo(to[i][:0])
	}
	return to
}

// setState gives variables the values of a copy.
func (w *nanWatch) setState(from [][]byte) {
	w.f.m.weightsMu.Lock()
	defer w.f.m.weightsMu.Unlock()
	for i, v := range w.vars {
		v.of.Write(func(t *tensor.Tensor) { copy(t.Bytes(), from[i]) })
	}
}

// explain returns the origin of the first number that is not finite, after batch b of epoch
// e made such a loss, if it is found, and advice unless the data is at fault. If it is found,
// the state is that from before the batch; otherwise it stays.
func (w *nanWatch) explain(e, b int) string {
	const advice = "; a smaller learning rate or clipped gradients may help"
	if w == nil || w.batch < 0 {
		return advice
	}
	end := copyState(nil, w.vars)
	w.setState(w.saved)
	var pre [][]byte
	for k := w.batch; k <= b; k++ {
		pre = copyState(pre, w.vars)
		idx := w.f.samples(e, k)
		if err := w.f.step(idx); err != nil {
			break
		}
		if !w.broken() {
			continue
		}
		w.setState(pre)
		where, inData := w.trace(idx)
		w.setState(pre)
		if where == "" {
			break
		}
		first := fmt.Sprintf("; the first came in epoch %d, batch %d: %s", e+1, k+1, where)
		if inData {
			return first
		}
		return advice + first
	}
	w.setState(end)
	return advice
}

// broken reports whether the loss, a weight or the optimizer's state is not finite.
func (w *nanWatch) broken() bool {
	vars := append(w.f.m.net.Vars(), w.f.totals.opt.Vars()...)
	for _, v := range append(vars, w.f.totals.total) {
		if r := rangeOf(v.Value()); r.bad {
			return true
		}
	}
	return false
}

// span is the least and the greatest of some numbers, and whether one is not finite.
type span struct {
	low, high float64
	bad, nan  bool
}

func rangeOf(t *tensor.Tensor) span {
	r := span{low: math.Inf(1), high: math.Inf(-1)}
	if !t.DType().IsFloat() {
		return r
	}
	for _, v := range t.Float64s() {
		r.low, r.high = min(r.low, v), max(r.high, v) // NaN stays
		r.nan = r.nan || v != v
		r.bad = r.bad || v != v || math.IsInf(v, 0)
	}
	return r
}

// kind returns the name of the number that is not finite.
func (r span) kind() string {
	if r.nan {
		return "NaN"
	}
	return "infinity"
}

// trace does the step on samples with every intermediate result kept, and returns the
// first that is not finite, in words, and whether the data has it. It changes the state.
func (w *nanWatch) trace(idx []int) (where string, inData bool) {
	b, err := w.f.load(idx)
	if err != nil {
		return "", false
	}
	if where := w.f.totals.badData(b, idx); where != "" {
		return where, true
	}
	for _, v := range w.vars {
		if r := rangeOf(v.of.Value()); r.bad {
			return fmt.Sprintf("%s is %s before the step", v.of.Path, r.kind()), false
		}
	}
	return w.find(b), false
}

// badData returns the place of the first number in a batch of the samples idx that is not
// finite, in words, or "".
func (m *totals) badData(b *data.Batch, idx []int) string {
	outputs := outputsOf(m.outputLosses)
	for _, part := range []struct {
		name  string
		of    []*tensor.Tensor
		kind  string
		names []string
	}{{"x", b.X, "input", m.m.net.InputNames()}, {"y", b.Y, "output", outputs}, {"the weights of the samples", b.Weight, "output", outputs}} {
		for i, t := range part.of {
			if t == nil {
				continue
			}
			r := rangeOf(t)
			if !r.bad {
				continue
			}
			of := ""
			if len(part.of) > 1 && i < len(part.names) {
				of = fmt.Sprintf(" of %s %q", part.kind, part.names[i])
			}
			return fmt.Sprintf("the data has %s in %s%s: %s", r.kind(), part.name, of, firstOf(t, idx))
		}
	}
	return ""
}

// firstOf returns the sample, and the place in it, of the first number of t that is not finite,
// in words.
func firstOf(t *tensor.Tensor, idx []int) string {
	at := slices.IndexFunc(t.Float64s(), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	strides, place := t.Shape().Strides(), []int{}
	sample := at / strides.At(0)
	for axis := 1; axis < t.Shape().Rank(); axis++ {
		place = append(place, at/strides.At(axis)%t.Shape().At(axis))
	}
	if len(place) == 0 {
		return fmt.Sprintf("sample %d", idx[sample])
	}
	return fmt.Sprintf("sample %d, element %v", idx[sample], place)
}

// notFinite returns a warning about a loss that is not finite after a batch of the samples idx,
// "" if it is finite. It does not wait for a device with memory of its own.
func (m *totals) notFinite(b *data.Batch, idx []int) string {
	if _, away := m.total.Home(); away {
		return ""
	}
	l := m.loss()
	if !math.IsNaN(l) && !math.IsInf(l, 0) {
		return ""
	}
	if where := m.badData(b, idx); where != "" {
		return fmt.Sprintf("the loss is %v: %s", l, where)
	}
	return fmt.Sprintf("the loss is %v, the data of the batch is finite: glia.StopOnNaN stops a training there and tells the operation that made the first such number", l)
}

func (w *nanWatch) find(b *data.Batch) string {
	d, p, nodes, all, err := w.compile(b)
	if err != nil {
		return ""
	}
	out := blank(p.Outputs())
	if err := w.f.m.runOn(p, out, inputsOf(nil, b), true); err != nil {
		return ""
	}
	values := map[*graph.Node]*tensor.Tensor{}
	for i, n := range all {
		values[n] = out[i]
	}
	return firstBad(d, nodes, values, "")
}

// firstBad returns the operation that made the first number that is not finite, in words:
// the first of nodes whose value has one. At is the step of a loop that they are in. It
// returns "" if all are finite.
func firstBad(d backend.Device, nodes []*graph.Node, values map[*graph.Node]*tensor.Tensor, at string) string {
	for _, n := range nodes {
		r := rangeOf(values[n])
		if !r.bad {
			continue
		}
		if _, pick := n.Op.(graph.PickOp); pick {
			n = n.In[0]
		}
		if text := inBodies(d, n, values, at); text != "" {
			return text
		}
		text := fmt.Sprintf("%s made %s in %s%s", n.Op.Name(), r.kind(), partOf(n), at)
		for _, in := range n.In {
			if v := values[in]; v != nil && v.DType().IsFloat() {
				s := rangeOf(v)
				text += fmt.Sprintf(", from %v with numbers from %.6g to %.6g", in.Spec(), s.low, s.high)
			}
		}
		return text
	}
	return ""
}

// compile returns the step on batches like b with the intermediate results all as its
// outputs, of which nodes are to be watched, and its device.
func (w *nanWatch) compile(b *data.Batch) (d backend.Device, p backend.Executable, nodes, all []*graph.Node, err error) {
	m := w.f.m
	if err := m.hold(); err != nil {
		return nil, nil, nil, nil, err
	}
	defer m.traceMu.unlock()
	p, err = compile(m.device, func(g *graph.Graph) []*graph.Node {
		w.f.totals.traceStep(g, formOf(b))
		var roots []*graph.Node
		for _, u := range g.Updates() {
			roots = append(roots, u.Node)
		}
		nodes, all = watched(roots)
		return all
	})
	return m.device, p, nodes, all, err
}

// watched returns the float nodes that roots depend on, without the metrics, in the order in
// which they were traced, and all nodes whose values are needed: also the inputs of loops
// and branches.
func watched(roots []*graph.Node) (nodes, all []*graph.Node) {
	var inputs []*graph.Node
	for _, n := range graph.Reachable(roots, nil) {
		if n.Scope() == metricScope {
			continue
		}
		if len(n.Specs()) == 1 && n.DType().IsFloat() {
			nodes = append(nodes, n)
		}
		if _, ok := n.Op.(graph.Control); ok {
			inputs = append(inputs, n.In...)
		}
	}
	all = slices.Clone(nodes)
	for _, n := range inputs {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return nodes, all
}

// partOf returns the part of the step that a node belongs to, in words.
func partOf(n *graph.Node) string {
	switch s := n.Scope(); {
	case s == "":
		return "the step"
	case s == lossScope, s == optimizerScope, strings.HasPrefix(s, outputScope):
		return s
	default:
		return "layer " + s
	}
}
