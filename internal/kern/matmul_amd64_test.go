//go:build !purego

package kern

import (
	"testing"
	"unsafe"
)

// TestArgsLayout holds the structs that assembly reads against the generator's idea
// of them: all fields in order, eight bytes each.
func TestArgsLayout(t *testing.T) {
	var a tileArgs
	var p packArgs
	for _, f := range []struct {
		name      string
		got, word uintptr
	}{
		{"tileArgs.init", unsafe.Offsetof(a.init), 3}, {"tileArgs.lda", unsafe.Offsetof(a.lda), 4},
		{"tileArgs.k", unsafe.Offsetof(a.k), 8}, {"tileArgs.strips", unsafe.Offsetof(a.strips), 10},
		{"tileArgs.stepInit", unsafe.Offsetof(a.stepInit), 13}, {"tileArgs.mask", unsafe.Offsetof(a.mask), 14},
		{"tileArgs.low", unsafe.Offsetof(a.low), 15}, {"tileArgs.nextStep", unsafe.Offsetof(a.nextStep), 17},
		{"packArgs.ldSrc", unsafe.Offsetof(p.ldSrc), 3}, {"packArgs.mask", unsafe.Offsetof(p.mask), 5},
		{"packArgs.row", unsafe.Offsetof(p.row), 6},
	} {
		if f.got != 8*f.word {
			t.Errorf("%s is at byte %d, want %d", f.name, f.got, 8*f.word)
		}
	}
}
