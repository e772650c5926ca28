package nn

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// MultiLayer is a layer of several inputs or outputs, such as [Add] or a [Network].
// As a [Layer] it is one of a single input and output.
type MultiLayer interface {
	Layer
	// BuildAll is Build for inputs of these specs.
	BuildAll(b *Builder, in []tensor.Spec)
	// CallAll traces the layer on x and returns its outputs. It panics with *graph.Error
	// if it takes another number of inputs, or others.
	CallAll(c *Ctx, x []*graph.Node) []*graph.Node
}

// KeywordLayer is a [MultiLayer] of one input and arguments beside it that may be left out:
// Keras's call(x, mask=None).
type KeywordLayer interface {
	MultiLayer
	// Keywords returns the arguments' names, in the order of the inputs behind the first. One
	// that is a list of tensors stands there once for each, with "[]" behind the name.
	Keywords() []string
}

// CountedLayer is a [MultiLayer] that knows the number of its outputs before it is built.
type CountedLayer interface {
	MultiLayer
	// OutputCount returns the number of outputs.
	OutputCount() int
}

// Symbol stands for an output of a layer in a network that is not built yet, as Keras's
// KerasTensor does. [Apply] makes it, and its methods make others by arithmetic: see
// [Symbol.Add].
type Symbol struct {
	of  *application
	out int
	num any // a number or tensor, see [Num]
}

// none reports whether the symbol stands for no output: Apply did not make it.
func (s *Symbol) none() bool { return s == nil || s.of == nil }

// application is a layer applied to symbols. An Input is applied to no symbol.
type application struct {
	layer Layer
	args  []CallArgument
	in    []*Symbol
	where string // the user's line
}

// Apply returns the output of a layer applied to symbols, or the input that an Input
// declares if there are no symbols:
//
//	x := nn.Apply(nn.Input(28, 28))
//	h := nn.Apply(nn.Flatten(), x)
//	digit := nn.Apply(nn.Dense(10, nn.Softmax, nn.Name("digit")), h)
//	odd := nn.Apply(nn.Dense(1, nn.Sigmoid, nn.Name("odd")), h)
//	net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{digit, odd})
//
// A layer that is applied more than once has its variables once. Mistakes are reported
// when a network is built.
func Apply(l Layer, in ...*Symbol) *Symbol { return &Symbol{of: applied(l, in)} }

// ApplyAll is [Apply] of a layer with n outputs, such as a [Network] of several. It
// panics with *graph.Error if n is not 1 or more; whether l has n outputs is checked when
// a network is built.
func ApplyAll(n int, l Layer, in ...*Symbol) []*Symbol {
	if n < 1 {
		panic(graph.Errorf("nn.ApplyAll: %d outputs: want 1 or more", n))
	}
	a := applied(l, in)
	out := make([]*Symbol, n)
	for i := range out {
		out[i] = &Symbol{of: a, out: i}
	}
	return out
}

func applied(l Layer, in []*Symbol) *application {
	if a, ok := l.(Activation); ok {
		l = &ActivationLayer{Base: NewBase(), Activation: a}
	}
	if a, ok := l.(*ActivationLayer); ok && a.isSoftmax() && len(in) == 2 {
		a.itself = true // Keras's layer takes a mask, its Activation none
	}
	l, args := called(l)
	return &application{l, args, slices.Clone(in), graph.Caller()}
}

// Functional returns the network that computes outputs from inputs, which are
// [Apply] of [Input]: Keras's functional form. Layers, and parts of the graph, may be
// shared by several networks.
//
// The order of the layers is Keras's, by their distance from the outputs.
//
// Shapes: those of the inputs and outputs. Panics with *graph.Error, when built, if the
// graph has a mistake; the error names its line. Source: keras.Model, functional API.
func Functional(inputs, outputs []*Symbol) *Network {
	n := &Network{Base: NewBase(), functional: true}
	w := &walk{net: n, found: map[Layer]int{}, met: map[*application]bool{}, done: map[*application]bool{}, depth: map[*application]int{}}
	n.bad = w.all(inputs, outputs)
	return n
}

