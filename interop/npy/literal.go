package npy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// maxDepth is how deep a structured type may be nested.
const maxDepth = 32

// parser reads the Python literal of a header: a dict of strings, True or False,
// and a tuple of integers. Of a structured type it only finds the end.
type parser struct {
	s string
	i int
}

// want returns an error about the place that the parser is at.
func (p *parser) want(what string) error {
	if p.i >= len(p.s) {
		return fmt.Errorf("header character %d: got the end, want %s", p.i, what)
	}
	return fmt.Errorf("header character %d: got %.16q, want %s", p.i, p.s[p.i:], what)
}

// parseHeader reads the whole text of a header.
func parseHeader(text string) (h Header, err error) {
	p := &parser{s: text}
	if p.s == "" || p.s[0] != '{' {
		return h, p.want("'{'")
	}
	p.i++
	var seen []string
	for !p.take('}') {
		if len(seen) > 0 && !p.take(',') {
			return h, p.want("',' or '}'")
		} else if len(seen) > 0 && p.take('}') {
			break
		}
		key, err := p.text()
		if err != nil {
			return h, err
		}
		if slices.Contains(seen, key) {
			return h, fmt.Errorf("header character %d: got %q twice", p.i, key)
		}
		seen = append(seen, key)
		if !p.take(':') {
			return h, p.want("':'")
		}
		if err := p.value(&h, key); err != nil {
			return h, err
		}
	}
	if p.peek(); p.i < len(p.s) {
		return h, p.want("spaces to the end")
	}
	if len(seen) != 3 {
		return h, fmt.Errorf("header: got %q, want descr, fortran_order and shape", seen)
	}
	return h, nil
}

// value reads the value of a key into h.
func (p *parser) value(h *Header, key string) (err error) {
	switch key {
	case "descr":
		h.Descr, err = p.descr()
	case "fortran_order":
		h.Fortran, err = p.bool()
	case "shape":
		h.Shape, err = p.tuple()
	default:
		err = fmt.Errorf("header character %d: got %.32q, want descr, fortran_order or shape", p.i, key)
	}
	return err
}

// peek returns the next byte that is not a space, 0 at the end.
func (p *parser) peek() byte {
	for ; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; c {
		case ' ', '\n', '\t', '\r':
		default:
			return c
		}
	}
	return 0
}

// take steps over c if that is next.
func (p *parser) take(c byte) bool {
	if p.peek() != c || p.i >= len(p.s) {
		return false
	}
	p.i++
	return true
}

// word steps over a word if that is next.
func (p *parser) word(w string) bool {
	p.peek()
	if len(p.s)-p.i < len(w) || p.s[p.i:p.i+len(w)] != w {
		return false
	}
	p.i += len(w)
	return true
}

// text reads a string without escapes.
func (p *parser) text() (string, error) {
	from, err := p.quoted()
	if err != nil {
		return "", err
	}
	s := p.s[from+1 : p.i-1]
	for i := range len(s) {
		if s[i] == '\\' {
			p.i = from + 1 + i
			return "", p.want("a string without escapes")
		}
	}
	return s, nil
}

// quoted steps over a string and returns where it begins.
func (p *parser) quoted() (from int, err error) {
	quote := p.peek()
	if quote != '\'' && quote != '"' {
		return 0, p.want("a string")
	}
	from = p.i
	for p.i++; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case quote:
			p.i++
			return from, nil
		case '\\':
			p.i++
		case '\n':
			return 0, p.want("the end of the string")
		}
	}
	p.i = len(p.s)
	return 0, p.want("the end of the string")
}

func (p *parser) bool() (bool, error) {
	switch {
	case p.word("True"):
		return true, nil
	case p.word("False"):
		return false, nil
	}
	return false, p.want("True or False")
}

// tuple reads integers of 0 and more.
func (p *parser) tuple() ([]int, error) {
	if !p.take('(') {
		return nil, p.want("'('")
	}
	shape := []int{}
	for !p.take(')') {
		if len(shape) > 0 && !p.take(',') {
			return nil, p.want("',' or ')'")
		} else if len(shape) > 0 && p.take(')') {
			return shape, nil
		}
		d, err := p.integer()
		if err != nil {
			return nil, err
		}
		shape = append(shape, d)
		if len(shape) == 1 && p.peek() == ')' {
			return nil, p.want("',', which makes a tuple of one number")
		}
	}
	return shape, nil
}

// integer reads a number of 0 and more. Python 2 put an L behind a long one.
func (p *parser) integer() (int, error) {
	p.peek()
	from := p.i
	for p.i < len(p.s) && '0' <= p.s[p.i] && p.s[p.i] <= '9' {
		p.i++
	}
	n, err := strconv.ParseInt(p.s[from:p.i], 10, strconv.IntSize)
	if err != nil || p.i-from > 1 && p.s[from] == '0' {
		p.i = from
		return 0, p.want(fmt.Sprintf("a whole number from 0 to %d", math.MaxInt))
	}
	if p.i < len(p.s) && p.s[p.i] == 'L' {
		p.i++
	}
	return int(n), nil
}

// descr reads a string, or steps over the description of a structured type and
// returns its text.
func (p *parser) descr() (string, error) {
	if c := p.peek(); c == '\'' || c == '"' {
		return p.text()
	}
	from := p.i
	if err := p.skip(0); err != nil {
		return "", err
	}
	return p.s[from:p.i], nil
}

// skip steps over a list or tuple of strings, integers, lists and tuples.
func (p *parser) skip(depth int) error {
	switch c := p.peek(); {
	case depth > maxDepth:
		return p.want(fmt.Sprintf("lists nested at most %d deep", maxDepth))
	case c == '\'' || c == '"':
		_, err := p.quoted()
		return err
	case '0' <= c && c <= '9':
		_, err := p.integer()
		return err
	case c != '[' && c != '(':
		return p.want("a string, or the list of a structured type")
	}
	end := byte(']')
	if p.s[p.i] == '(' {
		end = ')'
	}
	p.i++
	for first := true; !p.take(end); first = false {
		if !first && !p.take(',') {
			return p.want("',' or " + strconv.QuoteRune(rune(end)))
		} else if !first && p.take(end) {
			return nil
		}
		if err := p.skip(depth + 1); err != nil {
			return err
		}
	}
	return nil
}
