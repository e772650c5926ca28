//go:build !purego

package kern

import (
	"golang.org/x/sys/cpu"

	"github.com/glia-ml/glia/internal/impl"
)

// useNEON tells that vectors are used, which every arm64 has. useDot adds products of four
// bytes, useMM of two rows and two columns of eight bytes; each implies those before.
var (
	useNEON = true
	useDot  = cpu.ARM64.HasASIMDDP
	useMM   = useDot && cpu.ARM64.HasI8MM
)

func init() {
	impl.Register("kern", "neonmm", &useMM)
	impl.Register("kern", "neondot", &useDot)
	impl.Register("kern", "neon", &useNEON)
}

// whole returns the part of n elements that fills whole registers of float32. It is 0 where
// there are no registers.
func whole(n int) int {
	if useNEON {
		return n &^ 3
	}
	return 0
}

// wholeHalf is whole for two registers of float32, which make one of halves.
func wholeHalf(n int) int {
	if useNEON {
		return n &^ 7
	}
	return 0
}