// Call is one application of a layer in a network.
type Call struct {
	// Layer is its number in Layers.
	Layer int
	// In holds the values that it is applied to.
	In []Port
	// Arguments are those of the call, see [Calling].
	Arguments []CallArgument

	where string // the user's line, empty in a chain
}

// Port is an output of a call before, or an input of the network if Call is -1, by
// number.
type Port struct{ Call, Out int }

// Calls returns the applications of the layers, each after the calls whose outputs it is
// applied to.
func (n *Network) Calls() []Call {
	if n.functional {
		return n.calls
	}
	calls := make([]Call, len(n.layers))
	for i := range calls {
		calls[i] = Call{Layer: i, In: []Port{{Call: i - 1}}}
	}
	return calls
}

// Outputs returns the ports of the network's outputs.
func (n *Network) Outputs() []Port {
	if n.functional {
		return n.outputs
	}
	return []Port{{Call: len(n.layers) - 1}}
}

// InputNames returns the names of the Inputs that declare the network's inputs, in
// their order; an empty one for the input of a Sequential without. It panics as
// [Network.Names] does.
func (n *Network) InputNames() []string {
	names := n.Names()
	if !n.functional {
		if len(n.layers) > 0 {
			if _, ok := n.layers[0].(*InputLayer); ok {
				return names[:1]
			}
		}
		return []string{""}
	}
	of := make([]string, n.inputs)
	for _, c := range n.calls {
		for _, p := range c.In {
			if p.Call < 0 {
				of[p.Out] = names[c.Layer]
			}
		}
	}
	return of
}

// OutputNames returns the names of the outputs, in their order: those of the layers
// that make them. The second output of one layer has the suffix "_1", a third "_2", so that
// each has losses and metrics of its own. It panics as [Network.Names] does.
func (n *Network) OutputNames() []string {
	names, calls := n.Names(), n.Calls()
	of, taken := make([]string, len(n.Outputs())), map[string]bool{}
	for i, p := range n.Outputs() {
		if p.Call >= 0 {
			of[i] = names[calls[p.Call].Layer]
			taken[of[i]] = true
		}
	}
	next := map[string]int{} // the number of another output of a layer
	for i, name := range of {
		if _, again := next[name]; !again {
			next[name] = 1
			continue
		}
		for taken[of[i]] {
			of[i] = fmt.Sprintf("%s_%d", name, next[name])
			next[name]++
		}
		taken[of[i]] = true
	}
	return of
}

// walk finds the layers of a functional network and their order.
type walk struct {
	net   *Network
	order []*application // each after those whose outputs it is applied to
	found map[Layer]int  // when a layer was first met
	met   map[*application]bool
	done  map[*application]bool // those in order
	depth map[*application]int  // how far from the outputs
}

// all walks the whole graph and returns its first mistake, nil if there is none.
func (w *walk) all(inputs, outputs []*Symbol) *graph.Error {
	n := w.net
	fail := func(where, format string, args ...any) *graph.Error {
		return &graph.Error{Where: where, Text: "nn.Functional: " + fmt.Sprintf(format, args...)}
	}
	if len(inputs) == 0 || len(outputs) == 0 {
		return fail(n.where, "%d inputs and %d outputs: want one or more of each", len(inputs), len(outputs))
	}
	declared, layers := map[*application]int{}, map[Layer]int{}
	for i, s := range inputs {
		if s.none() || isNil(s.of.layer) {
			return fail(n.where, "input %d is nil", i)
		}
		if _, ok := s.of.layer.(*InputLayer); !ok || len(s.of.in) > 0 {
			return fail(n.where, "input %d is the output of %s: want nn.Apply of an nn.Input, to nothing", i, ClassOf(s.of.layer))
		}
		if j, twice := declared[s.of]; twice {
			return fail(n.where, "inputs %d and %d are one: want each once", j, i)
		}
		if j, twice := layers[s.of.layer]; twice {
			return fail(n.where, "inputs %d and %d are nn.Apply of one nn.Input: want one for each", j, i)
		}
		declared[s.of], layers[s.of.layer] = i, i
	}
	for i, s := range outputs {
		if s.none() {
			return fail(n.where, "output %d is nil", i)
		}
		if err := w.visit(s.of, declared); err != nil {
			return err
		}
	}
	w.rank()
	for _, s := range inputs { // Keras puts one that nothing depends on before the outputs
		if !w.done[s.of] {
			w.order = append(w.order, s.of)
			w.found[s.of.layer] = -1
		}
	}
	w.sort()
	w.wire(declared, outputs)
	return nil
}

