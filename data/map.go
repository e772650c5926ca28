package data

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/glia-ml/glia/tensor"
)

// Augmented is a [Dataset] whose samples differ from epoch to epoch, such as pictures that
// are shifted at random. Fit reads it by ReadEpoch, all others by Read, which gives the same
// samples every time. [Map] makes one of a function.
type Augmented interface {
	Dataset
	// ReadEpoch is Read for an epoch, counted from 0, of a training with a seed. What it
	// gives for a sample depends on these and the sample's number alone, not on what was
	// read before nor on the other samples of the batch: [NewRand] has random numbers that
	// do. So a training repeats and resumes with the same bits. With glia.StepsPerEpoch,
	// epoch is the number of the pass through the data.
	ReadEpoch(seed, epoch uint64, idx []int, b *Batch) error
}

// NewRand returns the random numbers of a sample in an epoch of a training with a seed.
// Equal arguments give equal numbers.
//
// Source: O'Neill 2014, PCG: a family of simple fast space-efficient statistically good
// algorithms for random number generation (PCG-DXSM, of math/rand/v2).
func NewRand(seed, epoch uint64, index int) *rand.Rand {
	return rand.New(rand.NewPCG(streamOf(seed, epoch, index, 0)))
}

// Key returns a number of a sample in an epoch of a training with a seed, for generators other than
// that of [NewRand], of which it is independent. Equal arguments give equal numbers.
func Key(seed, epoch uint64, index int) uint64 {
	const apart = 0x6b6579206f66
	hi, lo := streamOf(seed^apart, epoch, index, 0)
	return mix(hi + lo)
}

// streamOf returns the state with which the random numbers of a sample begin, apart from
// those of the order of samples; nested tells Map of Map apart.
func streamOf(seed, epoch uint64, index, nested int) (hi, lo uint64) {
	const apart = 0x6175676d656e7473
	key := mix(mix(mix(seed^apart)+epoch) + uint64(index+1)*golden)
	return key, mix(key + uint64(nested+1)*golden)
}

// Sample is one sample that the function of [Map] changes.
type Sample struct {
	// X and Y are its tensors, for each input and output, without the axis that counts
	// samples. The function writes into them, or puts others of the same specs in their
	// place.
	X, Y []*tensor.Tensor
	// Index is the number of the sample in the dataset, Epoch that of the epoch, from 0.
	Index int
	Epoch uint64
	// Rand has random numbers that depend on the seed of the training, Epoch and Index
	// alone. They are valid until the function returns.
	Rand *rand.Rand
}

// Map returns ds with every sample changed by f when it is read: to augment it, for
// instance. In training f gets other random numbers in every epoch, and the same again in a
// training with the same seed, also one that was stopped and resumed. Otherwise, in
// Evaluate for instance, they are those of epoch 0 and seed 0.
//
//	flipped, err := data.Map(train, func(s *data.Sample) error {
//		if s.Rand.IntN(2) == 0 {
//			flip(s.X[0])
//		}
//		return nil
//	})
//
// f is called for one sample of a batch after the other, but for several batches at once if
// these are read by several goroutines. An error of f is one of the reader, with the number
// of the sample. The tensors are copies: ds stays as it is. The result is [Grouped] if ds
// is. It is an error if ds or f is nil.
func Map(ds Dataset, f func(s *Sample) error) (Augmented, error) {
	if ds == nil || f == nil {
		return nil, errors.New("data: Map: got nil: want a dataset and a function")
	}
	m := &mapped{of: ds, f: f}
	if inner, ok := ds.(interface{ depth() int }); ok {
		m.nested = inner.depth() + 1
	}
	if g, ok := ds.(Grouped); ok {
		return &mappedGroups{m, g}, nil
	}
	return m, nil
}

// mapped is a dataset that Map returns.
type mapped struct {
	of     Dataset
	f      func(s *Sample) error
	nested int // how many Maps are in it
}

// mappedGroups is mapped of a Grouped.
type mappedGroups struct {
	*mapped
	groups Grouped
}

// Group implements [Grouped].
func (m *mappedGroups) Group(i int) int { return m.groups.Group(i) }

func (m *mapped) depth() int { return m.nested }

// Ahead implements [Slow]: as many batches are read ahead as of the dataset.
func (m *mapped) Ahead() int { return AheadOf(m.of) }

// Len implements [Dataset].
func (m *mapped) Len() int { return m.of.Len() }

// Specs implements [Dataset].
func (m *mapped) Specs() (x, y []tensor.Spec) { return m.of.Specs() }

