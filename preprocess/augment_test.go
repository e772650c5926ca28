package preprocess_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// pictures returns a dataset of n random pictures of bytes, 6 by 7 by 3, with their numbers.
func pictures(t testing.TB, n int) *data.Memory {
	t.Helper()
	x, y := tensor.New(tensor.Uint8, n, 6, 7, 3), tensor.New(tensor.Int32, n)
	for i := range x.Bytes() {
		x.Bytes()[i] = byte(i * i * 31 >> 4)
	}
	for i := range n {
		tensor.Data[int32](y)[i] = int32(i)
	}
	ds, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func augment(t testing.TB, ds data.Dataset, layers ...nn.Layer) data.Augmented {
	t.Helper()
	a, err := preprocess.Augment(ds, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// all is a list of layers that draw.
func all() []nn.Layer {
	return []nn.Layer{preprocess.RandomFlip(), preprocess.Pipeline(preprocess.RandomRotation(preprocess.Factor{0.2}), preprocess.RandomZoom(preprocess.Factor{0.2}, nil)),
		preprocess.RandomCrop(5, 4), preprocess.RandomErasing(preprocess.Factor{1}), preprocess.Rescaling(1.0/255, 0)}
}

// row returns the bytes of a sample of a tensor.
func row(t *tensor.Tensor, k int) []byte {
	n := len(t.Bytes()) / t.Shape().At(0)
	return t.Bytes()[k*n : (k+1)*n]
}

// TestAugmentRepeats wants the bits of a sample to depend on seed, epoch and number alone.
func TestAugmentRepeats(t *testing.T) {
	ds := augment(t, pictures(t, 40), all()...)
	x, y := ds.Specs()
	if want := []tensor.Spec{f32(5, 4, 3)}; !slices.Equal(x, want) || !slices.Equal(y, []tensor.Spec{tensor.S(tensor.Int32)}) {
		t.Fatalf("specs %v and %v, want %v and int32[]", x, y, want)
	}
	if data.AheadOf(ds) < 2 {
		t.Errorf("%d batches are read ahead, want 2", data.AheadOf(ds))
	}
	idx := make([]int, 40)
	for i := range idx {
		idx[i] = i
	}
	var whole data.Batch
	if err := ds.ReadEpoch(7, 3, idx, &whole); err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, threads := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(threads)
		again := augment(t, pictures(t, 40), all()...) // as after a resume
		var wait sync.WaitGroup
		for at := range 8 {
			wait.Go(func() {
				some := []int{5*at + 4, 5 * at, 5*at + 2, 5 * at}
				var b data.Batch
				for range 3 {
					if err := again.ReadEpoch(7, 3, some, &b); err != nil {
						t.Error(err)
					}
					for k, i := range some {
						if !slices.Equal(row(b.X[0], k), row(whole.X[0], i)) || tensor.Data[int32](b.Y[0])[k] != int32(i) {
							t.Errorf("GOMAXPROCS %d: sample %d differs in a batch of others", threads, i)
						}
					}
				}
			})
		}
		wait.Wait()
	}
	for name, other := range map[string][2]uint64{"epoch": {7, 4}, "seed": {8, 3}} {
		var b data.Batch
		if err := ds.ReadEpoch(other[0], other[1], idx, &b); err != nil {
			t.Fatal(err)
		}
		same := 0
		for i := range idx {
			if slices.Equal(row(b.X[0], i), row(whole.X[0], i)) {
				same++
			}
		}
		if same > 2 {
			t.Errorf("%d of 40 samples are the same in another %s", same, name)
		}
	}
	var first, plain data.Batch
	if ds.ReadEpoch(0, 0, idx, &first) != nil || ds.Read(idx, &plain) != nil || !slices.Equal(first.X[0].Bytes(), plain.X[0].Bytes()) {
		t.Error("Read differs from epoch 0 of seed 0")
	}
}

// TestAugmentNested draws anew where sets are augmented twice.
func TestAugmentNested(t *testing.T) {
	shift := func() nn.Layer {
		return preprocess.RandomTranslation(preprocess.Factor{0}, preprocess.Factor{0, 1}, preprocess.Fill(preprocess.FillConstant))
	}
	x := tensor.New(tensor.Float32, 50, 1, 100, 1)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = 1
	}
	ds, err := data.New(x, nil)
	if err != nil {
		t.Fatal(err)
	}
	once := augment(t, ds, shift())
	var a, b data.Batch
	idx := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	if err := once.Read(idx, &a); err != nil {
		t.Fatal(err)
	}
	if err := augment(t, once, shift()).Read(idx, &b); err != nil {
		t.Fatal(err)
	}
	zeros := func(b data.Batch, k int) (n float64) {
		for _, v := range tensor.Data[float32](b.X[0])[k*100 : (k+1)*100] {
			n += 1 - float64(v)
		}
		return n
	}
	twice := 0
	for k := range idx {
		if d := zeros(b, k) - 2*zeros(a, k); d > -1 && d < 1 && zeros(a, k) < 50 {
			twice++
		}
	}
	if twice > 3 {
		t.Errorf("%d of 10 pictures were moved twice by the same: want numbers of their own", twice)
	}
}

// TestAugmentBy changes pictures with masks, which are targets.
func TestAugmentBy(t *testing.T) {
	x := numbers(20, 4, 5, 1)
	ds, err := data.New(x, x.AsType(tensor.Int32))
	if err != nil {
		t.Fatal(err)
	}
	both, err := preprocess.AugmentBy(ds, func(c *nn.Ctx, x, y []*graph.Node) {
		s := preprocess.Apply(c, preprocess.RandomRotation(preprocess.Factor{0.3}, nn.Nearest), preprocess.Sample{Images: x[0], Masks: y[0]})
		x[0], y[0] = s.Images, s.Masks
	})
	if err != nil {
		t.Fatal(err)
	}
	var b data.Batch
	if err := both.ReadEpoch(1, 1, []int{3, 1, 19}, &b); err != nil {
		t.Fatal(err)
	}
	for i, v := range tensor.Data[float32](b.X[0]) {
		if m := tensor.Data[int32](b.Y[0])[i]; float32(m) != v {
			t.Fatalf("pixel %d is %v, its mask %d", i, v, m)
		}
	}
}

// TestAugmentAllocates wants a warm reader to allocate next to nothing.
func TestAugmentAllocates(t *testing.T) {
	ds := augment(t, pictures(t, 8), preprocess.RandomFlip(), preprocess.RandomRotation(preprocess.Factor{0.2}))
	var b data.Batch
	idx := []int{3, 1, 2, 0, 7, 6}
	read := func() {
		if err := ds.ReadEpoch(1, 1, idx, &b); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if n := testing.AllocsPerRun(20, read); n > 0 {
		t.Errorf("%v allocations in a batch, want none", n)
	}
}

// TestAugmentMistakes tells of sets and layers that do not go together.
func TestAugmentMistakes(t *testing.T) {
	ds := pictures(t, 3)
	flat, _ := data.New(numbers(3, 4), nil)
	for want, f := range map[string]func() (data.Augmented, error){
		"want a dataset and a function": func() (data.Augmented, error) { return preprocess.AugmentBy(ds, nil) },
		"got nil: want a dataset":       func() (data.Augmented, error) { return preprocess.Augment(nil, preprocess.RandomFlip()) },
		"no layers":                     func() (data.Augmented, error) { return preprocess.Augment(ds) },
		"layer 0 is nil":                func() (data.Augmented, error) { return preprocess.Augment(ds, nil) },
		"CutMix mixes the pictures": func() (data.Augmented, error) {
			return preprocess.Augment(ds, preprocess.Pipeline(preprocess.CutMix(preprocess.Factor{1})))
		},
		"factor is [3]": func() (data.Augmented, error) {
			return preprocess.Augment(ds, preprocess.RandomRotation(preprocess.Factor{3}))
		},
		"x is float32[1 4]: want pictures": func() (data.Augmented, error) { return preprocess.Augment(flat, preprocess.RandomFlip()) },
		"updates its variable":             func() (data.Augmented, error) { return preprocess.Augment(flat, nn.BatchNormalization()) },
		"leaves no batch of one sample in pla": func() (data.Augmented, error) {
			return preprocess.AugmentBy(flat, func(_ *nn.Ctx, x, _ []*graph.Node) { x[0] = ops.ReduceSum(x[0]) })
		},
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func ExampleAugment() {
	x, _ := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 1, 2, 1) // three pictures of two pixels
	photos, _ := data.New(x, tensor.Of[int32](0, 1, 0))
	train, err := preprocess.Augment(photos, preprocess.RandomFlip(preprocess.Along(preprocess.Horizontal)))
	if err != nil {
		fmt.Println(err)
		return
	}
	var b data.Batch
	for epoch := range uint64(2) {
		if err := train.ReadEpoch(1, epoch, []int{0, 1, 2}, &b); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(tensor.Data[float32](b.X[0]), tensor.Data[int32](b.Y[0]))
	}
	// Output:
	// [2 1 4 3 5 6] [0 1 0]
	// [2 1 3 4 6 5] [0 1 0]
}

// BenchmarkAugment reads batches of 32 pictures of 64 by 64, flipped, turned and zoomed.
func BenchmarkAugment(b *testing.B) {
	x := tensor.New(tensor.Uint8, 32, 64, 64, 3)
	photos, err := data.New(x, nil)
	if err != nil {
		b.Fatal(err)
	}
	ds := augment(b, photos, preprocess.RandomFlip(), preprocess.RandomRotation(preprocess.Factor{0.1}), preprocess.RandomZoom(preprocess.Factor{0.1}, nil))
	idx := make([]int, 32)
	for i := range idx {
		idx[i] = i
	}
	var batch data.Batch
	for b.Loop() {
		if err := ds.ReadEpoch(1, 1, idx, &batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(32*b.N)/b.Elapsed().Seconds(), "pictures/s")
}
