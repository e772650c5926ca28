package hdf5

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// The types of links.
const (
	hardLink     = 0
	softLink     = 1
	externalLink = 64
)

// link is a name in a group.
type link struct {
	name   string
	kind   byte
	addr   uint64 // of the object behind a hard link
	target string // where another leads
}

// errNamedType is the error for an object that is neither group nor dataset but a named
// type, which only datasets refer to.
var errNamedType = errors.New("got a named datatype, want a group or a dataset")

// object opens the object at an address.
func (f *file) object(path string, addr uint64) (Object, error) {
	h, err := f.header(addr)
	if err != nil {
		return nil, err
	}
	switch {
	case h.has(msgSymbols), h.has(msgLinkInfo), h.has(msgGroupInfo), h.has(msgLink):
		return &Group{object{f: f, path: path, head: h}}, nil
	case h.has(msgLayout):
		return f.dataset(path, h)
	case h.has(msgType):
		return nil, errNamedType
	}
	return nil, fmt.Errorf("object header at %#x: got neither links nor a layout: want a group or a dataset", addr)
}

// link returns the link with a name.
func (g *Group) link(name string) (link, error) {
	links, err := g.linksOf()
	if err != nil {
		return link{}, err
	}
	i, ok := slices.BinarySearchFunc(links, name, func(l link, name string) int { return strings.Compare(l.name, name) })
	if !ok {
		return link{}, fmt.Errorf("hdf5: %s: %q: %w", g.path, name, fs.ErrNotExist)
	}
	return links[i], nil
}

// linkCost is about the memory of a link: all links together take no more than the file
// is long.
const linkCost = 64

