//go:build unix

package main

import (
	"os"
	"syscall"
)

// stopSignals end the work at the next batch; SIGPIPE: nobody reads the output.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE}
