package keras

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
)

// wire makes the network of a functional model, nil if something in it is unsupported.
func (t *tree) wire(p *part) (*nn.Network, error) {
	w := &wiring{part: p, old: t.old, nodes: map[string]*node{}}
	for _, x := range p.parts {
		if err := w.add(x); err != nil {
			return nil, err
		}
	}
	m, err := vocab.Members(p.Config)
	if err != nil {
		return nil, fmt.Errorf("keras: %s: %w", p.where, err)
	}
	in, err := w.ends(m["input_layers"], "input_layers", false)
	if err != nil {
		return nil, err
	}
	out, err := w.ends(m["output_layers"], "output_layers", true)
	if err != nil || len(p.after) > 0 {
		return nil, err
	}
	n := nn.Functional(in, out)
	if err := graph.Catch(func() { n.Names() }); err != nil {
		return nil, fmt.Errorf("keras: %s: %w", p.where, err)
	}
	return n, nil
}

// wiring makes the graph of a functional model out of its config.
type wiring struct {
	*part
	old   bool // the file is of Keras 1 or 2
	nodes map[string]*node
}

// add takes a layer of the model's list.
func (w *wiring) add(x *part) error {
	n := &node{where: x.where, layer: x.layer, calls: x.calls}
	if _, input := x.layer.(*nn.InputLayer); input {
		if len(n.calls) > 0 {
			return fmt.Errorf("keras: %s: an InputLayer with inbound_nodes: want none", x.where)
		}
		n.outs = [][]*nn.Symbol{{nn.Apply(x.layer)}}
	}
	w.nodes[x.name] = n
	return nil
}

// node is a layer of a functional model and how it is applied.
type node struct {
	where  string
	layer  nn.Layer
	calls  []json.RawMessage
	outs   [][]*nn.Symbol // of the calls so far
	active bool           // its calls are being made
}

// history is the output of a layer: of its call with that number.
type history struct {
	layer string
	call  int
	out   int
}

// symbol returns the output that a history names, once all calls that it depends on
// are made.
func (w *wiring) symbol(h history, where string) (*nn.Symbol, error) {
	n, err := w.named(h, where)
	if err != nil {
		return nil, err
	}
	if len(n.outs) <= h.call {
		if err := w.make(n, h.call); err != nil {
			return nil, err
		}
	}
	out := n.outs[h.call]
	if h.out >= len(out) {
		return nil, fmt.Errorf("keras: %s: output %d of layer %s: it has %d", where, h.out, n.where, len(out))
	}
	return out[h.out], nil
}

// named returns the layer that a history names, which has the call.
func (w *wiring) named(h history, where string) (*node, error) {
	n := w.nodes[h.layer]
	switch {
	case n == nil:
		return nil, fmt.Errorf("keras: %s: no layer is named %q: want one of the model's", where, tail(h.layer))
	case h.call >= max(len(n.calls), len(n.outs)):
		return nil, fmt.Errorf("keras: %s: call %d of layer %s: it has %d", where, h.call, n.where, len(n.calls))
	}
	return n, nil
}

// pending is a layer whose calls are being made.
type pending struct {
	n    *node
	upTo int       // the last call that is wanted
	ins  []history // of the call that is next
	args []nn.CallArgument
	read bool // whether these are known
	made int  // how many of them are there
}

// make makes the calls of a layer up to one, and first those that they depend on. It keeps
// its own stack instead of recursing, so that depth is not limited by the goroutine's.
func (w *wiring) make(n *node, call int) error {
	for stack := []pending{{n: n, upTo: call}}; len(stack) > 0; {
		p := &stack[len(stack)-1]
		p.n.active = len(p.n.outs) <= p.upTo
		if !p.n.active {
			stack = stack[:len(stack)-1]
			continue
		}
		next, err := w.advance(p)
		if err != nil {
			return err
		}
		if next != nil {
			stack = append(stack, *next)
		}
	}
	return nil
}

