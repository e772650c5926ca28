package plan

import (
	"testing"

	"github.com/glia-ml/glia/backend"
)

// RecomputeFrom lets plans of a test compute values of n elements and more again.
func RecomputeFrom(t testing.TB, n int) {
	old := recomputeFrom
	recomputeFrom = n
	t.Cleanup(func() { recomputeFrom = old })
}

// Derived returns the derived values of a plan, and how many of them have a value.
func Derived(e backend.Executable) (of []any, held int) {
	for _, d := range e.(*Plan).derived {
		of = append(of, d)
		if d.current.Load() != nil {
			held++
		}
	}
	return of, held
}
