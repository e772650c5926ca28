package zipfile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
)

// member is one of an archive that a test makes.
type member struct {
	name, local   string // local is the name before the content, name if empty
	method, flags uint16
	content       string // as it is packed
	size          int    // uncompressed, that of content if 0
	sum           uint32 // the checksum, that of content if 0
	localFlags    uint16 // flipped before the content
	localMethod   uint16 // flipped before the content
}

// archive returns an archive whose parts say what the members say.
func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var b, directory bytes.Buffer
	le := binary.LittleEndian
	for _, m := range members {
		if m.local == "" {
			m.local = m.name
		}
		if m.size == 0 {
			m.size = len(m.content)
		}
		if m.sum == 0 {
			m.sum = crc32.ChecksumIEEE([]byte(m.content))
		}
		common := func(flags, method uint16, name string) []byte { // from the version on
			var h []byte
			h = le.AppendUint16(h, 20)
			h = le.AppendUint16(h, flags)
			h = le.AppendUint16(h, method)
			h = le.AppendUint32(h, 0)
			h = le.AppendUint32(h, m.sum)
			h = le.AppendUint32(h, uint32(len(m.content)))
			h = le.AppendUint32(h, uint32(m.size))
			h = le.AppendUint16(h, uint16(len(name)))
			return le.AppendUint16(h, 0)
		}
		at := b.Len()
		b.WriteString("PK\x03\x04")
		b.Write(common(m.flags^m.localFlags, m.method^m.localMethod, m.local))
		b.WriteString(m.local + m.content)
		directory.WriteString("PK\x01\x02\x14\x00")
		directory.Write(common(m.flags, m.method, m.name))
		directory.Write(make([]byte, 10))
		directory.Write(le.AppendUint32(nil, uint32(at)))
		directory.WriteString(m.name)
	}
	end := []byte("PK\x05\x06\x00\x00\x00\x00")
	end = le.AppendUint16(end, uint16(len(members)))
	end = le.AppendUint16(end, uint16(len(members)))
	end = le.AppendUint32(end, uint32(directory.Len()))
	end = le.AppendUint32(end, uint32(b.Len()))
	b.Write(directory.Bytes())
	b.Write(append(end, 0, 0))
	return b.Bytes()
}

func TestOpen(t *testing.T) {
	for _, c := range []struct {
		what    string
		members []member
		want    string // in the error
	}{
		{"whole", []member{{name: "a", content: "xyz"}, {name: "d/b"}}, ""},
		{"a folder", []member{{name: "d/"}}, ""},
		{"twice", []member{{name: "a"}, {name: "a"}}, `archive member "a": it stands twice`},
		{"up", []member{{name: "../a"}}, `archive member "../a": want a plain relative name`},
		{"a drive", []member{{name: "c:a"}}, "want a plain relative name"},
		{"another name", []member{{name: "a", local: "b"}}, `archive member "a": before its content stands another name, "b" of 1 bytes`},
		{"a longer name", []member{{name: "a", local: "ab"}}, `stands another name, "a" of 2 bytes`},
		{"another method", []member{{name: "a", localMethod: 8}}, "before its content stands compression method 8, in the directory 0"},
		{"encrypted", []member{{name: "a", flags: 1}}, "it is encrypted: want an archive without a password"},
		{"strongly encrypted", []member{{name: "a", flags: 1 << 6}}, "it is encrypted"},
		{"masked", []member{{name: "a", flags: 1 << 13}}, "it is encrypted"},
		{"a patch", []member{{name: "a", flags: 1 << 5}}, "it is a patch"},
		{"encrypted before the content", []member{{name: "a", localFlags: 1}}, "before its content it says that it is encrypted"},
		{"bzip2", []member{{name: "a", method: 12}}, "got compression method 12, want 0 (stored) or 8 (deflate)"},
		{"stored as less", []member{{name: "a", content: "xyz", size: 4}}, "4 bytes stored as 3: want the same"},
		{"more than deflate packs", []member{{name: "a", content: "xyz", size: 1 << 20, method: zip.Deflate}}, "which cannot hold 1048576"},
	} {
		b := archive(t, c.members...)
		files, err := Open(bytes.NewReader(b), int64(len(b)))
		switch {
		case c.want == "" && (err != nil || len(files) != len(c.members)):
			t.Errorf("%s: got %d members, error %v: want %d", c.what, len(files), err, len(c.members))
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %s", c.what, err, c.want)
		}
	}
}

