package tokenizer

import (
	"encoding/json"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// normalizer changes a text before it is cut into words.
type normalizer interface{ normalize(s string) string }

// normalizers are the kinds that a tokenizer.json may name, as they are where the file says nothing.
var normalizers = map[string]func() normalizer{
	"BertNormalizer": func() normalizer { return &bertNormalizer{"BertNormalizer", true, true, nil, true} },
	"NFC":            func() normalizer { return &form{"NFC"} },
	"NFD":            func() normalizer { return &form{"NFD"} },
	"NFKC":           func() normalizer { return &form{"NFKC"} },
	"NFKD":           func() normalizer { return &form{"NFKD"} },
	"Lowercase":      func() normalizer { return &lowercase{"Lowercase"} },
	"StripAccents":   func() normalizer { return &stripAccents{"StripAccents"} },
	"Sequence":       func() normalizer { return &normalizerSequence{Type: "Sequence"} },
}

// form is one of Unicode's normal forms.
type form struct {
	Type string `json:"type"`
}

func (f *form) normalize(s string) string {
	return map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}[f.Type].String(s)
}

type lowercase struct {
	Type string `json:"type"`
}

func (*lowercase) normalize(s string) string { return lower(s) }

// lower returns s with each character in lower case, whatever stands beside it.
func lower(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == 'İ' { // the one character whose lower case is two
			b.WriteString("i\u0307")
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

type stripAccents struct {
	Type string `json:"type"`
}

func (*stripAccents) normalize(s string) string { return withoutMarks(s, unicode.M) }

// withoutMarks returns s without the characters of a range.
func withoutMarks(s string, marks *unicode.RangeTable) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(marks, r) {
			return -1
		}
		return r
	}, s)
}

type normalizerSequence struct {
	Type        string            `json:"type"`
	Normalizers []json.RawMessage `json:"normalizers"`

	list []normalizer
}

func (n *normalizerSequence) normalize(s string) string {
	for _, each := range n.list {
		s = each.normalize(s)
	}
	return s
}

func (n *normalizerSequence) finish() (err error) {
	n.list, err = listOf(n.Normalizers, normalizers)
	return err
}

// bertNormalizer is that of BERT.
type bertNormalizer struct {
	Type               string `json:"type"`
	CleanText          bool   `json:"clean_text"`
	HandleChineseChars bool   `json:"handle_chinese_chars"`
	StripAccents       *bool  `json:"strip_accents"` // nil: if it makes letters small
	Lowercase          bool   `json:"lowercase"`
}

func (n *bertNormalizer) normalize(s string) string {
	if n.CleanText {
		s = strings.Map(clean, s)
	}
	if n.HandleChineseChars {
		s = apart(s)
	}
	if n.StripAccents != nil && *n.StripAccents || n.StripAccents == nil && n.Lowercase {
		s = withoutMarks(norm.NFD.String(s), unicode.Mn)
	}
	if n.Lowercase {
		s = lower(s)
	}
	return s
}

// clean drops control characters and makes white space spaces.
func clean(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return ' '
	case r == 0 || r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
		return -1
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}

// ideographs are the characters that are words.
var ideographs = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x3400, Hi: 0x4dbf, Stride: 1}, {Lo: 0x4e00, Hi: 0x9fff, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x20000, Hi: 0x2a6df, Stride: 1}, {Lo: 0x2a700, Hi: 0x2b73f, Stride: 1}, {Lo: 0x2b740, Hi: 0x2b81f, Stride: 1}, {Lo: 0x2b920, Hi: 0x2ceaf, Stride: 1}, {Lo: 0x2f800, Hi: 0x2fa1f, Stride: 1}},
}

// apart puts spaces around ideographs.
func apart(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.Is(ideographs, r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
