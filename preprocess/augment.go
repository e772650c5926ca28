package preprocess

import (
	"errors"
	"fmt"
	"sync"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// Augment returns ds with the pictures of its first input changed by layers, as they change them in
// training, when samples are read: on other goroutines than the steps, and once for a set that is
// read by several trainings. In a model the same layers change whole batches within the step, and
// are saved with it.
//
//	train, err := preprocess.Augment(photos, preprocess.RandomFlip(preprocess.Along(preprocess.Horizontal)),
//		preprocess.RandomRotation(preprocess.Factor{0.1}))
//
// Each sample is changed by itself, by random numbers that depend on the seed of the training, the
// epoch and its number: see [data.Augmented]. So a training repeats, and resumes, with the same
// bits. Evaluate and Predict see what epoch 0 of seed 0 does. [AugmentBy] changes masks and boxes,
// too. Layers that mix pictures, [MixUp] and [CutMix], belong in the model.
//
// The result is [data.Grouped] and [data.Named] if ds is. It is an error if ds or a layer is nil, the
// layers do not fit the samples, mix them, or keep what they learn.
func Augment(ds data.Dataset, layers ...nn.Layer) (data.Augmented, error) {
	for _, l := range layers {
		if name := mixing(l); name != "" {
			return nil, fmt.Errorf("preprocess: Augment: %s mixes the pictures of a batch, and samples are read one by one: want it in the model", name)
		}
	}
	all := Pipeline(layers...)
	return AugmentBy(ds, func(c *nn.Ctx, x, y []*graph.Node) {
		if len(x) == 0 {
			panic(graph.Errorf("preprocess.Augment: the dataset has no inputs: want pictures"))
		}
		b := nn.NewBuilder(1)
		b.Build("augment", all, x[0].Spec())
		x[0] = Apply(c, all, Sample{Images: x[0]}).Images
	})
}

// mixing returns the class of a layer, or of one in a pipeline, that mixes the pictures of a batch,
// or "".
func mixing(l nn.Layer) string {
	switch l := l.(type) {
	case interface{ mixes() }:
		return nn.ClassOf(l.(nn.Layer))
	case *PipelineLayer:
		for _, part := range l.Parts {
			if name := mixing(part); name != "" {
				return name
			}
		}
	}
	return ""
}

// AugmentBy returns ds with every sample changed when it is read, as [Augment] does, by f. It traces
// what is to be done to a batch of one sample, given the nodes of its inputs x and targets y, and
// puts others in their place, such as what [Apply] makes of a picture with its mask:
//
//	preprocess.AugmentBy(ds, func(c *nn.Ctx, x, y []*graph.Node) {
//		s := preprocess.Apply(c, layers, preprocess.Sample{Images: x[0], Masks: y[0]})
//		x[0], y[0] = s.Images, s.Masks
//	})
//
// f is called once. It is an error if ds or f is nil, an axis of a sample is open, f panics with
// *graph.Error, or a result does not have one sample, or f updates variables.
func AugmentBy(ds data.Dataset, f func(c *nn.Ctx, x, y []*graph.Node)) (data.Augmented, error) {
	if ds == nil || f == nil {
		return nil, errors.New("preprocess: Augment: got nil: want a dataset and a function")
	}
	a := &augmented{of: ds}
	if inner, ok := ds.(interface{ augmentations() uint64 }); ok {
		a.nested = inner.augmentations() + 1
	}
	var err error
	if caught := graph.Catch(func() { err = a.compile(f) }); caught != nil {
		err = caught
	}
	if err != nil {
		return nil, fmt.Errorf("preprocess: Augment: %w", err)
	}
	if g, ok := ds.(data.Grouped); ok {
		return &augmentedGroups{a, g}, nil
	}
	return a, nil
}

// augmented is a dataset that Augment returns.
type augmented struct {
	of     data.Dataset
	nested uint64 // how many others are in it
	run    backend.Executable
	parts  [2][]part // of x and y

	mu   sync.Mutex
	free []*augmenting
}

// part is an input or a target.
type part struct {
	given, spec tensor.Spec // of a sample of the dataset, and of one that is returned
	out         int         // the result of the executable, -1 if it stays as it is
}

// augmenting is what a reader needs.
type augmenting struct {
	inner   data.Batch
	in, out []*tensor.Tensor // of one sample, the seed first
}

// compile compiles what f does to one sample.
func (a *augmented) compile(f func(c *nn.Ctx, x, y []*graph.Node)) error {
	g := graph.New()
	seed := g.Input("seed", tensor.S(tensor.Uint64, 2))
	var specs [2][]tensor.Spec
	var nodes, given [2][]*graph.Node
	specs[0], specs[1] = a.of.Specs()
	for i, name := range []string{"x", "y"} {
		for j, s := range specs[i] {
			for axis := range s.Rank() {
				if s.Shape.At(axis) < 0 {
					return fmt.Errorf("%s[%d] of the dataset is %v: want one shape of all samples", name, j, s)
				}
			}
			nodes[i] = append(nodes[i], g.Input(fmt.Sprintf("%s[%d]", name, j), batchOf(s, 1)))
		}
		given[i] = append([]*graph.Node(nil), nodes[i]...)
	}
	c := nn.NewSeededCtx(g, seed)
	c.Training = true
	f(c, nodes[0], nodes[1])
	var outputs []*graph.Node
	for i := range nodes {
		for j, n := range nodes[i] {
			if n == nil || n.Rank() == 0 || n.Shape().At(0) != 1 {
				return fmt.Errorf("the function leaves no batch of one sample in place of %v", given[i][j].Spec())
			}
			p := part{specs[i][j], tensor.Spec{DType: n.DType(), Shape: n.Shape().From(1)}, -1}
			if n != given[i][j] {
				p.out = len(outputs)
				outputs = append(outputs, n)
			}
			a.parts[i] = append(a.parts[i], p)
		}
	}
	if len(g.Updates()) > 0 {
		return fmt.Errorf("a layer updates its variable %s: want layers that keep nothing", g.Updates()[0].Var.Path)
	}
	if len(outputs) == 0 {
		return nil
	}
	var err error
	a.run, err = plan.On(cpu.Kernels{}).Compile(g, outputs)
	return err
}

// augmentedGroups is augmented of a Grouped.
type augmentedGroups struct {
	*augmented
	groups data.Grouped
}

// Group implements [data.Grouped].
func (a *augmentedGroups) Group(i int) int { return a.groups.Group(i) }

func (a *augmented) augmentations() uint64 { return a.nested }

// leastAhead is how many batches are read ahead of the steps at least.
const leastAhead = 2

// Ahead implements [data.Slow].
func (a *augmented) Ahead() int { return max(data.AheadOf(a.of), leastAhead) }

// Len implements [data.Dataset].
func (a *augmented) Len() int { return a.of.Len() }

// Specs implements [data.Dataset].
func (a *augmented) Specs() (x, y []tensor.Spec) {
	var all [2][]tensor.Spec
	for i, parts := range a.parts {
		for _, p := range parts {
			all[i] = append(all[i], p.spec)
		}
	}
	return all[0], all[1]
}

// Names implements [data.Named]: the names are those of the dataset.
func (a *augmented) Names() (inputs, targets []string) {
	if ds, ok := a.of.(data.Named); ok {
		return ds.Names()
	}
	return nil, nil
}

// Read implements [data.Dataset].
func (a *augmented) Read(idx []int, b *data.Batch) error { return a.ReadEpoch(0, 0, idx, b) }

// ReadEpoch implements [data.Augmented].
func (a *augmented) ReadEpoch(seed, epoch uint64, idx []int, b *data.Batch) error {
	w := a.take()
	defer a.give(w)
	var err error
	if of, ok := a.of.(data.Augmented); ok {
		err = of.ReadEpoch(seed, epoch, idx, &w.inner)
	} else {
		err = a.of.Read(idx, &w.inner)
	}
	if err != nil {
		return err
	}
	if err := a.check(&w.inner, len(idx)); err != nil {
		return err
	}
	a.layOut(b, &w.inner, len(idx))
	b.Weight = w.inner.Weight
	w.inner.Weight = nil // the batch has it now
	if a.run == nil {
		return nil
	}
	key := tensor.Data[uint64](w.in[0])
	for k, i := range idx {
		key[0], key[1] = data.Key(seed, epoch, i)&(1<<53-1), a.nested // ops takes keys of so many bits
		n := 1
		for _, list := range [2][]*tensor.Tensor{w.inner.X, w.inner.Y} {
			for _, t := range list {
				row := w.in[n].Bytes()
				copy(row, t.Bytes()[k*len(row):])
				n++
			}
		}
		if err := a.run.Run(w.out, w.in); err != nil {
			return fmt.Errorf("preprocess: Augment: sample %d: %w", i, err)
		}
		for i, list := range [2][]*tensor.Tensor{b.X, b.Y} {
			for j, t := range list {
				if p := a.parts[i][j]; p.out >= 0 {
					row := w.out[p.out].Bytes()
					copy(t.Bytes()[k*len(row):], row)
				}
			}
		}
	}
	return nil
}

// check returns an error unless a dataset gave n samples of its specs. Tensors with gaps become
// others.
func (a *augmented) check(b *data.Batch, n int) error {
	for i, list := range [2][]*tensor.Tensor{b.X, b.Y} {
		if len(list) != len(a.parts[i]) {
			return fmt.Errorf("preprocess: Augment: the dataset gave %d tensors: want the %d of its specs", len(list), len(a.parts[i]))
		}
		for j, t := range list {
			if given := a.parts[i][j].given; !isBatch(t, given, n) {
				if t == nil {
					return errors.New("preprocess: Augment: the dataset gave nil")
				}
				return fmt.Errorf("preprocess: Augment: the dataset gave %v: want %v", t.Spec(), batchOf(given, n))
			}
			if !t.Contiguous() {
				list[j] = t.Clone()
			}
		}
	}
	return nil
}

// layOut makes the tensors of a batch of n samples, with what stays as it is.
func (a *augmented) layOut(b, inner *data.Batch, n int) {
	for i, list := range [2]struct {
		to   *[]*tensor.Tensor
		from []*tensor.Tensor
	}{{&b.X, inner.X}, {&b.Y, inner.Y}} {
		if len(*list.to) != len(a.parts[i]) {
			*list.to = make([]*tensor.Tensor, len(a.parts[i]))
		}
		for j, p := range a.parts[i] {
			t := (*list.to)[j]
			if !isBatch(t, p.spec, n) || !t.Contiguous() {
				t = tensor.NewSpec(batchOf(p.spec, n))
				(*list.to)[j] = t
			}
			if p.out < 0 {
				copy(t.Bytes(), list.from[j].Bytes())
			}
		}
	}
}

// isBatch reports whether t holds n samples of a spec.
func isBatch(t *tensor.Tensor, s tensor.Spec, n int) bool {
	return t != nil && t.DType() == s.DType && t.Shape().Rank() > 0 && t.Shape().At(0) == n && t.Shape().From(1) == s.Shape
}

// batchOf returns the spec of a batch of n samples.
func batchOf(s tensor.Spec, n int) tensor.Spec {
	return tensor.Spec{DType: s.DType, Shape: tensor.D(n).Append(s.Shape.Slice()...)}
}

// take returns what a reader needs, until give takes it back.
func (a *augmented) take() *augmenting {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.free); n > 0 {
		w := a.free[n-1]
		a.free = a.free[:n-1]
		return w
	}
	w := &augmenting{}
	if a.run != nil {
		for _, s := range a.run.Inputs() {
			w.in = append(w.in, tensor.NewSpec(s))
		}
		for _, s := range a.run.Outputs() {
			w.out = append(w.out, tensor.NewSpec(s))
		}
	}
	return w
}

func (a *augmented) give(w *augmenting) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.free = append(a.free, w)
}
