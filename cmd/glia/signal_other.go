//go:build !unix

package main

import "os"

// stopSignals end the work at the next batch.
var stopSignals = []os.Signal{os.Interrupt}
