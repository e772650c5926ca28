package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// branch is a line of a listing, with the lines below it.
type branch struct {
	label string
	cells []string // columns behind the label
	notes []string // lines below it
	below []*branch
}

// add hangs a branch below b and returns it.
func (b *branch) add(label string, cells ...string) *branch {
	n := &branch{label: printable(label), cells: cells}
	b.below = append(b.below, n)
	return n
}

// note adds a line such as an attribute: a name and a value.
func (b *branch) note(name, value string) {
	b.notes = append(b.notes, printable(name)+": "+value)
}

// deepest is how deep branches are drawn: deeper ones are not indented further.
const deepest = 40

// print writes b and everything below it, with the columns in line.
func (b *branch) print(w io.Writer) {
	p := &printing{w: w}
	p.measure(b, 0)
	fmt.Fprintln(w, b.label)
	p.rest(b, "", 0)
}

type printing struct {
	w      io.Writer
	widths []int // of the label and the columns
}

func (p *printing) measure(b *branch, depth int) {
	if len(b.cells) > 0 {
		for len(p.widths) < len(b.cells)+1 {
			p.widths = append(p.widths, 0)
		}
		p.widths[0] = max(p.widths[0], 3*min(depth, deepest)+utf8.RuneCountInString(b.label))
		for i, c := range b.cells {
			p.widths[i+1] = max(p.widths[i+1], utf8.RuneCountInString(c))
		}
	}
	for _, n := range b.below {
		p.measure(n, depth+1)
	}
}

func (p *printing) line(prefix, label string, cells []string) {
	s := prefix + label
	width := 0
	for i, c := range cells {
		width += p.widths[i] + 2
		s += strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 2)) + c
	}
	fmt.Fprintln(p.w, strings.TrimRight(s, " "))
}

// rest writes the branches below b, whose line follows a prefix.
func (p *printing) rest(b *branch, prefix string, depth int) {
	for _, n := range b.notes {
		bar := "   "
		if len(b.below) > 0 {
			bar = "│  "
		}
		fmt.Fprintf(p.w, "%s%s@ %s\n", prefix, bar, n)
	}
	for i, n := range b.below {
		head, tail := "├─ ", "│  "
		if i == len(b.below)-1 {
			head, tail = "└─ ", "   "
		}
		if depth >= deepest {
			head, tail = "", ""
		}
		p.line(prefix+head, n.label, n.cells)
		p.rest(n, prefix+tail, depth+1)
	}
}
