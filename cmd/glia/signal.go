package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/glia-ml/glia/internal/atomicfile"
)

// grace is how long a command has to end by itself after a signal.
const grace = 100 * time.Millisecond

// heed returns a context that is done at the first signal to stop. A command that does not
// end soon by itself is ended then, wherever it is: its temporary files are removed, and
// what it would have replaced stays. One that [winds] down says that it does. A second
// signal ends the process at once.
func heed(stderr io.Writer) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range stopSignals {
		if !signal.Ignored(s) { // as by nohup
			signal.Notify(signals, s)
		}
	}
	go func() {
		s := <-signals
		if n, ok := s.(syscall.Signal); ok {
			heard.Store(int32(n))
		}
		signal.Stop(signals)
		cancel()
		time.Sleep(grace)
		switch {
		case slices.Contains(quietSignals, s): // writing ends the command
		case winding.Load() > 0:
			fmt.Fprintf(stderr, "\nglia: %v: stopping at the end of the batch; once more to end at once\n", s)
		default:
			atomicfile.Abandon()
			fmt.Fprintf(stderr, "glia: %v\n", s)
			os.Exit(ended(1))
		}
	}()
	return ctx
}

// heard is the number of the signal that stops the command, 0 if there was none.
var heard atomic.Int32

// ended returns the status of a command that failed: 128 and the signal's number if one
// stopped it, as shells have it of a process that a signal ends.
func ended(status int) int {
	if n := heard.Load(); n > 0 && status == 1 {
		return 128 + int(n)
	}
	return status
}

// winding counts the stretches of work that end by themselves when their context is done,
// and have something to save or to tell then.
var winding atomic.Int32

// winds begins such a stretch, until the function that it returns is called.
func winds() (done func()) {
	winding.Add(1)
	return func() { winding.Add(-1) }
}
