//go:build !linux

package kern

import "testing"

func guardedBytes(t testing.TB, size int) []byte { return make([]byte, size) }
