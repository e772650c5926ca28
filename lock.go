package glia

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/glia-ml/glia/graph"
)

// A model has three kinds of locks. Those that code of a user's runs under know the
// goroutine that holds them, so that a call from that code is an error and no wait for
// itself. They are taken in this order:
//
//	training   Fit, Compile, TrainOnBatch: nobody waits for it, a second call is an error
//	traceMu    building, tracing and freezing the network, and what is made of it
//	weightsMu  written by steps of training, read by all others
//	plansMu    tables of plans; graph.Access: the variables of one run
//
// Callbacks and datasets run under the first alone.

// errInside is that of calls which would wait for themselves.
var errInside = errors.New("called by code that it runs while it is held, such as a layer, a loss or the function of BetweenSteps: want it elsewhere, in a callback for instance")

// training says which call changes the training.
type training struct{ call atomic.Pointer[string] }

// begin returns an error if another call goes on. End ends this one.
func (t *training) begin(call string) (end func(), err error) {
	for !t.call.CompareAndSwap(nil, &call) {
		if other := t.call.Load(); other != nil {
			return nil, fmt.Errorf("glia: %s: called during %s: want %[1]s before or after it", call, *other)
		}
	}
	return func() { t.call.Store(nil) }, nil
}

// ownedMu is a mutex that knows the goroutine that holds it.
type ownedMu struct {
	mu    sync.Mutex
	owner atomic.Uint64 // 0 if there is none
}

// lock waits for others and returns an error if the caller's goroutine holds l.
func (l *ownedMu) lock() error {
	id := goroutine()
	if l.owner.Load() == id {
		return errInside
	}
	l.mu.Lock()
	l.owner.Store(id)
	return nil
}

func (l *ownedMu) unlock() {
	l.owner.Store(0)
	l.mu.Unlock()
}

// weightsMu guards the weights. Those who run code of a user's under it take it by change.
type weightsMu struct {
	sync.RWMutex
	owner atomic.Uint64 // the goroutine in change; 0 if there is none
}

// change calls f while nothing else reads or changes the weights, and returns its error.
// A call from within f is an error.
func (l *weightsMu) change(f func() error) error {
	id := goroutine()
	if l.owner.Load() == id {
		return errInside
	}
	l.Lock()
	l.owner.Store(id)
	defer func() {
		l.owner.Store(0)
		l.Unlock()
	}()
	return f()
}

// read is RLock, with an error for a call from within change.
func (l *weightsMu) read() error {
	if l.TryRLock() {
		return nil
	}
	if l.owner.Load() == goroutine() {
		return errInside
	}
	l.RLock()
	return nil
}

// step is Lock, with an error for a call from within change.
func (l *weightsMu) step() error {
	if l.TryLock() {
		return nil
	}
	if l.owner.Load() == goroutine() {
		return errInside
	}
	l.Lock()
	return nil
}

// hold locks traceMu. It returns an error if the caller's goroutine holds the model.
func (m *Model) hold() error {
	if owner := m.weightsMu.owner.Load(); owner != 0 && owner == goroutine() { // whose number takes microseconds
		return errInside
	}
	return m.traceMu.lock()
}

// mustHold is hold for calls that return no error: it panics with *graph.Error, which the
// call that runs the caller's code returns.
func (m *Model) mustHold(call string) {
	if err := m.hold(); err != nil {
		panic(graph.Errorf("glia: %s: %v", call, err))
	}
}

// caught returns f's error, or the *graph.Error that code of a user's panicked with in it.
// Other panics pass through.
func caught(f func() error) (err error) {
	if e := graph.Catch(func() { err = f() }); e != nil {
		return e
	}
	return err
}

// catch makes the *graph.Error that code of a user's panicked with the error of a call,
// when it is deferred. Other panics pass through.
func catch(call string, err *error) {
	switch e := recover().(type) {
	case nil:
	case *graph.Error:
		*err = fmt.Errorf("glia: %s: %w", call, e)
	default:
		panic(e)
	}
}

// goroutine returns the number of the goroutine that calls it, which the runtime tells in
// the first line of a stack trace alone.
func goroutine() uint64 {
	text := stackTexts.Get().(*[64]byte)
	defer stackTexts.Put(text)
	line := text[:runtime.Stack(text[:], false)] // "goroutine 18 [running]:"
	id := uint64(0)
	for _, digit := range bytes.TrimPrefix(line, []byte("goroutine ")) {
		if digit < '0' || digit > '9' {
			break
		}
		id = id*10 + uint64(digit-'0')
	}
	if id == 0 {
		panic("glia: no number of a goroutine in " + string(line))
	}
	return id
}

// stackTexts are kept, since what runtime.Stack writes to is allocated.
var stackTexts = sync.Pool{New: func() any { return new([64]byte) }}