// advance makes the next call, unless it depends on another that is not made: it returns
// that one then.
func (w *wiring) advance(p *pending) (before *pending, err error) {
	if !p.read {
		if p.ins, p.args, err = w.inputs(p.n, p.n.calls[len(p.n.outs)]); err != nil {
			return nil, err
		}
		p.read, p.made = true, 0
	}
	for ; p.made < len(p.ins); p.made++ {
		h := p.ins[p.made]
		switch of, err := w.named(h, p.n.where); {
		case err != nil:
			return nil, err
		case len(of.outs) > h.call:
		case of.active:
			return nil, fmt.Errorf("keras: %s: layer %s depends on itself: want a graph without cycles", p.n.where, of.where)
		default:
			return &pending{n: of, upTo: h.call}, nil
		}
	}
	out, err := w.call(p.n, p.ins, p.args)
	p.n.outs, p.read = append(p.n.outs, out), false
	return nil, err
}

// call applies a layer to outputs of calls that are made.
func (w *wiring) call(n *node, ins []history, args []nn.CallArgument) ([]*nn.Symbol, error) {
	symbols := make([]*nn.Symbol, len(ins))
	for i, h := range ins {
		var err error
		if symbols[i], err = w.symbol(h, n.where); err != nil {
			return nil, err
		}
	}
	outs := 1
	switch l := n.layer.(type) {
	case *nn.Network:
		outs = len(l.Outputs())
	case nn.CountedLayer:
		outs = l.OutputCount()
	case nn.ArgumentLayer:
		outs = l.Outputs(args)
	}
	if len(args) > 0 {
		return nn.ApplyAll(outs, nn.Calling(n.layer, args...), symbols...), nil
	}
	return nn.ApplyAll(outs, n.layer, symbols...), nil
}

// inputs returns the outputs that a layer is applied to, and the arguments of the call: in the
// form of Keras 3, or in the older one.
func (w *wiring) inputs(n *node, raw json.RawMessage) ([]history, []nn.CallArgument, error) {
	if elements, err := vocab.Elements(raw); err == nil {
		var ins []history
		for _, e := range elements {
			h, kwargs, err := w.oldHistory(e)
			if err != nil {
				return nil, nil, fmt.Errorf("keras: %s: inbound_nodes: %w", n.where, err)
			}
			w.arguments(kwargs, n.where)
			ins = append(ins, h)
		}
		return ins, nil, nil
	}
	m, err := vocab.Members(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("keras: %s: inbound_nodes: %w", n.where, err)
	}
	if l, ok := n.layer.(nn.ArgumentLayer); ok {
		return w.argued(n, l, m)
	}
	kwargs, named, err := w.keywords(n, m["kwargs"])
	if err != nil {
		return nil, nil, err
	}
	w.arguments(kwargs, n.where)
	args, err := vocab.Elements(m["args"])
	if err != nil || len(args) == 0 {
		return nil, nil, fmt.Errorf("keras: %s: inbound_nodes: args %s: want a list of a tensor or of tensors", n.where, vocab.Short(m["args"]))
	}
	if _, ok := n.layer.(*nn.OperationLayer); ok {
		ins, err := w.operands(n, args)
		return ins, nil, err
	}
	for _, a := range args[1:] {
		if !empty(a) {
			w.after.add("option", "second argument of a call", n.where)
		}
	}
	tensors, err := vocab.Elements(args[0])
	if err != nil {
		tensors = args[:1]
	}
	var ins []history
	for _, t := range tensors {
		h, err := w.tensor(t)
		if err != nil {
			return nil, nil, fmt.Errorf("keras: %s: inbound_nodes: %w", n.where, err)
		}
		ins = append(ins, h)
	}
	return append(ins, named...), nil, nil
}

