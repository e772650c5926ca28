//go:build !linux

package optim_test

import "time"

var started = time.Now()

// cpuTime returns the time since the start instead of the CPU time that the process has had.
func cpuTime() time.Duration { return time.Since(started) }
