// Package vocab keeps tables of the classes and functions that Keras's files name:
// one entry a class, with its name in files and a function that makes a value from its
// config. Each kind has one table, in the package that owns the kind, and the table
// serves reading and writing.
package vocab

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Class is one of Keras's classes or functions.
type Class[T any] struct {
	// Name is Keras's name, Aliases are others by which files call it.
	Name    string
	Aliases []string
	// Module is where Keras has the class, if that is not the module of the table.
	Module string
	// New makes one from its config, with Keras's default where a setting is absent.
	New func(c *Config) (T, error)
	// Fixed holds unsupported settings, and the JSON of the one value that may be
	// given; an empty text lets any pass. Null and false always pass: they are unset.
	Fixed map[string]string
	// Own lists settings that Keras does not have: its files cannot hold them.
	Own []string
	// Numbers lists settings that Keras wants as numbers, for which null is written as 0.
	Numbers []string

	registered bool         // not one of Keras's
	typ        reflect.Type // of the values of New, if it was added by Register
	function   uintptr      // that it is made of, if it was added by RegisterValue
}

// Table lists the classes of one kind.
type Table[T any] struct {
	// Kind is the kind of the entries, "layer"; Module is Keras's module, "keras.layers".
	Kind, Module string
	// Fold, if there is one, makes a second name of a class, such as snake case.
	Fold func(string) string
	// Fixed holds settings of all classes, Common those of registered ones, as in [Class].
	Fixed, Common map[string]string
	Classes       []Class[T]

	mu    sync.Mutex
	index map[string]*Class[T] // by every name; nil after a class was added
}

