package ops

import (
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Einsum returns the sum of products that an equation describes: a letter stands for an axis of
// the operands, and letters that are not in the result are summed over.
//
//	ops.Einsum("btd,dnh->btnh", x, kernel) // a product
//	ops.Einsum("ii->i", x)                 // the diagonal
//	ops.Einsum("...ij->...ji", x)          // a transpose
//
// "..." stands for the axes before, between or behind the letters, which broadcast. Without "->"
// the result has those, and then the letters that occur once, in alphabetical order. Operands
// are multiplied from left to right; each product is one [MatMul], between transposes.
//
// Shapes: those of the equation, an axis of each letter having one length. DTypes: numbers, one
// for all. Gradient: all operands. Panics with *graph.Error if the equation is malformed or the
// operands do not fit it.
//
// Source: numpy.einsum.
func Einsum(equation string, x ...*graph.Node) *graph.Node {
	terms, result := einsumTerms(equation, x)
	e := &einsum{equation: equation, lengths: map[rune]int{}}
	parts := make([]labeled, len(x))
	for i, n := range x {
		parts[i] = e.operand(n, terms[i])
	}
	for _, l := range result {
		if _, ok := e.lengths[l]; !ok {
			panic(graph.Errorf("ops.Einsum: %q: letter %q of the result is in no operand", equation, l))
		}
	}
	have := parts[0]
	for i, p := range parts[1:] {
		keep := slices.Clone(result)
		for _, later := range parts[i+2:] {
			keep = append(keep, later.of...)
		}
		have = e.product(have, p, keep, result)
	}
	return e.arranged(have, result)
}

// firstEllipsis is the letter of the last axis that an ellipsis stands for; those before it
// follow.
const firstEllipsis = rune(0x10000)

// einsumTerms returns the letters of the operands and of the result, with a letter of its own
// for each axis of an ellipsis.
func einsumTerms(equation string, x []*graph.Node) (terms [][]rune, result []rune) {
	left, right, explicit := strings.Cut(strings.ReplaceAll(equation, " ", ""), "->")
	split := strings.Split(left, ",")
	if len(split) != len(x) || len(x) == 0 {
		panic(graph.Errorf("ops.Einsum: %q of %d operands: want one for each part left of the arrow", equation, len(x)))
	}
	most, count := 0, map[rune]int{}
	for i, term := range split {
		letters, at := einsumLetters(equation, term)
		extra := x[i].Rank() - len(letters)
		if extra < 0 || extra > 0 && at < 0 {
			panic(graph.Errorf("ops.Einsum: %q: operand %d is %v: want %d axes", equation, i, x[i].Spec(), len(letters)))
		}
		if at >= 0 {
			letters, most = slices.Insert(letters, at, ellipsis(extra)...), max(most, extra)
		}
		for _, l := range letters {
			count[l]++
		}
		terms = append(terms, letters)
	}
	if !explicit {
		result = ellipsis(most)
		var once []rune
		for l, n := range count {
			if n == 1 && l < firstEllipsis {
				once = append(once, l)
			}
		}
		slices.Sort(once)
		return terms, append(result, once...)
	}
	letters, at := einsumLetters(equation, right)
	for i, l := range letters {
		if slices.Contains(letters[:i], l) {
			panic(graph.Errorf("ops.Einsum: %q: letter %q is twice in the result", equation, l))
		}
	}
	if at >= 0 {
		letters = slices.Insert(letters, at, ellipsis(most)...)
	} else if most > 0 {
		panic(graph.Errorf("ops.Einsum: %q: the result lacks the axes of the ellipsis: want ... in it", equation))
	}
	return terms, letters
}

// einsumLetters returns the letters of a part of an equation, and before which of them an
// ellipsis stands, -1 if there is none.
func einsumLetters(equation, part string) (letters []rune, at int) {
	before, behind, ok := strings.Cut(part, "...")
	at = -1
	if ok {
		at = len(before)
	}
	for _, l := range before + behind {
		if (l < 'a' || l > 'z') && (l < 'A' || l > 'Z') {
			panic(graph.Errorf("ops.Einsum: %q: want letters, one ... in each part, commas and an arrow", equation))
		}
		letters = append(letters, l)
	}
	return letters, at
}

// ellipsis returns the letters of n axes, the last of which is firstEllipsis.
func ellipsis(n int) []rune {
	letters := make([]rune, n)
	for i := range letters {
		letters[i] = firstEllipsis + rune(n-1-i)
	}
	return letters
}

// einsum computes one equation.
type einsum struct {
	equation string
	lengths  map[rune]int // of the axes of letters
}

// labeled is a node with a letter for each axis.
type labeled struct {
	n  *graph.Node
	of []rune
}

// operand returns an operand with each letter once, and notes their lengths. Axes of 1 of an
// ellipsis vanish: they broadcast.
func (e *einsum) operand(n *graph.Node, letters []rune) labeled {
	p := labeled{n, slices.Clone(letters)}
	for i := 0; i < len(p.of); i++ {
		for {
			j := slices.Index(p.of[i+1:], p.of[i])
			if j < 0 {
				break
			}
			p = e.diagonal(p, i, i+1+j)
		}
	}
	for i := 0; i < len(p.of); {
		l, d := p.of[i], p.n.Shape().At(i)
		known, ok := e.lengths[l]
		switch {
		case l >= firstEllipsis && d == 1:
			if !ok {
				e.lengths[l] = 1
			}
			p = labeled{Squeeze(p.n, i), slices.Delete(p.of, i, i+1)}
			continue
		case ok && known != d && !(l >= firstEllipsis && known == 1):
			panic(graph.Errorf("ops.Einsum: %q: axis %d of %v has length %d, that of its letter before %d: want the same", e.equation, i, n.Spec(), d, known))
		}
		e.lengths[l] = d
		i++
	}
	return p
}

// diagonal returns p with axes i and j of one letter in one: the elements where both have the
// same index.
func (e *einsum) diagonal(p labeled, i, j int) labeled {
	n := p.n.Shape().At(i)
	if d := p.n.Shape().At(j); d != n {
		panic(graph.Errorf("ops.Einsum: %q: axes %d and %d of %v have one letter: want one length", e.equation, i, j, p.n.Spec()))
	}
	var perm []int
	var rest tensor.Dims
	var of []rune
	for axis := range p.of {
		if axis != i && axis != j {
			perm, rest, of = append(perm, axis), rest.Append(p.n.Shape().At(axis)), append(of, p.of[axis])
		}
	}
	x := Reshape(Transpose(p.n, append(perm, i, j)...), rest.Append(n*n).Slice()...)
	// In rows of n+1 elements the diagonal is the first column.
	before, after := make([]int, x.Rank()), make([]int, x.Rank())
	after[x.Rank()-1] = n
	x = Reshape(Pad(x, before, after, 0), rest.Append(n, n+1).Slice()...)
	x = Squeeze(SliceAxis(x, -1, 0, 1), -1)
	back := labeled{x, append(of, p.of[i])}
	want := slices.Delete(slices.Clone(p.of), j, j+1)
	return e.permuted(back, want)
}

// product returns the product of a and b, with the letters of keep: in the order of the result
// where a transpose of the operands or a swap can do it.
func (e *einsum) product(a, b labeled, keep, result []rune) labeled {
	in := slices.Contains[[]rune]
	a, b = e.reduced(a, append(slices.Clone(keep), b.of...)), e.reduced(b, append(slices.Clone(keep), a.of...))
	var batch, left, right, sum []rune
	for _, l := range a.of {
		switch {
		case !in(b.of, l):
			left = append(left, l)
		case in(keep, l):
			batch = append(batch, l)
		default:
			sum = append(sum, l)
		}
	}
	for _, l := range b.of {
		if !in(a.of, l) {
			right = append(right, l)
		}
	}
	if len(sum) == 0 {
		return e.elementwise(a, b, result)
	}
	e.byResult(batch, result)
	e.byResult(left, result)
	e.byResult(right, result)
	if len(left) > 0 && len(right) > 0 && slices.Index(result, right[0]) < slices.Index(result, left[0]) {
		a, b, left, right = b, a, right, left
	}
	x := e.matrix(e.permuted(a, slices.Concat(batch, left, sum)), len(batch), len(left))
	y := e.matrix(e.permuted(b, slices.Concat(batch, sum, right)), len(batch), len(sum))
	of := slices.Concat(batch, left, right)
	return labeled{Reshape(MatMul(x, y), e.shape(of).Slice()...), of}
}

// matrix returns p with the axes behind the batch in two: of rows letters, and of the others. The
// batch is one axis.
func (e *einsum) matrix(p labeled, batch, rows int) *graph.Node {
	size := func(of []rune) int { return e.shape(of).Size() }
	m, n := size(p.of[batch:batch+rows]), size(p.of[batch+rows:])
	if batch == 0 {
		return Reshape(p.n, m, n)
	}
	return Reshape(p.n, append(e.shape(p.of[:batch]).Slice(), m, n)...)
}

// elementwise returns the product of operands that are not summed over.
func (e *einsum) elementwise(a, b labeled, result []rune) labeled {
	of := slices.Clone(a.of)
	for _, l := range b.of {
		if !slices.Contains(of, l) {
			of = append(of, l)
		}
	}
	e.byResult(of, result)
	raised := func(p labeled) *graph.Node {
		p = e.permuted(p, slices.DeleteFunc(slices.Clone(of), func(l rune) bool { return !slices.Contains(p.of, l) }))
		var shape tensor.Dims
		for _, l := range of {
			d := 1
			if slices.Contains(p.of, l) {
				d = e.lengths[l]
			}
			shape = shape.Append(d)
		}
		return Reshape(p.n, shape.Slice()...)
	}
	return labeled{Mul(raised(a), raised(b)), of}
}

// byResult sorts letters as they stand in the result; those that are not in it come first, as
// they stood.
func (e *einsum) byResult(letters, result []rune) {
	slices.SortStableFunc(letters, func(a, b rune) int { return slices.Index(result, a) - slices.Index(result, b) })
}

// reduced returns p summed over the letters that are not in keep.
func (e *einsum) reduced(p labeled, keep []rune) labeled {
	var axes []int
	var of []rune
	for i, l := range p.of {
		if slices.Contains(keep, l) {
			of = append(of, l)
		} else {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return p
	}
	return labeled{ReduceSum(p.n, axes...), of}
}

// permuted returns p with its letters in another order.
func (e *einsum) permuted(p labeled, of []rune) labeled {
	if slices.Equal(p.of, of) {
		return p
	}
	perm := make([]int, len(of))
	for i, l := range of {
		perm[i] = slices.Index(p.of, l)
	}
	return labeled{Transpose(p.n, perm...), of}
}

// arranged returns p as the result: summed over the other letters, and broadcast along axes of
// an ellipsis that no operand has.
func (e *einsum) arranged(p labeled, result []rune) *graph.Node {
	p = e.reduced(p, result)
	have := slices.DeleteFunc(slices.Clone(result), func(l rune) bool { return !slices.Contains(p.of, l) })
	p = e.permuted(p, have)
	if len(have) == len(result) {
		return p.n
	}
	return Reshape(p.n, e.shape(result).Slice()...) // the others have length 1
}

// shape returns the lengths of letters.
func (e *einsum) shape(of []rune) tensor.Dims {
	var d tensor.Dims
	for _, l := range of {
		d = d.Append(e.lengths[l])
	}
	return d
}
