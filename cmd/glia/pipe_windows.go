package main

import "syscall"

// pipeErrors tell that nobody reads a pipe.
var pipeErrors = []syscall.Errno{syscall.ERROR_BROKEN_PIPE, 232} // 232: ERROR_NO_DATA
