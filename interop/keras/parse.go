package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
)

// tree is a model that is being read.
type tree struct {
	model *part
	old   bool // the file is of Keras 1 or 2
	later bool // the file is of Keras 3.16 or later

	unsupported int // parts and features so far
}

// part is a layer in the tree of a model, which may be a model itself. [parse] makes the
// tree; the passes after it make the layers and note unsupported parts.
type part struct {
	*Object
	kind  kind
	where string // "layers[2] encoder/layers[0] dense"
	root  bool   // the model that is read

	parts    []*part         // the layers of a model, or the parts inside an unsupported class
	declares json.RawMessage // the shape of its input, as Keras 1 and 2 wrote it
	// input is the layer that declares the input of a chain, where the file has it in the
	// config of the chain's first layer.
	input *part

	element json.RawMessage // in the list of a model
	key     string          // of a setting, whose value is element

	name  string            // of a layer of a functional model,
	calls []json.RawMessage // and how it is applied

	layer  nn.Layer       // nil if something in it is unsupported
	policy nn.DTypePolicy // of a layer that does not embed nn.Base

	// before and after list the unsupported features of the part itself: those ahead of and
	// behind the ones of the parts in it.
	before, after missingList
}

// kind selects how a part is read.
type kind uint8

const (
	plain      kind = iota // a layer of package nn or preprocess, or one that is registered
	chain                  // a Sequential
	functional             // a model of the functional form
	otherModel             // a model of another class, which is missing
	operation              // an operation as a layer, which is missing
	otherLayer             // a layer of another class, which is missing
	setting                // a setting of such a layer
	code                   // code in the settings of such a layer
)

// parse returns the tree of a model.
func parse(o *Object) (*tree, error) {
	p := parser{old: o.old}
	model, err := p.part(o, "model", "")
	if err != nil {
		return nil, err
	}
	model.root = true
	return &tree{model: model, old: o.old, later: o.later}, nil
}

// parser makes parts.
type parser struct {
	old   bool // the file is of Keras 1 or 2
	parts int  // so far
}

// part parses a layer. It stands at where; places inside it begin with inside.
func (p *parser) part(o *Object, where, inside string) (x *part, err error) {
	if p.full() {
		return nil, fmt.Errorf("keras: %s: more than %d layers, and parts like layers: want fewer", where, mostParts)
	}
	x = &part{Object: o, kind: p.kindOf(o), where: where}
	switch x.kind {
	case chain, otherModel:
		x.parts, err = p.layers(o, inside)
	case functional:
		if x.parts, err = p.layers(o, inside); err == nil {
			err = x.readCalls()
		}
	case otherLayer:
		x.parts = p.within("", o.Config, where)
	}
	return x, err
}

func (p *parser) kindOf(o *Object) kind {
	switch {
	case o.own() && o.Class == "Sequential":
		return chain
	case o.own() && (o.Class == functionalClass || o.Class == "Model" && p.old): // as Keras 1 and 2 called it
		return functional
	case o.own() && strings.Contains(o.Module, ".ops"):
		return operation
	case nn.HasLayer(o.fullName()):
		return plain
	case layersIn(o) != nil:
		return otherModel
	}
	return otherLayer
}

// layers parses the layers of a model.
func (p *parser) layers(o *Object, inside string) ([]*part, error) {
	list := layersIn(o)
	if list == nil {
		return nil, fmt.Errorf("keras: %sclass %s without a list of layers", inside, o.Class)
	}
	elements, err := vocab.Elements(list)
	if err != nil {
		return nil, fmt.Errorf("keras: %slayers: %w", inside, err)
	}
	if n := p.parts + len(elements); n > mostParts {
		return nil, fmt.Errorf("keras: %slayers: %d layers, and parts like layers: want at most %d", inside, n, mostParts)
	}
	parts := make([]*part, len(elements))
	for i, e := range elements {
		where := fmt.Sprintf("%slayers[%d]", tail(inside), i)
		o, err := objectOf(e)
		if err != nil {
			return nil, fmt.Errorf("keras: %s: %w", where, err)
		}
		where = strings.TrimSpace(where + " " + tail(nameOf(o)))
		if parts[i], err = p.part(o, where, where+"/"); err != nil {
			return nil, err
		}
		parts[i].element = e
	}
	return parts, nil
}

