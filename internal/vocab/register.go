package vocab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// RegisteredName returns the name under which Keras registers a class or a function:
// "Custom>Gate" for "Gate", a name with a package as it is.
func RegisteredName(name string) string {
	if strings.Contains(name, ">") {
		return name
	}
	return "Custom>" + name
}

// ShortName returns a registered name without the package.
func ShortName(name string) string { return name[strings.LastIndexByte(name, '>')+1:] }

// Register adds the class of a type: one that is not Keras's, under the name that
// keras.saving's register_keras_serializable gives it, or under the table's module and '>'
// one of Keras's own. Files know a class of the package Custom by its short name, too.
// Settings that Keras has for all of the kind may be in the configs of a class that does
// not read them.
//
// Like the Register functions of the standard library it panics on a mistake in the
// program: no name, a name or a type that is registered already, for another type or
// under another name. To register the same again changes nothing.
func (t *Table[T]) Register(name string, fresh func() T) {
	if fresh == nil {
		panic(fmt.Sprintf("Register: %s %q: the function is nil", t.Kind, name))
	}
	v := fresh()
	typ := reflect.TypeOf(any(v))
	if typ == nil || typ.Kind() == reflect.Pointer && reflect.ValueOf(any(v)).IsNil() {
		panic(fmt.Sprintf("Register: %s %q: the function returns nil", t.Kind, name))
	}
	t.add(name, typ, 0, func(c *Config) (T, error) {
		v := fresh()
		if typ.Kind() == reflect.Pointer {
			return v, c.Custom(v)
		}
		settings := reflect.New(typ) // of a value, which cannot be set
		settings.Elem().Set(reflect.ValueOf(v))
		err := c.Custom(settings.Interface())
		return settings.Elem().Interface().(T), err
	})
}

// RegisterValue is Register of a value that its name describes, which is not Keras's: one
// that is made of the function f. It panics if the name is registered for another function.
// Two closures of one line are the same: the last one counts.
func (t *Table[T]) RegisterValue(name string, v T, f any) {
	if class, ok := t.kerasName(name); ok {
		panic(fmt.Sprintf("Register: %s %q: want a package of your own before %s", t.Kind, name, class))
	}
	t.add(name, nil, reflect.ValueOf(f).Pointer(), Plain(v))
}

// sameFunction reports whether two functions are the same, closures by where they are made: the
// compiler may have several copies of one that it inlines.
func sameFunction(a, b uintptr) bool {
	return a == b || a != 0 && b != 0 && lineOf(a) == lineOf(b)
}