// TestOpenDirectory opens an archive of many members, which takes memory in proportion to
// the file, and one of more than are read.
func TestOpenDirectory(t *testing.T) {
	made := func(n int) []byte {
		members := make([]member, n)
		for i := range members {
			members[i].name = strings.Repeat("d/", 100) + string(rune('a'+i%26)) + strings.Repeat("x", i%50) + string(rune(0x4e00+i%20000))
		}
		b := archive(t, members...)
		return b
	}
	b := made(60000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Open(bytes.NewReader(b), int64(len(b)))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "the directory takes more than 4194304 bytes") {
		t.Errorf("a directory of 15 MB: error %v", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
		t.Errorf("a directory of 15 MB took %d bytes of memory before it was refused", got)
	}
}

// packed returns text deflated.
func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadAll(t *testing.T) {
	text := strings.Repeat("glia", 500)
	sum := crc32.ChecksumIEEE([]byte(text))
	for _, c := range []struct {
		what string
		m    member
		most int64
		want string // in the error
	}{
		{"stored", member{content: text}, 2000, ""},
		{"empty", member{}, 0, ""},
		{"deflated", member{content: packed(t, text), size: len(text), sum: sum, method: zip.Deflate}, 2000, ""},
		{"too large", member{content: text}, 1999, "2000 bytes come of 2000: want at most 1999"},
		{"more than it promises", member{content: packed(t, text), size: 1000, sum: sum, method: zip.Deflate}, 2000, ""},
		{"less than it promises", member{content: packed(t, text), size: 2001, sum: sum, method: zip.Deflate}, 3000, ""},
		{"a checksum", member{content: text, sum: 1}, 2000, "the file is damaged: zip: checksum error"},
		{"air", member{content: packed(t, strings.Repeat("\x00", 2<<20)), size: 2 << 20, method: zip.Deflate}, 4 << 20, "want no more than 100 times as many"},
	} {
		c.m.name = "a"
		b := archive(t, c.m)
		files, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		got, err := files[0].ReadAll(c.most)
		whole := c.m.size == 0 || c.m.size == len(text)
		switch {
		case c.want == "" && whole && (err != nil || string(got) != text && len(c.m.content) > 0):
			t.Errorf("%s: got %d bytes, error %v", c.what, len(got), err)
		case c.want == "" && !whole && err == nil:
			t.Errorf("%s: got %d bytes and no error", c.what, len(got))
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %s", c.what, err, c.want)
		}
	}
}

// TestContent reads a stored member in its place, which Verify compares, and a compressed one.
func TestContent(t *testing.T) {
	b := archive(t, member{name: "a", content: "one"}, member{name: "b", content: "twos"},
		member{name: "c", content: packed(t, "three"), size: 5, sum: crc32.ChecksumIEEE([]byte("three")), method: zip.Deflate})
	files, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"one", "twos", "three"} {
		s, err := files[i].Content(5)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(s); string(got) != want || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if got, err := files[2].Content(4); err == nil {
		t.Errorf("got %d bytes of 4, want an error", got.Size())
	}
	if err := files[1].Verify(); err != nil {
		t.Error(err)
	}
	b[bytes.Index(b, []byte("twos"))] ^= 1
	if err := files[1].Verify(); err == nil || !strings.Contains(err.Error(), "the file is damaged") {
		t.Errorf("of a damaged member: got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(archive(f, member{name: "a", content: "xyz"}, member{name: "d/b", content: packed(f, "xyz"), size: 3, method: zip.Deflate}))
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, file := range files {
			if got, err := file.ReadAll(1 << 20); err == nil && uint64(len(got)) != file.UncompressedSize64 {
				t.Errorf("%q: got %d bytes, want %d", file.Name, len(got), file.UncompressedSize64)
			}
		}
	})
}
