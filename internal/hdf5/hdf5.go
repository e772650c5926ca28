// Package hdf5 reads and writes HDF5 files, as far as files of weights need:
// groups, datasets of numbers and strings, attributes.
//
// [Open] reads what the C library writes by default and with libver='latest':
// every superblock, both object headers, all ways to store links, attributes and
// chunks, and the filters deflate, shuffle, fletcher32 and lzf. It keeps only the
// requested parts of the file in memory. Types that no tensor can hold (compounds,
// references and the like), external and virtual storage are refused by name. Sizes and
// counts in a file are checked against its length before memory is taken, and cycles in
// trees are refused.
//
// A [Writer] writes only encodings that every version of the C library reads.
//
// Source: The HDF Group, HDF5 File Format Specification, version 3.0.
package hdf5

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Object is a [*Group] or a [*Dataset]. It may be used from several goroutines.
type Object interface {
	// Path returns where the object was found, "/layers/dense" for instance.
	Path() string
	// AttrNames returns the names of the object's attributes, sorted bytewise.
	AttrNames() ([]string, error)
	// Attr returns the value of an attribute: a string, []string, int64, uint64,
	// float64 or bool, a [*tensor.Tensor] for an array of numbers, and nil for an
	// attribute without values. A missing one is an error that wraps
	// [fs.ErrNotExist].
	Attr(name string) (any, error)

	address() uint64
}

// Open returns the root group of the file of size bytes behind r. It reads no
// more than the superblock and the header of the group, and r must stay readable
// for as long as anything in the group is read.
func Open(r io.ReaderAt, size int64) (*Group, error) {
	return open(&file{r: r, links: map[uint64][]link{}}, size)
}

func open(f *file, size int64) (*Group, error) {
	if err := f.superblock(size); err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	o, err := f.object("/", f.root)
	if err != nil {
		return nil, fmt.Errorf("hdf5: /: %w", err)
	}
	g, ok := o.(*Group)
	if !ok {
		return nil, fmt.Errorf("hdf5: /: got a dataset at %#x, want a group", f.root)
	}
	return g, nil
}

// Group is a group: a directory of links to objects.
type Group struct{ object }

// maxSoftLinks is how many soft links one path may lead through, as in the C
// library.
const maxSoftLinks = 16

// Names returns the names of the group's links in bytewise order, of those too
// that lead nowhere.
func (g *Group) Names() ([]string, error) {
	links, err := g.linksOf()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(links))
	for i, l := range links {
		names[i] = l.name
	}
	return names, nil
}

// Get returns the object at a path from g, or from the root if it begins with a
// slash. It follows soft links. An object that is missing is an error that wraps
// [fs.ErrNotExist].
func (g *Group) Get(name string) (Object, error) {
	hops := 0
	return g.get(name, &hops)
}

// Group returns the group at a path, as [Group.Get] does.
func (g *Group) Group(name string) (*Group, error) { return as[*Group](g, name, "group") }

// Dataset returns the dataset at a path, as [Group.Get] does.
func (g *Group) Dataset(name string) (*Dataset, error) { return as[*Dataset](g, name, "dataset") }

func as[T Object](g *Group, name, want string) (T, error) {
	var none T
	o, err := g.Get(name)
	if err != nil {
		return none, err
	}
	t, ok := o.(T)
	if !ok {
		return none, fmt.Errorf("hdf5: %s: got a %s, want a %s", o.Path(), kindOf(o), want)
	}
	return t, nil
}

func kindOf(o Object) string {
	if _, ok := o.(*Group); ok {
		return "group"
	}
	return "dataset"
}

// get is Get, which has led through hops soft links so far.
func (g *Group) get(name string, hops *int) (Object, error) {
	var o Object = g
	if strings.HasPrefix(name, "/") {
		root, err := g.f.object("/", g.f.root)
		if err != nil {
			return nil, fmt.Errorf("hdf5: /: %w", err)
		}
		o = root
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." {
			continue
		}
		at, ok := o.(*Group)
		if !ok {
			return nil, fmt.Errorf("hdf5: %s: got a dataset, want a group with %q: %w", o.Path(), part, fs.ErrNotExist)
		}
		next, err := at.step(part, hops)
		if err != nil {
			return nil, err
		}
		o = next
	}
	return o, nil
}

// step returns the object behind one link of g.
func (g *Group) step(name string, hops *int) (Object, error) {
	l, err := g.link(name)
	if err != nil {
		return nil, err
	}
	to := join(g.path, name)
	switch l.kind {
	case hardLink:
		o, err := g.f.object(to, l.addr)
		if err != nil {
			return nil, fmt.Errorf("hdf5: %s: %w", to, err)
		}
		return o, nil
	case softLink:
		if *hops++; *hops > maxSoftLinks {
			return nil, fmt.Errorf("hdf5: %s: soft link to %q: got more than %d soft links on the way, want fewer", to, l.target, maxSoftLinks)
		}
		o, err := g.get(l.target, hops)
		if err != nil {
			return nil, fmt.Errorf("hdf5: %s: soft link to %q: %w", to, l.target, err)
		}
		return o, nil
	case externalLink:
		return nil, fmt.Errorf("hdf5: %s: link to %s: other files are not followed", to, l.target)
	}
	return nil, fmt.Errorf("hdf5: %s: got a link of type %d, want a hard or soft link", to, l.kind)
}

// join returns the path of a link. Names are not cleaned: ".." is one like any.
func join(group, name string) string {
	if group == "/" {
		return group + name
	}
	return group + "/" + name
}

// maxDepth is how deep Walk goes: no model nests as far, and every level holds
// links in memory.
const maxDepth = 64

// Walk calls fn for g and for every object that hard links lead to from there,
// for each once, parents before children and siblings in bytewise order of their
// names. It stops at the first error and returns it.
func Walk(g *Group, fn func(Object) error) error {
	return walkObject(g, fn, map[uint64]bool{}, 0)
}

func walkObject(o Object, fn func(Object) error, seen map[uint64]bool, depth int) error {
	seen[o.address()] = true
	if err := fn(o); err != nil {
		return err
	}
	g, ok := o.(*Group)
	if !ok {
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("hdf5: %.100s...: got groups nested deeper than %d, want fewer", g.path, maxDepth)
	}
	links, err := g.linksOf()
	if err != nil {
		return err
	}
	f, from := g.f, g.path // no more of g, so that its memory is free
	for _, l := range links {
		if l.kind != hardLink || seen[l.addr] {
			continue
		}
		to := join(from, l.name)
		o, err := f.object(to, l.addr)
		if err == errNamedType {
			continue
		}
		if err != nil {
			return fmt.Errorf("hdf5: %s: %w", to, err)
		}
		if err := walkObject(o, fn, seen, depth+1); err != nil {
			return err
		}
	}
	return nil
}
