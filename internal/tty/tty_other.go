//go:build !linux

// Package tty asks about terminals.
package tty

import "golang.org/x/term"

// Is reports whether a file descriptor is a terminal.
func Is(fd uintptr) bool { return term.IsTerminal(int(fd)) }

// Width returns the number of columns of a terminal, or 0 if it is unknown.
func Width(fd uintptr) int {
	columns, _, err := term.GetSize(int(fd))
	if err != nil {
		return 0
	}
	return columns
}
