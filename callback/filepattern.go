package callback

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia"
)

// filePattern is a file name with places for numbers, as Python's str.format takes it: "{epoch:02d}-{val_loss:.2f}.keras". Two braces stand for one.
type filePattern struct{ parts []patternPart }

// patternPart is text, or with a name the place of a number.
type patternPart struct {
	text, name string
	spec       numberSpec
}

// parsePattern reads a pattern.
func parsePattern(s string) (p filePattern, err error) {
	for s != "" {
		i := strings.IndexAny(s, "{}")
		switch {
		case i < 0:
			p.parts = append(p.parts, patternPart{text: s})
			return p, nil
		case strings.HasPrefix(s[i+1:], s[i:i+1]): // {{ or }}
			p.parts = append(p.parts, patternPart{text: s[:i+1]})
			s = s[i+2:]
			continue
		case s[i] == '}':
			return p, fmt.Errorf("%q: a } without {: want }} for the character", s)
		}
		field, rest, closed := strings.Cut(s[i+1:], "}")
		if !closed || strings.Contains(field, "{") {
			return p, fmt.Errorf("%q: a { without }: want {name} or {name:format}, or {{ for the character", s[i:])
		}
		part := patternPart{}
		var spec string
		part.name, spec, _ = strings.Cut(field, ":")
		if part.name == "" || strings.ContainsAny(part.name, "![") {
			return p, fmt.Errorf("{%s}: want {name} or {name:format}", field)
		}
		if part.spec, err = parseSpec(spec); err == nil {
			err = part.check()
		}
		if err != nil {
			return p, fmt.Errorf("{%s}: %w", field, err)
		}
		p.parts = append(p.parts, patternPart{text: s[:i]}, part)
		s = rest
	}
	return p, nil
}

// check returns an error if the number does not take the format.
func (part patternPart) check() error {
	whole := part.whole()
	switch verb := part.spec.verb; {
	case whole && part.spec.precision >= 0 && (verb == 0 || strings.IndexByte(wholeVerbs, verb) >= 0):
		return fmt.Errorf("%s is a whole number: want a format without precision, or one of %s behind it", part.name, realVerbs)
	case !whole && verb != 0 && strings.IndexByte(realVerbs, verb) < 0:
		return fmt.Errorf("%s is no whole number: want one of %s in place of %c", part.name, realVerbs, verb)
	}
	return nil
}

// whole reports whether the number is an int in Python.
func (part patternPart) whole() bool { return part.name == "epoch" || part.name == "batch" }

// names returns the names of the numbers.
func (p filePattern) names() []string {
	var names []string
	for _, part := range p.parts {
		if part.name != "" && !slices.Contains(names, part.name) {
			names = append(names, part.name)
		}
	}
	return names
}

// format fills the numbers in: epoch and batch, which count from 1, and those of e.
func (p filePattern) format(epoch, batch int, e glia.Epoch) string {
	var b strings.Builder
	for _, part := range p.parts {
		b.WriteString(part.text)
		switch part.name {
		case "":
		case "epoch":
			b.WriteString(part.spec.int(epoch))
		case "batch":
			b.WriteString(part.spec.int(batch))
		default:
			v, _ := e.Number(part.name)
			b.WriteString(part.spec.float(v))
		}
	}
	return b.String()
}

// numberSpec is how Python prints a number:
//
//	[[fill]align][sign][0][width][.precision][verb]
//
// Source: Python's library reference, section "Format Specification Mini-Language".
type numberSpec struct {
	fill      rune
	align     byte // one of <>=^
	sign      byte // one of +- and a space
	width     int
	precision int // -1: none
	verb      byte
}

const (
	wholeVerbs = "dboxX"
	realVerbs  = "eEfFgG%"
	maxWidth   = 200
)

