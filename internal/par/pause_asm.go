//go:build (amd64 || arm64) && !purego

package par

// pause tells the processor n times that the caller polls.
func pause(n int)
