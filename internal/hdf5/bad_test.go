package hdf5

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/tensor"
)

// visit reads all that is in a file, but for datasets that say they are large, and
// does not mind checksums if unsummed is set: damage goes further then.
func visit(b []byte, unsummed bool) error {
	g, err := open(&file{r: bytes.NewReader(b), links: map[uint64][]link{}, unsummed: unsummed}, int64(len(b)))
	if err != nil {
		return err
	}
	var first error
	note := func(err error) {
		if err != nil && first == nil {
			first = err
		}
	}
	note(Walk(g, func(o Object) error {
		names, err := o.AttrNames()
		note(err)
		for _, name := range names {
			_, err := o.Attr(name)
			note(err)
		}
		switch o := o.(type) {
		case *Group:
			names, err := o.Names()
			note(err)
			for _, name := range names {
				_, err := o.Get(name)
				note(err)
			}
		case *Dataset:
			_, _, _ = o.Layout(), o.Filters(), o.StoredBytes()
			if n, err := o.space.bytes(&o.typ); err != nil || n > 1<<20 {
				break
			}
			if o.typ.isString() {
				_, err = o.Strings()
			} else {
				_, err = o.Tensor()
			}
			note(err)
		}
		return nil
	}))
	return first
}

// FuzzOpen reads files that are damaged in any way.
func FuzzOpen(f *testing.F) {
	files := fixtures(f)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if len(files[name]) <= 32<<10 { // larger ones are slow to mutate
			f.Add(files[name])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, unsummed := range []bool{true, false} {
			if err := visit(b, unsummed); err != nil && !strings.HasPrefix(err.Error(), "hdf5: ") {
				t.Errorf("got error %q, want it to begin with hdf5:", err)
			}
		}
	})
}

// TestDamage flips bits, sets bytes, swaps numbers for large ones and cuts files
// off: whatever comes out, it is soon and without much memory. Damage that is
// found is an error; in elements or names it cannot be.
func TestDamage(t *testing.T) {
	files := fixtures(t)
	rounds := 200
	if testing.Short() {
		rounds = 30
	}
	var worst time.Duration
	var most float64
	refused, total := 0, 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		good := files[name]
		rng := rand.New(rand.NewPCG(1, uint64(len(good))))
		for i := range rounds {
			b := damage(rng, bytes.Clone(good))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := visit(b, i%3 > 0)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			grew := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(good))
			worst, most = max(worst, took), max(most, grew)
			if total++; err != nil {
				refused++
			}
			if took > emulator.Limit(5*time.Second) || grew > 200 {
				t.Errorf("%s: took %v and %.0f times the file in memory; %v", name, took, grew, err)
			}
		}
	}
	t.Logf("%d damaged files, %d refused; at worst %v, and %.0f times the file allocated in all", total, refused, worst, most)
	if refused == 0 {
		t.Error("got no errors at all")
	}
}

// damage changes b in one place.
func damage(rng *rand.Rand, b []byte) []byte {
	// Most of a file may be elements and free space: aim at what is neither.
	at := rng.IntN(len(b) - 8)
	for range 20 {
		if b[at] != 0 {
			break
		}
		at = rng.IntN(len(b) - 8)
	}
	switch rng.IntN(6) {
	case 0:
		b[at] ^= 1 << rng.IntN(8)
	case 1:
		b[at] = byte(rng.Uint32())
	case 2:
		b[at] = 0xff
	case 3:
		binary.LittleEndian.PutUint32(b[at:], rng.Uint32()>>rng.IntN(32))
	case 4: // an address or a length
		binary.LittleEndian.PutUint64(b[at&^7:], uint64(rng.IntN(len(b))))
	case 5:
		return b[:at]
	}
	return b
}

// TestTruncated cuts a file off at every place: the superblock knows its length.
func TestTruncated(t *testing.T) {
	for name, b := range fixtures(t) {
		for n := range min(len(b), 3000) {
			if err := visit(b[:n], false); err == nil {
				t.Fatalf("%s: %d of %d bytes: got no error", name, n, len(b))
			}
			if n > 8 && n < 128 { // a size that makes no sense, and nothing behind it
				if err := visit(append(bytes.Clone(b[:n-1]), 0xff), false); err == nil {
					t.Fatalf("%s: %d of %d bytes, the last one ff: got no error", name, n, len(b))
				}
			}
		}
		if err := visit(b[:len(b)-1], false); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: without its last byte: got %v", name, err)
		}
	}
}

