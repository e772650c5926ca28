package tensor

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestF16OfEveryHalf(t *testing.T) {
	for i := range 1 << 16 {
		h := F16(i)
		f := h.Float32()
		// The value by its definition.
		sign, exp, frac := float64(1-2*(i>>15)), i>>10&31, float64(i&1023)
		var want float64
		switch {
		case exp == 31 && frac != 0:
			want = math.NaN()
		case exp == 31:
			want = sign * math.Inf(1)
		case exp == 0:
			want = sign * math.Ldexp(frac, -24)
		default:
			want = sign * math.Ldexp(1024+frac, exp-25)
		}
		if float64(f) != want && (f == f || want == want) || math.Signbit(float64(f)) != (i>>15 == 1) {
			t.Fatalf("F16(%#04x).Float32(): got %v, want %v", i, f, want)
		}
		back := h
		if f != f {
			back |= 0x200 // made quiet
		}
		if got := F16FromFloat32(f); got != back {
			t.Fatalf("F16FromFloat32(%v): got %#04x, want %#04x", f, got, back)
		}
		if got := F16FromFloat64(float64(f)); got != back {
			t.Fatalf("F16FromFloat64(%v): got %#04x, want %#04x", f, got, back)
		}
		if exp == 31 || i>>15 == 1 {
			continue
		}
		// Half way to the next: ties go to the even one, a trifle decides otherwise.
		next := float64((h + 1).Float32())
		if exp == 30 && frac == 1023 {
			next = 65536
		}
		mid := (float64(f) + next) / 2
		for _, c := range []struct {
			v    float64
			want F16
		}{
			{mid, h + h&1},
			{math.Nextafter(mid, 0), h},
			{math.Nextafter(mid, math.Inf(1)), h + 1},
		} {
			if got := F16FromFloat64(c.v); got != c.want {
				t.Fatalf("F16FromFloat64(%v): got %#04x, want %#04x", c.v, got, c.want)
			}
			if got := F16FromFloat64(-c.v); got != c.want|0x8000 {
				t.Fatalf("F16FromFloat64(%v): got %#04x, want %#04x", -c.v, got, c.want|0x8000)
			}
		}
		if got := F16FromFloat32(float32(mid)); got != h+h&1 {
			t.Fatalf("F16FromFloat32(%v): got %#04x, want %#04x", mid, got, h+h&1)
		}
	}
}

func TestBF16OfEveryBFloat16(t *testing.T) {
	for i := range 1 << 16 {
		b := BF16(i)
		f := b.Float32()
		if math.Float32bits(f) != uint32(i)<<16 {
			t.Fatalf("BF16(%#04x).Float32(): got %v", i, f)
		}
		back := b
		if f != f {
			back |= 0x40
		}
		if got := BF16FromFloat32(f); got != back {
			t.Fatalf("BF16FromFloat32(%v): got %#04x, want %#04x", f, got, back)
		}
		if i&0x7fff >= 0x7f80 {
			continue
		}
		mid := math.Float32frombits(uint32(i)<<16 | 0x8000)
		for bits, want := range map[uint32]BF16{0x7fff: b, 0x8000: b + b&1, 0x8001: b + 1} {
			v := math.Float32frombits(uint32(i)<<16 | bits)
			if got := BF16FromFloat32(v); got != want {
				t.Fatalf("BF16FromFloat32(%v): got %#04x, want %#04x", v, got, want)
			}
		}
		if got := BF16FromFloat64(math.Nextafter(float64(mid), math.Inf(1-2*(i>>15)))); got != b+1 {
			t.Fatalf("BF16FromFloat64 above the tie %v: got %#04x, want %#04x", mid, got, b+1)
		}
	}
}

func TestConvert(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct{ from, want *Tensor }{
		{Of(1.9, -1.9, 0.5, -0.5), Of[int32](1, -1, 0, 0)},
		{Of(nan, inf, -inf, 1e300, 255.9, 256), Of[uint8](0, 255, 0, 255, 255, 255)},
		{Of(nan, inf, -inf, 1e300, -1e300), Of[int64](0, math.MaxInt64, math.MinInt64, math.MaxInt64, math.MinInt64)},
		{Of(0x1p63, 0x1p64, -1), Of[uint64](1<<63, math.MaxUint64, 0)},
		{Of[int64](300, -1, 1<<40+5), Of[uint8](44, 255, 5)},
		{Of[uint64](math.MaxUint64, 1<<63), Of[int64](-1, math.MinInt64)},
		{Of[int64](math.MaxInt64, 1<<53+1), Of[uint64](math.MaxInt64, 1<<53+1)},
		{Of[int64](1<<24+1, 1<<24+3), Of[float32](1<<24, 1<<24+4)},
		{Of[int64](1<<60 + 1<<36 + 1), Of[float32](1<<60 + 1<<37)}, // one rounding, not two
		{Of[float32](0, 0.1, -3, float32(nan)), Of(false, true, true, true)},
		{Of(true, false), Of[float32](1, 0)},
		{Of(true, false), Of[int64](1, 0)},
		{Of[uint8](0, 7), Of(false, true)},
		{Of(1.0, 65504, 65520, 1e9, -6e-8), Of(F16(0x3c00), F16(0x7bff), F16(0x7c00), F16(0x7c00), F16(0x8001))},
		{Of(F16(0x3c00), F16(0xc000)), Of[int8](1, -2)},
		{Of[int32](1, 65519, 65520), Of(F16(0x3c00), F16(0x7bff), F16(0x7c00))},
		{Of(BF16(0x3f80), BF16(0x7f80)), Of(F16(0x3c00), F16(0x7c00))},
		{Of(1+0x1p-8+0x1p-40, 1+0x1p-8), Of(BF16(0x3f81), BF16(0x3f80))},
		{Of(1e40, -1e40, 0.1), Of(float32(inf), float32(-inf), 0.1)},
	} {
		got := c.from.AsType(c.want.DType())
		if !Equal(got, c.want) {
			t.Errorf("%v %v as %v: got %v, want %v", c.from.DType(), c.from, c.want.DType(), got, c.want)
		}
	}
}

