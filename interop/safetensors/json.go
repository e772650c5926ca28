package safetensors

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep values may be nested that a header has beside the format's.
const maxDepth = 100

// scanner reads the JSON of a header in one pass. Unlike encoding/json it refuses whatever
// the format's library refuses, reports the offset, and takes memory for names only.
type scanner struct {
	b []byte
	i int
}

// want returns an error about the place that the scanner is at.
func (s *scanner) want(what string) error {
	if s.i >= len(s.b) {
		return fmt.Errorf("header byte %d: got the end, want %s", s.i, what)
	}
	return fmt.Errorf("header byte %d: got %q, want %s", s.i, s.b[s.i:min(s.i+16, len(s.b))], what)
}

// peek returns the next byte that is not a space, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; c {
		case ' ', '\n', '\r', '\t':
		default:
			return c
		}
	}
	return 0
}

// take steps over c if that is next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.i >= len(s.b) {
		return false
	}
	s.i++
	return true
}

// list reads the items between two brackets: each reads one.
func (s *scanner) list(open, end byte, each func() error) error {
	if !s.take(open) {
		return s.want(strconv.QuoteRune(rune(open)))
	}
	if s.take(end) {
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if s.take(end) {
			return nil
		}
		if !s.take(',') {
			return s.want("',' or " + strconv.QuoteRune(rune(end)))
		}
	}
}

// object reads an object: each reads the value of a key.
func (s *scanner) object(each func(key string) error) error {
	return s.list('{', '}', func() error {
		key, err := s.text()
		if err != nil {
			return err
		}
		if !s.take(':') {
			return s.want("':'")
		}
		return each(key)
	})
}

// integer reads a number of digits alone that fits an int64.
func (s *scanner) integer() (int64, error) {
	s.peek()
	from := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	digits := s.b[from:s.i]
	wrong := len(digits) == 0 || digits[0] == '0' && len(digits) > 1 || len(digits) > 19
	if !wrong && s.i < len(s.b) {
		c := s.b[s.i]
		wrong = c == '.' || c == 'e' || c == 'E'
	}
	var n uint64
	for _, c := range digits[:min(len(digits), 19)] { // 19 digits fit
		n = 10*n + uint64(c-'0')
	}
	if wrong || n > math.MaxInt64 {
		s.i = from
		return 0, s.want("a whole number from 0 to 2^63-1")
	}
	return int64(n), nil
}

// text reads a string.
func (s *scanner) text() (string, error) {
	if !s.take('"') {
		return "", s.want("'\"'")
	}
	from := s.i
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return string(s.b[from : s.i-1]), nil
		case c == '\\':
			return s.escaped(from)
		case c < ' ':
			return "", s.want("an escape in place of a control character")
		}
	}
	return "", s.want("'\"' at the end of a string")
}

// escaped is the rest of text for a string with escapes that begins at from.
func (s *scanner) escaped(from int) (string, error) {
	text := append([]byte(nil), s.b[from:s.i]...)
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return string(text), nil
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			text = utf8.AppendRune(text, r)
		case c < ' ':
			return "", s.want("an escape in place of a control character")
		default:
			text = append(text, c)
			s.i++
		}
	}
	return "", s.want("'\"' at the end of a string")
}

// escapes maps the letter after a backslash to the character that is meant.
var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads an escape sequence.
func (s *scanner) escape() (rune, error) {
	if s.i+1 < len(s.b) {
		if r, ok := escapes[s.b[s.i+1]]; ok {
			s.i += 2
			return r, nil
		}
	}
	r, ok := s.unit(s.i)
	if !ok {
		return 0, s.want("an escape that JSON has")
	}
	if !utf16.IsSurrogate(r) {
		s.i += 6
		return r, nil
	}
	low, _ := s.unit(s.i + 6)
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, s.want("two surrogates that make a character")
	}
	s.i += 12
	return r, nil
}

// unit returns the number in the escape \u0000 at i.
func (s *scanner) unit(i int) (rune, bool) {
	if i+6 > len(s.b) || s.b[i] != '\\' || s.b[i+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.b[i+2:i+6]), 16, 16)
	return rune(n), err == nil
}

// skip reads any value and forgets it.
func (s *scanner) skip(depth int) error {
	if depth > maxDepth {
		return s.want(fmt.Sprintf("values nested at most %d deep", maxDepth))
	}
	switch c := s.peek(); {
	case c == '{':
		return s.object(func(string) error { return s.skip(depth + 1) })
	case c == '[':
		return s.list('[', ']', func() error { return s.skip(depth + 1) })
	case c == '"':
		_, err := s.text()
		return err
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	}
	for _, word := range []string{"null", "true", "false"} {
		if s.word(word) {
			return nil
		}
	}
	return s.want("a value")
}

// word steps over a word if that is next.
func (s *scanner) word(w string) bool {
	s.peek()
	if s.i+len(w) > len(s.b) || string(s.b[s.i:s.i+len(w)]) != w {
		return false
	}
	s.i += len(w)
	return true
}

// number reads any number and forgets it.
func (s *scanner) number() error {
	s.word("-")
	from := s.i
	whole := s.digits()
	ok := whole == 1 || whole > 1 && s.b[from] != '0'
	if ok && s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		ok = s.digits() > 0
	}
	if ok && s.i < len(s.b) && (s.b[s.i] == 'e' || s.b[s.i] == 'E') {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		ok = s.digits() > 0
	}
	if !ok {
		return s.want("a number")
	}
	return nil
}

// digits steps over digits and returns how many.
func (s *scanner) digits() int {
	from := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i - from
}
