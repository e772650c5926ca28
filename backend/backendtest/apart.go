package backendtest

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Apart returns a device that computes as d does, but on copies of the variables in
// memory of its own, as that of a graphics card is. A run that changes a variable also
// destroys the host's copy, so that reading it without [graph.Var.Tensor] shows; a run
// on a variable whose host memory was changed without [graph.Var.Set] or
// [graph.Var.Write] returns an error.
func Apart(d backend.Device) backend.Device {
	return &apart{Device: d, homes: map[*graph.Var]*home{}}
}

type apart struct {
	backend.Device
	mu    sync.Mutex
	homes map[*graph.Var]*home
}

// home is a variable on a device apart.
type home struct {
	copy *graph.Var  // on the device
	same atomic.Bool // as in host memory
}

// Fetch implements graph.Home.
func (h *home) Fetch(t *tensor.Tensor) error {
	copy(t.Bytes(), h.copy.Tensor().Bytes())
	h.same.Store(true)
	return nil
}

// Compile implements backend.Device.
func (d *apart) Compile(g *graph.Graph, outputs []*graph.Node) (backend.Executable, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := &apartRuns{d: d, vars: g.Vars(), updates: g.Updates()}
	own := graph.New()
	nodes := map[*graph.Node]*graph.Node{}
	for _, n := range g.Nodes() {
		in := make([]*graph.Node, len(n.In))
		for i, x := range n.In {
			in[i] = nodes[x]
		}
		switch op := n.Op.(type) {
		case graph.InputOp:
			nodes[n] = own.Input(op.Label, op.Spec)
		case graph.VarOp:
			nodes[n] = own.Value(d.home(op.Var).copy)
		case graph.PickOp:
			nodes[n] = graph.Pick(in[0], op.Result)
		default:
			nodes[n] = own.Apply(op, in...)
		}
	}
	for _, u := range e.updates {
		own.Update(d.home(u.Var).copy, nodes[u.Node])
	}
	results := make([]*graph.Node, len(outputs))
	for i, n := range outputs {
		results[i] = nodes[n]
	}
	var err error
	e.Executable, err = d.Device.Compile(own, results)
	return e, err
}

// home returns the device's copy of v. The caller holds mu.
func (d *apart) home(v *graph.Var) *home {
	if d.homes[v] == nil {
		d.homes[v] = &home{copy: graph.NewVar(v.Path, tensor.NewSpec(v.Spec()))}
	}
	return d.homes[v]
}

// apartRuns is an executable on copies of the variables.
type apartRuns struct {
	backend.Executable
	d       *apart
	vars    []*graph.Var
	updates []graph.Update
}

// Run implements backend.Executable.
func (e *apartRuns) Run(out, in []*tensor.Tensor) error {
	if err := e.upload(); err != nil {
		return err
	}
	if err := e.Executable.Run(out, in); err != nil {
		return err
	}
	e.d.mu.Lock()
	defer e.d.mu.Unlock()
	for _, u := range e.updates {
		host, h := u.Var.Tensor().Bytes(), e.d.home(u.Var)
		h.same.Store(false)
		u.Var.Moved(h)
		for i := range host {
			host[i] = canary
		}
	}
	return nil
}

// upload brings the device's copies up to date.
func (e *apartRuns) upload() error {
	e.d.mu.Lock()
	defer e.d.mu.Unlock()
	for _, v := range e.vars {
		h := e.d.home(v)
		if at, current := v.Home(); at != h || !current {
			if err := h.copy.Set(v.Tensor()); err != nil {
				return err
			}
			h.same.Store(true)
			v.Keep(h)
		} else if h.same.Load() && !bytes.Equal(v.Tensor().Bytes(), h.copy.Tensor().Bytes()) {
			return fmt.Errorf("variable %s was changed without Set or Write", v.Path)
		}
	}
	return nil
}