// lineOf returns file and line of a function, "nil" of none, or its name if the compiler made it.
func lineOf(f uintptr) string {
	if f == 0 {
		return "nil"
	}
	file, line := runtime.FuncForPC(f).FileLine(f)
	if line <= 1 {
		return runtime.FuncForPC(f).Name()
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// kerasName returns the name of one of Keras's own classes after the table's module.
func (t *Table[T]) kerasName(name string) (class string, ok bool) {
	return strings.CutPrefix(name, t.Module+">")
}

func (t *Table[T]) add(name string, typ reflect.Type, f uintptr, make func(c *Config) (T, error)) {
	name = RegisteredName(name)
	short := ShortName(name)
	if short == "" || strings.HasPrefix(name, ">") {
		panic(fmt.Sprintf("Register: %s %q: want a name, or a package and a name with '>' between", t.Kind, name))
	}
	c := Class[T]{Name: name, New: make, registered: true, typ: typ, function: f, Fixed: t.Common}
	if class, ok := t.kerasName(name); ok {
		name, c.Name, c.registered = class, class, false
	}
	if name == "Custom>"+short {
		c.Aliases = []string{short}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.Classes {
		switch other := &t.Classes[i]; {
		case other.Name == name && other.typ == nil && !other.registered:
			panic(fmt.Sprintf("Register: %s %q of type %v: glia has one", t.Kind, name, typ))
		case other.Name == name && typ == nil && other.typ == nil && !sameFunction(other.function, f):
			panic(fmt.Sprintf("Register: %s %q: the name is registered for another function, of %s", t.Kind, name, filepath.Base(lineOf(other.function))))
		case other.Name == name && typ == nil && other.typ == nil: // closures may differ: the last counts
			t.Classes = slices.Clone(t.Classes) // others may hold the entry
			t.Classes[i].New, t.index = make, nil
			return
		case other.Name == name && other.typ == typ:
			return
		case other.Name == name:
			panic(fmt.Sprintf("Register: %s %q is of type %v: it is registered for %v", t.Kind, name, typ, other.typ))
		case typ != nil && other.typ == typ:
			panic(fmt.Sprintf("Register: %v as %s %q: it is registered as %q", typ, t.Kind, name, other.Name))
		}
	}
	t.Classes, t.index = append(t.Classes, c), nil
}

// Registered returns the name under which the type of v is registered, empty if it is not.
func (t *Table[T]) Registered(v any) string {
	typ := reflect.TypeOf(v)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.Classes {
		if c := &t.Classes[i]; c.typ != nil && c.typ == typ {
			return c.Name
		}
	}
	return ""
}

// Custom sets what dst points to from the config, as [Config.Into] does, or by its method
// UnmarshalJSON from all of it.
func (c *Config) Custom(dst any) error {
	u, ok := dst.(json.Unmarshaler)
	if !ok {
		if reflect.TypeOf(dst).Kind() != reflect.Pointer || reflect.TypeOf(dst).Elem().Kind() != reflect.Struct {
			return nil // it has no settings
		}
		return c.Into(dst)
	}
	text, err := json.Marshal(c.members)
	if err != nil {
		return err
	}
	for key := range c.members {
		c.read[key] = true
	}
	return u.UnmarshalJSON(text)
}

// codecs read and write fields of interface types, by the type. It is no sync.Map: each
// package with a table would compile one.
var (
	codecsMu sync.RWMutex
	codecs   = map[reflect.Type]codec{}
)

type codec struct {
	read  func(b []byte) (any, error)
	write func(v any) ([]byte, error)
}

// Fields lets settings be fields of type T, an interface type, and lists of T: they are
// read and written as objects of the table. Object returns that of a value.
func (t *Table[T]) Fields(object func(v T) (*Object, error)) {
	setCodec(reflect.TypeFor[T](), codec{
		read: func(b []byte) (any, error) { return t.Unmarshal(b) },
		write: func(v any) ([]byte, error) {
			o, err := object(v.(T))
			if err != nil {
				return nil, err
			}
			return json.Marshal(o)
		},
	})
}

func setCodec(t reflect.Type, c codec) {
	codecsMu.Lock()
	defer codecsMu.Unlock()
	codecs[t] = c
}

// codecOf returns the codec of an interface type.
func codecOf(t reflect.Type) (c codec, ok bool) {
	if t.Kind() != reflect.Interface {
		return c, false
	}
	codecsMu.RLock()
	defer codecsMu.RUnlock()
	c, ok = codecs[t]
	return c, ok
}

// unmarshal is json.Unmarshal that knows fields of the tables' types.
func unmarshal(raw []byte, dst reflect.Value) error {
	if c, ok := codecOf(dst.Type()); ok {
		v, err := c.read(raw)
		if err != nil {
			return err
		}
		dst.SetZero()
		if v != nil {
			dst.Set(reflect.ValueOf(v))
		}
		return nil
	}
	if dst.Kind() != reflect.Slice {
		return json.Unmarshal(raw, dst.Addr().Interface())
	}
	if _, ok := codecOf(dst.Type().Elem()); !ok {
		return json.Unmarshal(raw, dst.Addr().Interface())
	}
	dst.SetZero()
	if raw = bytes.TrimSpace(raw); string(raw) == "null" {
		return nil
	}
	elements, err := Elements(raw)
	if err != nil {
		return err
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(elements), len(elements)))
	for i, e := range elements {
		if err := unmarshal(e, dst.Index(i)); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}
