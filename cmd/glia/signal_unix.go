//go:build unix

package main

import (
	"os"
	"syscall"
)

// stopSignals end the work. SIGPIPE tells that nobody reads the output.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE}

// quietSignals are those that nobody waits for.
var quietSignals = []os.Signal{syscall.SIGPIPE}