// argued returns the inputs and the arguments of a call of a layer that takes such.
func (w *wiring) argued(n *node, l nn.ArgumentLayer, call map[string]json.RawMessage) (ins []history, args []nn.CallArgument, err error) {
	names, flags := l.Arguments()
	given, err := vocab.Elements(call["args"])
	if err != nil {
		return nil, nil, fmt.Errorf("keras: %s: inbound_nodes: args %s: want a list", n.where, vocab.Short(call["args"]))
	}
	kwargs := map[string]json.RawMessage{}
	if raw := call["kwargs"]; len(raw) > 0 && !vocab.Unset(raw) {
		if kwargs, err = vocab.Members(raw); err != nil {
			return nil, nil, fmt.Errorf("keras: %s: inbound_nodes: kwargs: %w", n.where, err)
		}
	}
	take := func(name string, raw json.RawMessage) error {
		h, err := w.tensor(raw)
		if err != nil {
			return fmt.Errorf("keras: %s: inbound_nodes: %s: %w", n.where, name, err)
		}
		ins = append(ins, h)
		return nil
	}
	if names == nil { // they stand in a list
		list := kwargs["inputs"]
		delete(kwargs, "inputs")
		if len(given) > 0 {
			list, given = given[0], given[1:]
		}
		elements, err := vocab.Elements(list)
		if err != nil {
			return nil, nil, fmt.Errorf("keras: %s: inbound_nodes: %s: want a list of tensors", n.where, vocab.Short(list))
		}
		for _, e := range elements {
			if err := take("inputs", e); err != nil {
				return nil, nil, err
			}
		}
	}
	positional := true
	for i, name := range names {
		raw := kwargs[name]
		delete(kwargs, name)
		if i < len(given) {
			raw = given[i]
		}
		if len(raw) == 0 || empty(raw) {
			positional = false
			continue
		}
		if err := take(name, raw); err != nil {
			return nil, nil, err
		}
		if !positional {
			args = append(args, nn.Named(name))
		}
	}
	for _, a := range given[min(len(names), len(given)):] {
		if !empty(a) {
			w.after.add("option", "argument of a call without a name", n.where)
		}
	}
	for _, flag := range flags {
		if string(kwargs[flag]) == "true" {
			args = append(args, nn.CallArgument{Name: flag})
			delete(kwargs, flag)
		}
	}
	if rest, err := json.Marshal(kwargs); err == nil {
		w.arguments(rest, n.where)
	}
	return ins, args, nil
}

// keywords takes the tensors among a call's keyword arguments that the layer has as inputs
// behind the first, and returns the other arguments.
func (w *wiring) keywords(n *node, raw json.RawMessage) (rest json.RawMessage, ins []history, err error) {
	k, ok := n.layer.(nn.KeywordLayer)
	if !ok || len(raw) == 0 || vocab.Unset(raw) {
		return raw, nil, nil
	}
	m, err := vocab.Members(raw)
	if err != nil {
		return raw, nil, nil // noted as it is
	}
	for _, name := range slices.Compact(k.Keywords()) {
		key, list := strings.CutSuffix(name, "[]")
		if len(m[key]) == 0 || empty(m[key]) {
			break
		}
		tensors := []json.RawMessage{m[key]}
		if all, err := vocab.Elements(m[key]); list && err == nil {
			tensors = all
		}
		for _, t := range tensors {
			h, err := w.tensor(t)
			if err != nil {
				return nil, nil, fmt.Errorf("keras: %s: inbound_nodes: %s: %w", n.where, key, err)
			}
			ins = append(ins, h)
		}
		delete(m, key)
	}
	rest, err = json.Marshal(m)
	return rest, ins, err
}

// operands returns the tensors among the arguments of an operation.
func (w *wiring) operands(n *node, args []json.RawMessage) (ins []history, err error) {
	for _, a := range args {
		if class, _, err := vocab.Decode(a); err != nil || class != "__keras_tensor__" {
			continue
		}
		h, err := w.tensor(a)
		if err != nil {
			return nil, fmt.Errorf("keras: %s: inbound_nodes: %w", n.where, err)
		}
		ins = append(ins, h)
	}
	return ins, nil
}

// tensor reads a symbolic tensor as Keras 3 writes it.
func (w *wiring) tensor(raw json.RawMessage) (h history, err error) {
	class, config, err := vocab.Decode(raw)
	if err != nil || class != "__keras_tensor__" || config == nil {
		return h, fmt.Errorf("%s: want a tensor of class __keras_tensor__", vocab.Short(raw))
	}
	m, err := vocab.Members(config)
	if err != nil {
		return h, err
	}
	return w.history(m["keras_history"])
}

