package safetensors

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// tensorJSON is a header's entry.
func tensorJSON(name, dtype, shape string, from, to int) string {
	return fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, from, to)
}

// Headers that are unusual and right.
func TestHeaderAccepted(t *testing.T) {
	for _, c := range []struct {
		header string
		data   int
		names  string
	}{
		{`{}`, 0, ""},
		{`{ }  ` + "\n\t\r", 0, ""},
		{`{"__metadata__":{}}`, 0, ""},
		{`{` + tensorJSON("b", "U8", "[2]", 3, 5) + `,` + tensorJSON("a", "U8", "[3]", 0, 3) + `}`, 5, "a b"},
		{`{` + tensorJSON("b", "U8", "[2]", 0, 2) + `,` + tensorJSON("a", "F64", "[0]", 0, 0) + `}`, 2, "a b"},
		{`{"a":{"data_offsets":[0,1],"later":[null,true,{"x":-1.5e+3}],"shape":[],"dtype":"U8"}}`, 1, "a"},
		{`{"\u0041\ud83d\ude00\n":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "A😀\n"},
		{`{"":{"dtype":"F4","shape":[2,1],"data_offsets":[0,1]}}`, 1, ""},
		{`{` + tensorJSON("a", "U8", "[0,9223372036854775807]", 0, 0) + `}`, 0, "a"},
		{`{` + tensorJSON("a", "U8", "[1,1,1,1,1,1,1,1,1]", 0, 1) + `}`, 1, "a"}, // more axes than a tensor has
	} {
		if strings.Contains(c.header, "9223372036854775807") && ^uint(0)>>32 == 0 {
			continue
		}
		b := append(join(c.header), make([]byte, c.data)...)
		f, err := New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		if got := strings.Join(f.Names(), " "); got != c.names {
			t.Errorf("%s: got names %q, want %q", c.header, got, c.names)
		}
	}
}

func TestHeaderRefused(t *testing.T) {
	u8 := tensorJSON("a", "U8", "[2]", 0, 2)
	field := func(s string) string { return `{"a":{` + s + `}}` }
	for _, c := range []struct{ header, want string }{
		{``, "header byte 0: got the end, want '{'"},
		{` {}`, `header byte 0: got " {}", want '{'`},
		{`[]`, "want '{'"},
		{`{`, "want '\"'"},
		{`{"a"`, "header byte 4: got the end, want ':'"},
		{`{"a":1}`, `tensor "a": header byte 5: got "1}", want '{'`},
		{`{"a":{}}`, `tensor "a": header byte 7: got no "dtype"`},
		{`{"__metadata__":{},}`, `got "}", want '"'`},
		{`{}x`, `header byte 2: got "x", want spaces`},
		{`{}{}`, "want spaces"},
		{"{}\x00", "want spaces"},
		{`{"` + "\xff" + `":1}`, "header byte 2: want UTF-8"},
		{`{"a` + "\n" + `":1}`, "control character"},
		{`{"\` + "\n" + `":1}`, "escape"},
		{`{"\x":1}`, "an escape that JSON has"},
		{`{"\u12":1}`, "an escape that JSON has"},
		{`{"\ud800":1}`, "surrogates"},
		{`{"\ud800\u0041":1}`, "surrogates"},
		{`{"\udc00\ud800":1}`, "surrogates"},
		{`{"\`, "an escape"},
		{`{"__metadata__":[]}`, "want '{'"},
		{`{"__metadata__":{"a":1}}`, `__metadata__ "a": header byte 21: got "1}}", want '"'`},
		{`{"__metadata__":{"a":"","a":""}}`, `__metadata__ "a": got it twice`},
		{`{"__metadata__":{},"__metadata__":{}}`, `"__metadata__": got it twice`},
		{`{` + u8 + `,` + u8 + `}`, `tensor "a": got it twice`},
		{`{` + u8 + `,"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}`, `tensor "a": got it twice`},
		{field(`"dtype":"U8","dtype":"U8"`), `"dtype": got it twice`},
		{field(`"dtype":"u8"`), `got dtype "u8", want one of [BOOL F4`},
		{field(`"dtype":8`), "want '\"'"},
		{field(`"dtype":"U8","shape":[2]`), `got no "data_offsets"`},
		{field(`"shape":2`), "want '['"},
		{field(`"shape":[2,]`), "a whole number"},
		{field(`"shape":[-1]`), `got "-1]}}", want a whole number`},
		{field(`"shape":[1.0]`), "a whole number"},
		{field(`"shape":[1e1]`), "a whole number"},
		{field(`"shape":[01]`), "a whole number"},
		{field(`"shape":[18446744073709551616]`), "a whole number"},
		{field(`"shape":[9223372036854775808]`), "a whole number"},
		{field(`"shape":[` + strings.Repeat("1,", 64) + `1]`), "at most 64 axes"},
		{field(`"data_offsets":[0]`), "two offsets"},
		{field(`"data_offsets":[0,1,2]`), "two offsets"},
		{field(`"x":` + strings.Repeat("[", 1000)), "nested at most 100 deep"},
		{field(`"x":[1,2`), "',' or ']'"},
		{field(`"x":nul`), "a value"},
		{field(`"x":01`), "a number"},
		{field(`"x":1.`), "a number"},
		{field(`"x":1e`), "a number"},
		{field(`"x":-`), "a number"},
		{`{` + tensorJSON("a", "U8", "[2]", 0, 1) + `}`, `tensor "a": got data_offsets [0 1], 1 bytes, want 2 for U8[2]`},
		{`{` + tensorJSON("a", "U8", "[2]", 0, 3) + `}`, `want an end within the 2 bytes`},
		{`{` + tensorJSON("a", "U8", "[1]", 1, 2) + `}`, `want them to begin at 0`},
		{`{` + tensorJSON("a", "U8", "[2]", 2, 0) + `}`, `want them to begin at 0`},
		{`{` + u8 + `,` + tensorJSON("b", "U8", "[2]", 0, 2) + `}`, `tensor "b": got data_offsets [0 2], want them to begin at 2, without gap or overlap`},
		{`{` + tensorJSON("a", "U8", "[1]", 0, 1) + `}`, "got 2 bytes behind the header, want 1"},
		{`{}`, "got 2 bytes behind the header, want 0"},
		{`{` + tensorJSON("a", "F4", "[3]", 0, 2) + `}`, "12 bits, want whole bytes"},
		{`{` + tensorJSON("a", "U8", "[4294967296,4294967296]", 0, 0) + `}`, "want"}, // an axis too long where int has 32 bits
		{`{` + tensorJSON("a", "U64", "[2147483647,2147483647,0]", 0, 0) + `}`, ""},  // would overflow as bits, in this order
	} {
		b := append(join(c.header), 0, 0)
		f, err := New(bytes.NewReader(b), int64(len(b)))
		if err == nil || f != nil || !strings.HasPrefix(err.Error(), "safetensors: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.100s: got %v, want %q", c.header, err, c.want)
		}
	}
}

func TestSizes(t *testing.T) {
	good := encode(t, nil, entries()...)
	for n := range good {
		if _, err := New(bytes.NewReader(good[:n]), int64(n)); err == nil {
			t.Fatalf("the first %d bytes of %d were taken for a file", n, len(good))
		}
		// A source that has less than it promised.
		f, err := New(bytes.NewReader(good[:n]), int64(len(good)))
		if err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%d bytes: got %v, want io.ErrUnexpectedEOF", n, err)
			}
			continue
		}
		last := f.Names()[len(f.Names())-1]
		if _, err := f.Tensor(last); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d bytes: %s: got %v, want io.ErrUnexpectedEOF", n, last, err)
		}
	}
	for _, c := range []struct{ file, want string }{
		{"\xff\xff\xff\xff\xff\xff\xff\xff{}", "got a header of 18446744073709551615 bytes, want at most 100000000"},
		{"\x01\xe1\xf5\x05\x00\x00\x00\x00{}", "got a header of 100000001 bytes"},
		{"\x03\x00\x00\x00\x00\x00\x00\x00{}", "got a header of 3 bytes, want at most 2 in a file of 10"},
		{"{}", "got a file of 2 bytes, want 8"},
	} {
		if _, err := New(strings.NewReader(c.file), int64(len(c.file))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.file, err, c.want)
		}
	}
}

