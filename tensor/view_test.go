package tensor

import (
	"slices"
	"strings"
	"testing"
)

// iota32 returns a float32 tensor of 0, 1, 2, ...
func iota32(t testing.TB, dims ...int) *Tensor {
	t.Helper()
	x := New(Float32, dims...)
	for i, d := 0, Data[float32](x); i < len(d); i++ {
		d[i] = float32(i)
	}
	return x
}

func TestViews(t *testing.T) {
	x := iota32(t, 2, 3, 4)
	type fn func(*Tensor) (*Tensor, error)
	slice := func(axis, start, stop, step int) fn {
		return func(x *Tensor) (*Tensor, error) { return x.Slice(axis, start, stop, step) }
	}
	index := func(axis, i int) fn { return func(x *Tensor) (*Tensor, error) { return x.Index(axis, i) } }
	reshape := func(d ...int) fn { return func(x *Tensor) (*Tensor, error) { return x.Reshape(d...) } }
	transpose := func(p ...int) fn { return func(x *Tensor) (*Tensor, error) { return x.Transpose(p...) } }
	expand := func(a int) fn { return func(x *Tensor) (*Tensor, error) { return x.Expand(a) } }
	squeeze := func(a ...int) fn { return func(x *Tensor) (*Tensor, error) { return x.Squeeze(a...) } }

	for _, c := range []struct {
		name  string
		do    []fn
		shape Dims
		want  []float64
	}{
		{"reshape", []fn{reshape(4, -1), index(0, 1)}, D(6), []float64{6, 7, 8, 9, 10, 11}},
		{"reshape to a scalar", []fn{index(2, 0), index(1, 0), slice(0, 1, 2, 1), reshape()}, D(), []float64{12}},
		{"slice with step", []fn{slice(2, 1, 4, 2), index(0, 0)}, D(3, 2), []float64{1, 3, 5, 7, 9, 11}},
		{"slice from the end", []fn{slice(-1, -2, -1, 1), index(0, -1)}, D(3, 1), []float64{14, 18, 22}},
		{"slice of slice", []fn{slice(1, 1, 3, 1), slice(1, 1, 2, 7), index(0, 1)}, D(1, 4), []float64{20, 21, 22, 23}},
		{"empty slice", []fn{slice(0, 2, 2, 1)}, D(0, 3, 4), []float64{}},
		{"empty slice, reshaped", []fn{slice(1, 3, 3, 1), reshape(0, 5)}, D(0, 5), []float64{}},
		{"transpose", []fn{index(0, 0), transpose()}, D(4, 3), []float64{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}},
		{"permute", []fn{transpose(1, 2, 0), index(0, 2)}, D(4, 2), []float64{8, 20, 9, 21, 10, 22, 11, 23}},
		{"permute, negative axes", []fn{transpose(-2, -1, 0), index(0, 0), index(-2, 3)}, D(2), []float64{3, 15}},
		{"expand and squeeze", []fn{index(0, 0), index(0, 0), expand(0), expand(-1), expand(1)}, D(1, 1, 4, 1), []float64{0, 1, 2, 3}},
		{"squeeze one", []fn{slice(0, 0, 1, 1), slice(1, 2, 3, 1), squeeze(-2)}, D(1, 4), []float64{8, 9, 10, 11}},
		{"squeeze all", []fn{slice(0, 0, 1, 1), slice(1, 2, 3, 1), squeeze()}, D(4), []float64{8, 9, 10, 11}},
	} {
		got := x
		for _, f := range c.do {
			var err error
			if got, err = f(got); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		if got.Shape() != c.shape || !slices.Equal(got.Float64s(), c.want) {
			t.Errorf("%s: got %v %v, want %v %v", c.name, got.Shape(), got.Float64s(), c.shape, c.want)
		}
		if clone := got.Clone(); !clone.Contiguous() || !Equal(clone, got) {
			t.Errorf("%s: Clone gives %v of %v", c.name, clone, got)
		}
	}
	if !slices.Equal(x.Float64s(), iota32(t, 24).Float64s()) {
		t.Errorf("views changed the tensor: %v", x)
	}
}

func TestViewsShareMemory(t *testing.T) {
	x := iota32(t, 2, 3)
	v, err := x.Index(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	Data[float32](v)[2] = 99
	if got := Data[float32](x)[5]; got != 99 {
		t.Errorf("element [1 2] of the tensor: got %v, want the 99 set through a view", got)
	}
}

func TestViewErrors(t *testing.T) {
	x := iota32(t, 2, 3, 4)
	gaps, err := x.Transpose()
	if err != nil {
		t.Fatal(err)
	}
	full := New(Int8, 1, 1, 1, 1, 1, 1, 1, 1)
	for _, c := range []struct {
		name string
		do   func() (*Tensor, error)
		want string
	}{
		{"reshape size", func() (*Tensor, error) { return x.Reshape(5, 5) }, "Reshape float32[2 3 4] to [5 5]: want a shape of 24"},
		{"reshape inferred", func() (*Tensor, error) { return x.Reshape(-1, 5) }, "to [-1 5]"},
		{"reshape two inferred", func() (*Tensor, error) { return x.Reshape(-1, -1) }, "at most one -1"},
		{"reshape inferred beside 0", func() (*Tensor, error) { return x.Reshape(-1, 0) }, "to [-1 0]"},
		{"reshape negative", func() (*Tensor, error) { return x.Reshape(-2, -12) }, "to [-2 -12]"},
		{"reshape overflow", func() (*Tensor, error) { return x.Reshape(1<<62, 1<<62) }, "want a shape of 24"},
		{"reshape gaps", func() (*Tensor, error) { return gaps.Reshape(24) }, "Clone"},
		{"reshape rank", func() (*Tensor, error) { return x.Reshape(1, 1, 1, 1, 1, 1, 2, 3, 4) }, "at most 8"},
		{"slice axis", func() (*Tensor, error) { return x.Slice(3, 0, 1, 1) }, "axis 3: want one of its 3 axes"},
		{"slice stop", func() (*Tensor, error) { return x.Slice(0, 0, 3, 1) }, "from 0 to 3 by 1"},
		{"slice start", func() (*Tensor, error) { return x.Slice(0, -3, 2, 1) }, "from -3 to 2"},
		{"slice backwards", func() (*Tensor, error) { return x.Slice(1, 2, 1, 1) }, "start <= stop"},
		{"slice step", func() (*Tensor, error) { return x.Slice(1, 0, 1, 0) }, "step >= 1"},
		{"index axis", func() (*Tensor, error) { return x.Index(-4, 0) }, "axis -4"},
		{"index", func() (*Tensor, error) { return x.Index(1, 3) }, "position 3 of axis 1: want less than 3"},
		{"index of scalar", func() (*Tensor, error) { return Scalar(1.0).Index(0, 0) }, "want one of its 0 axes"},
		{"transpose count", func() (*Tensor, error) { return x.Transpose(0, 1) }, "each of its 3 axes once"},
		{"transpose twice", func() (*Tensor, error) { return x.Transpose(0, 1, -2) }, "[0 1 -2]"},
		{"expand axis", func() (*Tensor, error) { return x.Expand(4) }, "from -4 to 3"},
		{"expand rank", func() (*Tensor, error) { return full.Expand(0) }, "at most 8 axes"},
		{"squeeze length", func() (*Tensor, error) { return x.Squeeze(0) }, "length 1"},
		{"squeeze twice", func() (*Tensor, error) { return full.Squeeze(0, 0) }, "different axes"},
		{"squeeze axis", func() (*Tensor, error) { return x.Squeeze(7) }, "axis 7"},
	} {
		v, err := c.do()
		if v != nil || err == nil || !strings.HasPrefix(err.Error(), "tensor: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v; want an error with %q", c.name, v, err, c.want)
		}
	}
}

func FuzzShapes(f *testing.F) {
	f.Add(uint8(1), 2, 3, 4, 6, -1)
	f.Add(uint8(14), 1<<40, 1<<40, 0, 1, 1)
	f.Add(uint8(6), 0, -1, 5, 0, 0)
	f.Fuzz(func(t *testing.T, dt uint8, a, b, c, p, q int) {
		spec := S(DType(dt), a, b, c)
		n, err := CheckedBytes(spec)
		if err != nil {
			if spec.DType.Size() > 0 && a >= 0 && b >= 0 && c >= 0 && a < 1<<19 && b < 1<<20 && c < 1<<20 {
				t.Fatalf("CheckedBytes(%v): %v", spec, err)
			}
			return
		}
		if n != spec.Bytes() || n < 0 {
			t.Fatalf("CheckedBytes(%v): got %d, want %d", spec, n, spec.Bytes())
		}
		if n > 1<<12 {
			return
		}
		x := NewSpec(spec)
		for i := range x.Bytes() {
			x.Bytes()[i] = byte(i)
		}
		if v, err := x.Reshape(p, q); err == nil && v.Len() != x.Len() {
			t.Fatalf("Reshape(%d, %d) of %v: got %v", p, q, spec, v.Spec())
		}
		v, err := x.Slice(1, p, q, max(1, c))
		if err != nil {
			return
		}
		if v, err = v.Transpose(2, 0, 1); err != nil {
			t.Fatal(err)
		}
		if clone := v.Clone(); clone.Spec() != v.Spec() || !Equal(clone, v) {
			t.Fatalf("Clone of %v: got %v", v.Spec(), clone.Spec())
		}
		if back, err := v.Transpose(1, 2, 0); err != nil || back.Len() != v.Len() {
			t.Fatalf("Transpose back: %v, %v", back, err)
		}
	})
}
