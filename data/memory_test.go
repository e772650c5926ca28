package data

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// ramp returns a tensor of 0, 1, 2, ... in the given type.
func ramp(t testing.TB, dt tensor.DType, dims ...int) *tensor.Tensor {
	t.Helper()
	x := tensor.New(dt, dims...)
	v := make([]float64, x.Len())
	for i := range v {
		v[i] = float64(i)
		if dt == tensor.Bool {
			v[i] = float64(i % 2)
		}
	}
	if err := x.SetFloat64s(v); err != nil {
		t.Fatal(err)
	}
	return x
}

func memory(t testing.TB, x, y *tensor.Tensor) *Memory {
	t.Helper()
	m, err := New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t testing.TB, m *Memory, idx ...int) *Batch {
	t.Helper()
	var b Batch
	if err := m.Read(idx, &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestReadEveryType(t *testing.T) {
	for _, dt := range tensor.DTypes() {
		x := ramp(t, dt, 5, 2, 3)
		m := memory(t, x, nil)
		b := read(t, m, 4, 0, 4)
		if got, want := b.X[0].Spec(), tensor.S(dt, 3, 2, 3); got != want {
			t.Errorf("%v: got %v, want %v", dt, got, want)
		}
		all := x.Float64s()
		want := slices.Concat(all[24:], all[:6], all[24:])
		if got := b.X[0].Float64s(); !slices.Equal(got, want) {
			t.Errorf("%v: got %v, want %v", dt, got, want)
		}
		if len(b.Y) != 0 || len(b.Weight) != 0 {
			t.Errorf("%v: got y %v, weight %v, want nil", dt, b.Y, b.Weight)
		}

		scaled := m.Scale(0.5)
		if sx, sy := scaled.Specs(); !slices.Equal(sx, []tensor.Spec{tensor.S(tensor.Float32, 2, 3)}) || len(sy) != 0 {
			t.Errorf("%v scaled: got specs %v, %v", dt, sx, sy)
		}
		for i := range want {
			want[i] /= 2
		}
		if b = read(t, scaled, 4, 0, 4); b.X[0].Spec() != tensor.S(tensor.Float32, 3, 2, 3) || !slices.Equal(b.X[0].Float64s(), want) {
			t.Errorf("%v scaled: got %v %v, want %v", dt, b.X[0].Spec(), b.X[0], want)
		}
	}
}

// Every byte divided by 255 as Keras's x.astype("float32") / 255 does it, to 1 ULP.
func TestScaleOfBytes(t *testing.T) {
	b := read(t, memory(t, ramp(t, tensor.Uint8, 256), nil).Scale(1.0/255), Permutation(256, 0, 0, nil)...)
	order := Permutation(256, 0, 0, nil)
	for i, got := range tensor.Data[float32](b.X[0]) {
		v := float32(order[i])
		if want := v * float32(1.0/255); got != want {
			t.Errorf("byte %v: got %v, want %v", v, got, want)
		}
		if want := v / 255; math.Abs(float64(math.Float32bits(got))-float64(math.Float32bits(want))) > 1 {
			t.Errorf("byte %v: got %v, want %v within 1 ULP", v, got, want)
		}
	}
}

// A batch of many pieces is what reading sample by sample gives.
func TestReadPieces(t *testing.T) {
	x := ramp(t, tensor.Uint8, 300, 1000)
	m := memory(t, x, ramp(t, tensor.Int16, 300)).Scale(0.1)
	order := Permutation(300, 5, 0, nil)
	b := read(t, m, order...)
	for i, r := range order {
		one := read(t, m, r)
		if !slices.Equal(tensor.Data[float32](b.X[0])[i*1000:][:1000], tensor.Data[float32](one.X[0])) {
			t.Fatalf("sample %d at %d differs from the one read alone", r, i)
		}
		if got := tensor.Data[int16](b.Y[0])[i]; got != int16(r) {
			t.Fatalf("y of sample %d at %d: got %d", r, i, got)
		}
	}
}

func TestOneHot(t *testing.T) {
	for _, dt := range tensor.DTypes() {
		if !dt.IsInt() {
			continue
		}
		y := tensor.New(dt, 4)
		if err := y.SetFloat64s([]float64{2, 0, 1, 3}); err != nil {
			t.Fatal(err)
		}
		m := memory(t, ramp(t, tensor.Float32, 4, 1), y).OneHot(3)
		if _, sy := m.Specs(); !slices.Equal(sy, []tensor.Spec{tensor.S(tensor.Float32, 3)}) {
			t.Errorf("%v: got y %v", dt, sy)
		}
		b := read(t, m, 0, 2, 1)
		if got, want := b.Y[0].String(), "[[0. 0. 1.]\n [0. 1. 0.]\n [1. 0. 0.]]"; got != want {
			t.Errorf("%v: got\n%s\nwant\n%s", dt, got, want)
		}
		// Into the same batch: what was there is gone.
		if err := m.Read([]int{1, 1, 0}, b); err != nil || b.Y[0].String() != "[[1. 0. 0.]\n [1. 0. 0.]\n [0. 0. 1.]]" {
			t.Errorf("%v: got %v, %v", dt, b.Y[0], err)
		}
		err := m.Read([]int{1, 3}, b)
		if err == nil || err.Error() != "data: sample 3: label 3: want 0 or more and less than 3, the classes" {
			t.Errorf("%v: got %v, want an error that names sample, label and classes", dt, err)
		}
	}
	for dims, want := range map[tensor.Dims]tensor.Dims{
		tensor.D(6):       tensor.D(7),
		tensor.D(6, 1):    tensor.D(7),
		tensor.D(6, 2):    tensor.D(2, 7),
		tensor.D(3, 2, 1): tensor.D(2, 7),
	} {
		y := tensor.New(tensor.Int64, dims.Slice()...)
		m := memory(t, tensor.New(tensor.Float32, dims.At(0)), y).OneHot(7)
		b := read(t, m, 0, 1)
		if _, got := m.Specs(); got[0].Shape != want || b.Y[0].Shape() != tensor.D(2).Append(want.Slice()...) {
			t.Errorf("y %v: got %v, %v; want %v", dims, got, b.Y[0].Spec(), want)
		}
	}
	negative := memory(t, ramp(t, tensor.Float32, 1), tensor.Of[int8](-1)).OneHot(10)
	if err := negative.Read([]int{0}, new(Batch)); err == nil || !strings.Contains(err.Error(), "label -1") {
		t.Errorf("label -1: got %v", err)
	}
}

func TestPartsOfASet(t *testing.T) {
	x, y := ramp(t, tensor.Float32, 10, 2), ramp(t, tensor.Int32, 10)
	m, err := memory(t, x, y).WithWeights(tensor.Of(0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
	if err != nil {
		t.Fatal(err)
	}
	train, val, err := m.Split(0.25)
	if err != nil {
		t.Fatal(err)
	}
	sub, err := m.Subset([]int{9, 3, 3, 5})
	if err != nil {
		t.Fatal(err)
	}
	subsub, err := sub.Subset([]int{3, 0})
	if err != nil {
		t.Fatal(err)
	}
	subTrain, subVal, err := sub.Split(0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		m    *Memory
		want []int
	}{
		{"train", train, []int{0, 1, 2, 3, 4, 5, 6}},
		{"validation", val, []int{7, 8, 9}},
		{"take", m.Take(2), []int{0, 1}},
		{"take more than there are", m.Take(20), []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"take less than none", m.Take(-1), []int{}},
		{"take of validation", val.Take(2), []int{7, 8}},
		{"subset", sub, []int{9, 3, 3, 5}},
		{"subset of subset", subsub, []int{5, 9}},
		{"take of subset", sub.Take(1), []int{9}},
		{"train of subset", subTrain, []int{9, 3}},
		{"validation of subset", subVal, []int{3, 5}},
	} {
		if c.m.Len() != len(c.want) {
			t.Errorf("%s: got %d samples, want %d", c.name, c.m.Len(), len(c.want))
			continue
		}
		b := read(t, c.m, Permutation(c.m.Len(), 0, 0, nil)...)
		all := read(t, c.m, sequence(c.m.Len())...)
		var ys, ws []float64
		for _, i := range c.want {
			ys = append(ys, float64(i))
		}
		ws = ys
		if got := all.Y[0].Float64s(); !slices.Equal(got, ys) {
			t.Errorf("%s: got y %v, want %v", c.name, got, ys)
		}
		if got := all.Weight[0].Float64s(); !slices.Equal(got, ws) || all.Weight[0].DType() != tensor.Float32 {
			t.Errorf("%s: got weights %v, want %v", c.name, got, ws)
		}
		if !tensor.Equal(c.m.X(), all.X[0]) || !tensor.Equal(c.m.Y(), all.Y[0]) {
			t.Errorf("%s: X(), Y() differ from what is read", c.name)
		}
		for i, v := range b.Y[0].Float64s() {
			if got := tensor.Data[float32](b.X[0])[2*i]; float64(got) != 2*v {
				t.Errorf("%s: x of sample %v: got %v", c.name, v, got)
			}
		}
		if err := c.m.Read([]int{c.m.Len()}, new(Batch)); err == nil {
			t.Errorf("%s: sample %d was read", c.name, c.m.Len())
		}
	}
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// Where Keras 3 cuts: int(math.floor(n * (1 - validation_split))).
func TestSplitIsKerass(t *testing.T) {
	for _, c := range []struct {
		n        int
		fraction float64
		train    int // 0: an error
	}{
		{60000, 0.1, 54000}, {60000, 0.2, 48000}, {10, 0.3, 7}, {10, 0.7, 3}, {100, 0.9, 9}, {100, 0.29, 71}, {3, 0.5, 1}, {2, 0.5, 1},
		{1, 0.5, 0}, {10, 0.95, 0}, {10, 0, 0}, {10, 1, 0}, {10, -0.5, 0}, {10, math.NaN(), 0}, {5, 1e-300, 0},
	} {
		train, val, err := memory(t, tensor.New(tensor.Int8, c.n), nil).Split(c.fraction)
		switch {
		case c.train == 0:
			if err == nil {
				t.Errorf("%d at %v: got %d, want an error", c.n, c.fraction, train.Len())
			}
		case err != nil || train.Len() != c.train || val.Len() != c.n-c.train:
			t.Errorf("%d at %v: got %v, want %d for training", c.n, c.fraction, err, c.train)
		}
	}
}

func TestErrors(t *testing.T) {
	x, y := ramp(t, tensor.Float32, 4, 2), ramp(t, tensor.Int32, 4)
	m := memory(t, x, y)
	readOf := func(m *Memory) error { return m.Read([]int{0}, new(Batch)) }
	newErr := func(x, y *tensor.Tensor) error { _, err := New(x, y); return err }
	weightErr := func(w *tensor.Tensor) error { _, err := m.WithWeights(w); return err }
	_, subsetErr := m.Subset([]int{4})
	for _, c := range []struct {
		err  error
		want string
	}{
		{newErr(nil, nil), "x and y are nil"},
		{newErr(nil, tensor.Scalar(1.0)), "y is a scalar"},
		{newErr(tensor.Scalar(1.0), nil), "x is a scalar"},
		{newErr(x, tensor.Scalar(1.0)), "y float64[]"},
		{newErr(x, ramp(t, tensor.Int32, 5)), "x float32[4 2] with y int32[5]: want first axes of the same length"},
		{weightErr(nil), "got nil, want [4]"},
		{weightErr(ramp(t, tensor.Float32, 5)), "got float32[5], want [4]"},
		{subsetErr, "sample 4: want 0 or more and less than 4"},
		{m.Read([]int{0, -1}, new(Batch)), "sample -1"},
		{readOf(memory(t, x, nil).OneHot(3)), "no y"},
		{readOf(memory(t, x, x).OneHot(3)), "want integer labels"},
		{readOf(m.OneHot(0)), "0 classes"},
		{readOf(m.OneHot(4).OneHot(4)), "already"},
		{readOf(m.Scale(math.NaN())), "Scale by NaN"},
		{readOf(m.Scale(1e30).Scale(1e30).Scale(0).OneHot(4)), "Scale by 1e+30"},
	} {
		if c.err == nil || !strings.HasPrefix(c.err.Error(), "data: ") || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("got %v, want %q", c.err, c.want)
		}
	}
}

// TestLenOfNothing is what Fit asks of a set whose loader failed.
func TestLenOfNothing(t *testing.T) {
	for _, m := range []*Memory{nil, {}} {
		if got := m.Len(); got != 0 {
			t.Errorf("%v: %d samples, want none", m, got)
		}
	}
}

func TestNewCopiesViewsWithGaps(t *testing.T) {
	x, err := ramp(t, tensor.Float32, 2, 3).Transpose()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, memory(t, x, nil), 1).X[0].String(), "[[1. 4.]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	m, err := memory(t, ramp(t, tensor.Uint8, 500, 28, 28), tensor.New(tensor.Uint8, 500)).Scale(1.0 / 255).OneHot(10).WithWeights(tensor.New(tensor.Float32, 500))
	if err != nil {
		t.Fatal(err)
	}
	var b Batch
	order := Permutation(500, 0, 0, nil)
	var at int
	got := testing.AllocsPerRun(20, func() {
		if err := m.Read(order[at:at+128], &b); err != nil {
			t.Fatal(err)
		}
		at = (at + 64) % 256
	})
	if got != 0 {
		t.Errorf("got %v allocations a batch, want 0", got)
	}
}

func BenchmarkRead(b *testing.B) {
	m := memory(b, tensor.New(tensor.Uint8, 60000, 28, 28), tensor.New(tensor.Uint8, 60000)).Scale(1.0 / 255).OneHot(10)
	order := Permutation(60000, 1, 0, nil)
	var batch Batch
	b.SetBytes(128 * 784 * 4)
	b.ReportAllocs()
	at := 0
	for b.Loop() {
		if err := m.Read(order[at:at+128], &batch); err != nil {
			b.Fatal(err)
		}
		if at += 128; at+128 > len(order) {
			at = 0
		}
	}
}
