package vocab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Config is the config of one object. It keeps track of which settings were read.
type Config struct {
	members map[string]json.RawMessage
	read    map[string]bool
	missing []Missing
	class   string
	fixed   []map[string]string // settings that may have some value, or any
}

func newConfig(b []byte) (*Config, error) {
	c := &Config{read: map[string]bool{}}
	if b = bytes.TrimSpace(b); len(b) == 0 || string(b) == "null" {
		return c, nil
	}
	if !json.Valid(b) {
		return nil, fmt.Errorf("%s: want JSON", Short(b))
	}
	var err error
	c.members, err = Members(b)
	return c, err
}

// Into sets the fields of the struct that dst points to, those of embedded structs
// too, from the settings with their json tags. Fields of absent settings stay as
// they are. Settings that are unsupported are recorded; [Table.Make] reports them.
func (c *Config) Into(dst any) error { return c.into(reflect.ValueOf(dst).Elem()) }

func (c *Config) into(v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && key == "" && f.Type.Kind() == reflect.Struct:
			if err := c.into(v.Field(i)); err != nil {
				return err
			}
		case f.IsExported() && key != "" && key != "-":
			if err := c.Get(key, v.Field(i).Addr().Interface()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Get sets what dst points to from a setting, if it is there.
func (c *Config) Get(key string, dst any) error {
	raw, ok := c.members[key]
	if !ok {
		return nil
	}
	c.read[key] = true
	v := reflect.ValueOf(dst).Elem()
	before := reflect.New(v.Type()).Elem()
	before.Set(v)
	err := unmarshal(raw, v)
	var m *MissingError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &m):
		for _, item := range m.Items {
			item.At = strings.TrimSuffix(key+"."+item.At, ".")
			c.missing = append(c.missing, item)
		}
		return nil
	case errors.As(err, &wrong) && passes(key, raw, c.fixed):
		v.Set(before)
		return nil
	case errors.As(err, &wrong) && (raw[0] == '[' || raw[0] == '{') && kindOf(wrong.Type) == kindOf(v.Type()): // not malformed, only more than glia takes
		c.missing = append(c.missing, Missing{Kind: "option", Name: c.class + "." + key + " " + Short(raw)})
		return nil
	case errors.As(err, &wrong):
		return fmt.Errorf("%s: %s: want %s", key, Short(raw), kindOf(wrong.Type))
	case err != nil:
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// kindOf returns the name of the JSON kind of a Go type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// mostRest bounds the settings of one object that are listed as unsupported.
const mostRest = 20

// rest returns the settings that were not read, except null, false and allowed values: the
// first of them, and how many more there are.
func (c *Config) rest() (items []Missing) {
	var unread []string
	for key, raw := range c.members {
		if !c.read[key] && !Unset(raw) && !passes(key, raw, c.fixed) {
			unread = append(unread, key)
		}
	}
	slices.Sort(unread)
	for i, key := range unread {
		if i == mostRest {
			return append(items, Missing{Kind: "option", Name: fmt.Sprintf("%s: %d more", c.class, len(unread)-i)})
		}
		raw := c.members[key]
		if inner, _, err := Decode(raw); err == nil && strings.HasSuffix(key, "_constraint") {
			items = append(items, Missing{Kind: "constraint", Name: inner, At: key})
			continue
		}
		items = append(items, Missing{Kind: "option", Name: c.class + "." + key})
	}
	return items
}

// Unset reports whether a setting is null or false.
func Unset(raw []byte) bool { return string(raw) == "null" || string(raw) == "false" }

// passes reports whether one of the tables allows the value of a setting.
func passes(key string, raw []byte, fixed []map[string]string) bool {
	for _, f := range fixed {
		want, ok := f[key]
		if !ok {
			continue
		}
		var a, b any
		if want == "" || json.Unmarshal(raw, &a) == nil && json.Unmarshal([]byte(want), &b) == nil && reflect.DeepEqual(a, b) {
			return true
		}
	}
	return false
}

// Into returns a maker of classes whose settings are the fields of a struct: it
// sets those of a fresh one.
func Into[T any, S any](fresh func() S) func(c *Config) (T, error) {
	return func(c *Config) (T, error) {
		s := fresh()
		return any(s).(T), c.Into(s)
	}
}

// Plain returns a maker of something without settings.
func Plain[T any](v T) func(c *Config) (T, error) {
	return func(*Config) (T, error) { return v, nil }
}

// Short returns b for a message, cut after 60 bytes.
func Short(b []byte) string {
	if len(b) > 60 {
		return string(b[:57]) + "..."
	}
	return string(b)
}
