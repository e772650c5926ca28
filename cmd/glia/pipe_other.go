//go:build !windows

package main

import "syscall"

// pipeErrors tell that nobody reads a pipe.
var pipeErrors = []syscall.Errno{syscall.EPIPE}
