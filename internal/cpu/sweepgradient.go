package cpu

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

func init() {
	registerUpdate(func(o ops.ApplyIfOp) update {
		u, _ := updateOf(o.Op)
		return u.gatedBy(o)
	})
	registerUpdate(func(o ops.ApplyScaledOp) update {
		u, _ := updateOf(o.Op)
		u.scaled, u.limit = true, o.Limit
		return u
	})
}

// gradient holds the changes that a sweep makes to gradients before it updates by them.
type gradient struct {
	over   int  // of so many it takes the mean, 0 for one; the tensor before is their sum
	scaled bool // the last scalar is a factor
	limit  float64
}

// gatedBy returns u with one more gate.
func (u update) gatedBy(o ops.ApplyIfOp) update {
	u.gates++
	if o.Over > 0 {
		u.over = o.Over
		u.tensors++
	}
	return u
}

// readGates sets whether the update is held. The first gate of a gradient that is added
// up tells only whether there is an update by the sum.
func (u *sweepUpdate) readGates() {
	u.held, u.adding = false, false
	for i, b := range u.in[u.ins-u.gates : u.ins] {
		if b.Mem[0] != 0 {
			continue
		}
		if i == 0 && u.over > 0 {
			u.adding = true
		} else {
			u.held = true
		}
	}
}

// factor returns which scalar is the factor, or any if there is none.
func (u *sweepUpdate) factor() int { return max(0, u.ins-u.gates-u.tensors-1) }

// gradientKernels make gradients.
type gradientKernels[W float32 | float64] struct {
	add   func(dst, a, b []W)
	scale func(dst, x []W, s W)
	div   func(dst, x []W, s W)
	clip  func(dst, x []W, lo, hi W)
}

var gradients32 = &gradientKernels[float32]{kern.Add, kern.MulScalar, kern.DivScalar, kern.Clip}

var gradients64 = &gradientKernels[float64]{
	add: func(dst, a, b []float64) {
		for i, x := range a {
			dst[i] = x + b[i]
		}
	},
	scale: func(dst, x []float64, s float64) {
		for i, v := range x {
			dst[i] = v * s
		}
	},
	div: func(dst, x []float64, s float64) {
		for i, v := range x {
			dst[i] = v / s
		}
	},
	clip: func(dst, x []float64, lo, hi float64) {
		for i, v := range x {
			dst[i] = min(max(v, lo), hi)
		}
	},
}

// eachGradient calls do with the tensors of a rule, of which the last is the gradient as
// g makes it, a tile after the other; or once with all of them if g changes nothing. If
// it is adding, it only adds the gradients to the sums, which become 0 after an update.
func eachGradient[W float32 | float64](
	g *gradient, adding, first bool, x [maxTensors][]W, tile []W, factor W, k *gradientKernels[W], do func([maxTensors][]W),
) {
	if !g.scaled && g.over == 0 {
		do(x)
		return
	}
	last := 0 // the gradient
	for last+1 < len(x) && x[last+1] != nil {
		last++
	}
	for lo := 0; lo < len(x[0]); lo += tileLen {
		hi := min(lo+tileLen, len(x[0]))
		part := x
		for j := range x[:last+1] {
			part[j] = x[j][lo:hi]
		}
		from, made, at := part[last], tile[:hi-lo], last
		if g.over > 0 {
			at--
			if adding {
				k.add(part[at], part[at], from)
				continue
			}
			k.add(made, part[at], from)
			k.div(made, made, W(g.over))
			from = made
		}
		if g.scaled {
			k.scale(made, from, factor)
			if g.limit > 0 {
				k.clip(made, made, W(-g.limit), W(g.limit))
			}
		}
		sum := part[at]
		part[at] = made
		do(part)
		if g.over > 0 && !first {
			clear(sum)
		}
	}
}
