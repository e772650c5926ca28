//go:build !purego

package kern

import "github.com/glia-ml/glia/internal/impl"

// useNEON tells that vectors are used, which every arm64 has.
var useNEON = true

func init() { impl.Register("kern", "neon", &useNEON) }
