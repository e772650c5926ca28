//go:build !amd64 || purego

package kern

// No vector implementation: the portable loops do all work.
const useAVX2, useAVX512 = false, false
