//go:build !purego

package kern

import "github.com/glia-ml/glia/internal/impl"

// useNEON tells that vectors are used, which every arm64 has.
var useNEON = true

func init() { impl.Register("kern", "neon", &useNEON) }

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