// wire gives the network its layers and calls.
func (w *walk) wire(inputs map[*application]int, outputs []*Symbol) {
	n := w.net
	at, number := map[*application]int{}, map[Layer]int{}
	for i, a := range w.order {
		if _, ok := number[a.layer]; !ok {
			number[a.layer] = len(n.layers)
			n.layers = append(n.layers, a.layer)
		}
		c := Call{Layer: number[a.layer], Arguments: a.args, where: a.where}
		if k, ok := inputs[a]; ok {
			c.In = []Port{{Call: -1, Out: k}}
		}
		for _, s := range a.in {
			c.In = append(c.In, Port{at[s.of], s.out})
		}
		at[a] = i
		n.calls = append(n.calls, c)
	}
	n.inputs = len(inputs)
	for _, s := range outputs {
		n.outputs = append(n.outputs, Port{at[s.of], s.out})
	}
}

// visit meets an application and all that it depends on. It keeps its own stack instead of
// recursing, so that depth is not limited by that of the goroutine.
func (w *walk) visit(a *application, inputs map[*application]int) *graph.Error {
	type frame struct {
		of   *application
		next int
	}
	stack := []frame{{of: a}}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		a := f.of
		if !w.met[a] {
			if err := w.check(a, inputs); err != nil {
				return err
			}
			w.met[a] = true
			if _, ok := w.found[a.layer]; !ok {
				w.found[a.layer] = len(w.found)
			}
		}
		if f.next == len(a.in) || w.done[a] {
			if !w.done[a] {
				w.done[a] = true
				w.order = append(w.order, a)
			}
			stack = stack[:len(stack)-1]
			continue
		}
		f.next++
		if next := a.in[f.next-1].of; !w.done[next] {
			stack = append(stack, frame{of: next})
		}
	}
	return nil
}

// check returns a mistake in an application by itself, nil if there is none.
func (w *walk) check(a *application, inputs map[*application]int) *graph.Error {
	if isNil(a.layer) {
		return &graph.Error{Where: a.where, Text: "nn.Apply: the layer is nil"}
	}
	if !reflect.ValueOf(a.layer).Comparable() {
		return &graph.Error{Where: a.where, Text: fmt.Sprintf("nn.Apply: a %T cannot be told from another: want a pointer", a.layer)}
	}
	for i, s := range a.in {
		if s.none() {
			return &graph.Error{Where: a.where, Text: fmt.Sprintf("nn.Apply: input %d of %s is nil", i, ClassOf(a.layer))}
		}
	}
	_, input := a.layer.(*InputLayer)
	switch _, declared := inputs[a]; {
	case input && len(a.in) > 0:
		return &graph.Error{Where: a.where, Text: "nn.Apply: an nn.Input applied to symbols: want it applied to nothing"}
	case !input && len(a.in) == 0:
		return &graph.Error{Where: a.where, Text: fmt.Sprintf("nn.Apply: %s applied to nothing: want one symbol or more", ClassOf(a.layer))}
	case input && !declared:
		return &graph.Error{Where: a.where, Text: "nn.Functional: an output depends on an nn.Input that is not among the inputs"}
	}
	return nil
}

// rank finds the distances of applications from the outputs, in calls on the longest path.
// A layer applied at several depths has the greatest, as in Keras.
func (w *walk) rank() {
	layers := map[Layer]int{}
	for _, a := range slices.Backward(w.order) {
		d := max(w.depth[a], layers[a.layer])
		layers[a.layer], w.depth[a] = d, d
		for _, s := range a.in {
			w.depth[s.of] = max(w.depth[s.of], d+1)
		}
	}
}

// sort puts the applications in Keras's order of the layers: the deepest first, those
// of one depth as their layers were met.
func (w *walk) sort() {
	slices.SortStableFunc(w.order, func(a, b *application) int {
		if d := w.depth[b] - w.depth[a]; d != 0 {
			return d
		}
		return w.found[a.layer] - w.found[b.layer]
	})
}
