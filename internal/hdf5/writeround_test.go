package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
	"pgregory.net/rapid"
)

// check compares a file with what was written: every item, and that there is
// nothing else.
func (r *writeRecorder) check(file []byte) error {
	root, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return err
	}
	want := map[string]bool{"/": true}
	open := map[string]Object{} // read once, not once for each attribute
	for _, item := range r.items {
		if err := item.check(root, open); err != nil {
			return fmt.Errorf("%s: %w", item.line(), err)
		}
		if item.attr != "" {
			want[item.path+" @"+item.attr] = true
		} else {
			want[item.path] = true
		}
		if item.target != "" {
			want[item.path+" ->"] = true
		}
	}
	got := map[string]bool{"/": true}
	if err := writeWalk(root, "", want, got); err != nil {
		return err
	}
	for name := range maps.Keys(got) {
		if !want[name] {
			return fmt.Errorf("%q is in the file, but was not written", name)
		}
	}
	return nil
}

// writeWalk notes in got the datasets, links and attributes of o and below.
func writeWalk(o Object, path string, want, got map[string]bool) error {
	attrs, err := o.AttrNames()
	if err != nil {
		return err
	}
	for _, a := range attrs {
		got[path+" @"+a] = true
	}
	g, ok := o.(*Group)
	if !ok {
		got[path] = true
		return nil
	}
	names, err := g.Names()
	if err != nil {
		return err
	}
	if !slices.IsSorted(names) {
		return fmt.Errorf("%s: names %q: want them sorted", path, names)
	}
	for _, name := range names {
		to := path + "/" + name
		if want[to+" ->"] {
			continue
		}
		child, err := g.Get(name)
		if err != nil {
			return err
		}
		if err := writeWalk(child, to, want, got); err != nil {
			return err
		}
	}
	return nil
}

// check looks for the item below root, or in open if it was opened before.
func (r writeItem) check(root *Group, open map[string]Object) (err error) {
	o := open[r.path]
	if o == nil {
		if o, err = root.Get(r.path); err == nil {
			open[r.path] = o
		}
	}
	if r.target != "" {
		return r.checkLink(root, o, err)
	}
	if err != nil {
		return err
	}
	if r.attr != "" {
		got, err := o.Attr(r.attr)
		if err != nil {
			return err
		}
		return r.checkAttr(got)
	}
	d, ok := o.(*Dataset)
	if !ok {
		return fmt.Errorf("got a %T, want a dataset", o)
	}
	if r.tensor == nil {
		got, err := d.Strings()
		if err == nil && !slices.Equal(got, r.strings) {
			err = fmt.Errorf("got strings %.100q", got)
		}
		return err
	}
	if spec, err := d.Spec(); err != nil || spec != r.tensor.Spec() {
		return fmt.Errorf("got %v (%v)", spec, err)
	}
	got, err := d.Tensor()
	if err == nil && !bytes.Equal(got.Bytes(), r.tensor.Bytes()) {
		err = fmt.Errorf("got %v", got)
	}
	return err
}

// checkLink wants what the link leads to, or an error that says that this is not there.
func (r writeItem) checkLink(root *Group, got Object, err error) error {
	dir := r.path[:strings.LastIndex(r.path, "/")+1]
	from, err2 := root.Group(dir)
	if err2 != nil {
		return err2
	}
	want, err2 := from.Get(r.target)
	if err2 != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("got error %v, want %v", err, fs.ErrNotExist)
		}
		return nil
	}
	if err != nil || got.address() != want.address() {
		return fmt.Errorf("got another object than %s (%v)", want.Path(), err)
	}
	return nil
}

// checkAttr compares the value of an attribute. A scalar comes as the widest Go
// type of its kind.
func (r writeItem) checkAttr(got any) error {
	var same bool
	switch got := got.(type) {
	case string:
		same = r.scalar && r.strings[0] == got
	case []string:
		same = !r.scalar && r.tensor == nil && slices.Equal(r.strings, got)
	case *tensor.Tensor:
		same = r.tensor != nil && r.tensor.Spec() == got.Spec() && bytes.Equal(r.tensor.Bytes(), got.Bytes())
	default:
		same = r.tensor != nil && r.tensor.Shape().Rank() == 0 && scalar(r.tensor) == got
	}
	if !same {
		return fmt.Errorf("got %.200v", got)
	}
	return nil
}

func TestWriteRead(t *testing.T) {
	for _, c := range writeCases {
		r := writeBuild(c.build)
		if err := r.check(r.bytes(t)); err != nil {
			t.Errorf("%s: %.500v", c.name, err)
		}
	}
}

// TestWriteReadRandom writes random trees and reads them.
func TestWriteReadRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newWriteRecorder()
		name := rapid.StringMatching(`[a-zA-Zä0-9 _]{1,12}`)
		groups := []*GroupWriter{r.Root()}
		for i := range rapid.IntRange(0, 60).Draw(t, "items") {
			g := groups[rapid.IntRange(0, len(groups)-1).Draw(t, "group")]
			n := fmt.Sprint(name.Draw(t, "name"), i) // never twice
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				groups = append(groups, g.Group(n))
			case 1:
				r.stringsDataset(g, n, rapid.SliceOfN(name, 0, 5).Draw(t, "strings"))
			case 2:
				r.attr(g, n, writeRandomAttr(t))
			case 3:
				r.link(g, n, rapid.SampledFrom([]string{"/", "nowhere", "/a/b"}).Draw(t, "target"))
			default:
				x := writeRandomTensor(t)
				d := r.dataset(g, n, x, writeRandomStorage(t, x)...)
				r.attr(d, "attr", writeRandomAttr(t))
			}
		}
		var b bytes.Buffer
		if _, err := r.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if err := r.check(b.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}

func writeRandomTensor(t *rapid.T) *tensor.Tensor {
	dims := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 4).Draw(t, "dims")
	return writeNumbers(rapid.SampledFrom(tensor.DTypes()).Draw(t, "dtype"), dims...)
}

func writeRandomAttr(t *rapid.T) any {
	switch rapid.IntRange(0, 5).Draw(t, "attr") {
	case 0:
		return rapid.StringMatching(`[^\x00]*`).Draw(t, "string")
	case 1:
		return rapid.SliceOfN(rapid.StringMatching(`[^\x00]*`), 0, 20).Draw(t, "strings")
	case 2:
		return rapid.Int64().Draw(t, "int64")
	case 3:
		return rapid.Float64().Draw(t, "float64")
	case 4:
		return rapid.Bool().Draw(t, "bool")
	}
	x := writeRandomTensor(t)
	if x.DType() == tensor.BFloat16 {
		x = x.AsType(tensor.Float32)
	}
	return x
}

// writeRandomStorage returns options that x can be stored with.
func writeRandomStorage(t *rapid.T, x *tensor.Tensor) []DatasetOption {
	var opts []DatasetOption
	if rapid.Bool().Draw(t, "shuffle") {
		opts = append(opts, Shuffle)
	}
	if rapid.Bool().Draw(t, "gzip") {
		opts = append(opts, Gzip(rapid.IntRange(0, 9).Draw(t, "level")))
	}
	if x.Shape().Rank() > 0 && x.Len() > 0 && rapid.Bool().Draw(t, "chunks") {
		var chunk []int
		for _, n := range x.Shape().Slice() {
			chunk = append(chunk, rapid.IntRange(1, n).Draw(t, "chunk"))
		}
		opts = append(opts, Chunks(chunk...))
	}
	return opts
}
