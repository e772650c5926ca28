package hdf5

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestSharedLinks walks a file of groups all of which have the links of one: to read them
// takes time with the square of its length, and is refused.
func TestSharedLinks(t *testing.T) {
	const n = 3000
	w := NewWriter()
	all := w.Root().Group("all")
	for i := range n {
		all.SoftLink(fmt.Sprint("link", i), "/")
		w.Root().Group(fmt.Sprint("group", i))
	}
	var out bytes.Buffer
	if _, err := w.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	b := out.Bytes()
	root, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := Walk(root, func(Object) error { return nil }); err != nil {
		t.Fatalf("before: %v", err)
	}
	symbols := func(name string) message {
		g, err := root.Group(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range g.head.msgs {
			if m.kind == msgSymbols {
				return m
			}
		}
		t.Fatalf("%s has no symbol table", name)
		return message{}
	}
	shared := symbols("all").body
	for i := range n {
		copy(b[symbols(fmt.Sprint("group", i)).at:], shared)
	}
	if root, err = Open(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	err = Walk(root, func(Object) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "want objects that share less") {
		t.Errorf("%d groups of %d links: error %v", n, n, err)
	}
	if got, most := root.f.spent.Load(), uint64(freeSpent+mostSpent*len(b)+2*len(b)); got > most {
		t.Errorf("a file of %d bytes: %d were read, want at most %d", len(b), got, most)
	}
}
