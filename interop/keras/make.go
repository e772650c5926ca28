package keras

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
	_ "github.com/glia-ml/glia/preprocess" // its layers are in nn's table
)

// makeLayers makes the layers of a model, from the inside out, none for a part with
// something unsupported. It returns an error if the object is not a model.
func makeLayers(t *tree) error {
	if err := t.make(t.model); err != nil {
		return err
	}
	if t.model.network() == nil && len(t.missing()) == 0 {
		return fmt.Errorf("keras: class %s: want Sequential or Functional, the classes of models", t.model.Class)
	}
	return nil
}

// make makes the layer of a part.
func (t *tree) make(p *part) (err error) {
	for _, x := range p.parts {
		if err := t.make(x); err != nil && p.kind != otherLayer { // a malformed part is refused with its class
			return err
		}
	}
	if p.input != nil && p.parts[0].layer != nil {
		if err := t.make(p.input); err != nil {
			return err
		}
	}
	defer t.cutMissing(p)
	switch p.kind {
	case plain:
		return p.makePlain()
	case chain, functional:
		return t.makeNetwork(p)
	case otherModel:
		p.before.add("model", p.fullName(), p.where)
	case operation:
		return p.makeOperation()
	case otherLayer:
		p.before.add("layer", p.fullName(), p.where)
		_, _ = p.before.policy(p.Object, p.where)
	case setting:
		p.readSetting()
	case code:
		p.noteCode()
	}
	return nil
}

// cutMissing counts what is unsupported in a part itself, and keeps one of it if there are
// too many in the model.
func (t *tree) cutMissing(p *part) {
	for _, list := range []*missingList{&p.before, &p.after} {
		if n := len(*list); t.unsupported+n > mostMissing && n > 1 {
			*list = missingList{(*list)[0], {(*list)[0].Kind, fmt.Sprintf("like this: %d more", n-1), p.where}}
		}
		t.unsupported += len(*list)
	}
}

// network returns the network of a part, nil if it is another layer or something in it is
// unsupported.
func (p *part) network() *nn.Network {
	n, _ := p.layer.(*nn.Network)
	return n
}

// incomplete reports whether something in a part is unsupported.
func (p *part) incomplete() bool { return p.layer == nil || len(p.before)+len(p.after) > 0 }

// makePlain makes a layer of package nn or preprocess, or one that is registered.
func (p *part) makePlain() error {
	l, err := nn.LayerFromConfig(p.fullName(), p.Config)
	if err != nil {
		return p.after.note(p.where, err)
	}
	if nn.BaseOf(l) == nil {
		if p.policy, err = p.after.policy(p.Object, p.where); err != nil || len(p.after) > 0 {
			return err
		}
	}
	p.layer = l
	return nil
}

// makeNetwork makes a Sequential or a functional model.
func (t *tree) makeNetwork(p *part) error {
	if slices.ContainsFunc(p.parts, (*part).incomplete) || p.input != nil && p.input.incomplete() {
		return nil
	}
	n, err := t.connect(p)
	if err != nil || n == nil {
		return err
	}
	if m := p.settings(); m != nil { // a bare list has no name
		for _, s := range []struct {
			key string
			dst any
		}{{"name", &n.Name}, {"trainable", &n.Frozen}} {
			if v, ok := m[s.key]; ok && json.Unmarshal(v, s.dst) != nil {
				return fmt.Errorf("keras: %s: %s is %s: want a string for a name, true or false for trainable", p.where, s.key, vocab.Short(v))
			}
		}
		if v, ok := m["activity_regularizer"]; ok && !vocab.Unset(v) && !p.root { // Keras ignores that of the model
			p.after.add("option", n.Class()+".activity_regularizer", p.where)
			return nil
		}
	}
	n.Frozen = n.Frozen && nn.Negated(p.root || frozen(n.Layers()))
	if err := graph.Catch(func() { n.Names() }); err != nil {
		return fmt.Errorf("keras: %s: %w", p.where, err)
	}
	p.layer = n
	return nil
}

// connect returns the network of a model's layers, nil if something in it is unsupported.
func (t *tree) connect(p *part) (*nn.Network, error) {
	if p.kind == functional {
		return t.wire(p)
	}
	var layers []nn.Layer
	if p.input != nil {
		layers = append(layers, p.input.layer)
	}
	for _, x := range p.parts {
		layers = append(layers, x.layer)
	}
	return nn.Sequential(layers...), nil
}

// frozen reports whether all layers are frozen. Keras freezes a network by freezing its
// layers one by one, which may be thawed again later.
func frozen(layers []nn.Layer) bool {
	return !slices.ContainsFunc(layers, func(l nn.Layer) bool {
		_, input := l.(*nn.InputLayer)
		_, operation := l.(*nn.OperationLayer)
		base := nn.BaseOf(l)
		return !input && !operation && base != nil && !bool(base.Frozen)
	})
}

// readSetting notes the unsupported parts of a setting of an unsupported class.
func (p *part) readSetting() {
	var v any
	switch lastWord(p.key) {
	case "activation":
		v = new(nn.Activation)
	case "initializer":
		v = new(nn.Initializer)
	case "regularizer":
		v = new(nn.Regularizer)
	default:
		v = new(nn.Constraint)
	}
	_ = p.before.note(p.where+" "+p.key, json.Unmarshal(p.element, v)) // a malformed part is refused with its class
}

// noteCode notes code or a function.
func (p *part) noteCode() {
	if p.Class != "function" {
		p.before.add("code", p.Class, p.where)
		return
	}
	name, _, _ := vocab.Decode(p.element)
	p.before.add("function", name, p.where)
}
