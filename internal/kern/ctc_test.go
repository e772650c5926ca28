package kern

import (
	"math"
	"slices"
	"testing"
)

// TestCTCMemory has NaNs in the memory that the alignments take: none may be seen.
func TestCTCMemory(t *testing.T) {
	const times, symbols = 12, 5
	labels := []int64{1, 3, 3, 2}
	logp, dy := make([]float64, times*symbols), make([]float64, times*symbols)
	for i := range logp {
		logp[i], dy[i] = -1-math.Abs(math.Sin(float64(i))), math.Cos(float64(i))
	}
	run := func(fill float64) (results []float64) {
		mem := make([]float64, CTCLen(times, len(labels), true))
		for i := range mem {
			mem[i] = fill
		}
		c := NewCTC(mem, logp, labels, times, symbols)
		results = append(results, c.Forward())
		p, grad := make([]float64, len(logp)), make([]float64, len(logp))
		c.Alignment(p)
		c.AlignmentGrad(grad, dy)
		return slices.Concat(results, p, grad)
	}
	if got, want := run(math.NaN()), run(0); !slices.Equal(got, want) {
		t.Errorf("with NaNs in memory: got %v, want %v", got, want)
	}
}
