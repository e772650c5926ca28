package plaintext

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ in, text, lines string }{
		{"", "", ""},
		{"dense_1", "dense_1", "dense_1"},
		{"größe 密 🙂 \"q\" \\", "größe 密 🙂 \"q\" \\", "größe 密 🙂 \"q\" \\"},
		{"a\nb\tc", `a\nb\tc`, "a\nb\tc"},
		{"\x1b[31mred\a", `\x1b[31mred\a`, `\x1b[31mred\a`},
		{"over\rwritten\b", `over\rwritten\b`, `over\rwritten\b`},
		{"\u009b31m", `\u009b31m`, `\u009b31m`},                                  // CSI in one character
		{"\x9b31m\xff", `\x9b31m\xff`, `\x9b31m\xff`},                            // and in one byte, of terminals that take Latin-1
		{"a\u202eb\u2066\u200e", `a\u202eb\u2066\u200e`, `a\u202eb\u2066\u200e`}, // marks of direction
		{"\u2028\u200b\ufeff\x7f\x00", `\u2028\u200b\ufeff\x7f\x00`, `\u2028\u200b\ufeff\x7f\x00`},
		{"\U000e0041", `\U000e0041`, `\U000e0041`}, // a tag, which shows nothing
		{"\ufffd", "\ufffd", "\ufffd"},
	} {
		if got := Text(c.in); got != c.text {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.text)
		}
		if got := Lines(c.in); got != c.lines {
			t.Errorf("Lines(%q) = %q, want %q", c.in, got, c.lines)
		}
	}
}

func TestName(t *testing.T) {
	long := strings.Repeat("ö", 200)
	for in, want := range map[string]string{
		"":            "",
		"größe \"q\"": "größe \"q\"",
		"a\nb\x1b[2J": `"a\nb\x1b[2J"`,
		"\xff":        `"\xff"`,
		long:          long[:200] + "...",
		"a" + long:    "a" + long[:198] + "...", // no half of a letter
		"\x1b" + long: `"\x1b` + long[:198] + `..."`,
	} {
		if got := Name(in); got != want {
			t.Errorf("Name(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestError(t *testing.T) {
	if Error(nil) != nil || Error(fs.ErrNotExist) != fs.ErrNotExist {
		t.Error("an error with plain text is another one")
	}
	err := Error(errors.Join(errors.New("layer \x1b[2J"), fs.ErrNotExist))
	if want := "layer \\x1b[2J\nfile does not exist"; err.Error() != want || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %q, want %q, which wraps the error", err, want)
	}
}

// TestWriter cuts text anywhere.
func TestWriter(t *testing.T) {
	text := "größe\x1b[0m 密🙂\n\xf0\x9f\x99 \u202e\u009b \xff\x9b"
	for cut := range len(text) {
		for next := cut; next <= len(text); next++ {
			var b strings.Builder
			w := NewWriter(&b)
			for _, s := range []string{text[:cut], text[cut:next], text[next:]} {
				if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
					t.Fatalf("wrote %d of %d bytes, %v", n, len(s), err)
				}
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if want := Lines(text); b.String() != want {
				t.Fatalf("cut at %d and %d: got %q, want %q", cut, next, b.String(), want)
			}
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Lines(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }) {
			t.Errorf("Lines(%q) = %q", s, got)
		}
	})
}