// readCalls reads the names of the layers of a functional model, and how these are applied.
func (p *part) readCalls() error {
	named := map[string]*part{}
	for _, x := range p.parts {
		m, err := vocab.Members(x.element)
		if err != nil {
			return fmt.Errorf("keras: %s: %w", x.where, err)
		}
		x.name = nameOf(x.Object)
		if v, ok := m["name"]; ok && json.Unmarshal(v, &x.name) != nil {
			return fmt.Errorf("keras: %s: name is %s: want a string", x.where, vocab.Short(v))
		}
		if other := named[x.name]; other != nil {
			return fmt.Errorf("keras: %s and %s: two layers named %q: want different names", other.where, x.where, x.name)
		}
		named[x.name] = x
		if v := m["inbound_nodes"]; len(v) == 0 {
			return fmt.Errorf("keras: %s: no inbound_nodes: want a list of calls", x.where)
		} else if x.calls, err = vocab.Elements(v); err != nil {
			return fmt.Errorf("keras: %s: inbound_nodes: %w", x.where, err)
		}
	}
	return nil
}

// within parses the parts inside the config of an unsupported class: layers, and the
// settings whose names show their kind. Key is the setting that raw is the value of.
func (p *parser) within(key string, raw json.RawMessage, where string) (parts []*part) {
	switch {
	case len(raw) == 0:
	case isSetting(key):
		if p.full() { // the class around it is unsupported in any case
			return nil
		}
		parts = append(parts, &part{Object: &Object{}, kind: setting, where: where, key: key, element: raw})
	case raw[0] == '[':
		for e := range vocab.Each(raw) {
			parts = append(parts, p.within(key, e, where)...)
		}
	case raw[0] == '{':
		parts = p.withinObject(key, raw, where)
	}
	return parts
}

func (p *parser) withinObject(key string, raw json.RawMessage, where string) (parts []*part) {
	o, err := objectOf(raw)
	switch {
	case err != nil: // not an object of Keras's
		m, err := vocab.Members(raw)
		if err != nil {
			return nil
		}
		for _, k := range sorted(m) {
			parts = append(parts, p.within(k, m[k], where)...)
		}
		return parts
	case o.Class == "__lambda__" || o.Class == "__bytes__" || o.Class == "function":
		if p.full() {
			return nil
		}
		return []*part{{Object: o, kind: code, where: strings.TrimSpace(where + " " + key), element: raw}}
	case strings.HasSuffix(o.Module, "layers") || !o.own() || slices.Contains([]string{"layer", "cell", "cells", "layers"}, lastWord(key)):
		at := strings.TrimSpace(tail(where) + "/" + key + " " + tail(nameOf(o)))
		if x, err := p.part(o, at, at+"/"); err == nil { // a malformed part is refused with its class
			parts = append(parts, x)
		}
		return parts
	}
	return p.within("", o.Config, where)
}

// full counts a part and reports whether it is one too many.
func (p *parser) full() bool {
	p.parts++
	return p.parts > mostParts
}

// isSetting reports whether the name of a setting shows its kind.
func isSetting(key string) bool {
	return slices.Contains([]string{"activation", "initializer", "regularizer", "constraint"}, lastWord(key))
}

// lastWord returns the last word of a name in snake case.
func lastWord(key string) string { return key[strings.LastIndexByte(key, '_')+1:] }

// layersIn returns the list of the layers of a model, nil if an object has none. In
// very old files it is the config itself.
func layersIn(o *Object) json.RawMessage {
	if len(o.Config) > 0 && o.Config[0] == '[' {
		return o.Config
	}
	if list := o.settings()["layers"]; len(list) > 0 && list[0] == '[' {
		return list
	}
	return nil
}

// nameOf returns the name of a layer, empty if it has none.
func nameOf(o *Object) (name string) {
	_ = json.Unmarshal(o.settings()["name"], &name)
	return name
}

// sorted returns the names of settings in order.
func sorted(m map[string]json.RawMessage) []string { return slices.Sorted(maps.Keys(m)) }

// longest bounds the bytes of a place in a message, so that the places in a hostile file
// take no more than a small multiple of its memory.
const longest = 200

// tail returns the end of a place that is too long.
func tail(where string) string {
	if len(where) <= longest {
		return where
	}
	return "..." + strings.ToValidUTF8(where[len(where)-longest:], "")
}
