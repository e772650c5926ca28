package hdf5

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/tensor"
)

// Writer holds the tree of a file to be: groups, datasets, links, attributes.
// [Writer.WriteTo] writes it. A mistake in the tree, a name taken twice for
// instance, is kept until then: building it returns no errors. A Writer is for
// one goroutine.
type Writer struct {
	root *GroupWriter
	err  error // the first mistake
}

// NewWriter returns a writer of a file whose root group is empty.
func NewWriter() *Writer {
	w := &Writer{}
	w.root = &GroupWriter{writeObject: writeObject{w: w}, byName: map[string]*writeLink{}}
	return w
}

// Root returns the root group.
func (w *Writer) Root() *GroupWriter { return w.root }

// fail keeps the first mistake.
func (w *Writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("hdf5: "+format, args...)
	}
}

// writeObject holds the parts common to groups and datasets that are written.
type writeObject struct {
	w         *Writer
	path      string // "" for the root, "/a/b"
	attrs     []*writeAttr
	attrNames map[string]bool
}

// String returns the path of the object, for errors.
func (o *writeObject) String() string { return fmt.Sprintf("%q", cmp.Or(o.path, "/")) }

// GroupWriter is a group of a file to be.
type GroupWriter struct {
	writeObject
	links  []*writeLink // sorted by name as soon as they are laid out
	byName map[string]*writeLink
}

// writeLink is a name in a group: of a group, of a dataset, or of a path.
type writeLink struct {
	name    string
	group   *GroupWriter
	dataset *DatasetWriter
	target  string // of a soft link, where the others are nil
}

// kind names the kind of the link's target.
func (l *writeLink) kind() string {
	switch {
	case l.group != nil:
		return "group"
	case l.dataset != nil:
		return "dataset"
	}
	return "soft link"
}

// Group returns the group at path below g, "layers/dense" for instance, and
// makes it and the groups on the way where they are missing.
func (g *GroupWriter) Group(path string) *GroupWriter {
	for name := range strings.SplitSeq(path, "/") {
		child := &GroupWriter{writeObject: writeObject{w: g.w, path: g.path + "/" + name}, byName: map[string]*writeLink{}}
		if l := g.byName[name]; l != nil && l.group != nil {
			child = l.group
		} else {
			g.link(&writeLink{name: name, group: child})
		}
		g = child
	}
	return g
}

// SoftLink makes name a link to the object at target, a path from the root if it
// begins with a slash and from g otherwise. Nothing need be there.
func (g *GroupWriter) SoftLink(name, target string) {
	if err := writeTextError(target); err != nil {
		g.w.fail("soft link %q in group %v: target: %w", name, g, err)
		return
	}
	if target == "" {
		g.w.fail("soft link %q in group %v: the target is empty: want a path", name, g)
		return
	}
	g.link(&writeLink{name: name, target: target})
}

// link adds l to the group, unless its name is invalid or taken.
func (g *GroupWriter) link(l *writeLink) {
	if err := writeNameError(l.name); err != nil {
		g.w.fail("%s %q in group %v: %w", l.kind(), l.name, g, err)
		return
	}
	if other := g.byName[l.name]; other != nil {
		g.w.fail("%s %q in group %v: the name is that of a %s already", l.kind(), l.name, g, other.kind())
		return
	}
	g.byName[l.name] = l
	g.links = append(g.links, l)
}

// sorted returns the links in the order that a file has them in: by bytes.
func (g *GroupWriter) sorted() []*writeLink {
	slices.SortFunc(g.links, func(a, b *writeLink) int { return cmp.Compare(a.name, b.name) })
	return g.links
}

// writeNameError says why name can't be that of a link.
func writeNameError(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case name == ".":
		return errors.New("the name stands for the group itself")
	case len(name) > math.MaxUint16:
		return fmt.Errorf("the name has %d bytes: want %d or less", len(name), math.MaxUint16)
	case strings.Contains(name, "/"):
		return errors.New("a slash in a name: want Group to make groups of a path")
	}
	return writeTextError(name)
}

// writeTextError says why s can't be text in a file.
func writeTextError(s string) error {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return fmt.Errorf("byte %d of the text is 0, where C takes it to end", i)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("text of bytes %.40q: want UTF-8", s)
	}
	return nil
}

// writeSourceError says why src can't be written.
func writeSourceError(src tensor.Source) error {
	_, err := tensor.CheckSource(src)
	if t, ok := src.(*tensor.Tensor); ok && err == nil && !t.Contiguous() {
		err = fmt.Errorf("%v is a view with gaps: want a contiguous tensor, Clone gives one", t.Spec())
	}
	return err
}

// DatasetWriter is a dataset of a file to be.
type DatasetWriter struct {
	writeObject
	typ, space []byte        // as messages
	source     tensor.Source // of the values, nil if there are
	strings    *writeStrings // these
	chunks     *writeChunks  // of the source, nil if it is stored in one piece,
	addr       uint64        // which begins here, says the layout
}

// Dataset adds a dataset of t's dtype, shape and values. t may lie in another file,
// as that of [Dataset.Source] does; it is read when the file is written, not copied,
// and in memory it must be contiguous. A source that gives other bytes than it
// promises is an error of [Writer.WriteTo]. bool is stored as h5py does, as an
// enumeration of FALSE and TRUE; bfloat16 as Keras does, as opaque bytes beside
// an attribute dtype="bfloat16", which Dataset adds.
//
// [Chunks], [Gzip] and [Shuffle] ask for storage in chunks; a scalar and an empty
// tensor have none, whatever is asked.
func (g *GroupWriter) Dataset(name string, t tensor.Source, opts ...DatasetOption) *DatasetWriter {
	d := g.dataset(name)
	if err := writeSourceError(t); err != nil {
		g.w.fail("dataset %v: %w", d, err)
		return d
	}
	spec := t.Spec()
	d.typ, d.space, d.source = writeType(spec.DType), writeSpace(spec.Shape), t
	if spec.DType == tensor.BFloat16 {
		d.SetAttr("dtype", "bfloat16")
	}
	var how writeStorage
	for _, opt := range opts {
		opt(&how)
	}
	var err error
	if d.chunks, err = newWriteChunks(t, how); err != nil {
		g.w.fail("dataset %v: %w", d, err)
	}
	return d
}

// Strings adds a dataset of one axis that holds strings of variable length.
func (g *GroupWriter) Strings(name string, values []string) *DatasetWriter {
	d := g.dataset(name)
	d.typ, d.space = writeStringType(), writeSpace(tensor.D(len(values)))
	var err error
	if d.strings, err = newWriteStrings(values); err != nil {
		g.w.fail("dataset %v: %w", d, err)
	}
	return d
}

// dataset adds a dataset of nothing yet.
func (g *GroupWriter) dataset(name string) *DatasetWriter {
	d := &DatasetWriter{writeObject: writeObject{w: g.w, path: g.path + "/" + name}}
	g.link(&writeLink{name: name, dataset: d})
	return d
}
