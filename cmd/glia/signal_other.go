//go:build !unix

package main

import (
	"os"
	"syscall"
)

// stopSignals end the work. Windows sends SIGTERM when the console or the session closes.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// quietSignals are those that nobody waits for.
var quietSignals []os.Signal
