package loss_test

import (
	"math"
	"testing"

	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/tensor"
)

// TestLabelsOfAnyType checks labels of every type by one rule, without allocations: each step
// does.
func TestLabelsOfAnyType(t *testing.T) {
	for _, dt := range tensor.DTypes() {
		y := tensor.Of[float64](0, 1, 1, 0).AsType(dt)
		for want, check := range map[int]func() int{
			-1: func() int { return max(loss.BadLabel(y, 2), loss.OutOfRange(y, 0, 1)) },
			1:  func() int { return loss.BadLabel(y, 1, 7) },
			0:  func() int { return loss.OutOfRange(y, 0.5, 1) },
		} {
			if got := check(); got != want {
				t.Errorf("%v: got %d, want %d", dt, got, want)
			}
			if n := testing.AllocsPerRun(5, func() { check() }); n > 0 && (!dt.IsFloat() || dt.Size() > 2) {
				t.Errorf("%v: %v allocations, want 0", dt, n)
			}
		}
	}
}

func TestBadLabelEnds(t *testing.T) {
	for _, c := range []struct {
		label   float64
		classes int
		bad     bool
	}{
		{2, 3, false}, {3, 3, true}, {-1, 3, true}, {0.5, 3, true}, {math.Copysign(0, -1), 3, false}, {math.NaN(), 3, true}, {math.Inf(1), 3, true},
		{0, 0, true}, {math.Inf(1), math.MaxInt, true}, {1 << 62, math.MaxInt, false}, {1 << 63, math.MaxInt, true}, {0.5, math.MaxInt, true},
	} {
		if got := loss.BadLabel(tensor.Of(c.label), c.classes) == 0; got != c.bad {
			t.Errorf("label %v of %d classes is bad: %v, want %v", c.label, c.classes, got, c.bad)
		}
	}
}
