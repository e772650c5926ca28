//go:build !linux

package kern

import "testing"

// guardedSlice returns n elements; only on Linux does an unreadable page follow.
func guardedSlice(_ *testing.T, n int) []float32 { return make([]float32, n) }