// history reads the three parts of a history.
func (w *wiring) history(raw json.RawMessage) (h history, err error) {
	h, more, err := w.oldHistory(raw)
	if err == nil && more != nil {
		err = fmt.Errorf("%s: want a name and two numbers", vocab.Short(raw))
	}
	return h, err
}

// oldHistory reads a history that keyword arguments may follow. Models in models of
// Keras 2 have a call of their own before all others.
func (w *wiring) oldHistory(raw json.RawMessage) (h history, kwargs json.RawMessage, err error) {
	parts, err := vocab.Elements(raw)
	if err != nil || len(parts) < 3 || len(parts) > 4 || string(parts[1]) == "null" || string(parts[2]) == "null" ||
		json.Unmarshal(parts[0], &h.layer) != nil || json.Unmarshal(parts[1], &h.call) != nil || json.Unmarshal(parts[2], &h.out) != nil ||
		h.call < 0 || h.out < 0 {
		return h, nil, fmt.Errorf("%s: want the name of a layer, and the numbers of its call and output", vocab.Short(raw))
	}
	if len(parts) == 4 {
		kwargs = parts[3]
	}
	if n := w.nodes[h.layer]; n != nil && w.old && h.call > 0 {
		if _, ok := n.layer.(*nn.Network); ok {
			h.call--
		}
	}
	return h, kwargs, nil
}

// arguments notes keyword arguments of a call that have a value.
func (w *wiring) arguments(raw json.RawMessage, where string) {
	if len(raw) == 0 || vocab.Unset(raw) {
		return
	}
	m, err := vocab.Members(raw)
	if err != nil {
		w.after.add("option", "arguments of a call", where)
		return
	}
	for _, key := range sorted(m) {
		if !empty(m[key]) {
			w.after.add("option", "call argument "+tail(key), where)
		}
	}
}

// empty reports whether a value is null, or a list of such: the masks of inputs.
func empty(raw json.RawMessage) bool {
	elements, err := vocab.Elements(raw)
	if err != nil {
		return vocab.Unset(raw)
	}
	return !slices.ContainsFunc(elements, func(e json.RawMessage) bool { return !vocab.Unset(e) })
}

// inDict returns the histories in a dict of inputs or outputs in Keras's order, that of the
// names; nil unless the model is the file's own and the names are those of the layers.
func (w *wiring) inDict(m map[string]json.RawMessage) (elements []json.RawMessage) {
	for _, key := range sorted(m) {
		if h, err := w.history(m[key]); err != nil || h.layer != key || !w.root {
			return nil
		}
		elements = append(elements, m[key])
	}
	return elements
}

// ends reads the inputs or the outputs of a model: one, a list or a dict. Outputs that are
// models count their calls from 1.
func (w *wiring) ends(raw json.RawMessage, what string, outputs bool) ([]*nn.Symbol, error) {
	elements, err := vocab.Elements(raw)
	if err != nil {
		m, bad := vocab.Members(raw)
		if bad != nil || len(raw) == 0 {
			return nil, fmt.Errorf("keras: %s: %s: %w", w.where, what, err)
		}
		if elements = w.inDict(m); elements == nil {
			w.after.add("option", what+" in a dict", w.where)
			return nil, nil
		}
	}
	var name string
	if len(elements) > 0 && json.Unmarshal(elements[0], &name) == nil {
		elements = []json.RawMessage{raw}
	}
	var ends []*nn.Symbol
	for _, e := range elements {
		h, err := w.history(e)
		if err != nil {
			return nil, fmt.Errorf("keras: %s: %s: %w", w.where, what, err)
		}
		if n := w.nodes[h.layer]; n != nil && outputs && !w.old && h.call > 0 {
			if sub, ok := n.layer.(*nn.Network); ok && sub.Class() == functionalClass {
				h.call--
			}
		}
		s, err := w.symbol(h, w.where+" "+what)
		if err != nil {
			return nil, err
		}
		ends = append(ends, s)
	}
	return ends, nil
}
