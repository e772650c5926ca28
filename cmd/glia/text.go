package main

import (
	"fmt"

	"github.com/glia-ml/glia/internal/plaintext"
)

// printable returns text from a file for a terminal: as it is, if nothing in it
// moves the cursor, else quoted; and no more of it than fits.
func printable(s string) string {
	if s == "" {
		return `""`
	}
	return plaintext.Name(s)
}

// plural counts things: "1 byte", "1,024 bytes".
func plural[T int | int64 | uint64](n T, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return grouped(n) + " " + thing
}

// grouped returns n with commas between thousands.
func grouped[T int | int64 | uint64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// byteText returns a number of bytes for people to read, a KB being 1024 of them.
func byteText(n int64) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.2f %s", v, units[i])
}
