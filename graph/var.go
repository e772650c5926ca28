package graph

import (
	"cmp"
	"fmt"
	"slices"
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
// Reading goes through Tensor or Value; writing through Set or Write, so that the device
// learns of it. Value, Set and Write may be called from any goroutine, while models and
// functions run that read or update the variable: they see the value between two runs.
type Var struct {
	// Path tells the variable from others of the same model: "dense_1/kernel".
	Path string
	// Trainable variables are those that an optimizer updates.
	Trainable bool
	// Constraint, if not nil, returns the value that training sets after each of the
	// optimizer's updates.
	Constraint func(value *Node) *Node

	spec  tensor.Spec
	value *tensor.Tensor // in host memory; of a ZeroVar nil until it is asked for
	taken sync.Once      // the memory of value

	number  uint64       // of all variables, in the order in which they were made
	valueMu sync.RWMutex // of the value; no code of a user's runs under it

	mu     sync.Mutex // of home
	home   Home
	newest atomic.Uint32
	writes atomic.Uint64
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
func NewVar(path string, t *tensor.Tensor) *Var {
	v := &Var{Path: path, value: t, number: made.Add(1)}
	if t != nil {
		v.spec = t.Spec()
	}
	return v
}

// NewZeroVar returns a variable of zeros. It takes memory when its value is first read or
// written: a network of such variables can be described without.
func NewZeroVar(path string, s tensor.Spec) *Var {
	return &Var{Path: path, spec: s, number: made.Add(1)}
}

// memory returns the host memory.
func (v *Var) memory() *tensor.Tensor {
	v.taken.Do(func() {
		if v.value == nil && v.spec.DType != tensor.Invalid { // else a variable that nothing made
			v.value = tensor.NewSpec(v.spec)
		}
	})
	return v.value
}

// made counts the variables.
var made atomic.Uint64

// Spec returns dtype and shape.
func (v *Var) Spec() tensor.Spec { return v.spec }

// Tensor returns the variable's host memory, fetched from its home first if the value
// there is newer. It is for reading while nothing changes the variable: Value returns a
// copy at any time, Set and Write change it. It panics with *[Error] if the device has lost
// the value.
func (v *Var) Tensor() *tensor.Tensor {
	if err := v.Fetch(); err != nil {
		panic(Errorf("%v", err))
	}
	return v.memory()
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
	if err := v.home.Fetch(v.memory()); err != nil {
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
	v.valueMu.Lock()
	defer v.valueMu.Unlock()
	copy(v.memory().Bytes(), t.Bytes())
	v.Wrote()
	return nil
}

// Value returns a copy of the value. It panics with *[Error] if the device has lost it.
func (v *Var) Value() *tensor.Tensor {
	v.valueMu.RLock()
	defer v.valueMu.RUnlock()
	return v.Tensor().Clone()
}

// AppendTo appends the bytes of the value to b. It panics with *[Error] if the device has
// lost it.
func (v *Var) AppendTo(b []byte) []byte {
	v.valueMu.RLock()
	defer v.valueMu.RUnlock()
	return append(b, v.Tensor().Bytes()...)
}

// Write calls f with a copy of the variable's value, which f may change, but not keep, and
// sets the variable to it.
func (v *Var) Write(f func(t *tensor.Tensor)) {
	t := v.Value()
	f(t)
	v.valueMu.Lock()
	defer v.valueMu.Unlock()
	copy(v.memory().Bytes(), t.Bytes())
	v.Wrote()
}

// Clear sets the variable to zeros.
func (v *Var) Clear() {
	v.valueMu.Lock()
	defer v.valueMu.Unlock()
	clear(v.memory().Bytes())
	v.Wrote()
}

// Wrote records that the newest value is in the host memory that Tensor returned. It
// is for devices that compute there, between Lock and Unlock of an [Access]; others use
// Write.
func (v *Var) Wrote() {
	v.newest.Store(onHost)
	v.writes.Add(1)
}

// Version returns the number of the value: it grows with each Set, Write, Clear, Wrote and
// Moved. What is computed from the value holds as long as the number is the same.
func (v *Var) Version() uint64 { return v.writes.Load() }

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
func (v *Var) Moved(h Home) {
	v.setHome(h, atHome)
	v.writes.Add(1)
}

func (v *Var) setHome(h Home, newest uint32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.home = h
	v.newest.Store(newest)
}

// Access locks the variables of a run, which reads some and updates some, against other
// runs and against [Var.Set] and the like.
type Access struct {
	vars    []*Var // by their numbers, so that no two runs wait for each other
	updated []bool
}

// NewAccess returns the access of a run that reads variables and updates variables; a
// variable may be among both. Nil stands for none.
func NewAccess(read, updated []*Var) *Access {
	a := &Access{}
	writes := map[*Var]bool{}
	for _, v := range updated {
		writes[v] = true
	}
	known := map[*Var]bool{nil: true}
	for _, v := range slices.Concat(read, updated) {
		if !known[v] {
			known[v] = true
			a.vars = append(a.vars, v)
		}
	}
	slices.SortFunc(a.vars, func(v, w *Var) int { return cmp.Compare(v.number, w.number) })
	for _, v := range a.vars {
		a.updated = append(a.updated, writes[v])
	}
	return a
}

// Lock waits until no other run updates the variables, and none reads those that this one
// updates.
func (a *Access) Lock() {
	for i, v := range a.vars {
		if a.updated[i] {
			v.valueMu.Lock()
		} else {
			v.valueMu.RLock()
		}
	}
}

// Unlock ends what Lock began.
func (a *Access) Unlock() {
	for i, v := range a.vars {
		if a.updated[i] {
			v.valueMu.Unlock()
		} else {
			v.valueMu.RUnlock()
		}
	}
}
