package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// runeOf holds a visible character for each byte, and byteOf the byte of each: byte-level BPE has text of these,
// so that every text is text of 256 characters. Bytes that print in Latin-1 stand for themselves, the others for
// characters from U+0100 on.
//
// Source: Radford et al. 2019, GPT-2: bytes_to_unicode.
var runeOf, byteOf = byteRunes()

func byteRunes() (runes [256]rune, bytes map[rune]byte) {
	bytes = map[rune]byte{}
	next := rune(256)
	for b := range 256 {
		r := rune(b)
		if b < '!' || b > '~' && b < 0xa1 || b == 0xad {
			r = next
			next++
		}
		runes[b], bytes[r] = r, byte(b)
	}
	return runes, bytes
}

// byteLevel is the pre-tokenizer, the decoder and the post-processor of byte-level BPE.
type byteLevel struct {
	Type           string `json:"type"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
	TrimOffsets    bool   `json:"trim_offsets"` // of places in the text, which are not told
	UseRegex       bool   `json:"use_regex"`
}

func newByteLevel() *byteLevel { return &byteLevel{"ByteLevel", true, true, true} }

// words implements preTokenizer.
func (b *byteLevel) words(parts []string) []string {
	var out []string
	for _, part := range parts {
		if b.AddPrefixSpace && !strings.HasPrefix(part, " ") {
			part = " " + part
		}
		if !b.UseRegex {
			out = append(out, visible(part))
			continue
		}
		for part != "" {
			n := wordLen(part)
			out = append(out, visible(part[:n]))
			part = part[n:]
		}
	}
	return out
}

// visible returns a character for each byte.
func visible(s string) string {
	var b strings.Builder
	b.Grow(2 * len(s))
	for i := range len(s) {
		b.WriteRune(runeOf[s[i]])
	}
	return b.String()
}

// decode implements decoder.
func (b *byteLevel) decode(tokens []string) string {
	var out []byte
	for _, token := range tokens {
		at := len(out)
		for _, r := range token {
			c, ok := byteOf[r]
			if !ok { // an added token with other characters stands for itself
				out = append(out[:at], token...)
				break
			}
			out = append(out, c)
		}
	}
	return lossy(out)
}

// lossy returns text of bytes, U+FFFD in place of what is not UTF-8: one for each longest part that begins a
// character, as Rust's String::from_utf8_lossy has it.
func lossy(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = begun(b)
		}
		out.WriteRune(r)
		b = b[n:]
	}
	return out.String()
}

// begun returns how many bytes at the start of b begin a character that does not go on, 1 if none do.
func begun(b []byte) int {
	for n := min(3, len(b)); n > 1; n-- {
		for _, low := range []byte{0x80, 0x90, 0xa0} { // what may follow depends on the first byte
			whole := append(append([]byte(nil), b[:n]...), low, 0x80, 0x80)
			if r, size := utf8.DecodeRune(whole); r != utf8.RuneError && size > n {
				return n
			}
		}
	}
	return 1
}

// wordLen returns the length of the first word of s, which is not empty, as GPT-2's regular expression finds it:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func wordLen(s string) int {
	for _, c := range [...]string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"} {
		if strings.HasPrefix(s, c) {
			return len(c)
		}
	}
	body := strings.TrimPrefix(s, " ")
	if len(s)-len(body) > 1 {
		body = s[1:]
	}
	space := len(s) - len(body)
	r, _ := utf8.DecodeRuneInString(body)
	if body != "" && !unicode.IsSpace(r) {
		of := kindOf(r)
		for i, r := range body {
			if unicode.IsSpace(r) || kindOf(r) != of {
				return space + i
			}
		}
		return len(s)
	}
	last := 0 // where the last white space begins
	for i, r := range s {
		if !unicode.IsSpace(r) {
			if last > 0 { // the last one belongs to what follows
				return last
			}
			return i
		}
		last = i
	}
	return len(s)
}

// kindOf tells letters, numbers and other characters apart.
func kindOf(r rune) int {
	switch {
	case unicode.IsLetter(r):
		return 0
	case unicode.Is(unicode.N, r):
		return 1
	}
	return 2
}
