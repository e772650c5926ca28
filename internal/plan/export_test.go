package plan

import "testing"

// RecomputeFrom lets plans of a test compute values of n elements and more again.
func RecomputeFrom(t testing.TB, n int) {
	old := recomputeFrom
	recomputeFrom = n
	t.Cleanup(func() { recomputeFrom = old })
}
