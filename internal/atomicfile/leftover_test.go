package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/emulator"
)

// writerFor is the variable that makes the test binary a process that writes a file.
const writerFor = "GLIA_TEST_WRITE"

func TestMain(m *testing.M) {
	if path := os.Getenv(lockFor); path != "" {
		lockAndWait(path)
	}
	if path := os.Getenv(writerFor); path != "" {
		err := Write(path, func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("x", 1<<20))
			os.Stdout.WriteString("half\n")
			os.Stdin.Read(make([]byte, 1)) // until it is closed
			return err
		})
		if err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writing starts a process that writes the file and waits in the middle, until end.
func writing(t *testing.T, path string) (p *exec.Cmd, end io.Closer) {
	t.Helper()
	if release, err := lockOf(t); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no locks tell here whether a process lives")
	} else if err != nil {
		t.Fatal(err)
	} else {
		release()
	}
	p = emulator.Command()
	p.Env = append(os.Environ(), writerFor+"="+path)
	p.Stderr = os.Stderr
	in, e1 := p.StdinPipe()
	out, e2 := p.StdoutPipe()
	if err := errors.Join(e1, e2, p.Start()); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return p, in
}

// lockOf locks a file of its own.
func lockOf(t *testing.T) (release func(), err error) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return lock(f)
}

// TestKilled wants nothing left of killed processes after the next write in the
// directory, whatever their file.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, name := range []string{"f", "f", "g"} {
		p, end := writing(t, filepath.Join(dir, name))
		p.Process.Kill()
		p.Wait()
		end.Close()
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) == 0 {
		t.Fatal("the kills left nothing: the test shows nothing")
	}
	if err := Write(path, text("new")); err != nil {
		t.Fatal(err)
	}
	want(t, path, "new")
	wantAlone(t, path)
}

// TestLiving wants the file of a process that goes on to stay.
func TestLiving(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	p, end := writing(t, path)
	if err := errors.Join(Check(path), Write(path, text("new"))); err != nil {
		t.Fatal(err)
	}
	want(t, path, "new")
	end.Close()
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	want(t, path, strings.Repeat("x", 1<<20))
	wantAlone(t, path)
}

// TestHeld takes a file for no process's but the first's that locks it while it is there.
func TestHeld(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f."+host+"-1-0.tmp")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	release, err := hold(f)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no locks tell here whether a process lives")
	} else if err != nil {
		t.Fatal(err)
	}
	known := removeDead(name)
	if _, err := os.Stat(name); !known || err != nil {
		t.Errorf("a file that is held: known %v, %v: want it there", known, err)
	}
	release()
	other, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if !removeDead(name) {
		t.Error("there is no telling whether a file is held")
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that nobody holds is there still (%v)", err)
	}
	if _, err := hold(other); err != errHeld {
		t.Errorf("a file that was removed is held (%v)", err)
	}
}
