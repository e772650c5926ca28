// Package plaintext makes text of unknown origin harmless to a terminal. Names in a file may
// hold control characters that move the cursor, set the window's title or type for the user,
// and marks of direction that show text in another order than it has.
package plaintext

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s with every character that does not print, and every byte that is not UTF-8,
// replaced by its escape in Go: \x1b, \u202e.
func Text(s string) string { return escape(s, "") }

// Lines is [Text] of several lines: newlines and tabs stay.
func Lines(s string) string { return escape(s, "\n\t") }

// Name returns a name for a line of a table or a message: as it is if all of it prints, quoted
// otherwise, and no more than 200 bytes of it, since one long name makes every row as long.
func Name(s string) string {
	s = Cut(s, 200)
	if !isPlain(s, "") {
		return strconv.Quote(s)
	}
	return s
}

// Cut returns s, or its first bytes, most of them, and "..." if it has more.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// escape replaces all that does not print, but for the characters in keep.
func escape(s, keep string) string {
	if isPlain(s, keep) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case prints(r, n, keep):
			b.WriteString(s[:n])
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[0])|0x100, 16)[1:])
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// isPlain reports whether there is nothing to escape.
func isPlain(s, keep string) bool {
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if !prints(r, n, keep) {
			return false
		}
		i += n
	}
	return true
}

// prints reports whether a character of n bytes stays.
func prints(r rune, n int, keep string) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f || strings.IndexByte(keep, byte(r)) >= 0
	}
	return unicode.IsPrint(r) && !(r == utf8.RuneError && n == 1)
}

// Error returns err with a text that [Lines] made plain; err itself if it is.
func Error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if isPlain(text, "\n\t") {
		return err
	}
	return &plainError{Lines(text), err}
}

// plainError is an error with another text.
type plainError struct {
	text string
	err  error
}

// Error implements error.
func (e *plainError) Error() string { return e.text }

// Unwrap returns the error as it was.
func (e *plainError) Unwrap() error { return e.err }

// Writer passes on text as [Lines] returns it.
type Writer struct {
	w    io.Writer
	rest []byte // the beginning of a character that the next call ends
}

// NewWriter returns a writer to w. Flush writes what may be left.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Unwrap returns the writer that takes text as it is.
func (w *Writer) Unwrap() io.Writer { return w.w }

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	b := append(w.rest, p...)
	whole := len(b) - unfinished(b)
	w.rest = slices.Clone(b[whole:])
	if _, err := w.w.Write([]byte(Lines(string(b[:whole])))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// unfinished returns how many bytes at the end of b begin a character that goes on.
func unfinished(b []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(b)); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// Flush writes the beginning of a character that did not go on.
func (w *Writer) Flush() error {
	if len(w.rest) == 0 {
		return nil
	}
	_, err := w.w.Write([]byte(Lines(string(w.rest))))
	w.rest = nil
	return err
}
