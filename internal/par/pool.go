package par

import (
	"sync"
	"sync/atomic"
	"time"
)

// A pool is the goroutines that help the owner of the work. A helper that has
// nothing to do polls for a short while and then sleeps.
type pool struct {
	owner   sync.Mutex // held by the goroutine whose work is under way
	helpers []*helper  // the first of them have a share in the work
	task    Task
	n       int64
	panics  atomic.Pointer[panicked]
	_       [Align]byte
	next    atomic.Int64 // the first piece that nobody has
	_       [Align]byte
}

var shared pool

// panicked is a panic in a piece.
type panicked struct{ value any }

// A helper is one goroutine of the pool.
type helper struct {
	_     [Align]byte
	state atomic.Uint32
	wake  chan struct{} // a token for every change from asleep to called
	done  chan struct{} // a token for every end of work from awaited
	w     Worker
	_     [Align]byte
}

// States of a helper. The owner calls it, and takes the call back if the helper
// has not begun when all pieces are gone: so a helper that gets no processor
// delays nobody.
const (
	polling = iota // helper only -> asleep; owner -> called
	asleep         // owner -> called
	called         // helper -> working; owner -> polling
	working        // helper -> polling; owner -> awaited
	awaited        // helper -> polling: the owner sleeps until then
)

const (
	pollTime  = 100 * time.Microsecond // for which a helper stays awake, and an owner waits awake
	pollRound = 32                     // polls from one look at the clock to the next
	pauses    = 4                      // between two polls
)

// do shares pieces 0 to n-1 of t with the helpers. The caller has locked p.owner.
func (p *pool) do(n int, t Task, threads int) {
	p.task, p.n = t, int64(n)
	p.next.Store(0)
	helpers := p.call(min(threads, n) - 1)
	w := getWorker()
	defer func() { // also when a piece panics here
		p.next.Store(p.n)
		for _, h := range helpers {
			h.finish(threads <= numCPU)
		}
		p.task = nil
		bad := p.panics.Swap(nil)
		putWorker(w)
		p.owner.Unlock()
		if bad != nil {
			panic(bad.value)
		}
	}()
	p.pieces(w)
}

// pieces does pieces until none are left.
func (p *pool) pieces(w *Worker) {
	t, n := p.task, p.n
	w.Kept = 0
	for i := p.next.Add(1) - 1; i < n; i = p.next.Add(1) - 1 {
		t.Piece(int(i), w)
	}
}

// call calls n helpers and returns them.
func (p *pool) call(n int) []*helper {
	for len(p.helpers) < n {
		h := &helper{wake: make(chan struct{}, 1), done: make(chan struct{}, 1)}
		p.helpers = append(p.helpers, h)
		go h.run(p)
	}
	for _, h := range p.helpers[:n] {
		if !h.state.CompareAndSwap(polling, called) {
			h.state.Store(called) // it is asleep
			h.wake <- struct{}{}
		}
	}
	return p.helpers[:n]
}

// finish returns when the helper does not work, and will not unless called again.
func (h *helper) finish(poll bool) {
	if h.state.CompareAndSwap(called, polling) {
		return
	}
	if poll && h.poll(func(s uint32) bool { return s != working }) {
		return
	}
	if h.state.CompareAndSwap(working, awaited) {
		<-h.done
	}
}

// poll looks at the state until it is as wanted, or until it has been too long.
func (h *helper) poll(want func(uint32) bool) bool {
	for start := time.Now(); ; {
		for range pollRound {
			if want(h.state.Load()) {
				return true
			}
			pause(pauses)
		}
		if time.Since(start) > pollTime {
			return false
		}
	}
}

func isCalled(s uint32) bool { return s == called }

// run is the life of a helper.
func (h *helper) run(p *pool) {
	for {
		if h.state.CompareAndSwap(called, working) {
			h.work(p)
		}
		if Threads() <= numCPU && h.poll(isCalled) {
			continue
		}
		if h.state.CompareAndSwap(polling, asleep) {
			<-h.wake
		}
	}
}

// work does a share of the pieces.
func (h *helper) work(p *pool) {
	ended := false
	defer func() {
		if v := recover(); v != nil {
			p.panics.CompareAndSwap(nil, &panicked{v})
		} else if !ended {
			p.panics.CompareAndSwap(nil, &panicked{"par: a piece ended its goroutine"})
		}
		p.next.Store(p.n)
		if h.state.Swap(polling) == awaited {
			h.done <- struct{}{}
		}
	}()
	p.pieces(&h.w)
	ended = true
}

// workers is the memory for callers of Do.
var workers struct {
	sync.Mutex
	free []*Worker
}

func getWorker() *Worker {
	workers.Lock()
	defer workers.Unlock()
	last := len(workers.free) - 1
	if last < 0 {
		return new(Worker)
	}
	w := workers.free[last]
	workers.free = workers.free[:last]
	return w
}

func putWorker(w *Worker) {
	workers.Lock()
	workers.free = append(workers.free, w)
	workers.Unlock()
}
