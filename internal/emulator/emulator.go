// Package emulator tells tests of an emulator that runs them, as qemu-aarch64 runs a
// program for arm64 on another processor.
package emulator

import (
	"debug/elf"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Path returns the path of the emulator that runs this process. It is "" on a processor
// that the program is for, and where the system does not tell.
func Path() string { return path() }

// running is the file that the kernel runs. An emulator shows its program as
// /proc/self/exe and, so far, leaves this name alone.
const running = "/proc/thread-self/exe"

var path = sync.OnceValue(func() string {
	if !foreign(running, runtime.GOARCH) {
		return ""
	}
	p, err := os.Readlink(running)
	if err != nil {
		return ""
	}
	return p
})

// foreign reports whether a file is a program for another processor.
func foreign(file, arch string) bool {
	want, ok := machines[arch]
	if !ok {
		return false
	}
	f, err := elf.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	return f.Machine != want
}

var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// Command returns a command that starts this program once more: by its emulator, if it has
// one, because the kernel need not know how to.
func Command(args ...string) *exec.Cmd {
	if p := Path(); p != "" {
		return exec.Command(p, append([]string{os.Args[0]}, args...)...)
	}
	return exec.Command(os.Args[0], args...)
}

// Limit returns how long something may take that takes d at most on a processor: thirty
// times as long by an emulator.
func Limit(d time.Duration) time.Duration {
	if Path() != "" {
		return 30 * d
	}
	return d
}

// Skip skips a test of something that emulators do otherwise than processors. Without an
// emulator it does nothing.
func Skip(t testing.TB, why string) {
	t.Helper()
	if p := Path(); p != "" {
		t.Skipf("run by %s: %s", p, why)
	}
}
