package atomicfile

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/glia-ml/glia/internal/emulator"
)

// lockFor is the variable that makes the test binary a process that locks a file.
const lockFor = "GLIA_TEST_LOCK"

// lockAndWait is that process.
func lockAndWait(path string) {
	if _, err := Lock(path); err != nil {
		panic(err)
	}
	os.Stdout.WriteString("locked\n")
	os.Stdin.Read(make([]byte, 1)) // until it is closed
	os.Exit(0)                     // without release
}

// TestLock locks a file twice, in this process and in another, which is killed.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.lock")
	refused := func(pid int) {
		t.Helper()
		locked := (*LockedError)(nil)
		if _, err := Lock(path); !errors.As(err, &locked) || locked.PID != pid || locked.Path != path {
			t.Errorf("a second lock: error %v, want that process %d has %s", err, pid, path)
		}
	}
	gone := func() {
		t.Helper()
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is there after release (%v)", err)
		}
	}
	for range 2 {
		release, err := Lock(path)
		if err != nil {
			t.Fatal(err)
		}
		refused(os.Getpid())
		release()
		release()
		gone()
	}
	if release, err := lockOf(t); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no locks between processes here")
	} else if err == nil {
		release()
	}
	p := emulator.Command()
	p.Env = append(os.Environ(), lockFor+"="+path)
	p.Stderr = os.Stderr
	in, e1 := p.StdinPipe()
	out, e2 := p.StdoutPipe()
	if err := errors.Join(e1, e2, p.Start()); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	refused(p.Process.Pid)
	p.Process.Kill()
	p.Wait()
	release, err := Lock(path)
	if err != nil {
		t.Fatalf("after its holder was killed: %v", err)
	}
	release()
	gone()
}
