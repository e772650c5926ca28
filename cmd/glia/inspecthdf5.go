package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/tensor"
)

// node is a group whose content is being listed.
type node struct {
	group *hdf5.Group
	on    *branch
	seen  map[string]bool // names of what was found in it
}

// hdf5 lists the content of a group: each object once, then the names of links to
// objects that stand elsewhere.
func (l *listing) hdf5(b *branch, root *hdf5.Group) error {
	var all, above []*node // above leads from the root to where the walk is
	err := hdf5.Walk(root, func(o hdf5.Object) error {
		on := b
		if len(above) > 0 {
			var name string
			above, name = parent(above, o.Path())
			p := above[len(above)-1]
			p.seen[name] = true
			on = p.on.add(name)
		}
		if err := attributes(on, o); err != nil {
			return err
		}
		switch o := o.(type) {
		case *hdf5.Dataset:
			l.dataset(on, o)
		case *hdf5.Group:
			n := &node{o, on, map[string]bool{}}
			all, above = append(all, n), append(above, n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, n := range all {
		if err := n.links(); err != nil {
			return err
		}
	}
	return nil
}

// parent returns the nodes above a path, and its name in the last of them.
func parent(above []*node, path string) ([]*node, string) {
	for i := len(above) - 1; i > 0; i-- {
		if name, ok := strings.CutPrefix(path, above[i].group.Path()+"/"); ok {
			return above[:i+1], name
		}
	}
	return above[:1], strings.TrimPrefix(strings.TrimPrefix(path, above[0].group.Path()), "/")
}

// links adds the names of the group that lead elsewhere.
func (n *node) links() error {
	names, err := n.group.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if n.seen[name] {
			continue
		}
		to := "a link"
		switch o, err := n.group.Get(name); {
		case errors.Is(err, fs.ErrNotExist):
			to = "a link that leads nowhere"
		case err != nil:
			to = "a link that cannot be followed"
		case !strings.HasSuffix(o.Path(), "/"+name): // it is soft
			to = "a link to " + o.Path()
		}
		n.on.add(name, printable(to))
	}
	return nil
}

func (l *listing) dataset(b *branch, d *hdf5.Dataset) {
	s, err := d.Spec()
	l.count(s, err)
	shape := "no elements"
	if dims := d.Dims(); dims != nil {
		shape = fmt.Sprint(dims)
	}
	how := strings.Join(append([]string{d.Layout()}, d.Filters()...), ", ")
	b.cells = []string{printable(d.Type()), shape, plural(d.StoredBytes(), "byte"), printable(how)}
}

func attributes(b *branch, o hdf5.Object) error {
	names, err := o.AttrNames()
	if err != nil {
		return err
	}
	for _, name := range names {
		v, err := o.Attr(name)
		if err != nil { // a type that is no tensor's, for instance: the rest can be read
			b.note(name, printable(err.Error()))
			continue
		}
		b.note(name, attributeText(v))
	}
	return nil
}

// attributeText returns the value of an attribute, or how much it is.
func attributeText(v any) string {
	const few = 8
	switch v := v.(type) {
	case nil:
		return "no value"
	case string:
		if len(v) > 120 {
			return fmt.Sprintf("text of %s, %s...", plural(len(v), "byte"), printable(strings.ToValidUTF8(v[:60], "")))
		}
		return printable(v)
	case []string:
		s := plural(len(v), "text")
		if len(v) <= few {
			for i, x := range v {
				v[i] = printable(x)
			}
			s = "[" + strings.Join(v, ", ") + "]"
		}
		return s
	case *tensor.Tensor:
		if v.Len() <= few && v.Shape().Rank() <= 1 {
			return v.Spec().String() + " " + strings.Join(strings.Fields(v.String()), " ")
		}
		return v.Spec().String()
	}
	return fmt.Sprint(v)
}
