package tensor

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

func TestNewIsAligned(t *testing.T) {
	for _, dims := range [][]int{{}, {1}, {7, 3}, {100}} {
		x := New(Float32, dims...)
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(x.Bytes()))); at%64 != 0 {
			t.Errorf("New(%v) begins at %#x, want a multiple of 64", dims, at)
		}
	}
}

func TestFromSlice(t *testing.T) {
	for _, c := range []struct {
		dims []int
		want string // of the error
	}{
		{[]int{2, 3}, ""},
		{nil, ""},
		{[]int{6, 1, 1}, ""},
		{[]int{2, 2}, "6 values for shape [2 2]: want 4"},
		{[]int{-2, -3}, "axis of length -2"},
		{[]int{1 << 62, 8}, "at most"},
		{[]int{1, 1, 1, 1, 1, 1, 1, 2, 3}, "at most 8"},
	} {
		x, err := FromSlice([]float32{1, 2, 3, 4, 5, 6}, c.dims...)
		switch {
		case c.want == "" && (err != nil || x.Len() != 6):
			t.Errorf("%v: got %v, %v", c.dims, x, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: got %v, want an error with %q", c.dims, err, c.want)
		}
	}
}

func TestFromBytesErrors(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		n    int
		want string
	}{
		{S(Float32, 2), 7, "7 bytes for float32[2]: want 8"},
		{S(Uint8, 1<<32, 1<<32), 0, "want at most"}, // the product is 0 in 64 bits
		{S(Uint8, -1, -1), 1, "axis of length -1"},
		{Spec{}, 0, "dtype 0"},
	} {
		if x, err := FromBytes(c.spec, make([]byte, c.n)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, %v, want an error with %q", c.spec, x, err, c.want)
		}
	}
}

func TestFromBytesOfMisaligned(t *testing.T) {
	mem := Alloc(17)
	if x, err := FromBytes(S(Float64, 2), mem[1:]); err == nil || !strings.Contains(err.Error(), "multiple of 8 bytes") {
		t.Errorf("got %v, %v, want an error", x, err)
	}
	if _, err := FromBytes(S(Uint8, 16), mem[1:]); err != nil {
		t.Errorf("bytes: %v", err)
	}
}

func TestDataPanics(t *testing.T) {
	x := iota32(t, 2, 3)
	tr, err := x.Transpose()
	if err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]func(){
		"Data[float64] of a tensor of float32":     func() { Data[float64](x) },
		"view with gaps":                           func() { Data[float32](tr) },
		"want one element, got 6":                  func() { x.Item() },
		"got an axis of length -2, want 0 or more": func() { New(Float32, -2) },
		"want at most":                             func() { New(Float32, 1<<40, 1<<40) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
}

func TestCheckedBytes(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want int
		err  string
	}{
		{S(Float32, 2, 3), 24, ""},
		{S(Float64), 8, ""},
		{S(Bool, 0, 5), 0, ""},
		{S(Int8, maxBytes), maxBytes, ""},
		{S(Float32, 784, 1_000_000_000), 0, "want at most"},
		{S(Int8, math.MaxInt), 0, "want at most"},
		{S(Int16, math.MaxInt), 0, "want at most"},
		{S(Int16, 1<<32, 1<<32), 0, "want at most"},
		{S(Int16, 0, 1<<32, 1<<32), 0, "want at most"},
		{S(Int16, 3, -1), 0, "got an axis of length -1"},
		{S(Invalid, 3), 0, "dtype 0"},
		{S(DType(200), 3), 0, "dtype 200"},
	} {
		got, err := CheckedBytes(c.spec)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v: got %d, %v; want %d, %q", c.spec, got, err, c.want, c.err)
		}
	}
}

func TestDTypes(t *testing.T) {
	for _, dt := range DTypes() {
		if back := ParseDType(dt.String()); back != dt {
			t.Errorf("ParseDType(%q): got %v", dt, back)
		}
		kinds := 0
		for _, is := range []bool{dt == Bool, dt.IsInt(), dt.IsFloat()} {
			if is {
				kinds++
			}
		}
		if kinds != 1 || dt.Size() < 1 || dt.Size() > 8 {
			t.Errorf("%v: of %d kinds, %d bytes", dt, kinds, dt.Size())
		}
	}
	if got := ParseDType("complex64"); got != Invalid {
		t.Errorf("ParseDType(complex64): got %v", got)
	}
}

