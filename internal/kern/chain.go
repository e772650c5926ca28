package kern

import (
	"fmt"
	"unsafe"
)

// Link is one of the elementwise functions that [Chain] applies.
type Link struct {
	kind   linkKind
	at     *float32 // the operand's first element, or nil
	lo, hi float32
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
	linkClip
	linkClipGrad
	linkClipGradOf
)

// LinkFunc tells what a link makes of a value v and an operand.
type LinkFunc struct {
	kind linkKind
	// Operand is whether there is an operand, of as many elements as values.
	Operand bool
	lo, hi  float32
}

// The functions of links, each with the bits of the function of this package named after it.
var (
	LinkAdd        = LinkFunc{kind: linkAdd, Operand: true}        // v + operand: [Add]
	LinkMul        = LinkFunc{kind: linkMul, Operand: true}        // v · operand: [Mul]
	LinkSub        = LinkFunc{kind: linkSub, Operand: true}        // v - operand: [Sub]
	LinkSubFrom    = LinkFunc{kind: linkSubFrom, Operand: true}    // operand - v: [Sub]
	LinkRelu       = LinkFunc{kind: linkRelu}                      // [Relu]
	LinkReluGrad   = LinkFunc{kind: linkReluGrad, Operand: true}   // [ReluGrad] of the output operand and the gradient v
	LinkReluGradOf = LinkFunc{kind: linkReluGradOf, Operand: true} // [ReluGrad] of the output v and the gradient operand
	LinkSquare     = LinkFunc{kind: linkSquare}                    // [Square]
)

// LinkClip is [Clip], LinkClipGrad [ClipGrad] of what is clipped, the operand, and the gradient v,
// LinkClipGradOf of what is clipped, v, and the gradient, the operand.
func LinkClip(lo, hi float32) LinkFunc       { return LinkFunc{linkClip, false, lo, hi} }
func LinkClipGrad(lo, hi float32) LinkFunc   { return LinkFunc{linkClipGrad, true, lo, hi} }
func LinkClipGradOf(lo, hi float32) LinkFunc { return LinkFunc{linkClipGradOf, true, lo, hi} }

// With returns a link of the function with an operand, or nil where it has none.
func (f LinkFunc) With(operand []float32) Link {
	return Link{f.kind, unsafe.SliceData(operand), f.lo, f.hi}
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
	case linkClip:
		vClip(v, v, l.lo, l.hi)
	case linkClipGrad:
		vClipGrad(v, operand, v, l.lo, l.hi)
	case linkClipGradOf:
		vClipGrad(v, v, operand, l.lo, l.hi)
	default:
		panic(fmt.Sprintf("kern: Chain: link %d: want a LinkFunc's", l.kind))
	}
}
