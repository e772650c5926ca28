package kern

import (
	"fmt"
	"unsafe"
)

// Link is one of the elementwise functions that [Chain] applies.
type Link struct {
	kind linkKind
	at   *float32 // the operand's first element, or nil
}

type linkKind int

// The kinds of links, in the order of _asm/chain.
const (
	linkAdd linkKind = iota
	linkMul
	linkSub
	linkSubFrom
	linkRelu
	linkReluGrad
	linkReluGradOf
	linkSquare
)

// LinkFunc tells what a link makes of a value v and an operand.
type LinkFunc struct {
	kind linkKind
	// Operand is whether there is an operand, of as many elements as values.
	Operand bool
}

// The functions of links, each with the bits of the function of this package named after it.
var (
	LinkAdd        = LinkFunc{linkAdd, true}        // v + operand: [Add]
	LinkMul        = LinkFunc{linkMul, true}        // v · operand: [Mul]
	LinkSub        = LinkFunc{linkSub, true}        // v - operand: [Sub]
	LinkSubFrom    = LinkFunc{linkSubFrom, true}    // operand - v: [Sub]
	LinkRelu       = LinkFunc{linkRelu, false}      // [Relu]
	LinkReluGrad   = LinkFunc{linkReluGrad, true}   // [ReluGrad] of the output operand and the gradient v
	LinkReluGradOf = LinkFunc{linkReluGradOf, true} // [ReluGrad] of the output v and the gradient operand
	LinkSquare     = LinkFunc{linkSquare, false}    // [Square]
)

// With returns a link of the function with an operand, or nil where it has none.
func (f LinkFunc) With(operand []float32) Link {
	return Link{f.kind, unsafe.SliceData(operand)}
}

// Chain sets dst to what links, applied one after the other, make of x. It has the result of one
// function of this package after the other, in one pass. Operands have the length of dst, which
// may be x or one of them.
func Chain(dst, x []float32, links []Link) {
	x = x[:len(dst)]
	done := 0
	if len(links) > 0 {
		done = chain(dst, x, links)
	}
	if done < len(dst) {
		chainGo(dst[done:], x[done:], links, done)
	}
}

// chainBlock is the number of elements that stay in the cache between links.
const chainBlock = 512

// chainGo is Chain for elements whose operands begin at an element of the links'.
func chainGo(dst, x []float32, links []Link, from int) {
	var held [chainBlock]float32
	for at := 0; at < len(dst); at += chainBlock {
		n := min(chainBlock, len(dst)-at)
		v := held[:n]
		copy(v, x[at:])
		for _, l := range links {
			var operand []float32
			if l.at != nil {
				operand = unsafe.Slice(l.at, from+at+n)[from+at:]
			}
			l.apply(v, operand)
		}
		copy(dst[at:], v)
	}
}

// apply applies l to v.
func (l Link) apply(v, operand []float32) {
	switch l.kind {
	case linkAdd:
		vAdd(v, v, operand)
	case linkMul:
		vMul(v, v, operand)
	case linkSub:
		vSub(v, v, operand)
	case linkSubFrom:
		vSub(v, operand, v)
	case linkRelu:
		vRelu(v, v)
	case linkReluGrad:
		vReluGrad(v, operand, v)
	case linkReluGradOf:
		vReluGrad(v, v, operand)
	case linkSquare:
		vSquare(v, v)
	default:
		panic(fmt.Sprintf("kern: Chain: link %d: want a LinkFunc's", l.kind))
	}
}
