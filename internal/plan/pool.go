package plan

import (
	"slices"
	"sync"
	"unsafe"
	"weak"

	"github.com/glia-ml/glia/tensor"
)

// pool lends memory to the runs of a device's plans of any size. It holds as many arenas
// as runs went on at once, the largest as large as the largest that a run needed.
type pool struct {
	mu   sync.Mutex
	idle [][]byte // by length, the shortest first
	// plans are those whose idle runs may point to an arena.
	plans   []weak.Pointer[Plan]
	derived shared
}

// keepArenas bounds how many idle arenas a pool keeps.
const keepArenas = 16

// take lends an arena of n bytes or more until give.
func (p *pool) take(n int) []byte {
	if n == 0 {
		return nil
	}
	if a := p.find(n); a != nil {
		return a
	}
	return tensor.Alloc(n)
}

// find removes and returns the shortest idle arena of n bytes or more. If no arena is
// that long, it drops the longest, to be replaced by a new one, and returns nil.
func (p *pool) find(n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, a := range p.idle {
		if len(a) >= n {
			p.idle = slices.Delete(p.idle, i, i+1)
			return a
		}
	}
	if last := len(p.idle) - 1; last >= 0 {
		p.drop(last)
	}
	return nil
}

// drop frees idle arena i, with the idle runs that point to it. The caller holds mu.
func (p *pool) drop(i int) {
	arena := unsafe.SliceData(p.idle[i])
	p.idle = slices.Delete(p.idle, i, i+1)
	for _, w := range p.plans {
		if plan := w.Value(); plan != nil {
			plan.free.drop(arena)
		}
	}
}

// serve makes p the pool of plan.
func (p *pool) serve(plan *Plan) {
	plan.pool = p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plans = slices.DeleteFunc(p.plans, func(w weak.Pointer[Plan]) bool { return w.Value() == nil })
	p.plans = append(p.plans, weak.Make(plan))
}

// give takes an arena back.
func (p *pool) give(a []byte) {
	if a == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == keepArenas {
		p.drop(0)
	}
	i, _ := slices.BinarySearchFunc(p.idle, len(a), func(b []byte, n int) int { return len(b) - n })
	p.idle = slices.Insert(p.idle, i, a)
}