// Add adds a class, from the file of its type. It panics if there is one of that name.
func (t *Table[T]) Add(c Class[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.ContainsFunc(t.Classes, func(other Class[T]) bool { return other.Name == c.Name }) {
		panic(fmt.Sprintf("vocab: two classes of %ss named %s", t.Kind, c.Name))
	}
	t.Classes, t.index = append(t.Classes, c), nil
}

// Find returns the entry of a name, nil if there is none.
func (t *Table[T]) Find(name string) *Class[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.index == nil {
		t.index = map[string]*Class[T]{}
		for i := range t.Classes {
			c := &t.Classes[i]
			for _, a := range c.Aliases {
				if t.index[a] == nil || !c.registered {
					t.index[a] = c
				}
			}
			if t.Fold != nil && !c.registered {
				t.index[t.Fold(c.Name)] = c
			}
		}
		for i := range t.Classes { // the names themselves come first
			t.index[t.Classes[i].Name] = &t.Classes[i]
		}
	}
	return t.index[name]
}

// Make returns the value of a name and a config; nil is an empty config. Unsupported
// classes and settings are a *MissingError, which lists all of them.
func (t *Table[T]) Make(name string, config []byte) (v T, err error) {
	class := t.Find(name)
	if class == nil {
		return v, &MissingError{[]Missing{{Kind: t.Kind, Name: name}}}
	}
	c, err := newConfig(config)
	if err != nil {
		return v, fmt.Errorf("config of %s: %w", name, err)
	}
	c.class, c.fixed = class.Name, []map[string]string{class.Fixed, t.Fixed}
	v, err = class.New(c)
	var m *MissingError
	if err != nil && !errors.As(err, &m) {
		return v, fmt.Errorf("config of %s: %w", name, err)
	}
	items := append(c.missing, c.rest()...)
	if m != nil {
		items = append(items, m.Items...)
	}
	if len(items) > 0 {
		return v, &MissingError{items}
	}
	return v, nil
}

// Unmarshal returns the value of the JSON that Keras writes for one of the classes: an
// object, a name, or null, which is the zero T. Errors name the kind.
func (t *Table[T]) Unmarshal(b []byte) (v T, err error) {
	name, config, err := Decode(b)
	switch {
	case err != nil:
		return v, fmt.Errorf("%s: %w", t.Kind, err)
	case name == "":
		return v, nil
	}
	return t.Make(name, config)
}

// Marshal writes an object of the class of that name, with cfg as its config.
func (t *Table[T]) Marshal(class string, cfg any) ([]byte, error) {
	b, err := Marshal(cfg)
	if err != nil {
		return nil, err
	}
	entry := t.Find(class)
	if entry == nil {
		entry = &Class[T]{Name: class}
	}
	return json.Marshal(t.object(entry, b))
}

// MarshalFunction writes a registered function.
func (t *Table[T]) MarshalFunction(name string) ([]byte, error) {
	o, err := t.Function(name)
	if err != nil {
		return nil, err
	}
	return json.Marshal(o)
}

// Function returns the object of a function of the user's. It fails if none is registered
// under that name.
func (t *Table[T]) Function(name string) (*Object, error) {
	if t.Find(RegisteredName(name)) == nil {
		return nil, fmt.Errorf("%s %q is a function of your own: want it registered by its method Register", t.Kind, name)
	}
	text, err := json.Marshal(RegisteredName(name))
	if err != nil {
		return nil, err
	}
	of := "function"
	return &Object{Module: "builtins", Class: of, Config: text, Registered: &of}, nil
}

// Serialize returns the object that Keras writes for v, whose class is given. It
// fails if Keras does not support v's class or a setting of v, or if the table does not
// make a value of v's type from the object.
func (t *Table[T]) Serialize(v T, class string) (*Object, error) {
	if name := t.Registered(v); name != "" {
		class = name
	}
	entry := t.Find(class)
	if entry == nil {
		return nil, fmt.Errorf("%s %q (%T): Keras has none of that class, and none is registered: want it registered by Register", t.Kind, class, v)
	}
	config, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	if config, err = entry.keras(config); err != nil {
		return nil, err
	}
	back, err := t.Make(class, config)
	if err != nil {
		return nil, err
	}
	if reflect.TypeOf(back) != reflect.TypeOf(v) {
		return nil, fmt.Errorf("%s %q (%T): want a %T, the type that Keras's class makes", t.Kind, class, v, back)
	}
	return t.object(entry, config), nil
}

// object returns the object of a class with a config.
func (t *Table[T]) object(c *Class[T], config []byte) *Object {
	if c.Module != "" {
		o := &Object{Module: c.Module, Class: c.Name, Config: config}
		if IsInternal(c.Module) {
			o.Registered = &c.Name
		}
		return o
	}
	if !c.registered {
		return &Object{Module: t.Module, Class: c.Name, Config: config}
	}
	return &Object{Class: ShortName(c.Name), Config: config, Registered: &c.Name}
}

// IsInternal reports whether a module of Keras's is one that it does not export: its classes
// have a registered name in files, that of the class.
func IsInternal(module string) bool { return strings.HasPrefix(module, "keras.src.") }

// keras returns a config as Keras takes it, or an error if it has settings that Keras does
// not support.
func (c *Class[T]) keras(config []byte) ([]byte, error) {
	if len(c.Own)+len(c.Numbers) == 0 {
		return config, nil
	}
	m, err := Members(config)
	if err != nil {
		return nil, err
	}
	for _, key := range c.Own {
		if v, ok := m[key]; ok && !Unset(v) {
			return nil, fmt.Errorf("%s: Keras's %s has no such setting", key, c.Name)
		}
	}
	changed := false
	for _, key := range c.Numbers {
		if string(m[key]) == "null" {
			m[key], changed = json.RawMessage("0.0"), true
		}
	}
	if !changed {
		return config, nil
	}
	return json.Marshal(m)
}

// ClassOf returns the result of v's method Class, or the name of v's type without the
// suffix of its kind: "Huber" of *HuberLoss. A name that is the suffix stays.
func ClassOf(v any, suffix string) string {
	if c, ok := v.(interface{ Class() string }); ok {
		return c.Class()
	}
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name := strings.TrimSuffix(t.Name(), suffix); name != "" {
		return name
	}
	return suffix
}

// Parts returns the parts of an object in a file: the module and the class of one of
// Keras's, no module and the registered name of another.
func (o *Object) Parts() (module, class string, config []byte) {
	if o.Module == "" && o.Registered != nil {
		return "", *o.Registered, o.Config
	}
	return o.Module, o.Class, o.Config
}

// Missing is something unsupported that a config names.
type Missing struct {
	Kind, Name string // "initializer", "Orthogonal"
	At         string // the setting that names it: "kernel_initializer"
}

// MissingError lists everything unsupported in one object.
type MissingError struct{ Items []Missing }

// Error implements error.
func (e *MissingError) Error() string {
	var all []string
	for _, m := range e.Items {
		s := fmt.Sprintf("%s %q", m.Kind, m.Name)
		if m.At != "" {
			s = m.At + ": " + s
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ") + ": want what glia has of Keras"
}
