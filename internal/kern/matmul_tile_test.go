//go:build (amd64 || arm64) && !purego

package kern

import (
	"testing"
	"unsafe"
)

// TestTileArgsLayout holds the struct that assembly reads against the generator's idea of
// it: all fields in order, eight bytes each.
func TestTileArgsLayout(t *testing.T) {
	var a tileArgs
	for _, f := range []struct {
		name      string
		got, word uintptr
	}{
		{"init", unsafe.Offsetof(a.init), 3}, {"lda", unsafe.Offsetof(a.lda), 4}, {"k", unsafe.Offsetof(a.k), 8},
		{"strips", unsafe.Offsetof(a.strips), 10}, {"stepInit", unsafe.Offsetof(a.stepInit), 13}, {"mask", unsafe.Offsetof(a.mask), 14},
		{"low", unsafe.Offsetof(a.low), 15}, {"nextStep", unsafe.Offsetof(a.nextStep), 17}, {"add", unsafe.Offsetof(a.add), 27}, {"high", unsafe.Offsetof(a.high), 30},
	} {
		if f.got != 8*f.word {
			t.Errorf("%s is at byte %d, want %d", f.name, f.got, 8*f.word)
		}
	}
}
