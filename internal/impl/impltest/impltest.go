// Package impltest runs a test once per implementation of a package's kernels.
package impltest

import (
	"testing"

	"github.com/glia-ml/glia/internal/impl"
)

// All runs f as a subtest for every implementation of pkg that this machine has.
func All(t *testing.T, pkg string, f func(t *testing.T)) {
	t.Helper()
	for _, name := range impl.Names(pkg) {
		t.Run(name, func(t *testing.T) {
			defer impl.Select(pkg, name)()
			f(t)
		})
	}
}

// Draws returns how many random cases a test tries: n, or a fifth of them in short mode.
func Draws(n int) int {
	if testing.Short() {
		return n / 5
	}
	return n
}

// Processors returns the numbers of processors on which tests compare bits; in short mode
// the least and the greatest only.
func Processors() []int {
	if testing.Short() {
		return []int{1, 8}
	}
	return []int{1, 2, 3, 8}
}

// Bench runs f as a sub-benchmark for every implementation of pkg.
func Bench(b *testing.B, pkg string, f func(b *testing.B)) {
	for _, name := range impl.Names(pkg) {
		b.Run(name, func(b *testing.B) {
			defer impl.Select(pkg, name)()
			f(b)
		})
	}
}
