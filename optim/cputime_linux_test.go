package optim_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime returns the CPU time that the process has had.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