func parseSpec(s string) (numberSpec, error) {
	f, all := numberSpec{fill: ' ', align: '>', sign: '-', precision: -1}, s
	filled, aligned := false, false
	isAlign := func(s string) bool { return s != "" && strings.IndexByte("<>=^", s[0]) >= 0 }
	if c, n := utf8.DecodeRuneInString(s); isAlign(s[n:]) {
		f.fill, f.align, filled, aligned = c, s[n], true, true
		s = s[n+1:]
	} else if isAlign(s) {
		f.align, aligned = s[0], true
		s = s[1:]
	}
	if s != "" && strings.IndexByte("+- ", s[0]) >= 0 {
		f.sign, s = s[0], s[1:]
	}
	if strings.HasPrefix(s, "0") {
		if !filled {
			f.fill = '0'
		}
		if !aligned {
			f.align = '='
		}
	}
	var err error
	if f.width, s, err = leadingInt(s, 0); err != nil {
		return f, err
	}
	if after, ok := strings.CutPrefix(s, "."); ok {
		if f.precision, s, err = leadingInt(after, -1); err != nil {
			return f, err
		}
		if f.precision < 0 {
			return f, fmt.Errorf("format %q: want digits behind the point", all)
		}
	}
	if len(s) == 1 && strings.Contains(wholeVerbs+realVerbs, s) {
		f.verb, s = s[0], ""
	}
	if s != "" {
		return f, fmt.Errorf("format %q: got %q, want [[fill]align][sign][0][width][.precision] and one of %s%s or nothing", all, s, wholeVerbs, realVerbs)
	}
	return f, nil
}

// leadingInt reads digits, def if there are none.
func leadingInt(s string, def int) (n int, rest string, err error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return def, s, nil
	}
	if n, err = strconv.Atoi(s[:digits]); err != nil || n > maxWidth {
		return 0, s, fmt.Errorf("got %s characters: want at most %d", s[:digits], maxWidth)
	}
	return n, s[digits:], nil
}

func (f numberSpec) int(v int) string {
	if f.verb != 0 && strings.IndexByte(realVerbs, f.verb) >= 0 {
		return f.float(float64(v))
	}
	base := map[byte]int{'b': 2, 'o': 8, 'x': 16, 'X': 16}[f.verb]
	if base == 0 {
		base = 10
	}
	digits := strconv.FormatInt(int64(v), base)
	if f.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	return f.pad(strings.TrimPrefix(digits, "-"), v < 0)
}

func (f numberSpec) float(v float64) string {
	text, negative := f.magnitude(math.Abs(v)), math.Signbit(v) && v == v
	if f.verb == 'E' || f.verb == 'F' || f.verb == 'G' {
		text = strings.ToUpper(text)
	}
	return f.pad(text, negative)
}

// magnitude prints v, which has no sign.
func (f numberSpec) magnitude(v float64) string {
	unit := ""
	if f.verb == '%' {
		v, unit = v*100, "%"
	}
	if math.IsInf(v, 0) || v != v {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+")) + unit
	}
	p := f.precision
	if f.verb == 0 {
		return general(v, p)
	}
	if p < 0 {
		p = 6
	}
	switch f.verb {
	case 'e', 'E':
		return strconv.FormatFloat(v, 'e', p, 64)
	case 'g', 'G':
		return strconv.FormatFloat(v, 'g', max(p, 1), 64)
	}
	return strconv.FormatFloat(v, 'f', p, 64) + unit
}

// general prints v as Python does without a verb: with p digits, or as many as it
// takes if p is -1; with an exponent if v is large or small, else with a point.
func general(v float64, p int) string {
	most := 16
	if p >= 0 {
		p = max(p, 1)
		most = p - 1
		p--
	}
	text := strconv.FormatFloat(v, 'e', p, 64)
	digits, exponent, _ := strings.Cut(text, "e")
	exp, _ := strconv.Atoi(exponent)
	if exp < -4 || exp >= most {
		if strings.Contains(digits, ".") {
			digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
		}
		return digits + "e" + exponent
	}
	if p >= 0 {
		p = max(p-exp, 0)
	}
	text = strconv.FormatFloat(v, 'f', p, 64)
	if !strings.Contains(text, ".") {
		return text + ".0"
	}
	if text = strings.TrimRight(text, "0"); strings.HasSuffix(text, ".") {
		text += "0"
	}
	return text
}

// pad adds the sign and fills up to the width.
func (f numberSpec) pad(digits string, negative bool) string {
	sign := ""
	switch {
	case negative:
		sign = "-"
	case f.sign != '-':
		sign = string(f.sign)
	}
	room := max(f.width-len(sign)-len(digits), 0)
	left := map[byte]int{'>': room, '=': room, '^': room / 2}[f.align]
	before, after := strings.Repeat(string(f.fill), left), strings.Repeat(string(f.fill), room-left)
	if f.align == '=' {
		return sign + before + digits
	}
	return before + sign + digits + after
}
