package nn

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Cell is a layer that computes one step of a sequence from the step's input and states that
// the step before left. [RNN] applies it to all steps. A cell of your own has these methods:
//
//	func (g *Leaky) Build(b *nn.Builder, in tensor.Spec) {
//		g.kernel = b.Param("kernel", tensor.D(in.Shape.At(-1), g.Units), nn.GlorotUniform)
//	}
//	func (g *Leaky) StateSpecs(in tensor.Spec) []tensor.Spec {
//		return []tensor.Spec{{DType: in.DType, Shape: tensor.D(in.Shape.At(0), g.Units)}}
//	}
//	func (g *Leaky) Begin(c *nn.Ctx, in tensor.Spec) nn.CellStep {
//		kernel := c.Value(g.kernel)
//		return func(x *graph.Node, state []*graph.Node) (y *graph.Node, next []*graph.Node) {
//			y = ops.Add(ops.Scale(state[0], 0.9), ops.MatMul(x, kernel))
//			return y, []*graph.Node{y}
//		}
//	}
//	func (g *Leaky) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return nn.CallCell(c, g, x)[0] }
type Cell interface {
	// Layer is the cell as a layer of one step, [B ...], from states of zeros.
	Layer
	// StateSpecs returns the specs of the states for a step of spec in.
	StateSpecs(in tensor.Spec) []tensor.Spec
	// Begin computes what is the same in all steps of a sequence, such as masks of dropout,
	// and returns the function that traces a step. That function updates no variable, adds no
	// loss and draws no seed.
	Begin(c *Ctx, in tensor.Spec) CellStep
}

// CellStep traces one step of a [Cell]: it returns the output and the states after the step, of
// the specs of those before it. The batch is the first axis of x, of the output and of states.
type CellStep func(x *graph.Node, state []*graph.Node) (y *graph.Node, next []*graph.Node)

// CallCell traces a single step of a cell on x: a step's input, and the states before it,
// zeros if there are none. It returns the output and the states after the step.
//
// Shapes: x [B ...], states [B ...] -> y [B ...], states [B ...].
// Panics with *graph.Error if states differ from those of the cell in number or spec.
func CallCell(c *Ctx, cell Cell, x ...*graph.Node) []*graph.Node {
	if len(x) == 0 {
		panic(graph.Errorf("nn.%s: a cell is applied to nothing: want a step, and states perhaps", ClassOf(cell)))
	}
	state := statesOf(c, ClassOf(cell), cell, x[0].Spec(), x[1:])
	y, next := cell.Begin(c, x[0].Spec())(x[0], state)
	return append([]*graph.Node{y}, next...)
}

// statesOf returns the states that a cell begins with: those that are given, or zeros.
func statesOf(c *Ctx, class string, cell Cell, in tensor.Spec, given []*graph.Node) []*graph.Node {
	specs := cell.StateSpecs(in)
	if len(given) != 0 && len(given) != len(specs) {
		panic(graph.Errorf("nn.%s: %d initial states: want none, or %d", class, len(given), len(specs)))
	}
	state := make([]*graph.Node, len(specs))
	for i, s := range specs {
		if len(given) == 0 {
			state[i] = ops.Full(c.Graph(), s, 0)
			continue
		}
		if !given[i].DType().IsFloat() || given[i].Shape() != s.Shape {
			panic(graph.Errorf("nn.%s: initial state %d is %v: want %v", class, i, given[i].Spec(), s))
		}
		state[i] = ops.Cast(given[i], s.DType)
	}
	return state
}