// brokenReader fails after some reads.
type brokenReader struct {
	io.ReaderAt
	left int
}

var errBroken = errors.New("broken")

func (r *brokenReader) ReadAt(p []byte, at int64) (int, error) {
	if r.left--; r.left < 0 {
		return 0, errBroken
	}
	return r.ReaderAt.ReadAt(p, at)
}

// TestBrokenReader wants an error of the reader, at whatever read, to come out.
func TestBrokenReader(t *testing.T) {
	for _, name := range []string{"tiny-default.h5", "tiny-latest.h5", "shared.h5"} {
		b := fixtures(t)[name]
		for n := 0; ; n++ {
			r := &brokenReader{bytes.NewReader(b), n}
			g, err := Open(r, int64(len(b)))
			if err == nil {
				err = Walk(g, func(o Object) error {
					d, ok := o.(*Dataset)
					if !ok {
						_, err := o.AttrNames()
						return err
					}
					if d.Type() == "string" {
						_, err := d.Strings()
						return err
					}
					_, err := d.Tensor()
					return err
				})
			}
			if err == nil && n > 20 {
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatalf("%s: after %d reads: got %v, want %v", name, n, err, errBroken)
			}
		}
	}
}

// TestOldLayout reads the layout messages of HDF5 before 1.6, spelled out.
func TestOldLayout(t *testing.T) {
	f := &file{offsetSize: 8, lengthSize: 8, size: 1 << 20}
	for _, c := range []struct {
		body string
		want layout
	}{
		{"0102010000000000 0008000000000000 03000000 04000000", layout{version: 1, class: layoutContiguous, addr: 0x800, size: undefined}},
		{"0202020000000000 0008000000000000 03000000 04000000", layout{version: 2, class: layoutChunked, addr: 0x800, chunk: []uint64{3}, elementSize: 4}},
		{"0201000000000000 02000000 02000000 6162", layout{version: 2, class: layoutCompact, addr: undefined, data: []byte("ab")}},
	} {
		body, err := hex.DecodeString(strings.ReplaceAll(c.body, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		got, err := readLayout(f.cursor("layout", message{body: body}))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("% x: got %+v, %v, want %+v", body, got, err, c.want)
		}
		if _, err := readLayout(f.cursor("layout", message{body: body[:len(body)-1]})); err == nil {
			t.Errorf("% x: less a byte: got no error", body)
		}
	}
}

// TestErrors looks at what errors say.
func TestErrors(t *testing.T) {
	files := fixtures(t)
	open := func(name string) *Group {
		g, err := Open(bytes.NewReader(files[name]), int64(len(files[name])))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	tensorOf := func(file, name string) func() error {
		return func() error {
			d, err := open(file).Dataset(name)
			if err != nil {
				return err
			}
			_, err = d.Tensor()
			return err
		}
	}
	get := func(name string) func() error {
		return func() error {
			_, err := open("links-latest.h5").Get(name)
			return err
		}
	}
	for _, c := range []struct {
		what string
		do   func() error
		want string
		is   error
	}{
		{"empty file", func() error { _, err := Open(strings.NewReader(""), 0); return err }, "hdf5: no HDF5 file", nil},
		{"text", func() error { _, err := Open(strings.NewReader("Hello, world"), 12); return err }, "hdf5: no HDF5 file", nil},
		{"missing", get("a/b/none"), `hdf5: /a/b: "none"`, fs.ErrNotExist},
		{"below a dataset", get("alias/x"), `hdf5: /alias: got a dataset, want a group with "x"`, fs.ErrNotExist},
		{"dangling", get("dangling"), `hdf5: /dangling: soft link to "/nowhere": hdf5: /: "nowhere"`, fs.ErrNotExist},
		{"loop", get("loop1"), "more than 16 soft links", nil},
		{"self", get("self"), "more than 16 soft links", nil},
		{"external", get("external"), `hdf5: /external: link to "/path" in the file "other.h5"`, nil},
		{"type", get("named"), "hdf5: /named: got a named datatype", nil},
		{"group", func() error { _, err := open("links-latest.h5").Dataset("a"); return err }, "hdf5: /a: got a group, want a dataset", nil},
		{"attribute", func() error { _, err := open("links-latest.h5").Attr("none"); return err }, `hdf5: /: attribute "none"`, fs.ErrNotExist},
		{"compound", tensorOf("dtypes-default.h5", "compound"), "hdf5: /compound: got elements of type compound of 2 members, 12 bytes, want one of [bool ", nil},
		{"complex", tensorOf("dtypes-default.h5", "complex"), "compound of 2 members", nil},
		{"reference", tensorOf("dtypes-default.h5", "reference"), "reference of 8 bytes", nil},
		{"opaque", tensorOf("dtypes-default.h5", "opaque"), "opaque of 7 bytes", nil},
		{"opaque2", tensorOf("dtypes-default.h5", "opaque2"), "opaque of 2 bytes", nil},
		{"vlen", tensorOf("dtypes-default.h5", "vlen"), "sequences of int32", nil},
		{"array", tensorOf("dtypes-default.h5", "array"), "arrays of int32, 12 bytes", nil},
		{"longdouble", tensorOf("dtypes-default.h5", "longdouble"), "float of 80 bits in 16 bytes", nil},
		{"bits", tensorOf("dtypes-default.h5", "bits17"), "int of 17 bits in 4 bytes", nil},
		{"time", tensorOf("dtypes-default.h5", "time"), "time of 4 bytes", nil},
		{"bitfield", tensorOf("dtypes-default.h5", "bitfield"), "bitfield of 1 bytes", nil},
		{"null", tensorOf("dtypes-default.h5", "null"), "float32 without a shape", nil},
		{"string", tensorOf("strings-default.h5", "vlen"), "hdf5: /vlen: got elements of type string", nil},
		{"external data", tensorOf("layouts-latest.h5", "external"), "elements are in other files", nil},
		{"virtual", tensorOf("layouts-latest.h5", "virtual"), "virtual dataset", nil},
		{"scaleoffset", tensorOf("filters-latest.h5", "scaleoffset"), "filter scaleoffset (6)", nil},
		{"strings", func() error {
			d, err := open("dtypes-latest.h5").Dataset("f4")
			if err != nil {
				return err
			}
			_, err = d.Strings()
			return err
		}, "hdf5: /f4: got elements of type float32, want strings", nil},
		{"another tensor", func() error {
			d, err := open("dtypes-latest.h5").Dataset("f4")
			if err != nil {
				return err
			}
			return d.ReadInto(tensor.New(tensor.Float32, 5))
		}, "hdf5: /f4: got a tensor float32[5]", nil},
	} {
		err := c.do()
		if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: got %v, want %q", c.what, err, c.want)
		}
	}
}

// TestLinks follows links that are there; one of the file is named "root" and leads to its top.
func TestLinks(t *testing.T) {
	for _, name := range []string{"links-default.h5", "links-latest.h5"} {
		b := fixtures(t)[name]
		g, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{"alias", "soft", "a/relative", "a/dots/data", "chain", "/a/b/c/root/a/b/c/up/b/c/data", "../b/c/data", "./a//b/c/data/"} {
			d, err := g.Dataset(p)
			if err != nil {
				t.Errorf("%s: %s: %v", name, p, err)
				continue
			}
			if x, err := d.Tensor(); err != nil || !tensor.Equal(x, tensor.Of[float32](0, 7, 14)) {
				t.Errorf("%s: %s: got %v, %v", name, p, x, err)
			}
		}
	}
}

// TestStopWalk stops at the caller's error.
func TestStopWalk(t *testing.T) {
	b := fixtures(t)["links-default.h5"]
	g, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	n, stop := 0, errors.New("stop")
	if err := Walk(g, func(Object) error { n++; return stop }); err != stop || n != 1 {
		t.Errorf("got %v after %d objects, want %v after 1", err, n, stop)
	}
}
