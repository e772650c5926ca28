package kern

import "math"

// CTC goes over the alignments of one sequence of symbols with labels, in both
// directions, in logarithms: see ops.CTCLoss. State 2n+1 is label n, state 2n the
// blank before it; a state is reached from itself, from the one before, and, if it is
// a label, from the label before, at a cost if that is the same.
type CTC struct {
	times, symbols, states int
	logp                   []float64 // [times symbols]
	labels                 []int64
	alpha                  []float64 // [times+1 states]
	beta, other            []float64 // [states]: of a time and of the next
	forward                []float64 // [times+1 states]
	back, more             []float64
}

// ctcCost is ln of the weight of a forbidden alignment.
const ctcCost = -1e5

// CTCLen returns the number of elements of memory that [NewCTC] needs, with tangent also
// those of [CTC.AlignmentGrad].
func CTCLen(times, labels int, tangent bool) int {
	states := 2*labels + 1
	n := (times+1)*states + 2*states
	if tangent {
		n *= 2
	}
	return n
}

// NewCTC returns the alignments of labels, which are symbols, with logp [times
// symbols].
func NewCTC(mem, logp []float64, labels []int64, times, symbols int) CTC {
	c := CTC{times: times, symbols: symbols, states: 2*len(labels) + 1, logp: logp, labels: labels}
	take := func(n int) (part []float64) {
		part, mem = mem[:n], mem[n:]
		return part
	}
	c.alpha = take((times + 1) * c.states)
	c.beta, c.other = take(c.states), take(c.states)
	if len(mem) >= (times+3)*c.states {
		c.forward = take((times + 1) * c.states)
		c.back, c.more = take(c.states), take(c.states)
	}
	return c
}

// Forward returns ln of the probability of the labels.
func (c *CTC) Forward() float64 {
	first := c.alpha[:c.states]
	for s := range first {
		first[s] = ctcCost
	}
	first[0] = 0
	for t := range c.times {
		old, a := c.alpha[t*c.states:][:c.states], c.alpha[(t+1)*c.states:][:c.states]
		p := c.logp[t*c.symbols:][:c.symbols]
		a[0] = old[0] + p[0]
		for s := 1; s < c.states; s += 2 {
			k := c.labels[s/2]
			if s == 1 {
				a[s] = logAdd(old[s], old[s-1]) + p[k]
			} else {
				a[s] = logAdd3(old[s], old[s-1], old[s-2]+c.skip(s)) + p[k]
			}
			a[s+1] = logAdd(old[s+1], old[s]) + p[0]
		}
	}
	return c.logZ()
}

func (c *CTC) logZ() float64 {
	last := c.alpha[c.times*c.states:][:c.states]
	if c.states == 1 {
		return last[0]
	}
	return logAdd(last[c.states-1], last[c.states-2])
}

// skip returns the cost of reaching label state s from the label before.
func (c *CTC) skip(s int) float64 {
	if c.labels[s/2] == c.labels[s/2-1] {
		return ctcCost
	}
	return 0
}

// Alignment adds to dst [times symbols] the probability of every symbol at every time,
// after Forward.
func (c *CTC) Alignment(dst []float64) {
	c.backward(nil, func(t, s, k int, p float64) { dst[t*c.symbols+k] += p })
}

// AlignmentGrad adds to dst [times symbols] the covariance of every symbol at every
// time with the sum of dy, after Forward.
func (c *CTC) AlignmentGrad(dst, dy []float64) {
	c.sums(dy)
	logZ, mean := c.logZ(), 0.0
	for s := max(0, c.states-2); s < c.states; s++ {
		at := c.times*c.states + s
		mean += float64(math.Exp(c.alpha[at]-logZ) * c.forward[at])
	}
	c.backward(dy, func(t, s, k int, p float64) {
		dst[t*c.symbols+k] += float64(p * (c.forward[(t+1)*c.states+s] + c.back[s] - mean))
	})
}

