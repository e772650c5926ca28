package hdf5

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/glia-ml/glia/tensor"
)

// object holds the parts common to groups and datasets.
type object struct {
	f    *file
	path string
	head *header

	attrsOnce sync.Once
	attrs     []attribute // sorted
	attrsErr  error
}

// attribute holds a name and the source of its value.
type attribute struct {
	name  string
	typ   datatype
	space space
	data  []byte
}

// Path returns where the object was found, "/layers/dense" for instance.
func (o *object) Path() string { return o.path }

func (o *object) address() uint64 { return o.head.addr }

// errorf returns an error that names the object.
func (o *object) errorf(format string, args ...any) error {
	return fmt.Errorf("hdf5: %s: %w", o.path, fmt.Errorf(format, args...))
}

// AttrNames returns the names of the object's attributes, sorted bytewise.
func (o *object) AttrNames() ([]string, error) {
	attrs, err := o.attributes()
	if err != nil {
		return nil, o.errorf("attributes: %w", err)
	}
	names := make([]string, len(attrs))
	for i, a := range attrs {
		names[i] = a.name
	}
	return names, nil
}

// Attr returns the value of an attribute: a string, []string, int64, uint64,
// float64 or bool, a [*tensor.Tensor] for an array of numbers, and nil for an
// attribute without values. A missing one is an error that wraps
// [fs.ErrNotExist].
func (o *object) Attr(name string) (any, error) {
	attrs, err := o.attributes()
	if err != nil {
		return nil, o.errorf("attributes: %w", err)
	}
	i, ok := slices.BinarySearchFunc(attrs, name, func(a attribute, name string) int { return strings.Compare(a.name, name) })
	if !ok {
		return nil, o.errorf("attribute %q: %w", name, fs.ErrNotExist)
	}
	v, err := o.f.value(&attrs[i])
	if err != nil {
		return nil, o.errorf("attribute %q: %w", name, err)
	}
	return v, nil
}

// attributes reads all attributes of the object, once.
func (o *object) attributes() ([]attribute, error) {
	o.attrsOnce.Do(func() { o.attrs, o.attrsErr = o.f.attributes(o.head) })
	return o.attrs, o.attrsErr
}

func (f *file) attributes(h *header) ([]attribute, error) {
	var attrs []attribute
	add := func(m message) error {
		c, err := f.resolve(m, "attribute")
		if err != nil {
			return err
		}
		a, err := f.readAttribute(c)
		if err != nil {
			return err
		}
		attrs = append(attrs, a)
		return nil
	}
	for _, m := range h.msgs {
		if m.kind == msgAttr {
			if err := add(m); err != nil {
				return nil, err
			}
		}
	}
	if err := f.denseAttributes(h, add); err != nil {
		return nil, err
	}
	slices.SortFunc(attrs, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(attrs); i++ {
		if attrs[i].name == attrs[i-1].name {
			return nil, fmt.Errorf("object header at %#x: got two attributes %q", h.addr, attrs[i].name)
		}
	}
	return attrs, nil
}

// readAttribute reads an attribute message.
func (f *file) readAttribute(c *cursor) (attribute, error) {
	var a attribute
	version, flags := c.u8(), c.u8()
	if c.err == nil && (version < 1 || version > 3) {
		c.failf("got version %d, want 1 to 3", version)
	}
	nameSize, typeSize, spaceSize := uint64(c.u16()), uint64(c.u16()), uint64(c.u16())
	if version == 3 {
		c.bytes(1) // character set of the name
	}
	field := func(n uint64) message {
		start := c.off
		m := message{at: c.at + uint64(start), body: c.bytes(n)}
		if version == 1 {
			c.pad(start)
		}
		return m
	}
	name, typ, sp := field(nameSize), field(typeSize), field(spaceSize)
	if c.err != nil {
		return a, c.err
	}
	a.name, _, _ = strings.Cut(string(name.body), "\x00")
	typ.kind, sp.kind = msgType, msgSpace
	if version > 1 {
		typ.flags, sp.flags = flags<<1&flagShared, flags&flagShared
	}
	tc, err := f.resolve(typ, "datatype")
	if err != nil {
		return a, err
	}
	if a.typ, err = readType(tc, 0); err != nil {
		return a, err
	}
	sc, err := f.resolve(sp, "dataspace")
	if err != nil {
		return a, err
	}
	if a.space, err = readSpace(sc); err != nil {
		return a, err
	}
	n, err := a.space.bytes(&a.typ)
	if err != nil {
		return a, c.failf("%w", err)
	}
	a.data = c.bytes(n)
	return a, c.err
}

// value returns the value of an attribute.
func (f *file) value(a *attribute) (any, error) {
	if a.space.null {
		return nil, nil
	}
	if a.typ.isString() {
		s, err := f.decodeStrings(&a.typ, a.data)
		if err == nil && a.space.scalar {
			return s[0], nil
		}
		return s, err
	}
	spec, err := a.space.spec(&a.typ)
	if err != nil {
		return nil, err
	}
	t := tensor.NewSpec(spec)
	copy(t.Bytes(), a.data)
	if err := a.typ.finish(t.Bytes(), 0); err != nil {
		return nil, err
	}
	if a.space.scalar {
		return scalar(t), nil
	}
	return t, nil
}

// scalar returns the only element of t as the widest type of its kind.
func scalar(t *tensor.Tensor) any {
	switch dt := t.DType(); {
	case dt == tensor.Bool:
		return tensor.Data[bool](t)[0]
	case dt.IsFloat():
		return tensor.Data[float64](t.AsType(tensor.Float64))[0]
	case dt.IsUnsigned():
		return tensor.Data[uint64](t.AsType(tensor.Uint64))[0]
	}
	return tensor.Data[int64](t.AsType(tensor.Int64))[0]
}
