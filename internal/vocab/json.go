package vocab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Object is the form in which Keras writes a value of a class.
type Object struct {
	Module     string          `json:"module,omitempty"`
	Class      string          `json:"class_name"`
	Config     json.RawMessage `json:"config"`
	Registered *string         `json:"registered_name"`
}

// MarshalJSON writes the object as Keras does. A registered class has no module, but the
// member is written: Keras takes an object without it for one of Keras 2.
func (o *Object) MarshalJSON() ([]byte, error) {
	type plain Object
	if o.Module != "" || o.Registered == nil {
		return json.Marshal((*plain)(o))
	}
	return json.Marshal(struct {
		Module *string `json:"module"`
		*plain
	}{plain: (*plain)(o)})
}

// Decode reads an object, a bare name, or null, which has no name. The name of a
// function is that of the function; the name of a class that is not Keras's has its package
// in front, as in "mine>L2", so that no table takes it for Keras's.
func Decode(b []byte) (name string, config json.RawMessage, err error) {
	b = bytes.TrimSpace(b)
	switch {
	case string(b) == "null":
		return "", nil, nil
	case len(b) > 0 && b[0] == '"':
		return name, nil, json.Unmarshal(b, &name)
	case !json.Valid(b) || b[0] != '{':
		return "", nil, fmt.Errorf("%s: want a name or an object with class_name", Short(b))
	}
	m, err := Members(b)
	if err != nil {
		return "", nil, err
	}
	if m["class_name"] == nil && m["value"] != nil { // Keras writes a lambda as an activation so
		return "__lambda__", nil, nil
	}
	if err := json.Unmarshal(m["class_name"], &name); err != nil || name == "" {
		return "", nil, fmt.Errorf("%s: want an object with class_name", Short(b))
	}
	config = m["config"]
	switch {
	case name == "function" && len(config) > 0 && config[0] == '"':
		return name, nil, json.Unmarshal(config, &name)
	case strings.HasPrefix(name, "__"): // not of a class that anyone could register
		return name, config, nil
	}
	var module string
	var registered *string
	for key, dst := range map[string]any{"module": &module, "registered_name": &registered} {
		if v, ok := m[key]; ok && json.Unmarshal(v, dst) != nil {
			return "", nil, fmt.Errorf("%s is %s: want a string", key, Short(v))
		}
	}
	return InPackage(module, name, registered), config, nil
}

// InPackage returns the name of a class of Keras's, and that of another one with the
// package before it, as in "mine>L2".
func InPackage(module, class string, registered *string) string {
	switch {
	case Own(module, class, registered):
		return class
	case registered != nil && *registered != class:
		return *registered
	case module != "":
		return module + ">" + class
	}
	return "Custom>" + class
}

// Own reports whether an object is of a class of Keras's. Keras 2 writes no module. For a
// class of the user's that is not registered, Keras 3 writes no module, and the class as
// the registered name.
func Own(module, class string, registered *string) bool {
	if registered != nil && (*registered != class || module == "") {
		return false
	}
	first, _, _ := strings.Cut(module, ".")
	return slices.Contains([]string{"", "keras", "tf_keras", "tensorflow"}, first)
}

// Members returns the members of an object in valid JSON, without copies: the values
// share b's memory. Of two with one name the last counts, as in Python.
func Members(b []byte) (map[string]json.RawMessage, error) {
	m := map[string]json.RawMessage{}
	return m, EachMember(b, func(key []byte, value json.RawMessage) error {
		m[string(key)] = value
		return nil
	})
}

// EachMember calls f for the members of an object in valid JSON, whose values share b's
// memory, until it fails. The key is f's for the call.
func EachMember(b []byte, f func(key []byte, value json.RawMessage) error) error {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		return fmt.Errorf("%s: want an object", Short(b))
	}
	for rest := space(b[1:]); rest[0] != '}'; {
		n := valueLen(rest)
		key, err := unquote(rest[:n])
		if err != nil {
			return err
		}
		rest = space(space(rest[n:])[1:]) // behind the colon
		n = valueLen(rest)
		if err := f(key, json.RawMessage(rest[:n:n])); err != nil {
			return err
		}
		if rest = space(rest[n:]); rest[0] == ',' {
			rest = space(rest[1:])
		}
	}
	return nil
}

// String returns the value of a string in valid JSON. It fails for other values.
func String(b []byte) (string, error) {
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '"' {
		return "", fmt.Errorf("%s: want a string", Short(b))
	}
	s, err := unquote(b)
	return string(s), err
}

// unquote returns the value of a string literal, which may share its memory.
func unquote(b []byte) ([]byte, error) {
	if bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) {
		return b[1 : len(b)-1], nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	return []byte(s), err
}

// Elements returns the elements of a list in valid JSON, which share b's memory.
func Elements(b []byte) ([]json.RawMessage, error) {
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '[' {
		return nil, fmt.Errorf("%s: want a list", Short(b))
	}
	n := 0
	for range Each(b) {
		n++
	}
	all := make([]json.RawMessage, 0, n) // a list that grows takes three times as much
	return slices.AppendSeq(all, Each(b)), nil
}

// Each goes through the elements of a list in valid JSON, which b starts with.
func Each(b []byte) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		for rest := space(b[1:]); rest[0] != ']'; {
			n := valueLen(rest)
			if !yield(json.RawMessage(rest[:n:n])) {
				return
			}
			if rest = space(rest[n:]); rest[0] == ',' {
				rest = space(rest[1:])
			}
		}
	}
}

func space(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }

// valueLen returns the length of the value that valid JSON starts with.
func valueLen(b []byte) int {
	if b[0] == '"' {
		return stringLen(b)
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i += stringLen(b[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // the end of the list or object around a number
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}

// stringLen returns the length of the string literal that b starts with.
func stringLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

var (
	wordStart = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	wordEnd   = regexp.MustCompile(`([a-z])([A-Z])`)
)

// SnakeCase turns a class into the name that Keras gives its layers and functions:
// BatchNormalization into batch_normalization, Conv2D into conv2d.
func SnakeCase(class string) string {
	return strings.ToLower(wordEnd.ReplaceAllString(wordStart.ReplaceAllString(class, "${1}_$2"), "${1}_$2"))
}
