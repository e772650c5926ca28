//go:build (!amd64 && !arm64) || purego

package par

// pause lets some time pass.
func pause(n int) {
	for range n * 16 {
		pauseStep()
	}
}

//go:noinline
func pauseStep() {}
