package keras

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/internal/vocab"
)

// Missing is an unsupported part of a model of Keras's.
type Missing struct {
	// Kind is one of layer, model, activation, initializer, regularizer, constraint,
	// loss, metric, optimizer, schedule, option, dtype policy, ...
	Kind string
	// Name is Keras's name of it, that of an option with the class: "Dense.lora_rank".
	Name string
	// Where is its place: "layers[3] conv2d_1", or further in, "layers[2]
	// encoder/layers[0] dense kernel_initializer".
	Where string
}

// MissingError lists all unsupported parts of a model, in the model's order.
type MissingError struct{ Items []Missing }

// mostPlaces bounds the places of one thing in a message, and longestList the bytes of all
// things.
const (
	mostPlaces  = 8
	longestList = 32 << 10
)

// Error lists what is missing, each thing once with the places where it stands.
func (e *MissingError) Error() string {
	type thing struct{ kind, name string }
	type found struct {
		thing
		places []string // the first of them
		n      int
	}
	var order []*found
	all, length := map[thing]*found{}, 0
	left := 0 // things that are not listed
	for _, m := range e.Items {
		t := thing{m.Kind, m.Name}
		f := all[t]
		switch {
		case f == nil && length > longestList:
			left++ // each time that it stands somewhere
			continue
		case f == nil:
			f = &found{thing: t}
			all[t], order = f, append(order, f)
			length += len(m.Kind) + len(m.Name) + len(m.Where) + len("\n   : ")
		}
		if f.n++; f.n <= mostPlaces {
			f.places = append(f.places, m.Where)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "keras: unsupported parts of the model:")
	for _, f := range order {
		fmt.Fprintf(&b, "\n  %s %s", f.kind, f.name)
		if f.n > 1 {
			fmt.Fprintf(&b, " (%d times)", f.n)
		}
		b.WriteString(": " + strings.Join(f.places, ", "))
		if n := f.n - len(f.places); n > 0 {
			fmt.Fprintf(&b, " and %d more", n)
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n  and %d more", left)
	}
	return b.String()
}

// missing returns the unsupported parts of a model, in its order.
func (t *tree) missing() []Missing { return t.model.missing(nil) }

// missing appends the unsupported parts of a part.
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

// missingList lists unsupported parts.
type missingList []Missing

// add adds an unsupported part.
func (l *missingList) add(kind, name, where string) {
	name, where = plaintext.Text(plaintext.Cut(name, longest)), plaintext.Text(where)
	*l = append(*l, Missing{kind, name, where})
}

// note adds the unsupported parts that err lists. Other errors are returned, with the place.
func (l *missingList) note(where string, err error) error {
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
		l.add(item.Kind, item.Name, at)
	}
	return nil
}

// isClassMissing reports whether err says that a class is unsupported itself, not only some
// setting.
func isClassMissing(err error, name string) bool {
	var m *vocab.MissingError
	return errors.As(err, &m) && len(m.Items) == 1 && m.Items[0].Name == name && m.Items[0].At == ""
}