// linksOf returns the links of g, sorted. They are kept for the next time: paths
// of many datasets lead through the same groups.
func (g *Group) linksOf() ([]link, error) {
	f := g.f
	f.mu.Lock()
	links, ok := f.links[g.head.addr]
	f.mu.Unlock()
	if ok {
		return links, nil
	}
	links, err := f.readLinks(g.head)
	if err != nil {
		return nil, g.errorf("%w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	cost := uint64(len(links)+1) * linkCost
	if f.cached += cost; f.cached > f.size {
		clear(f.links)
		f.cached = cost
	}
	f.links[g.head.addr] = links
	return links, nil
}

// readLinks reads all links of a group, however they are stored, and sorts them.
func (f *file) readLinks(h *header) ([]link, error) {
	var links []link
	add := func(l link) error {
		if l.name == "" || len(l.name) > maxName {
			return fmt.Errorf("object header at %#x: got a link with a name of %d bytes, want 1 to %d", h.addr, len(l.name), maxName)
		}
		links = append(links, l)
		return nil
	}
	for _, m := range h.msgs {
		var err error
		switch m.kind {
		case msgSymbols:
			err = f.symbolTable(f.cursor("symbol table message", m), add)
		case msgLink:
			var l link
			if l, err = readLink(f.cursor("link message", m)); err == nil {
				err = add(l)
			}
		case msgLinkInfo:
			err = f.denseLinks(f.cursor("link info", m), add)
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(links, func(a, b link) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(links); i++ {
		if links[i].name == links[i-1].name {
			return nil, fmt.Errorf("object header at %#x: got two links %.100q", h.addr, links[i].name)
		}
	}
	return links, nil
}

// maxName is how long a name may be.
const maxName = 1<<16 - 1

// readLink reads a link message.
func readLink(c *cursor) (link, error) {
	var l link
	if v := c.u8(); c.err == nil && v != 1 {
		return l, c.failf("got version %d, want 1", v)
	}
	flags := c.u8()
	if flags&8 != 0 {
		l.kind = c.u8()
	}
	if flags&4 != 0 {
		c.bytes(8) // order of creation
	}
	if flags&16 != 0 {
		c.bytes(1) // character set of the name
	}
	l.name = string(c.bytes(c.uint(1 << (flags & 3))))
	switch l.kind {
	case hardLink:
		l.addr = c.addr()
	case softLink:
		l.target = string(c.bytes(uint64(c.u16())))
	case externalLink:
		n := uint64(c.u16())
		c.bytes(1) // version and flags
		name, to, ok := strings.Cut(string(c.bytes(max(n, 1)-1)), "\x00")
		if !ok && c.err == nil {
			return l, c.failf("got an external link without a path")
		}
		l.target = fmt.Sprintf("%q in the file %q", strings.TrimRight(to, "\x00"), name)
	}
	return l, c.err
}

// symbolTable reads the links of a group in the old style: a B-tree of nodes of
// symbols, with names in a local heap.
func (f *file) symbolTable(c *cursor, add func(link) error) error {
	tree, heap := c.addr(), c.addr()
	if c.err != nil {
		return c.err
	}
	w := f.walk()
	names, err := w.localHeap(heap)
	if err != nil {
		return err
	}
	room := len(names)
	return w.btree1(tree, 0, uint64(f.lengthSize), func(key []byte, node uint64) error {
		return w.symbolNode(node, func(l link) error {
			// Names have places of their own: else a small heap makes large ones.
			if room -= len(l.name); room < 0 {
				return fmt.Errorf("local heap at %#x: got names of more than its %d bytes", heap, len(names))
			}
			return add(l)
		}, names)
	})
}

// symbolNode reads one node of symbols:
//
//	SNOD, version 1, reserved, uint16 count
//	for each: name in the heap, object header, uint32 kind, reserved, 16 bytes
func (w *walk) symbolNode(addr uint64, add func(link) error, names string) error {
	c := w.block("symbol table node", addr, 8)
	c.head("SNOD", 1)
	c.bytes(1)
	n := uint64(c.u16())
	if c.err != nil {
		return c.err
	}
	c = w.block("symbol table node", addr+8, n*uint64(w.lengthSize+w.offsetSize+24))
	for range n {
		at, head := c.length(), c.addr()
		kind := c.u32()
		c.bytes(4)
		scratch := c.bytes(16)
		if c.err != nil {
			return c.err
		}
		l := link{kind: hardLink, addr: head}
		var ok, valid = false, true
		l.name, ok = heapString(names, at)
		if kind == 2 {
			l.kind = softLink
			to := &cursor{f: w.file, b: scratch}
			l.target, valid = heapString(names, uint64(to.u32()))
		}
		if !ok || !valid {
			return c.failf("got no text that ends in the local heap of %d bytes", len(names))
		}
		if err := add(l); err != nil {
			return err
		}
	}
	return c.err
}

// heapString returns the text at an offset of a local heap, without a copy.
func heapString(heap string, at uint64) (string, bool) {
	if at >= uint64(len(heap)) {
		return "", false
	}
	s, _, ok := strings.Cut(heap[at:], "\x00")
	return s, ok
}

// localHeap returns the data of a local heap.
func (w *walk) localHeap(addr uint64) (string, error) {
	c := w.block("local heap", addr, 8+uint64(2*w.lengthSize+w.offsetSize))
	c.head("HEAP", 0)
	c.bytes(3)
	size := c.length()
	c.length() // free space
	at := c.addr()
	if c.err != nil {
		return "", c.err
	}
	c = w.block("local heap data", at, size)
	return string(c.b), c.err
}

// btree1 calls leaf for every key and child of the leaves of a B-tree of version
// 1, in order:
//
//	TREE, type, level, uint16 entries, two siblings
//	key, child, key, child, ..., key
func (w *walk) btree1(addr uint64, kind byte, keySize uint64, leaf func(key []byte, child uint64) error) error {
	return w.btree1Node(addr, kind, -1, keySize, leaf)
}

func (w *walk) btree1Node(addr uint64, kind byte, level int, keySize uint64, leaf func(key []byte, child uint64) error) error {
	head := 8 + uint64(2*w.offsetSize)
	c := w.block("B-tree node", addr, head)
	sign, gotKind, gotLevel, n := c.bytes(4), c.u8(), int(c.u8()), uint64(c.u16())
	switch {
	case c.err != nil:
		return c.err
	case string(sign) != "TREE":
		return c.failf("got % x, want TREE", sign)
	case gotKind != kind:
		return c.failf("got type %d, want %d", gotKind, kind)
	case level >= 0 && gotLevel != level:
		return c.failf("got level %d, want %d", gotLevel, level)
	}
	c = w.block("B-tree node", addr+head, n*(keySize+uint64(w.offsetSize)))
	for range n {
		key, child := c.bytes(keySize), c.addr()
		if c.err != nil {
			return c.err
		}
		var err error
		if gotLevel == 0 {
			err = leaf(key, child)
		} else {
			err = w.btree1Node(child, kind, gotLevel-1, keySize, leaf)
		}
		if err != nil {
			return err
		}
	}
	return c.err
}