// Small integers survive every pair of types.
func TestConvertEveryPair(t *testing.T) {
	want := []float64{0, 1, 0, 1}
	for _, from := range DTypes() {
		for _, to := range DTypes() {
			x := New(from, 2, 2)
			if err := x.SetFloat64s(want); err != nil {
				t.Fatal(err)
			}
			if got := x.AsType(to).Float64s(); !slices.Equal(got, want) {
				t.Errorf("%v as %v: got %v, want %v", from, to, got, want)
			}
			tr, err := x.Transpose()
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(tr.AsType(to).Int64s()); got != "[0 0 1 1]" {
				t.Errorf("transposed %v as %v: got %v, want [0 0 1 1]", from, to, got)
			}
		}
	}
}

func TestConvertErrors(t *testing.T) {
	x := iota32(t, 2, 3)
	tr, err := New(Float64, 3, 2).Transpose()
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"shape":  Convert(New(Int8, 3, 2), x),
		"gaps":   Convert(tr, x),
		"values": x.SetFloat64s(make([]float64, 5)),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "tensor: ") {
			t.Errorf("%s: got %v, want an error", name, err)
		}
	}
}

func BenchmarkConvert(b *testing.B) {
	for _, c := range []struct{ from, to DType }{{Uint8, Float32}, {Float32, Float16}, {Float16, Float32}, {Float32, Uint8}, {Float64, Float32}} {
		b.Run(c.from.String()+"-"+c.to.String(), func(b *testing.B) {
			src, dst := New(c.from, 1<<16), New(c.to, 1<<16)
			b.SetBytes(int64(len(src.Bytes())))
			for b.Loop() {
				if err := Convert(dst, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestPromote wants the types of Keras 3.15.1's dtypes._least_upper_bound, where "float" is
// its default float32.
func TestPromote(t *testing.T) {
	all := []DType{Bool, Uint8, Int8, Int16, Uint16, Int32, Uint32, Int64, Uint64, Float16, BFloat16, Float32, Float64}
	want := map[DType][]DType{
		Bool:     all,
		Uint8:    {Uint8, Uint8, Int16, Int16, Uint16, Int32, Uint32, Int64, Uint64, Float16, BFloat16, Float32, Float64},
		Int8:     {Int8, Int16, Int8, Int16, Int32, Int32, Int64, Int64, Float32, Float16, BFloat16, Float32, Float64},
		Int16:    {Int16, Int16, Int16, Int16, Int32, Int32, Int64, Int64, Float32, Float16, BFloat16, Float32, Float64},
		Uint16:   {Uint16, Uint16, Int32, Int32, Uint16, Int32, Uint32, Int64, Uint64, Float16, BFloat16, Float32, Float64},
		Int32:    {Int32, Int32, Int32, Int32, Int32, Int32, Int64, Int64, Float32, Float16, BFloat16, Float32, Float64},
		Uint32:   {Uint32, Uint32, Int64, Int64, Uint32, Int64, Uint32, Int64, Uint64, Float16, BFloat16, Float32, Float64},
		Int64:    {Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64, Float32, Float16, BFloat16, Float32, Float64},
		Uint64:   {Uint64, Uint64, Float32, Float32, Uint64, Float32, Uint64, Float32, Uint64, Float16, BFloat16, Float32, Float64},
		Float16:  {Float16, Float16, Float16, Float16, Float16, Float16, Float16, Float16, Float16, Float16, Float32, Float32, Float64},
		BFloat16: {BFloat16, BFloat16, BFloat16, BFloat16, BFloat16, BFloat16, BFloat16, BFloat16, BFloat16, Float32, BFloat16, Float32, Float64},
		Float32:  {Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float64},
		Float64:  {Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64},
	}
	for a, row := range want {
		for i, b := range all {
			if got := Promote(a, b); got != row[i] {
				t.Errorf("%v and %v become %v, want %v", a, b, got, row[i])
			}
		}
	}
	if Int64.FitsInto(Float64) || !Uint8.FitsInto(Int16) || Int32.FitsInto(Uint32) || !Bool.FitsInto(Int8) {
		t.Error("FitsInto: want uint8 in int16 and bool in int8, not int64 in float64, nor int32 in uint32")
	}
}
