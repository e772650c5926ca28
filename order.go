package glia

import (
	"maps"
	"slices"

	"github.com/glia-ml/glia/data"
)

// order says which samples are in each batch of a pass through a dataset. It follows from
// the dataset, the size of batches, the seed and the number of the pass, so training may
// go on anywhere. A [data.Grouped] has batches of each group by itself.
type order struct {
	samples []int // batch after batch, before the batches are shuffled
	batches []extent
	turns   []int // the numbers of the batches as they come; nil: 0, 1, 2, ...
	groups  []int // the number of each sample's group; nil if all are one
	sizes   []int // of the groups

	shuffled, next []int // room for shuffle
}

// extent is samples from to to-1 of an order.
type extent struct{ from, to int }

// newOrder returns the batches of size samples of a dataset, which come in order. Groups
// come one after another, the least number first.
func newOrder(ds data.Dataset, size int) *order {
	n := ds.Len()
	o := &order{sizes: []int{n}}
	if ds, ok := ds.(data.Grouped); ok {
		o.divide(ds, n)
	}
	o.next = make([]int, len(o.sizes))
	o.arrange(inOrder(n))
	from := 0
	for _, n := range o.sizes {
		for end := from + n; from < end; {
			to := min(from+size, end)
			o.batches = append(o.batches, extent{from, to})
			from = to
		}
	}
	return o
}

// divide finds the groups.
func (o *order) divide(ds data.Grouped, n int) {
	sizes := map[int]int{}
	o.groups = make([]int, n)
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
	o.shuffled = data.Permutation(len(o.samples), seed, pass, o.shuffled)
	o.arrange(o.shuffled)
	if o.groups != nil {
		o.turns = data.Permutation(len(o.batches), ^seed, pass, o.turns)
	}
}

// batch returns the samples of the k-th batch.
func (o *order) batch(k int) []int {
	if o.turns != nil {
		k = o.turns[k]
	}
	return o.samples[o.batches[k].from:o.batches[k].to]
}

// group returns the number of the group of samples that make a batch, from 0.
func (o *order) group(batch []int) int {
	if o.groups == nil {
		return 0
	}
	return o.groups[batch[0]]
}

// len returns how many samples the batches have.
func (o *order) len() (n int) {
	for _, b := range o.batches {
		n += b.to - b.from
	}
	return n
}
