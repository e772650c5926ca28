package impl

import (
	"runtime"
	"slices"
	"strings"
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
	for _, tt := range []struct{ arch, value, want, told string }{
		{"amd64", "", "", ""},
		{"amd64", "AVX2", "avx2", ""},
		{"amd64", "portable", Portable, ""},
		{"amd64", "sse", "", "glia: GLIA_ISA=sse: want one of [avx512bf16 avx512vnni avx512 avxvnni avx2 portable] on amd64; it has no effect\n"},
		{"amd64", "neon", "", "glia: GLIA_ISA=neon: want one of [avx512bf16 avx512vnni avx512 avxvnni avx2 portable] on amd64; it has no effect\n"},
		{"arm64", "neon", "neon", ""},
		{"arm64", "avx2", "", "glia: GLIA_ISA=avx2: want one of [neonmm neondot neon portable] on arm64; it has no effect\n"},
		{"wasm", "neon", "", "glia: GLIA_ISA=neon: want one of [portable] on wasm; it has no effect\n"},
	} {
		var told strings.Builder
		if got := limitFrom(&told, tt.arch, tt.value); got != tt.want || told.String() != tt.told {
			t.Errorf("GLIA_ISA=%s on %s: got %q and %q, want %q and %q", tt.value, tt.arch, got, told.String(), tt.want, tt.told)
		}
	}
}

// TestNames holds the names that packages register against those that GLIA_ISA takes.
func TestNames(t *testing.T) {
	for _, e := range entries {
		if !slices.Contains(names[runtime.GOARCH], e.name) {
			t.Errorf("%s registers %s, which GLIA_ISA does not take on %s", e.pkg, e.name, runtime.GOARCH)
		}
	}
}