func TestDims(t *testing.T) {
	d := D(2, 3, 4)
	for _, c := range []struct{ got, want Dims }{
		{d.With(-1, 9), D(2, 3, 9)},
		{d.Append(5, 6), D(2, 3, 4, 5, 6)},
		{d.From(1), D(3, 4)},
		{d.To(1), D(2)},
		{d.Without(-2), D(2, 4)},
		{d.Strides(), D(12, 4, 1)},
		{D(0, 3).Strides(), D(3, 1)},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	if d.At(-1) != 4 || d.Size() != 24 || D().Size() != 1 || !d.Contains(3) || d.Contains(5) || d.String() != "[2 3 4]" {
		t.Errorf("%v: At(-1) %d, Size %d", d, d.At(-1), d.Size())
	}
}

func TestDimsAllocateNothing(t *testing.T) {
	d, v := D(2, 3, 4), []int{5, 6}
	got := testing.AllocsPerRun(10, func() {
		e := d.Append(v...).Without(1).From(1).To(2).With(0, 7)
		if e.Strides() != D(5, 1) {
			t.Fatalf("got %v", e)
		}
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestEqual(t *testing.T) {
	nan := math.NaN()
	x, _ := iota32(t, 2, 2).Transpose()
	for _, c := range []struct {
		a, b *Tensor
		want bool
	}{
		{Of(1.0, nan), Of(1.0, nan), true},
		{Of(0.0), Of(math.Copysign(0, -1)), false},
		{Of[float32](1), Of(1.0), false},
		{Scalar(1.0), Of(1.0), false},
		{x, x.Clone(), true},
	} {
		if got := Equal(c.a, c.b); got != c.want {
			t.Errorf("Equal(%v, %v): got %v", c.a, c.b, got)
		}
	}
}

func TestAllClose(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		got, want *Tensor
		err       string
	}{
		{Of(1.0, nan, inf), Of(1.0+1e-9, nan, inf), ""},
		{Of[float32](1), Of(1.0), ""},
		{Of(1.0), Scalar(1.0), "got float64[1], want float64[]"},
		{Of(1.0, 2.5, 3, 3.5), Of(1.0, 2, 3, 3), "2 of 4 values differ; worst at [1]: got 2.5, want 2: |difference| 0.5"},
		{Of(9, nan), Of(1.0, 1), "worst at [1]: got NaN, want 1"},
		{Of(inf), Of(-inf), "got +Inf, want -Inf"},
		{Of(1.0), Of(inf), "got 1, want +Inf"},
	} {
		err := AllClose(c.got, c.want, 1e-6, 1e-6)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("AllClose(%v, %v): got %v, want %q", c.got, c.want, err, c.err)
		}
	}
	x := iota32(t, 3, 4)
	y := x.Clone()
	Data[float32](y)[6] = 0
	if err := AllClose(y, x, 0, 0); err == nil || !strings.Contains(err.Error(), "worst at [1 2]") {
		t.Errorf("got %v, want the position [1 2]", err)
	}
}

// TestInts takes Go's integers as they are, without a copy.
func TestInts(t *testing.T) {
	labels := []int{3, -1, 1 << 30}
	x, err := FromSlice(labels, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := Int64
	if strconv.IntSize == 32 {
		want = Int32
	}
	if x.DType() != want || x.Float64s()[1] != -1 || x.Float64s()[2] != 1<<30 {
		t.Errorf("got %v, want %v", x, labels)
	}
	if labels[0] = 7; x.Float64s()[0] != 7 || Data[int](x)[0] != 7 {
		t.Error("the tensor is a copy")
	}
	if y := Of(1, 2, 3); y.DType() != want || y.Shape() != D(3) {
		t.Errorf("Of(1, 2, 3) is %v", y.Spec())
	}
}