// Loop groups the settings of a layer that applies a cell to the steps of sequences: see
// [Weights] for groups.
type Loop struct {
	// ReturnSequences makes the output that of all steps, instead of the last one.
	ReturnSequences bool `json:"return_sequences"`
	// ReturnState adds the states after the last step to the outputs.
	ReturnState bool `json:"return_state"`
	// GoBackwards takes the steps from the last one to the first. The outputs stand in the
	// order in which they are computed, the mask in that of the input.
	GoBackwards bool `json:"go_backwards"`
	// Stateful lets a batch begin with the states that the batch before it left, in Fit,
	// Evaluate and Predict: sample i goes on with sample i.
	Stateful bool `json:"stateful"`
	// Unroll is kept for files. The loop is the same with it.
	Unroll bool `json:"unroll"`
	// ZeroOutputForMask makes the output of a masked step 0. Otherwise it is that of the step
	// before it.
	ZeroOutputForMask bool `json:"zero_output_for_mask"`

	class    string
	cell     Cell
	states   int // of the cell
	activity Regularizer
	zeroing  bool         // ZeroOutputForMask, as Bidirectional has it
	aligned  bool         // the outputs stand in the order of the input
	kept     []*graph.Var // the states, if it is stateful
}

// LoopOption is an option of [RNN]: a [LoopSetting], or a [LayerOption].
type LoopOption interface{ loop(*Base, *Loop) }

// LoopSetting is an option that sets a part of [Loop].
type LoopSetting func(*Loop)

func (s LoopSetting) loop(_ *Base, l *Loop)  { s(l) }
func (s LayerSetting) loop(b *Base, _ *Loop) { s(b) }
func (p DTypePolicy) loop(b *Base, _ *Loop)  { b.DType = p }

// The options of a recurrent layer's loop: see the fields of [Loop].
var (
	// ReturnSequences makes the output that of all steps.
	ReturnSequences LoopSetting = func(l *Loop) { l.ReturnSequences = true }
	// ReturnState adds the states after the last step to the outputs.
	ReturnState LoopSetting = func(l *Loop) { l.ReturnState = true }
	// GoBackwards takes the steps from the last one to the first.
	GoBackwards LoopSetting = func(l *Loop) { l.GoBackwards = true }
	// Stateful lets a batch begin with the states that the batch before it left.
	Stateful LoopSetting = func(l *Loop) { l.Stateful = true }
	// Unroll is kept for files.
	Unroll LoopSetting = func(l *Loop) { l.Unroll = true }
	// ZeroOutputForMask makes the output of a masked step 0.
	ZeroOutputForMask LoopSetting = func(l *Loop) { l.ZeroOutputForMask = true }
)

// Keywords implements [KeywordLayer]: the inputs behind the first are the initial states.
func (l *Loop) Keywords() []string { return slices.Repeat([]string{"initial_state[]"}, l.states) }

// OutputCount implements [CountedLayer].
func (l *Loop) OutputCount() int {
	if l.ReturnState {
		return 1 + l.states
	}
	return 1
}

// stateCount returns the number of a cell's states.
func stateCount(cell Cell) (n int) {
	if c, ok := cell.(interface{ stateCount() int }); ok {
		return c.stateCount()
	}
	n = 1 // of one that wants other steps than those that are asked for here
	_ = graph.Catch(func() { n = len(cell.StateSpecs(tensor.S(tensor.Float32, 1, 1))) })
	return n
}

// looping returns the loop of a layer.
func (l *Loop) looping() *Loop { return l }

// attach sets the cell of the loop, and the class of the layer for messages.
func (l *Loop) attach(class string, cell Cell, activity Regularizer) {
	l.class, l.cell, l.activity, l.states = class, cell, activity, stateCount(cell)
}

