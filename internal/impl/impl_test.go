package impl

import (
	"slices"
	"testing"
)

func TestSelect(t *testing.T) {
	defer func(was []entry) { entries = was }(entries)
	entries = nil
	best, good := true, true
	Register("p", "best", &best)
	Register("p", "good", &good)
	if got, want := Names("p"), []string{"best", "good", Portable}; !slices.Equal(got, want) {
		t.Errorf("Names: got %v, want %v", got, want)
	}
	for _, test := range []struct {
		name       string
		best, good bool
	}{{"best", true, true}, {"good", false, true}, {Portable, false, false}} {
		restore := Select("p", test.name)
		if best != test.best || good != test.good {
			t.Errorf("Select %s: best %v, good %v: want %v, %v", test.name, best, good, test.best, test.good)
		}
		if isa := ISA(); isa != test.name {
			t.Errorf("ISA: got %s, want %s", isa, test.name)
		}
		restore()
		if !best || !good {
			t.Errorf("restore after %s: best %v, good %v: want both", test.name, best, good)
		}
	}
}

func TestLimit(t *testing.T) {
	for value, want := range map[string]string{"": "", "AVX2": "avx2", "portable": Portable, "sse": ""} {
		if got := limitFrom(value); got != want {
			t.Errorf("GLIA_ISA=%s: got %q, want %q", value, got, want)
		}
	}
}
