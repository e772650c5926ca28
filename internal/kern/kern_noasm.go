//go:build !amd64 || purego

package kern

// There is no vector implementation here: the portable loops do all work.
const useAVX2, useAVX512 = false, false