// buildLoop builds the cell for sequences, in[0], and initial states.
func (l *Loop) buildLoop(b *Builder, in []tensor.Spec) {
	seq := in[0]
	if seq.Rank() < 3 {
		panic(graph.Errorf("nn.%s: x is %v: want [batch steps features]", l.class, seq))
	}
	step := stepOf(seq)
	b.buildPart("cell", l.cell, step)
	l.zeroing = l.ZeroOutputForMask
	l.kept = nil
	if !l.Stateful {
		return
	}
	if b.batch == 0 {
		panic(graph.Errorf("nn.%s: a stateful layer without the length of the batch: want it from nn.Input with nn.BatchSize", l.class))
	}
	step.DType, step.Shape = policyOf(l.cell, b.DType).VariableDType(), step.Shape.With(0, b.batch)
	for i, s := range l.cell.StateSpecs(step) {
		name := "rnn_state"
		if i > 0 {
			name = fmt.Sprintf("%s_%d", name, i)
		}
		l.kept = append(l.kept, b.memory(name, s))
	}
}

// stepOf returns the spec of a step of sequences.
func stepOf(seq tensor.Spec) tensor.Spec {
	return tensor.Spec{DType: seq.DType, Shape: tensor.D(append([]int{seq.Shape.At(0)}, seq.Shape.From(2).Slice()...)...)}
}

// Call implements [Layer].
func (l *Loop) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer]: x holds the sequences, and the initial states perhaps.
func (l *Loop) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	out, mask := l.run(c, x)
	if l.ReturnSequences && l.GoBackwards && !l.aligned {
		out[0] = ops.Flip(out[0], 1)
	}
	if l.ReturnSequences && mask != nil {
		c.SetMask(out[0], mask)
	}
	for _, y := range out {
		l.activity.activity(c, y)
	}
	return out
}

// run traces the loop. Outputs of all steps stand in the order of the input, also if the loop
// goes backwards.
func (l *Loop) run(c *Ctx, x []*graph.Node) (out []*graph.Node, mask *graph.Node) {
	seq := x[0]
	if seq.Shape().At(1) == 0 {
		panic(graph.Errorf("nn.%s: x is %v, of no steps: want one or more", l.class, seq.Spec()))
	}
	if mask = c.Mask(seq); mask != nil && mask.Rank() != 2 {
		panic(graph.Errorf("nn.%s: mask %v of x %v: want one of [batch steps]", l.class, mask.Spec(), seq.Spec()))
	}
	around := c.ComputeDType()
	leave := c.follow(l.cell)
	out = l.trace(c, timeMajor(c.convert(l.cell, seq)), mask, x[1:])
	leave()
	for i, y := range out {
		if y.DType().IsFloat() {
			out[i] = ops.Cast(y, around)
		}
	}
	return out, mask
}

// timeMajor exchanges the first two axes: [B T ...] and [T B ...].
func timeMajor(x *graph.Node) *graph.Node {
	perm := []int{1, 0}
	for i := 2; i < x.Rank(); i++ {
		perm = append(perm, i)
	}
	return ops.Transpose(x, perm...)
}

