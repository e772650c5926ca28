// Package tty asks about terminals. On Linux it needs the standard library alone:
// golang.org/x/term imports golang.org/x/sys/unix, which costs a first build 1.5 s of CPU.
package tty

import (
	"syscall"
	"unsafe"
)

// Is reports whether a file descriptor is a terminal.
func Is(fd uintptr) bool {
	var t syscall.Termios
	return ioctl(fd, syscall.TCGETS, unsafe.Pointer(&t)) == 0
}

// Width returns the number of columns of a terminal, or 0 if it is unknown.
func Width(fd uintptr) int {
	var size struct{ rows, columns, _, _ uint16 }
	if ioctl(fd, syscall.TIOCGWINSZ, unsafe.Pointer(&size)) != 0 {
		return 0
	}
	return int(size.columns)
}

func ioctl(fd, request uintptr, arg unsafe.Pointer) syscall.Errno {
	_, _, err := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	return err
}