// sums sets forward to the expected sum of dy over the symbols emitted so far.
func (c *CTC) sums(dy []float64) {
	clear(c.forward[:c.states])
	for t := range c.times {
		old, f := c.alpha[t*c.states:][:c.states], c.forward[t*c.states:]
		now := f[c.states:]
		for s := range c.states {
			sum := old[s]
			if s > 0 {
				sum = logAdd(sum, old[s-1])
			}
			if s > 1 && s%2 == 1 {
				sum = logAdd(sum, old[s-2]+c.skip(s))
			}
			v := dy[t*c.symbols+c.symbol(s)] + float64(math.Exp(old[s]-sum)*f[s])
			if s > 0 {
				v += float64(math.Exp(old[s-1]-sum) * f[s-1])
			}
			if s > 1 && s%2 == 1 {
				v += float64(math.Exp(old[s-2]+c.skip(s)-sum) * f[s-2])
			}
			now[s] = v
		}
	}
}

func (c *CTC) symbol(s int) int {
	if s%2 == 0 {
		return 0
	}
	return int(c.labels[s/2])
}

// backward calls f with the probability of every state at every time, from the last
// to the first. With dy, back holds the expected sum of dy over the symbols after it.
func (c *CTC) backward(dy []float64, f func(t, s, k int, p float64)) {
	logZ := c.logZ()
	for s := range c.beta {
		c.beta[s] = math.Inf(-1)
	}
	for s := max(0, c.states-2); s < c.states; s++ {
		c.beta[s] = 0
	}
	clear(c.back)
	for t := c.times - 1; t >= 0; t-- {
		a := c.alpha[(t+1)*c.states:][:c.states]
		for s, b := range c.beta {
			if p := math.Exp(a[s] + b - logZ); p > 0 {
				f(t, s, c.symbol(s), p)
			}
		}
		c.before(t, dy)
	}
}

// before moves beta from the symbols after time t to those from time t on.
func (c *CTC) before(t int, dy []float64) {
	p := c.logp[t*c.symbols:][:c.symbols]
	for s := range c.beta {
		c.beta[s] += p[c.symbol(s)]
		if dy != nil {
			c.back[s] += dy[t*c.symbols+c.symbol(s)]
		}
	}
	for s := range c.beta {
		sum := c.beta[s]
		if s+1 < c.states {
			sum = logAdd(sum, c.beta[s+1])
		}
		jump := s%2 == 1 && s+2 < c.states
		if jump {
			sum = logAdd(sum, c.beta[s+2]+c.skip(s+2))
		}
		c.other[s] = sum
		if dy == nil {
			continue
		}
		if math.IsInf(sum, -1) {
			c.more[s] = 0 // the memory may hold a NaN
			continue
		}
		v := math.Exp(c.beta[s]-sum) * c.back[s]
		if s+1 < c.states {
			v += float64(math.Exp(c.beta[s+1]-sum) * c.back[s+1])
		}
		if jump {
			v += float64(math.Exp(c.beta[s+2]+c.skip(s+2)-sum) * c.back[s+2])
		}
		c.more[s] = v
	}
	c.beta, c.other = c.other, c.beta
	c.back, c.more = c.more, c.back
}

// negligible is the distance at which the smaller of two logarithms adds nothing to
// the sum in float64.
const negligible = 40

// logAdd returns ln(e^a + e^b).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if !(a-b < negligible) { // also where both are -Inf
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

func logAdd3(a, b, c float64) float64 {
	if b > a {
		a, b = b, a
	}
	if c > a {
		a, c = c, a
	}
	var rest float64
	if a-b < negligible { // not where both are -Inf
		rest = math.Exp(b - a)
	}
	if a-c < negligible {
		rest += math.Exp(c - a)
	}
	if rest == 0 {
		return a
	}
	return a + math.Log1p(rest)
}
