package glia

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Function is a compiled function of tensors; [Func] makes it.
type Function struct {
	f       func(in ...*graph.Node) []*graph.Node
	traceMu ownedMu // guards device; f runs under it
	device  backend.Device
	plansMu sync.Mutex // guards what follows, and is taken last
	plans   memo[backend.Executable]
	specs   []tensor.Spec // scratch: the key of a look-up in it
}

// Func returns f as a function of tensors. f is traced once for each combination of
// input dtypes and shapes, and its graph is fused and run like a model's step. The 16
// plans used last are kept. f may take gradients with package autodiff, and read and
// update variables.
//
//	grad := glia.Func(func(in ...*graph.Node) []*graph.Node {
//		y := ops.ReduceSum(ops.Square(in[0]))
//		return append([]*graph.Node{y}, autodiff.Grad(y, in[0])...)
//	})
//	out, err := grad.Call(x) // out[0] is y, out[1] its gradient
//
// Call may be used from several goroutines at once; those that update a variable wait for
// one another. A call from f itself is an error.
func Func(f func(in ...*graph.Node) []*graph.Node) *Function {
	return &Function{f: f, device: newDevice()}
}

// On makes f run on a device from the next call on, and returns f. Nil is the
// processor, where functions run by default.
func (f *Function) On(d backend.Device) *Function {
	if err := f.traceMu.lock(); err != nil {
		panic(graph.Errorf("glia: Func: On: %v", err))
	}
	defer f.traceMu.unlock()
	f.plansMu.Lock()
	defer f.plansMu.Unlock()
	f.device, f.plans = deviceOr(d), memo[backend.Executable]{}
	return f
}

// Call computes the function. Mistakes in f are returned as errors that name
// f's line.
func (f *Function) Call(in ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	p, err := f.planFor(in)
	if err != nil {
		return nil, err
	}
	out := blank(p.Outputs())
	if err := f.run(p, out, in); err != nil {
		return nil, err
	}
	return out, nil
}

// CallInto is [Function.Call] with the results written to out: tensors of the
// right dtypes and shapes. One that shares memory with an input or another of them is an
// error. Once warm CallInto allocates nothing.
func (f *Function) CallInto(out []*tensor.Tensor, in ...*tensor.Tensor) error {
	p, err := f.planFor(in)
	if err != nil {
		return err
	}
	return f.run(p, out, in)
}

func (f *Function) run(p backend.Executable, out, in []*tensor.Tensor) error {
	if err := p.Run(out, contiguous(in)); err != nil {
		return fmt.Errorf("glia: Func: %w", err)
	}
	return nil
}

// contiguous returns in with views that have gaps replaced by copies.
func contiguous(in []*tensor.Tensor) []*tensor.Tensor {
	for i, t := range in {
		if !t.Contiguous() {
			in = slices.Clone(in) // the caller's slice stays as it is
			for ; i < len(in); i++ {
				if !in[i].Contiguous() {
					in[i] = in[i].Clone()
				}
			}
			break
		}
	}
	return in
}

// planFor returns the plan for inputs of these dtypes and shapes.
func (f *Function) planFor(in []*tensor.Tensor) (backend.Executable, error) {
	for i, t := range in {
		if t == nil {
			return nil, fmt.Errorf("glia: Func: input %d is nil", i)
		}
	}
	if p := f.known(in); p != nil {
		return p, nil
	}
	if err := f.traceMu.lock(); err != nil {
		return nil, fmt.Errorf("glia: Func: %w", err)
	}
	defer f.traceMu.unlock()
	if p := f.known(in); p != nil { // another goroutine was first
		return p, nil
	}
	if f.f == nil {
		return nil, errors.New("glia: Func: the function is nil")
	}
	p, err := compile(f.device, func(g *graph.Graph) []*graph.Node {
		nodes := make([]*graph.Node, len(in))
		for i, t := range in {
			nodes[i] = g.Input(fmt.Sprintf("in[%d]", i), t.Spec())
		}
		out := f.f(nodes...)
		for i, n := range out {
			if n == nil || n.Graph() != g {
				panic(graph.Errorf("result %d is nil or of another graph: want one computed from the inputs", i))
			}
		}
		return out
	})
	if err != nil {
		return nil, fmt.Errorf("glia: Func: %w", err)
	}
	f.plansMu.Lock()
	defer f.plansMu.Unlock()
	f.plans.set(memoSize, false, appendSpecs(nil, in), p)
	return p, nil
}

// known returns the plan for inputs of these dtypes and shapes, nil if there is none.
func (f *Function) known(in []*tensor.Tensor) backend.Executable {
	f.plansMu.Lock()
	defer f.plansMu.Unlock()
	f.specs = appendSpecs(f.specs[:0], in)
	p, _ := f.plans.get(false, f.specs)
	return p
}
