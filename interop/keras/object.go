package keras

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// Object is the result of keras.saving.serialize_keras_object for a model or a layer.
type Object struct {
	// Module is where Keras has the class, empty in files of Keras 2.
	Module string
	// Class is the name of the class.
	Class string
	// Registered is the name under which a class of the user's is registered,
	// "my_package>MyLayer"; nil for Keras's own.
	Registered *string
	// Config is the object's settings, BuildConfig the shapes that it was built for,
	// CompileConfig how it is trained; nil if there are none. In the older form the
	// attribute training_config takes the place of the last.
	Config, BuildConfig, CompileConfig json.RawMessage

	old   bool // out of a file of Keras 1 or 2
	later bool // out of one of Keras 3.16 and later

	assets  map[string][]byte          // vocabularies by the groups of their layers, of a model
	shared  json.RawMessage            // the number of an object that others may name
	members map[string]json.RawMessage // of the config, parsed on demand

	// name and calls are those of a layer of a functional model, when it is written.
	name  *string
	calls []inbound
}

// Lists and objects may nest no deeper than deepest. Long ones may nest no deeper on average
// than meanDepth, since each level is parsed with all its contents. A model in a model takes
// four levels; Keras's applications have six on average.
const (
	deepest   = 512
	meanDepth = 32
	deepWork  = 64 << 20 // bytes, each as often as it is deep
)

// ParseObject reads an object. Its parts share b's memory. Of two members with one
// name the last counts, as in Python.
//
// It fails on text that is not JSON, such as Python's NaN and Infinity, on lists and objects
// more than 512 deep, or more than 32 on average if they are long, on more than 262144
// values, on more than 131072 members of objects or 4096 of one, and on objects without a
// class_name. Errors name the byte.
func ParseObject(b []byte) (*Object, error) {
	if err := check(b); err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	o, err := objectOf(b)
	if err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	return o, nil
}

// objectOf reads an object from valid JSON.
func objectOf(b []byte) (*Object, error) {
	o := &Object{}
	if err := vocab.EachMember(b, o.member); err != nil {
		return nil, err
	}
	if o.Class == "" {
		return nil, fmt.Errorf("%s: want an object with class_name", vocab.Short(b))
	}
	return o, nil
}

// member takes a member of the object.
func (o *Object) member(key []byte, v json.RawMessage) (err error) {
	switch string(key) {
	case "config":
		o.Config = v
	case "build_config":
		o.BuildConfig = v
	case "compile_config":
		o.CompileConfig = v
	case "shared_object_id":
		o.shared = v
	case "class_name":
		o.Class, err = stringOf(key, v)
	case "module":
		o.Module, err = stringOf(key, v)
	case "registered_name":
		o.Registered = nil
		var name string
		if name, err = stringOf(key, v); err == nil && !vocab.Unset(v) {
			o.Registered = &name
		}
	}
	return err
}

// stringOf returns the string that a member is, an empty one for null.
func stringOf(key []byte, v json.RawMessage) (string, error) {
	if string(v) == "null" {
		return "", nil
	}
	s, err := vocab.String(v)
	if err != nil {
		return "", fmt.Errorf("%s is %s: want a string", key, vocab.Short(v))
	}
	return s, nil
}

// settings returns the members of the config, nil if it is no object.
func (o *Object) settings() map[string]json.RawMessage {
	if o.members == nil {
		o.members, _ = vocab.Members(o.Config)
	}
	return o.members
}

// apart returns a copy of the object that parses its members for itself.
func (o *Object) apart() *Object {
	own := *o
	own.members = nil
	return &own
}

// MarshalJSON writes the object as Keras does. Of a registered class Keras knows no
// module, but without the word it takes an object for one of Keras 2.
func (o *Object) MarshalJSON() ([]byte, error) {
	var module any
	switch {
	case o.Module != "":
		module = o.Module
	case o.Registered != nil:
		module = json.RawMessage("null")
	}
	return json.Marshal(struct {
		Module     any             `json:"module,omitempty"`
		Class      string          `json:"class_name"`
		Config     json.RawMessage `json:"config"`
		Registered *string         `json:"registered_name"`
		Build      json.RawMessage `json:"build_config,omitempty"`
		Compile    json.RawMessage `json:"compile_config,omitempty"`
		Name       *string         `json:"name,omitempty"`
		Inbound    []inbound       `json:"inbound_nodes,omitzero"`
	}{module, o.Class, o.Config, o.Registered, o.BuildConfig, o.CompileConfig, o.name, o.calls})
}

// UnmarshalJSON reads an object as [ParseObject] does.
func (o *Object) UnmarshalJSON(b []byte) error {
	parsed, err := ParseObject(bytes.Clone(b))
	if err != nil {
		return err
	}
	*o = *parsed
	return nil
}

// own reports whether the object is of a class of Keras's.
func (o *Object) own() bool { return vocab.Own(o.Module, o.Class, o.Registered) }

// fullName returns the class, with the package before it if it is the user's: the name by
// which it is registered.
func (o *Object) fullName() string { return vocab.InPackage(o.Module, o.Class, o.Registered) }

// check returns an error unless b is JSON of no more than mostValues values that is not too deep.
func check(b []byte) error {
	depth, work := 0, 0
	values, members := 1, 0       // behind each comma stands one, and in each list and object
	var opened [deepest + 1]int   // where the lists and objects around begin
	var settings [deepest + 1]int // members of these so far
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case ',':
			values++
		case ':':
			members++
			if settings[depth]++; settings[depth] > mostSettings {
				return fmt.Errorf("byte %d: an object of more than %d members: want fewer", i, mostSettings)
			}
		case '{', '[':
			values++
			if depth++; depth > deepest {
				return fmt.Errorf("byte %d: lists and objects nest more than %d deep", i, deepest)
			}
			opened[depth], settings[depth] = i, 0
		case '}', ']':
			if depth > 0 {
				work += i - opened[depth]
				depth--
			}
			if work > deepWork && work/meanDepth > len(b) {
				return fmt.Errorf("byte %d: lists and objects nest more than %d deep on average of %d bytes", i, meanDepth, len(b))
			}
		case 'N', 'I':
			for _, word := range []string{"NaN", "Infinity"} {
				if bytes.HasPrefix(b[i:], []byte(word)) {
					return fmt.Errorf("byte %d: number %s: want one that is finite", i, word)
				}
			}
		}
		if values > mostValues || members > mostMembers {
			return fmt.Errorf("byte %d: more than %d values, or %d members of objects: want fewer", i, mostValues, mostMembers)
		}
	}
	if json.Valid(b) {
		return nil
	}
	var skipped struct{}
	err := json.Unmarshal(b, &skipped)
	var bad *json.SyntaxError
	if errors.As(err, &bad) {
		return fmt.Errorf("byte %d: %w", bad.Offset, err)
	}
	return fmt.Errorf("not JSON: %w", err)
}
