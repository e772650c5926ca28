package tensor

import (
	"fmt"
	"strconv"
	"strings"
)

// How NumPy prints unless told otherwise.
const (
	printPrecision = 8    // digits behind the point, at most
	printThreshold = 1000 // more elements than this are summarised
	printEdge      = 3    // to so many at either end of each axis
	printWidth     = 75   // characters of a line
)

// String returns the values as NumPy's str prints them: aligned in columns in
// nested brackets, with "..." in place of the middle of more than 1000 elements.
func (t *Tensor) String() string {
	if t.spec.DType.Size() == 0 {
		return "<invalid tensor>"
	}
	if t.Len() == 0 {
		return "[]"
	}
	p := printer{t: t, edge: t.Len()}
	if t.Len() > printThreshold {
		p.edge = printEdge
	}
	p.pick(0, 0)
	p.words = words(p.shown())
	if t.spec.Rank() == 0 {
		return strings.TrimLeft(p.words[0], " ")
	}
	var b strings.Builder
	p.array(&b, 0)
	return b.String()
}

type printer struct {
	t       *Tensor
	edge    int
	offsets []int    // of the elements to show
	words   []string // their text, used up from the front
}

// pick notes the offsets of the elements to show from axis on.
func (p *printer) pick(axis, from int) {
	if axis == p.t.spec.Rank() {
		p.offsets = append(p.offsets, from)
		return
	}
	n := p.t.spec.Shape.At(axis)
	for i := 0; i < n; i++ {
		if p.skips(i, n) {
			i = n - p.edge
		}
		p.pick(axis+1, from+i*p.t.strides.At(axis))
	}
}

// skips reports whether "..." stands in place of element i of n and those after it.
func (p *printer) skips(i, n int) bool { return i == p.edge && n > 2*p.edge }

// shown returns the elements to show as a tensor of one axis.
func (p *printer) shown() *Tensor {
	s := New(p.t.spec.DType, len(p.offsets))
	size := s.spec.DType.Size()
	for i, off := range p.offsets {
		copy(s.data[i*size:][:size], p.t.data[off*size:])
	}
	if p.t.spec.Rank() == 0 {
		s.spec.Shape, s.strides = Dims{}, Dims{}
	}
	return s
}

// array prints one axis and those inside it.
func (p *printer) array(b *strings.Builder, axis int) {
	rank, n := p.t.spec.Rank(), p.t.spec.Shape.At(axis)
	if axis == rank-1 {
		p.row(b, n)
		return
	}
	between := strings.Repeat("\n", rank-axis-1) + strings.Repeat(" ", axis+1)
	b.WriteByte('[')
	for i := 0; i < n; i++ {
		if i > 0 {
			b.WriteString(between)
		}
		if p.skips(i, n) {
			i = n - p.edge
			b.WriteString("..." + between)
		}
		p.array(b, axis+1)
	}
	b.WriteByte(']')
}

// row prints the n elements of the last axis, on as many lines as they need.
func (p *printer) row(b *strings.Builder, n int) {
	rank := p.t.spec.Rank()
	room := printWidth - 2*rank // an indent before, brackets behind
	line := ""
	word := func(w string) {
		if line != "" && len(line)+len(w) > room {
			b.WriteString(strings.TrimRight(line, " ") + "\n" + strings.Repeat(" ", rank))
			line = ""
		}
		line += w + " "
	}
	b.WriteByte('[')
	for i := 0; i < n; i++ {
		if p.skips(i, n) {
			i = n - p.edge
			word("...")
		}
		word(p.words[0])
		p.words = p.words[1:]
	}
	b.WriteString(line[:len(line)-1] + "]")
}

// words returns the text of each element, all of the same width.
func words(t *Tensor) []string {
	out := make([]string, t.Len())
	switch dt := t.spec.DType; {
	case dt.IsFloat() && t.spec.Rank() == 0:
		out[0] = scalarText(t.Item(), dt)
	case dt.IsFloat():
		floatTexts(out, t.Float64s(), dt)
	case dt == Bool:
		for i, v := range Data[bool](t) {
			out[i] = "False"
			if v {
				out[i] = " True"
			}
		}
	case dt == Uint64:
		for i, v := range Data[uint64](t) {
			out[i] = strconv.FormatUint(v, 10)
		}
	default:
		for i, v := range t.Int64s() {
			out[i] = strconv.FormatInt(v, 10)
		}
	}
	width := 0
	for _, s := range out {
		width = max(width, len(s))
	}
	for i, s := range out {
		out[i] = fmt.Sprintf("%*s", width, s)
	}
	return out
}
