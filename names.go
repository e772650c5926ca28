package glia

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// inNetworkOrder returns a dataset with its inputs and targets in the order of the network's
// inputs and outputs, which it names; the dataset itself if it names none, or in that order.
func (m *Model) inNetworkOrder(ds data.Dataset) (data.Dataset, error) {
	named, ok := ds.(data.Named)
	if !ok || m.net == nil {
		return ds, nil
	}
	x, y := named.Names()
	if len(x)+len(y) == 0 {
		return ds, nil
	}
	var inputs, outputs []string
	if err := graph.Catch(func() { inputs, outputs = m.net.InputNames(), m.net.OutputNames() }); err != nil {
		return nil, err
	}
	specX, specY := ds.Specs()
	r := reordered{Dataset: ds}
	var err error
	if r.x, err = places("input", x, inputs, len(specX)); err != nil {
		return nil, err
	}
	if losses := withLoss(m.compiled.Load().outputLosses); len(y) < len(outputs) && len(losses) == len(y) {
		outputs = outputsOf(losses) // the others need no targets
	}
	if r.y, err = places("output", y, outputs, len(specY)); err != nil {
		return nil, err
	}
	if slices.IsSorted(r.x) && slices.IsSorted(r.y) {
		return ds, nil
	}
	return &r, nil
}

// places returns where the names of a network are among those of data, of which there are n:
// 0, 1, 2, ... if the data has no names.
func places(kind string, names, of []string, n int) ([]int, error) {
	if len(names) == 0 {
		return inOrder(n), nil
	}
	if len(names) != n {
		return nil, fmt.Errorf("the data has %d %ss and the names %q: want a name for each", n, kind, names)
	}
	for i, name := range names {
		if !slices.Contains(of, name) || slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("the data has %ss %q: want %q, each once", kind, names, of)
		}
	}
	at := make([]int, len(of))
	for i, name := range of {
		if at[i] = slices.Index(names, name); at[i] < 0 {
			return nil, fmt.Errorf("the data has no %s %q, only %q: want all of %q", kind, name, names, of)
		}
	}
	return at, nil
}

// reordered is a dataset with its inputs and targets in another order.
type reordered struct {
	data.Dataset
	x, y []int // where they are in the dataset
}

// Specs implements [data.Dataset].
func (r *reordered) Specs() (x, y []tensor.Spec) {
	x, y = r.Dataset.Specs()
	return specsAt(x, r.x), specsAt(y, r.y)
}

func specsAt(of []tensor.Spec, at []int) []tensor.Spec {
	specs := make([]tensor.Spec, len(at))
	for i, k := range at {
		specs[i] = of[k]
	}
	return specs
}

// Read implements [data.Dataset].
func (r *reordered) Read(idx []int, b *data.Batch) error {
	return r.read(b, func() error { return r.Dataset.Read(idx, b) })
}

// ReadEpoch implements [data.Augmented]: it is Read for a dataset that is not.
func (r *reordered) ReadEpoch(seed, epoch uint64, idx []int, b *data.Batch) error {
	if ds, ok := r.Dataset.(data.Augmented); ok {
		return r.read(b, func() error { return ds.ReadEpoch(seed, epoch, idx, b) })
	}
	return r.Read(idx, b)
}

// Ahead implements [data.Slow].
func (r *reordered) Ahead() int { return data.AheadOf(r.Dataset) }

// read gives b to a read of the dataset, which overwrites tensors of its own specs, with the
// tensors where the dataset has them.
func (r *reordered) read(b *data.Batch, read func() error) error {
	backward(b.X, r.x)
	backward(b.Y, r.y)
	backward(b.Weight, r.y)
	if err := read(); err != nil {
		return err
	}
	forward(b.X, r.x)
	forward(b.Y, r.y)
	forward(b.Weight, r.y)
	return nil
}

// forward takes to place i what is at place at[i], if the list has those places.
func forward(list []*tensor.Tensor, at []int) {
	if len(list) != len(at) {
		return
	}
	var few [8]*tensor.Tensor
	before := append(few[:0], list...)
	for i, k := range at {
		list[i] = before[k]
	}
}

// backward undoes forward.
func backward(list []*tensor.Tensor, at []int) {
	if len(list) != len(at) {
		return
	}
	var few [8]*tensor.Tensor
	before := append(few[:0], list...)
	for i, k := range at {
		list[k] = before[i]
	}
}

// PredictNamed is [Model.PredictAll] with the inputs by the names of their nn.Input layers. It
// returns the outputs by the names of the layers that make them, see nn's
// Network.OutputNames.
func (m *Model) PredictNamed(x map[string]*tensor.Tensor) (map[string]*tensor.Tensor, error) {
	if m.net == nil {
		return nil, fmt.Errorf("glia: PredictNamed: %w", errNoNetwork)
	}
	var inputs, outputs []string
	if err := graph.Catch(func() { inputs, outputs = m.net.InputNames(), m.net.OutputNames() }); err != nil {
		return nil, fmt.Errorf("glia: PredictNamed: %w", err)
	}
	var names []string
	for name := range x {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return nil, fmt.Errorf("glia: PredictNamed: no x: want %q", inputs)
	}
	at, err := places("input", names, inputs, len(names))
	if err != nil {
		return nil, fmt.Errorf("glia: PredictNamed: %w", err)
	}
	in := make([]*tensor.Tensor, len(at))
	for i, k := range at {
		in[i] = x[names[k]]
	}
	out, err := m.predictBatches("PredictNamed", in, predictBatch)
	if err != nil {
		return nil, err
	}
	named := make(map[string]*tensor.Tensor, len(out))
	for i, t := range out {
		named[outputs[i]] = t
	}
	return named, nil
}
