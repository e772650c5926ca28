package keras

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
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

// missing returns what is missing of a model, in its order.
func (t *tree) missing() []Missing { return t.model.missing(nil) }

// missing appends what is missing of a part.
func (p *part) missing(all []Missing) []Missing {
	all = append(all, p.before...)
	if p.input != nil {
		all = p.input.missing(all)
	}
	for _, x := range p.parts {
		all = x.missing(all)
	}
	return append(all, p.after...)
}

// lacking lists what is missing somewhere.
type lacking []Missing

// lacks notes something that is missing.
func (l *lacking) lacks(kind, name, where string) {
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "..."
	}
	*l = append(*l, Missing{kind, name, where})
}

// note notes what err says is missing. Other errors are returned, with the place.
func (l *lacking) note(where string, err error) error {
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
		l.lacks(item.Kind, item.Name, at)
	}
	return nil
}

// lacksClass reports whether err says that a class is missing itself, not only some
// setting.
func lacksClass(err error, name string) bool {
	var m *vocab.MissingError
	return errors.As(err, &m) && len(m.Items) == 1 && m.Items[0].Name == name && m.Items[0].At == ""
}
