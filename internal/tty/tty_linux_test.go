package tty_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/glia-ml/glia/internal/tty"
	"golang.org/x/sys/unix"
)

// TestTerminal asks about both ends of a pseudo-terminal of a known width.
func TestTerminal(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer slave.Close()
	for _, columns := range []int{0, 1, 80, 300} {
		if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 7, Col: uint16(columns)}); err != nil {
			t.Fatal(err)
		}
		if got := tty.Width(slave.Fd()); got != columns || !tty.Is(slave.Fd()) {
			t.Errorf("a terminal of %d columns: got a width of %d, terminal: %v", columns, got, tty.Is(slave.Fd()))
		}
	}
}

// TestNoTerminal asks about files that are no terminals.
func TestNoTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, fd := range []uintptr{file.Fd(), null.Fd(), r.Fd(), ^uintptr(0)} {
		if tty.Is(fd) || tty.Width(fd) != 0 {
			t.Errorf("file descriptor %d: got terminal %v of %d columns, want none", fd, tty.Is(fd), tty.Width(fd))
		}
	}
}
