package graph

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/glia-ml/glia/tensor"
)

// Var is state that outlives a run: a weight, a moving average, the total of a
// metric, a random generator's counter. A graph reads it with Value and gives it
// a new value with Update.
//
// A variable has host memory, and may have a [Home] on a device that works in memory
// of its own. Each of the two is brought up to date only when its value is asked for.
// Reading goes through Tensor; writing through Set or Write, so that the device learns
// of it.
type Var struct {
	// Path tells the variable from others of the same model: "dense_1/kernel".
	Path string
	// Trainable variables are those that an optimizer updates.
	Trainable bool
	// Constraint, if not nil, returns the value that training sets after each of the
	// optimizer's updates.
	Constraint func(value *Node) *Node

	value *tensor.Tensor // in host memory

	mu     sync.Mutex // of home
	home   Home
	newest atomic.Uint32
}

// Values of Var.newest: which copies have the newest value.
const (
	onHost uint32 = iota
	onBoth
	atHome
)

// Home is a copy of a variable that a device keeps in memory of its own.
type Home interface {
	// Fetch copies the value into t, a contiguous tensor of the variable's spec.
	// It returns an error if the device cannot give it any more.
	Fetch(t *tensor.Tensor) error
}

// NewVar returns a variable that holds t, which becomes the variable's own memory.
func NewVar(path string, t *tensor.Tensor) *Var { return &Var{Path: path, value: t} }

// Spec returns dtype and shape.
func (v *Var) Spec() tensor.Spec { return v.value.Spec() }

// Tensor returns the variable's host memory, fetched from its home first if the value
// there is newer. It is for reading: Set and Write change the variable. It panics with
// *[Error] if the device has lost the value.
func (v *Var) Tensor() *tensor.Tensor {
	if err := v.Fetch(); err != nil {
		panic(Errorf("%v", err))
	}
	return v.value
}

// Fetch brings the host memory up to date. It returns an error if the device has lost
// the value.
func (v *Var) Fetch() error {
	if v.newest.Load() != atHome {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.newest.Load() != atHome {
		return nil // another goroutine was first
	}
	if err := v.home.Fetch(v.value); err != nil {
		return fmt.Errorf("graph: variable %s: fetching it from its device: %w", v.Path, err)
	}
	v.newest.Store(onBoth)
	return nil
}

// Set copies t into the variable. It returns an error unless t has the variable's dtype
// and shape.
func (v *Var) Set(t *tensor.Tensor) error {
	if t == nil {
		return fmt.Errorf("graph: variable %s: set to nil: want %v", v.Path, v.Spec())
	}
	if t.Spec() != v.Spec() {
		return fmt.Errorf("graph: variable %s: set to %v: want %v", v.Path, t.Spec(), v.Spec())
	}
	if !t.Contiguous() {
		t = t.Clone()
	}
	copy(v.value.Bytes(), t.Bytes())
	v.Wrote()
	return nil
}

// Write calls f with the variable's host memory, which holds its value and which f may
// change, but not keep.
func (v *Var) Write(f func(t *tensor.Tensor)) {
	f(v.Tensor())
	v.Wrote()
}

// Wrote records that the newest value is in the host memory that Tensor returned. It
// is for devices that compute there; others use Write.
func (v *Var) Wrote() { v.newest.Store(onHost) }

// Home returns the copy that a device gave to Keep or Moved last, nil if none did, and
// reports whether it holds the newest value.
func (v *Var) Home() (h Home, current bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.home, v.home != nil && v.newest.Load() != onHost
}

// Keep makes h the home. A device has copied the tensor of Tensor into it before.
func (v *Var) Keep(h Home) { v.setHome(h, onBoth) }

// Moved makes h the home, with a value that a run on its device made: it is newer than
// that of the host.
func (v *Var) Moved(h Home) { v.setHome(h, atHome) }

func (v *Var) setHome(h Home, newest uint32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.home = h
	v.newest.Store(newest)
}
