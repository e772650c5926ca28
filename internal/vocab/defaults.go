package vocab

import "reflect"

// defaulter is a struct, or a group of settings that structs embed, some of whose
// settings stand for a default as long as they are zero.
type defaulter interface{ SetDefaults() }

// WithDefaults returns v, or if v is a struct, or points to one, that has a method
// SetDefaults or embeds groups that have, a copy after these were called.
func WithDefaults(v any) any {
	p := reflect.ValueOf(v)
	pointer := p.Kind() == reflect.Pointer
	if pointer {
		p = p.Elem()
	}
	if p.Kind() != reflect.Struct {
		return v
	}
	c := reflect.New(p.Type())
	c.Elem().Set(p)
	if !setDefaults(c) {
		return v
	}
	if pointer {
		return c.Interface()
	}
	return c.Elem().Interface()
}

// setDefaults calls SetDefaults of the struct that p points to, or of those embedded in
// it, and reports whether there is one.
func setDefaults(p reflect.Value) (set bool) {
	if d, ok := p.Interface().(defaulter); ok {
		d.SetDefaults()
		return true
	}
	for i := range p.Elem().NumField() {
		if f := p.Elem().Type().Field(i); f.Anonymous && f.IsExported() && f.Type.Kind() == reflect.Struct {
			set = setDefaults(p.Elem().Field(i).Addr()) || set
		}
	}
	return set
}
