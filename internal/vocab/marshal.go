package vocab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Marshal is json.Marshal for configs: settings that stand for a default are written as
// that, see [WithDefaults]. Floats that are whole keep a point, 1.0, since Keras refuses
// whole numbers for some of its settings. Fields without a json tag are skipped.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := marshal(&b, reflect.ValueOf(WithDefaults(v))); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func marshal(b *bytes.Buffer, v reflect.Value) error {
	if !v.IsValid() {
		b.WriteString("null")
		return nil
	}
	if c, ok := codecOf(v.Type()); ok && !v.IsNil() {
		text, err := c.write(v.Interface())
		b.Write(text)
		return err
	}
	if m, ok := v.Interface().(json.Marshaler); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		text, err := m.MarshalJSON()
		b.Write(text)
		return err
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		return marshal(b, v.Elem())
	case reflect.Struct:
		b.WriteByte('{')
		if err := marshalFields(b, v); err != nil {
			return err
		}
		b.WriteByte('}')
	case reflect.Map:
		return marshalMap(b, v)
	case reflect.Slice:
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := marshal(b, v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		return marshalPlain(b, v)
	}
	return nil
}

func marshalPlain(b *bytes.Buffer, v reflect.Value) error {
	text, err := json.Marshal(v.Interface())
	b.Write(text)
	if v.CanFloat() && !bytes.ContainsAny(text, ".eE") {
		b.WriteString(".0")
	}
	return err
}

func marshalMap(b *bytes.Buffer, v reflect.Value) error {
	m, ok := v.Interface().(map[string]any)
	if !ok {
		return fmt.Errorf("vocab: config of %v: want a struct or a map[string]any", v.Type())
	}
	b.WriteByte('{')
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", key)
		if err := marshal(b, reflect.ValueOf(m[key])); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func marshalFields(b *bytes.Buffer, v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && key == "" && f.Type.Kind() == reflect.Struct:
			if err := marshalFields(b, v.Field(i)); err != nil {
				return err
			}
		case f.IsExported() && key != "" && key != "-" && !(opts == "omitempty" && empty(v.Field(i))):
			if end := b.Bytes(); end[len(end)-1] != '{' {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "%q:", key)
			if err := marshal(b, v.Field(i)); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

// empty reports whether omitempty omits v.
func empty(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}
