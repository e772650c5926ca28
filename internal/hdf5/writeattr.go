package hdf5

import (
	"errors"
	"fmt"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

const (
	// writeMaxMessage is the largest message of an object header: its size is
	// one of 16 bits, and a multiple of 8.
	writeMaxMessage = 1<<16 - 8

	// writeMaxAttrs is how many attributes an object has at most: a header counts
	// its messages in 16 bits, and a few are not attributes.
	writeMaxAttrs = 1<<16 - 16
)

// writeAttr is an attribute of a file to be.
type writeAttr struct {
	name       string
	typ, space []byte        // as messages
	raw        []byte        // the value,
	strings    *writeStrings // or the strings that it consists of
}

// SetAttr adds an attribute. The value may be a string, a []string, an int64 (or
// int), a float64, a bool, or a tensor of any dtype but bfloat16, which HDF5 does
// not have; it is copied. Strings may be of any length. All else must fit in 64 KB:
// 4000 strings or 16000 float32, for instance.
func (g *GroupWriter) SetAttr(name string, value any) { g.setAttr(name, value) }

// SetAttr adds an attribute, as that of [GroupWriter] does.
func (d *DatasetWriter) SetAttr(name string, value any) { d.setAttr(name, value) }

func (o *writeObject) setAttr(name string, value any) {
	a, err := newWriteAttr(name, value)
	switch {
	case err != nil:
	case o.attrNames[name]:
		err = errors.New("the name is that of another attribute already")
	case len(o.attrs) == writeMaxAttrs:
		err = fmt.Errorf("there are %d already: want no more", len(o.attrs))
	}
	if err != nil {
		o.w.fail("attribute %q of %v: %w", name, o, err)
		return
	}
	if o.attrNames == nil {
		o.attrNames = map[string]bool{}
	}
	o.attrNames[name] = true
	o.attrs = append(o.attrs, a)
}

func newWriteAttr(name string, value any) (*writeAttr, error) {
	if name == "" {
		return nil, errors.New("the name is empty")
	}
	if err := writeTextError(name); err != nil {
		return nil, err
	}
	a := &writeAttr{name: name}
	if err := a.set(value); err != nil {
		return nil, err
	}
	if n := a.size(); n > writeMaxMessage {
		return nil, fmt.Errorf("%d bytes with name and type: want at most %d, so a longer array must be split", n, writeMaxMessage)
	}
	return a, nil
}

// set fills in the value.
func (a *writeAttr) set(value any) (err error) {
	switch v := value.(type) {
	case string:
		a.typ, a.space = writeStringType(), writeSpace(tensor.D())
		a.strings, err = newWriteStrings([]string{v})
		return err
	case []string:
		a.typ, a.space = writeStringType(), writeSpace(tensor.D(len(v)))
		a.strings, err = newWriteStrings(v)
		return err
	case int:
		return a.setTensor(tensor.Scalar(int64(v)))
	case int64:
		return a.setTensor(tensor.Scalar(v))
	case float64:
		return a.setTensor(tensor.Scalar(v))
	case bool:
		return a.setTensor(tensor.Scalar(v))
	case *tensor.Tensor:
		return a.setTensor(v)
	}
	return fmt.Errorf("a value of type %T: want string, []string, int64, float64, bool or *tensor.Tensor", value)
}

func (a *writeAttr) setTensor(t *tensor.Tensor) error {
	if err := writeSourceError(t); err != nil {
		return err
	}
	if t.DType() == tensor.BFloat16 {
		return fmt.Errorf("a tensor of bfloat16: HDF5 has no such type: want float32 for instance")
	}
	a.typ, a.space = writeType(t.DType()), writeSpace(t.Shape())
	if len(t.Bytes()) <= writeMaxMessage {
		a.raw = slices.Clone(t.Bytes())
	} else {
		a.raw = t.Bytes() // refused by its size
	}
	return nil
}

// size returns the bytes of the attribute's message.
func (a *writeAttr) size() int {
	n := len(a.raw)
	if a.strings != nil {
		n = len(a.strings.values) * writeRefSize
	}
	return 8 + writePad(len(a.name)+1) + writePad(len(a.typ)) + writePad(len(a.space)) + writePad(n)
}

// message returns the attribute as a message, version 1, for a global heap at an
// address.
func (a *writeAttr) message(heap uint64) []byte {
	raw := a.raw
	if a.strings != nil {
		raw = a.strings.refs(heap)
	}
	b := make([]byte, 0, a.size())
	b = append(b, 1, 0)
	b = wle.AppendUint16(b, uint16(len(a.name)+1))
	b = wle.AppendUint16(b, uint16(len(a.typ)))
	b = wle.AppendUint16(b, uint16(len(a.space)))
	b = writePadded(append(append(b, a.name...), 0))
	b = writePadded(append(b, a.typ...))
	b = writePadded(append(b, a.space...))
	return writePadded(append(b, raw...))
}