// Names implements [Named]: the names are those of the dataset.
func (m *mapped) Names() (inputs, targets []string) {
	if ds, ok := m.of.(Named); ok {
		return ds.Names()
	}
	return nil, nil
}

// Read implements [Dataset].
func (m *mapped) Read(idx []int, b *Batch) error { return m.ReadEpoch(0, 0, idx, b) }

// ReadEpoch implements [Augmented].
func (m *mapped) ReadEpoch(seed, epoch uint64, idx []int, b *Batch) error {
	if b.mapping == nil {
		b.mapping = newMapping()
	}
	c := b.mapping
	var err error
	if of, ok := m.of.(Augmented); ok {
		err = of.ReadEpoch(seed, epoch, idx, &c.inner)
	} else {
		err = m.of.Read(idx, &c.inner)
	}
	if err != nil {
		return err
	}
	b.Weight = c.inner.Weight
	if err := c.copyTo(b, len(idx)); err != nil {
		return fmt.Errorf("data: Map: %w", err)
	}
	for k, i := range idx {
		s := &c.samples[k]
		s.Index, s.Epoch, s.Rand = i, epoch, c.rand
		c.source.Seed(streamOf(seed, epoch, i, m.nested))
		err := m.f(s)
		if err == nil {
			err = c.settle(k)
		}
		if err != nil {
			return fmt.Errorf("data: Map: sample %d: %w", i, err)
		}
	}
	return nil
}

// mapping is what a batch keeps for Map from one reading to the next, so that it allocates
// nothing.
type mapping struct {
	inner   Batch
	samples []Sample
	views   [2][][]*tensor.Tensor // of X and Y, sample by sample, in the tensors of
	of      [2][]*tensor.Tensor
	rand    *rand.Rand
	source  *rand.PCG
}

func newMapping() *mapping {
	source := rand.NewPCG(0, 0)
	return &mapping{source: source, rand: rand.New(source)}
}

// copyTo copies the n samples of the inner batch to b, and makes views of them.
func (c *mapping) copyTo(b *Batch, n int) error {
	if len(c.samples) != n {
		c.samples = make([]Sample, n)
		c.of = [2][]*tensor.Tensor{}
	}
	for part, lists := range [2]struct {
		from []*tensor.Tensor
		to   *[]*tensor.Tensor
	}{{c.inner.X, &b.X}, {c.inner.Y, &b.Y}} {
		*lists.to = resized(*lists.to, len(lists.from))
		fresh := len(c.of[part]) != len(lists.from) || len(c.views[part]) != n
		for i, t := range lists.from {
			if t == nil || t.Shape().Rank() == 0 || t.Shape().At(0) != n {
				return fmt.Errorf("the dataset gave %v for %d samples: want first axes of that length", specOf(t), n)
			}
			to := (*lists.to)[i]
			if to == nil || to.Spec() != t.Spec() {
				to = tensor.NewSpec(t.Spec())
				(*lists.to)[i] = to
			}
			if !t.Contiguous() {
				t = t.Clone()
			}
			copy(to.Bytes(), t.Bytes())
			fresh = fresh || c.of[part][i] != to
		}
		if fresh {
			if err := c.view(part, *lists.to, n); err != nil {
				return err
			}
		}
	}
	for k := range c.samples {
		c.samples[k].X = append(c.samples[k].X[:0], c.views[0][k]...)
		c.samples[k].Y = append(c.samples[k].Y[:0], c.views[1][k]...)
	}
	return nil
}

// view makes the views of n samples in tensors.
func (c *mapping) view(part int, of []*tensor.Tensor, n int) error {
	c.of[part] = append([]*tensor.Tensor(nil), of...)
	c.views[part] = make([][]*tensor.Tensor, n)
	for k := range n {
		for _, t := range of {
			v, err := t.Index(0, k)
			if err != nil {
				return err
			}
			c.views[part][k] = append(c.views[part][k], v)
		}
	}
	return nil
}

// settle copies what the function put in the place of a sample's tensors.
func (c *mapping) settle(k int) error {
	s := &c.samples[k]
	for part, got := range [2][]*tensor.Tensor{s.X, s.Y} {
		views := c.views[part][k]
		if len(got) != len(views) {
			return fmt.Errorf("the function left %d tensors in place of %d: want as many", len(got), len(views))
		}
		for i, t := range got {
			switch {
			case t == views[i]:
				continue
			case t == nil || t.Spec() != views[i].Spec():
				return fmt.Errorf("the function put %v in place of %v: want the same", specOf(t), views[i].Spec())
			case !t.Contiguous():
				t = t.Clone()
			}
			copy(views[i].Bytes(), t.Bytes())
		}
	}
	return nil
}
