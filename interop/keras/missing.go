package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
)

// Missing is something that a model of Keras's needs and glia lacks.
type Missing struct {
	// Kind is what it is: layer, model, activation, initializer, regularizer,
	// constraint, loss, metric, optimizer, schedule, option, dtype policy, ...
	Kind string
	// Name is what Keras calls it, that of an option with the class: "Dense.lora_rank".
	Name string
	// Where is its place: "layers[3] conv2d_1", or further in, "layers[2]
	// encoder/layers[0] dense kernel_initializer".
	Where string
}

// MissingError lists everything that a model needs and glia lacks, in the order of
// the model.
type MissingError struct{ Items []Missing }

// mostPlaces is how many places of one thing a message lists, and longestList how many
// bytes of things it does.
const (
	mostPlaces  = 8
	longestList = 32 << 10
)

// Error lists what is missing, each thing once with the places where it stands.
func (e *MissingError) Error() string {
	type thing struct{ kind, name string }
	var order []thing
	places := map[thing][]string{}
	for _, m := range e.Items {
		t := thing{m.Kind, m.Name}
		if places[t] == nil {
			order = append(order, t)
		}
		places[t] = append(places[t], m.Where)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "keras: glia lacks what the model needs:")
	for i, t := range order {
		if b.Len() > longestList {
			fmt.Fprintf(&b, "\n  and %d more", len(order)-i)
			break
		}
		at := places[t]
		fmt.Fprintf(&b, "\n  %s %s", t.kind, t.name)
		if len(at) > 1 {
			fmt.Fprintf(&b, " (%d times)", len(at))
		}
		b.WriteString(": " + strings.Join(at[:min(len(at), mostPlaces)], ", "))
		if n := len(at) - mostPlaces; n > 0 {
			fmt.Fprintf(&b, " and %d more", n)
		}
	}
	return b.String()
}

// note puts down what err says is missing. Other errors are returned, with the place.
func (r *reader) note(where string, err error) error {
	var m *vocab.MissingError
	if err == nil {
		return nil
	}
	if !errors.As(err, &m) {
		return fmt.Errorf("keras: %s: %w", where, err)
	}
	for _, item := range m.Items {
		at := where
		if item.At != "" {
			at += " " + item.At
		}
		r.lacks(item.Kind, item.Name, at)
	}
	return nil
}

// lacks puts down something that is missing.
func (r *reader) lacks(kind, name, where string) {
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "..."
	}
	r.missing = append(r.missing, Missing{kind, name, where})
}

// lacksClass reports whether err says that a class is missing itself, not only some
// setting.
func lacksClass(err error, name string) bool {
	var m *vocab.MissingError
	return errors.As(err, &m) && len(m.Items) == 1 && m.Items[0].Name == name && m.Items[0].At == ""
}

// lacksLayer notes that a layer's class is missing, and what is inside it.
func (r *reader) lacksLayer(o *Object, where string) {
	defer r.apart()()
	r.lacks("layer", o.fullName(), where)
	_, _ = r.policy(o, where) // what is malformed is refused with its class
	r.walk("", o.Config, where)
}

// walk notes what is missing inside a config of a class that is missing itself: key
// is the setting that raw is the value of.
func (r *reader) walk(key string, raw json.RawMessage, where string) {
	if len(raw) == 0 || r.setting(key, raw, where) {
		return
	}
	switch raw[0] {
	case '[':
		for e := range vocab.Each(raw) {
			r.walk(key, e, where)
		}
	case '{':
		r.walkObject(key, raw, where)
	}
}

// setting notes what is missing of a setting whose name says what it is. It reports
// whether it is one.
func (r *reader) setting(key string, raw json.RawMessage, where string) bool {
	var v any
	switch key[strings.LastIndexByte(key, '_')+1:] {
	case "activation":
		v = new(nn.Activation)
	case "initializer":
		v = new(nn.Initializer)
	case "regularizer":
		v = new(nn.Regularizer)
	case "constraint":
		v = new(nn.Constraint)
	default:
		return false
	}
	_ = r.note(where+" "+key, json.Unmarshal(raw, v)) // what is malformed is refused with its class
	return true
}

func (r *reader) walkObject(key string, raw json.RawMessage, where string) {
	m, err := vocab.Members(raw)
	if err != nil {
		return
	}
	o, err := objectOf(raw)
	switch {
	case err != nil: // not an object of Keras's
		for _, k := range slices.Sorted(maps.Keys(m)) {
			r.walk(k, m[k], where)
		}
	case o.Class == "__lambda__" || o.Class == "__bytes__":
		r.lacks("code", o.Class, strings.TrimSpace(where+" "+key))
	case o.Class == "function":
		name, _, _ := vocab.Decode(raw)
		r.lacks("function", name, strings.TrimSpace(where+" "+key))
	case strings.HasSuffix(o.Module, "layers") || !o.own() || slices.Contains([]string{"layer", "cell", "cells", "layers"}, key[strings.LastIndexByte(key, '_')+1:]):
		at := strings.TrimSpace(tail(where) + "/" + key + " " + tail(nameOf(o)))
		_, _ = r.layer(o, at, at+"/")
	default:
		r.walk("", o.Config, where)
	}
}
