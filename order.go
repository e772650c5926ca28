package glia

import (
	"fmt"
	"maps"
	"slices"

	"github.com/glia-ml/glia/data"
)

// order says which samples are in each batch of a pass through a dataset. It follows from
// the dataset, the size of batches, the seed and the number of the pass, so training may
// go on anywhere. A [data.Grouped] has batches of each group by itself.
//
// A dataset may say that it has any number of samples, so memory is taken for their order
// only where they are few, or in groups.
type order struct {
	n, size int // of samples, and of those of a batch
	batches int

	samples    []int // batch after batch; nil: as they are numbered, or as data.PermutationAt
	seed, pass uint64
	shuffled   bool
	room       []int // for a batch that is not held

	extents []extent // of the batches in samples, if there are groups
	turns   []int    // the numbers of the batches as they come; nil: 0, 1, 2, ...
	groups  []int    // the number of each sample's group; nil if all are one
	sizes   []int    // of the groups

	permuted, next []int // room for shuffle
}

// extent is samples from to to-1 of an order.
type extent struct{ from, to int }

const (
	// mostHeld bounds the samples whose order is held in memory; that of more is computed.
	mostHeld = 1 << 24
	// mostListed bounds the samples of a batch, and those that are in groups.
	mostListed = 1 << 26
)

// newOrder returns the batches of size samples of a dataset of n samples, which come in
// order. Groups come one after another, the least number first.
func newOrder(ds data.Dataset, n, size int) (*order, error) {
	o := &order{n: n, size: size, sizes: []int{n}}
	if size > mostListed {
		return nil, fmt.Errorf("a batch of %d samples: want %d or fewer", size, mostListed)
	}
	grouped, ok := ds.(data.Grouped)
	if !ok {
		o.batches = (n-1)/size + 1
		return o, nil
	}
	if n > mostListed {
		return nil, fmt.Errorf("the dataset has %d samples in groups: want %d or fewer, or no groups", n, mostListed)
	}
	o.divide(grouped)
	o.next = make([]int, len(o.sizes))
	o.arrange(inOrder(n))
	from := 0
	for _, n := range o.sizes {
		for end := from + n; from < end; {
			to := min(from+size, end)
			o.extents = append(o.extents, extent{from, to})
			from = to
		}
	}
	o.batches = len(o.extents)
	return o, nil
}

// divide finds the groups.
func (o *order) divide(ds data.Grouped) {
	sizes := map[int]int{}
	o.groups = make([]int, o.n)
	for i := range o.groups {
		o.groups[i] = ds.Group(i)
		sizes[o.groups[i]]++
	}
	numbers := map[int]int{}
	o.sizes = o.sizes[:0]
	for _, of := range slices.Sorted(maps.Keys(sizes)) {
		numbers[of] = len(o.sizes)
		o.sizes = append(o.sizes, sizes[of])
	}
	for i, of := range o.groups {
		o.groups[i] = numbers[of]
	}
}

// arrange takes the samples in an order, group after group.
func (o *order) arrange(samples []int) {
	if o.groups == nil {
		o.samples = samples
		return
	}
	from := 0
	for number, size := range o.sizes {
		o.next[number] = from
		from += size
	}
	if o.samples == nil {
		o.samples = make([]int, len(samples))
	}
	for _, i := range samples {
		at := &o.next[o.groups[i]]
		o.samples[*at] = i
		*at++
	}
}

// shuffle puts the samples in the order of a pass: those of a group are shuffled, and the
// batches if there are several groups.
func (o *order) shuffle(seed, pass uint64) {
	if o.groups == nil && o.n > mostHeld {
		o.seed, o.pass, o.shuffled = seed, pass, true
		return
	}
	o.permuted = data.Permutation(o.n, seed, pass, o.permuted)
	o.arrange(o.permuted)
	if o.groups != nil {
		o.turns = data.Permutation(o.batches, ^seed, pass, o.turns)
	}
}

// batch returns the samples of the k-th batch, till the next call.
func (o *order) batch(k int) []int {
	if o.turns != nil {
		k = o.turns[k]
	}
	e := o.extent(k)
	if o.samples != nil {
		return o.samples[e.from:e.to]
	}
	if o.room == nil {
		o.room = make([]int, min(o.size, o.n))
	}
	batch := o.room[:e.to-e.from]
	for i := range batch {
		batch[i] = e.from + i
		if o.shuffled {
			batch[i] = data.PermutationAt(e.from+i, o.n, o.seed, o.pass)
		}
	}
	return batch
}

// extent returns the place of a batch in the order.
func (o *order) extent(k int) extent {
	if o.extents != nil {
		return o.extents[k]
	}
	from := k * o.size
	return extent{from, from + min(o.size, o.n-from)}
}

// group returns the number of the group of samples that make a batch, from 0.
func (o *order) group(batch []int) int {
	if o.groups == nil {
		return 0
	}
	return o.groups[batch[0]]
}

// len returns how many samples the batches have.
func (o *order) len() int {
	if o.extents == nil {
		return o.extent(o.batches - 1).to
	}
	n := 0
	for _, e := range o.extents[:o.batches] {
		n += e.to - e.from
	}
	return n
}
