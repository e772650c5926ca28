package kern

import (
	"bytes"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

func TestGather(t *testing.T) {
	src := make([]byte, 5*37)
	for i := range src {
		src[i] = byte(i * 7)
	}
	idx := []int{4, 0, 0, 3, 1, 1, 2, 4, 4, 0, 2}
	impltest.All(t, "kern", func(t *testing.T) {
		rows, floats := make([]byte, len(idx)*37+1), make([]float32, len(idx)*37+1)
		GatherRows(rows, src, 37, idx)
		GatherScaleU8(floats, src, 37, idx, 0.5, -1)
		for i, r := range idx {
			want := src[r*37:][:37]
			if got := rows[i*37:][:37]; !bytes.Equal(got, want) {
				t.Errorf("row %d is %v, want row %d, %v", i, got, r, want)
			}
			for c, v := range want {
				if got := floats[i*37+c]; got != float32(v)*0.5-1 {
					t.Errorf("row %d, column %d: got %v from %v", i, c, got, v)
				}
			}
		}
		if rows[len(idx)*37] != 0 || floats[len(idx)*37] != 0 {
			t.Error("wrote after the last row")
		}
	})
}

func BenchmarkGatherScaleU8(b *testing.B) {
	const rows, rowLen = 60000, 784
	src, idx := make([]uint8, rows*rowLen), make([]int, 128)
	for i := range src {
		src[i] = uint8(i)
	}
	dst := make([]float32, len(idx)*rowLen)
	impltest.Bench(b, "kern", func(b *testing.B) {
		b.SetBytes(5 * int64(len(dst)))
		b.ReportAllocs()
		next := 0
		for b.Loop() {
			for i := range idx {
				next = (next + 7919) % rows
				idx[i] = next
			}
			GatherScaleU8(dst, src, rowLen, idx, 1/255.0, 0)
		}
	})
}
