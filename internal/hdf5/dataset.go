package hdf5

import (
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

// Dataset is an array of elements, or one, or none. Nothing of the elements is
// read before it is asked for.
type Dataset struct {
	object
	typ     datatype
	space   space
	layout  layout
	filters []filter
	fill    []byte // an element, nil for zeros
	fault   error  // why elements cannot be read, if not for their type
}

// dataset opens a dataset.
func (f *file) dataset(path string, h *header) (*Dataset, error) {
	d := &Dataset{object: object{f: f, path: path, head: h}}
	c, err := f.need(h, msgType, "datatype")
	if err != nil {
		return nil, err
	}
	if d.typ, err = readType(c, 0); err != nil {
		return nil, err
	}
	if c, err = f.need(h, msgSpace, "dataspace"); err != nil {
		return nil, err
	}
	if d.space, err = readSpace(c); err != nil {
		return nil, err
	}
	if c, err = f.need(h, msgLayout, "layout"); err != nil {
		return nil, err
	}
	if d.layout, err = readLayout(c); err != nil {
		return nil, err
	}
	if err = d.readFilters(); err != nil {
		return nil, err
	}
	if err = d.readFill(); err != nil {
		return nil, err
	}
	switch {
	case h.has(msgExternal):
		d.fault = fmt.Errorf("elements are in other files, which are not followed")
	case d.layout.class == layoutVirtual:
		d.fault = fmt.Errorf("virtual dataset: elements of other datasets are not followed")
	case d.layout.class == layoutChunked && len(d.layout.chunk) != len(d.space.dims):
		return nil, fmt.Errorf("layout: got chunks of %d axes for a shape of %d", len(d.layout.chunk), len(d.space.dims))
	case d.layout.class == layoutChunked && d.layout.elementSize != d.typ.size:
		return nil, fmt.Errorf("layout: got chunks of elements of %d bytes, want %d", d.layout.elementSize, d.typ.size)
	}
	return d, d.keras()
}

// need returns the message of a kind, which must be there.
func (f *file) need(h *header, kind byte, what string) (*cursor, error) {
	c, err := f.find(h, kind, what)
	if err == nil && c == nil {
		err = fmt.Errorf("object header at %#x: got no %s", h.addr, what)
	}
	return c, err
}

// readFill reads the fill value.
func (d *Dataset) readFill() error {
	c, err := d.f.find(d.head, msgFill, "fill value")
	old := c == nil && err == nil
	if old {
		c, err = d.f.find(d.head, msgOldFill, "fill value")
	}
	if err != nil || c == nil {
		return err
	}
	if d.fill = readFill(c, old); c.err != nil {
		return c.err
	}
	if n := uint64(len(d.fill)); n != 0 && n != d.typ.size {
		return c.failf("got %d bytes, want %d", n, d.typ.size)
	}
	return nil
}

// keras makes bfloat16 of the form in which Keras writes it: opaque elements of two bytes,
// since HDF5 had no such type, and an attribute that says so.
func (d *Dataset) keras() error {
	if d.typ.class != classOpaque || d.typ.size != 2 {
		return nil
	}
	attrs, err := d.attributes()
	if err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	for i := range attrs {
		if attrs[i].name != "dtype" || !attrs[i].typ.isString() {
			continue
		}
		if v, err := d.f.value(&attrs[i]); err != nil {
			return fmt.Errorf("attribute %q: %w", "dtype", err)
		} else if v == "bfloat16" {
			d.typ.known(tensor.BFloat16)
		}
	}
	return nil
}

// OpaqueBFloat16 takes opaque elements of two bytes for bfloat16, as NumPy's form of it has
// become, if nothing in the file says what they are. Other elements stay.
func (d *Dataset) OpaqueBFloat16() {
	if d.typ.class == classOpaque && d.typ.size == 2 {
		d.typ.known(tensor.BFloat16)
	}
}

// Spec returns dtype and shape of the tensor that holds the elements. That no
// tensor can is an error that names their type.
func (d *Dataset) Spec() (tensor.Spec, error) {
	spec, err := d.space.spec(&d.typ)
	if err != nil {
		return spec, d.errorf("%w", err)
	}
	return spec, nil
}

// Dims returns the shape as the file has it: empty for a scalar, nil for a dataset
// without elements and shape.
func (d *Dataset) Dims() []uint64 {
	if d.space.null {
		return nil
	}
	return append([]uint64{}, d.space.dims...)
}

// Type returns the name of the type of the elements: that of a dtype, "string", or a
// description of a type that no tensor holds, "opaque of 16 bytes" for instance.
func (d *Dataset) Type() string { return d.typ.name }

// Layout returns how the elements are stored: "compact", "contiguous", "virtual",
// or "chunked" with the shape of a chunk.
func (d *Dataset) Layout() string {
	switch d.layout.class {
	case layoutCompact:
		return "compact"
	case layoutContiguous:
		return "contiguous"
	case layoutVirtual:
		return "virtual"
	}
	return fmt.Sprintf("chunked %v", d.layout.chunk)
}

// Filters returns the names of the filters that chunks went through when they
// were written, in that order.
func (d *Dataset) Filters() []string {
	var names []string
	for _, f := range d.filters {
		names = append(names, f.String())
	}
	return names
}

// StoredBytes returns how many bytes of the file the elements take: chunks as they are
// stored, 0 for those never written. It is 0 if the index of chunks cannot be read.
func (d *Dataset) StoredBytes() int64 {
	switch l := &d.layout; l.class {
	case layoutCompact:
		return int64(len(l.data))
	case layoutContiguous:
		n, err := d.space.bytes(&d.typ)
		if err == nil && l.addr != undefined {
			return int64(n)
		}
	case layoutChunked:
		if s, err := d.surveyChunks(); err == nil {
			return int64(s.stored)
		}
	}
	return 0
}

// Tensor returns the elements in new memory.
func (d *Dataset) Tensor() (*tensor.Tensor, error) {
	spec, err := d.Spec()
	if err != nil {
		return nil, err
	}
	whole, err := d.check()
	if err != nil {
		return nil, d.errorf("%w", err)
	}
	t := tensor.NewSpec(spec)
	if err := d.read(t.Bytes(), whole); err != nil {
		return nil, d.errorf("%w", err)
	}
	return t, nil
}

// ReadInto reads the elements into t, a contiguous tensor of the dataset's spec.
// Elements that lie in the file as they do in memory are read straight there.
// After an error t holds anything.
func (d *Dataset) ReadInto(t *tensor.Tensor) error {
	spec, err := d.Spec()
	if err != nil {
		return err
	}
	if t.Spec() != spec || !t.Contiguous() {
		return d.errorf("got a tensor %v (contiguous: %v) to read into, want a contiguous one of %v", t.Spec(), t.Contiguous(), spec)
	}
	whole, err := d.check()
	if err == nil {
		err = d.read(t.Bytes(), whole)
	}
	if err != nil {
		return d.errorf("%w", err)
	}
	return nil
}

// Strings returns the elements of a dataset of strings, in row-major order. Bytes
// are returned as they are, valid UTF-8 or not.
func (d *Dataset) Strings() ([]string, error) {
	if !d.typ.isString() {
		return nil, d.errorf("got elements of type %s, want strings", d.typ.name)
	}
	whole, err := d.check()
	if err != nil {
		return nil, d.errorf("%w", err)
	}
	n, err := d.space.bytes(&d.typ)
	if err != nil {
		return nil, d.errorf("%w", err)
	}
	raw := make([]byte, n)
	if err := d.readRaw(raw, whole); err != nil {
		return nil, d.errorf("%w", err)
	}
	s, err := d.f.decodeStrings(&d.typ, raw)
	if err != nil {
		return nil, d.errorf("%w", err)
	}
	return s, nil
}

// check returns an error, before memory is taken, unless the elements can be read and the
// file is long enough for them. It reports whether all of them are in the file.
func (d *Dataset) check() (whole bool, err error) {
	if d.fault != nil {
		return false, d.fault
	}
	n, err := d.space.bytes(&d.typ)
	if err != nil || n == 0 {
		return true, err
	}
	switch d.layout.class {
	case layoutCompact:
		if got := uint64(len(d.layout.data)); got < n {
			return false, fmt.Errorf("compact layout: got %d bytes, want %d", got, n)
		}
		return true, nil
	case layoutContiguous:
		return true, d.checkContiguous(n)
	}
	return d.checkChunks(n)
}

// read reads the elements as a tensor has them.
func (d *Dataset) read(b []byte, whole bool) error {
	if err := d.readRaw(b, whole); err != nil {
		return err
	}
	return d.typ.finish(b, 0)
}

// readRaw reads the elements as they are in the file.
func (d *Dataset) readRaw(b []byte, whole bool) error {
	if len(b) == 0 {
		return nil
	}
	switch d.layout.class {
	case layoutCompact:
		copy(b, d.layout.data)
		return nil
	case layoutContiguous:
		return d.readContiguous(b)
	}
	if !whole {
		d.fillIn(b)
	}
	return d.readChunks(b)
}
