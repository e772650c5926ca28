//go:build !purego

package kern

import (
	"testing"
	"unsafe"
)

// TestPackArgsLayout holds the struct that assembly reads against the generator's idea
// of it: all fields in order, eight bytes each.
func TestPackArgsLayout(t *testing.T) {
	var p packArgs
	for _, f := range []struct {
		name      string
		got, word uintptr
	}{
		{"packArgs.ldSrc", unsafe.Offsetof(p.ldSrc), 3}, {"packArgs.mask", unsafe.Offsetof(p.mask), 5},
		{"packArgs.row", unsafe.Offsetof(p.row), 6},
	} {
		if f.got != 8*f.word {
			t.Errorf("%s is at byte %d, want %d", f.name, f.got, 8*f.word)
		}
	}
}
