package glia

import (
	"reflect"
	"slices"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// inGroups is a dataset that is read by nobody.
type inGroups struct {
	data.Dataset
	groups []int
}

func (g inGroups) Len() int        { return len(g.groups) }
func (g inGroups) Group(i int) int { return g.groups[i] }

// orderOf returns the order of a dataset as Fit and Evaluate make it.
func orderOf(t *testing.T, ds data.Dataset, size int) *order {
	t.Helper()
	o, err := newOrder(ds, ds.Len(), size)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestOrderOfGroups counts samples and batches in passes through groups of 7, 1 and 12.
func TestOrderOfGroups(t *testing.T) {
	ds := inGroups{}
	for i := range 20 {
		ds.groups = append(ds.groups, map[bool]int{true: 1 << 40, false: -3}[i%3 != 0])
	}
	ds.groups[5] = 0
	pass := func(seed uint64, pass uint64) (batches [][]int) {
		o := orderOf(t, ds, 4)
		for range 2 { // which order there was before does not matter
			o.shuffle(seed+5, 9)
			o.shuffle(seed, pass)
		}
		for k := range o.batches {
			batches = append(batches, slices.Clone(o.batch(k)))
		}
		return batches
	}
	first := pass(1, 0)
	var all, sizes, firsts []int
	for _, b := range first {
		for _, i := range b {
			if ds.groups[i] != ds.groups[b[0]] {
				t.Errorf("batch %v is of several groups", b)
			}
		}
		all, sizes, firsts = append(all, b...), append(sizes, len(b)), append(firsts, ds.groups[b[0]])
	}
	slices.Sort(sizes)
	if want := []int{1, 3, 4, 4, 4, 4}; !slices.Equal(sizes, want) {
		t.Errorf("batches of %v samples, want %v", sizes, want)
	}
	if slices.IsSorted(firsts) {
		t.Errorf("groups come as %v, want batches to be shuffled", firsts)
	}
	if slices.IsSorted(all) {
		t.Errorf("samples come as %v, want them to be shuffled", all)
	}
	if slices.Sort(all); !slices.Equal(all, inOrder(20)) {
		t.Errorf("samples of a pass: %v, want each once", all)
	}
	if again := pass(1, 0); !reflect.DeepEqual(first, again) {
		t.Errorf("the same pass is %v, was %v", again, first)
	}
	for name, other := range map[string][][]int{"another pass": pass(1, 1), "another seed": pass(2, 0)} {
		if reflect.DeepEqual(first, other) {
			t.Errorf("%s is the same, %v", name, other)
		}
	}
	plain := orderOf(t, ds, 4)
	if got, want := plain.batch(0), []int{0, 3, 6, 9}; !slices.Equal(got, want) {
		t.Errorf("the first batch in order is %v, want %v", got, want)
	}
	if plain.len() != 20 {
		t.Errorf("%d samples, want 20", plain.len())
	}
}

// TestGroupsAllocateNothing fits sequences of many lengths.
func TestGroupsAllocateNothing(t *testing.T) {
	var x []*tensor.Tensor
	for i := range 90 {
		x = append(x, tensor.New(tensor.Float32, 1+i%9, 4))
	}
	ds, err := data.PaddedBatches(x, tensor.New(tensor.Int32, 90), 3, 6, 9)
	if err != nil {
		t.Fatal(err)
	}
	m := Sequential(nn.Input(nn.Any, 4), nn.Dense(8, nn.ReLU), nn.Lambda(func(x *graph.Node) *graph.Node { return ops.ReduceMean(x, 1) }), nn.Dense(2, nn.Softmax))
	if err := m.Compile(optim.Adam(1e-3), loss.SparseCategoricalCrossentropy(), metric.Accuracy()); err != nil {
		t.Fatal(err)
	}
	cfg, err := configOf("Fit", []Option{BatchSize(8)}) // 30 samples of each group: the last batch has 6
	if err != nil {
		t.Fatal(err)
	}
	f := &fitRun{m: m, config: cfg, train: ds, history: &History{}}
	if err := f.prepare(); err != nil {
		t.Fatal(err)
	}
	pass := 0
	epoch := func() {
		for b := range f.order.batches {
			if err := f.batch(0, b, f.samples(pass, b)); err != nil {
				t.Fatal(err)
			}
		}
		pass++
	}
	epoch() // which ends with the largest arena, so that runs of plans stay from here on
	a := testing.AllocsPerRun(3, epoch)
	for range 2 { // a thread that takes part for the first time has its memory to get
		a = min(a, testing.AllocsPerRun(3, epoch))
	}
	if a != 0 {
		t.Errorf("%v allocations per epoch, want 0", a)
	}
}