// Every bit of a file turned over: an error, or tensors that can be read.
func TestBitFlips(t *testing.T) {
	good := encode(t, map[string]string{"k": "v"}, entries()[:9]...)
	for i := range 8 * len(good) {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		readAll(t, b)
	}
}

// readAll reads what can be read of a file, and checks what must hold for any.
func readAll(t *testing.T, b []byte) {
	f, err := New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		if f != nil || !strings.HasPrefix(err.Error(), "safetensors: ") {
			t.Fatalf("got %v, %v", f, err)
		}
		return
	}
	total := int64(0)
	for _, name := range f.Names() {
		info, err := f.Info(name)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Bytes
		raw, err := f.Raw(name)
		if err != nil || int64(len(raw)) != info.Bytes {
			t.Fatalf("%q: Raw got %d bytes, %v; want %d", name, len(raw), err, info.Bytes)
		}
		checkSource(t, f, name)
		x, err := f.Tensor(name)
		if err != nil {
			if !strings.HasPrefix(err.Error(), fmt.Sprintf("safetensors: tensor %.200q: ", name)) {
				t.Fatalf("%q: got %v", name, err)
			}
			continue
		}
		if x.Shape().Rank() != len(info.Shape) {
			t.Fatalf("%q: got %v, want %v", name, x.Spec(), info)
		}
	}
	if total != int64(len(b))-f.data {
		t.Fatalf("the tensors have %d bytes of %d", total, int64(len(b))-f.data)
	}
}