// trace traces the loop on xs [T B ...] and returns the output and the states after it.
func (l *Loop) trace(c *Ctx, xs, mask *graph.Node, given []*graph.Node) []*graph.Node {
	g, n := c.Graph(), 0
	in := tensor.Spec{DType: xs.DType(), Shape: xs.Shape().From(1)}
	stateful := l.Stateful && !c.trial
	zeros := len(given) == 0 && !stateful
	if len(given) == 0 && stateful {
		given = l.before(c, in)
	}
	init := statesOf(c, l.class, l.cell, in, given)
	n = len(init)
	step := l.cell.Begin(c, in)
	y, same := l.output(g, step, in, init)
	// A state holds the output of the last step that is not masked, unless a first state is
	// given: leading masked steps have an output of 0. Else the output is carried beside them.
	last := same >= 0 && (mask == nil || l.zeroing || zeros)
	carried := !last && (!l.ReturnSequences || mask != nil && !l.zeroing)
	if carried {
		init = append(init, ops.Full(g, y, 0))
	}
	seqs := []*graph.Node{xs}
	if mask != nil {
		seqs = append(seqs, timeMajor(mask))
	}
	var opts []flow.ScanOption
	if l.GoBackwards {
		opts = append(opts, flow.Reverse)
	}
	final, ys := flow.Scan(init, seqs, func(state, x []*graph.Node) (next, ys []*graph.Node) {
		y, next := step(x[0], state[:n:n])
		l.wantStates(next, init[:n])
		if mask != nil {
			next = slices.Clone(next)
			for i := range next {
				next[i] = where(x[1], next[i], state[i])
			}
			switch {
			case l.zeroing:
				y = where(x[1], y, ops.Zeros(y))
			case last:
				y = next[same]
			default:
				y = where(x[1], y, state[n])
			}
		}
		if carried {
			next = append(next, y)
		}
		if l.ReturnSequences {
			ys = []*graph.Node{y}
		}
		return next, ys
	}, opts...)
	if stateful {
		l.keep(c, final[:n])
	}
	var out *graph.Node
	switch {
	case l.ReturnSequences:
		out = timeMajor(ys[0])
	case carried:
		out = final[n]
	default:
		out = final[same]
		if mask != nil && l.zeroing { // the last step may be masked
			at := mask.Shape().At(1) - 1
			if l.GoBackwards {
				at = 0
			}
			out = where(ops.Index(mask, 1, at), out, ops.Zeros(out))
		}
	}
	if !l.ReturnState {
		return []*graph.Node{out}
	}
	return append([]*graph.Node{out}, final[:n]...)
}

// output returns the spec of a step's output, and which state after the step it is, -1 if it
// is none of them.
func (l *Loop) output(g *graph.Graph, step CellStep, in tensor.Spec, init []*graph.Node) (y tensor.Spec, same int) {
	specs, names := []tensor.Spec{in}, []string{"x"}
	for i, s := range init {
		specs, names = append(specs, s.Spec()), append(names, fmt.Sprintf("state %d", i))
	}
	f, _ := g.Trace(names, specs, func(in []*graph.Node) []*graph.Node {
		y, next := step(in[0], in[1:])
		l.wantStates(next, init)
		same = slices.Index(next, y)
		return []*graph.Node{y}
	})
	y = f.Out[0].Spec()
	if y.Rank() == 0 || y.Shape.At(0) != in.Shape.At(0) {
		panic(graph.Errorf("nn.%s: the output of a step of the cell is %v: want a first axis of %d, the batch", l.class, y, in.Shape.At(0)))
	}
	return y, same
}

func (l *Loop) wantStates(next, init []*graph.Node) {
	if len(next) != len(init) {
		panic(graph.Errorf("nn.%s: the cell returns %d states after a step: want %d, as StateSpecs says", l.class, len(next), len(init)))
	}
}

// where returns a where the mask [B] is true, else b.
func where(mask, a, b *graph.Node) *graph.Node {
	for mask.Rank() < a.Rank() {
		mask = ops.ExpandDims(mask, -1)
	}
	return ops.Where(mask, a, b)
}

// before returns the states that the batch before left.
func (l *Loop) before(c *Ctx, in tensor.Spec) []*graph.Node {
	state := make([]*graph.Node, len(l.kept))
	for i, v := range l.kept {
		if got, want := in.Shape.At(0), v.Spec().Shape.At(0); got != want {
			panic(graph.Errorf("nn.%s: a batch of %d: want %d, that of the states of the stateful layer", l.class, got, want))
		}
		state[i] = c.Value(v)
	}
	return state
}

// keep makes the states after the loop those before the next batch.
func (l *Loop) keep(c *Ctx, state []*graph.Node) {
	for i, v := range l.kept {
		c.Update(v, state[i])
	}
}

// ResetStates sets the states of a stateful layer to 0, as they are at first. No Fit, Evaluate
// or Predict may run meanwhile: a model has a method for that.
func (l *Loop) ResetStates() {
	for _, v := range l.kept {
		v.Clear()
	}
}

// memories returns the variables that keep states.
func (l *Loop) memories() []*graph.Var { return l.kept }