// A header of 100 MB costs a small multiple of that.
func TestHugeHeaders(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some 100 MB")
	}
	fill := func(start string, piece func(i int) string, end string) string {
		var s strings.Builder
		s.WriteString(start)
		for i := 0; s.Len() < 20_000_000; i++ {
			s.WriteString(piece(i))
		}
		return s.String() + end
	}
	for name, header := range map[string]string{
		"brackets":  fill(`{"a":{"b":`, func(int) string { return "[" }, ""),
		"braces":    fill(`{"a":{"b":`, func(int) string { return `{"":` }, ""),
		"one name":  fill(`{"`, func(int) string { return "a" }, ""),
		"escapes":   fill(`{"`, func(int) string { return `\n` }, `":1}`),
		"axes":      fill(`{"a":{"shape":[`, func(int) string { return "1," }, "1]}}"),
		"unknown":   fill(`{"a":{`, func(i int) string { return fmt.Sprintf(`"%d":0,`, i) }, `"x":0}}`),
		"spaces":    fill(`{"a":`, func(int) string { return " " }, ""),
		"tensors":   fill(`{`, func(i int) string { return tensorJSON(fmt.Sprint(i), "U8", "[0]", 0, 0) + "," }, `"":0}`),
		"metadata":  fill(`{"__metadata__":{`, func(i int) string { return fmt.Sprintf(`"%d":"",`, i) }, `"x":0}}`),
		"many zero": fill("{}", func(int) string { return "\x00" }, ""),
	} {
		b := join(header)
		before := allocated()
		_, err := New(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if len(fmt.Sprint(err)) > 2000 {
			t.Errorf("%s: the error has %d bytes", name, len(fmt.Sprint(err)))
		}
		if took := allocated() - before; took > 16*len(b) { // all ever taken, more than held at once
			t.Errorf("%s: took %d bytes in all for a header of %d", name, took, len(b))
		}
	}
}

func allocated() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.TotalAlloc)
}

func TestOpenErrors(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "absent"), bad, empty} {
		f, err := Open(path)
		if err == nil || f != nil || !strings.HasPrefix(err.Error(), "safetensors: ") || !strings.Contains(err.Error(), path) {
			t.Errorf("Open(%s): got %v, want an error that names it", path, err)
		}
	}
}

func FuzzNew(f *testing.F) {
	f.Add(encode(f, nil))
	f.Add(encode(f, map[string]string{"k": "v\n"}, entries()[:6]...))
	f.Add(append(join(`{"a":{"dtype":"F6_E2M3","shape":[2,2],"data_offsets":[0,3],"x":[null,{"y":-1.5e3}]}}`), 1, 2, 3))
	f.Add(join(`{"\u0041\ud83d\ude00":{"dtype":"C64","shape":[0],"data_offsets":[0,0]}}`))
	f.Fuzz(readAll)
}

// FuzzHeader compares with the encoding of what was read.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(`{}`), int64(0))
	f.Add([]byte(`{"__metadata__":{"a":"b"},"x":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}`), int64(4))
	f.Fuzz(func(t *testing.T, b []byte, size int64) {
		if size < 0 {
			return
		}
		h, err := parseHeader(b, size)
		if err != nil {
			return
		}
		// The same in the plainest writing.
		text := []byte("{")
		if h.metadata != nil {
			if text, err = appendMetadata(text, h.metadata); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range h.entries {
			text = append(appendText(text, e.name), fmt.Sprintf(`:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]},`, e.dt.name, strings.ReplaceAll(fmt.Sprint(e.shape), " ", ","), e.from, e.to)...)
		}
		text = append(bytes.TrimSuffix(text, []byte(",")), '}')
		again, err := parseHeader(text, size)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(h) {
			t.Fatalf("%s: got %v, %v; want %v", text, again, err, h)
		}
	})
}
