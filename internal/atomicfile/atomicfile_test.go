package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func want(t *testing.T, path, text string) {
	t.Helper()
	if b, err := os.ReadFile(path); err != nil || string(b) != text {
		t.Errorf("%s holds %q (%v), want %q", path, b, err, text)
	}
}

// wantAlone fails if the directory of path holds anything else.
func wantAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside %s: got %v (%v), want nothing", path, entries, err)
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, s := range []string{"one", "two, longer", ""} {
		if err := Write(path, text(s)); err != nil {
			t.Fatal(err)
		}
		want(t, path, s)
		wantAlone(t, path)
	}
}

func TestErrorLeavesTheFormerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := Write(path, text("before")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "half")
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	want(t, path, "before")
	wantAlone(t, path)
}

func TestPermissionsAndLinksStay(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("permissions and links as on unix only")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "real", "f")
	os.Mkdir(filepath.Dir(path), 0o755)
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, text("new")); err != nil {
		t.Fatal(err)
	}
	want(t, path, "new")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("permissions %v (%v), want 0640", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link became %v (%v)", info.Mode(), err)
	}
	// A link to what is not there yet, behind another link.
	for name, to := range map[string]string{"first": "second", "second": filepath.Join("real", "g"), "nowhere": filepath.Join("none", "h")} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	first := filepath.Join(dir, "first")
	if err := errors.Join(Check(first), Write(first, text("newer"))); err != nil {
		t.Fatal(err)
	}
	want(t, filepath.Join(dir, "real", "g"), "newer")
	if info, err := os.Lstat(first); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link became %v (%v)", info.Mode(), err)
	}
	if err := Write(filepath.Join(dir, "nowhere"), text("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want that the directory does not exist", err)
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := Check(path); err != nil {
		t.Error(err)
	}
	if err := Write(path, text("x")); err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err != nil {
		t.Error(err)
	}
	want(t, path, "x")
	wantAlone(t, path)
	for _, bad := range []string{dir, filepath.Join(dir, "none", "f"), filepath.Join(path, "f")} {
		if Check(bad) == nil {
			t.Errorf("%s: no error", bad)
		}
		if Write(bad, text("x")) == nil {
			t.Errorf("%s: written", bad)
		}
	}
}

// TestLeftoversOfOthersStay has old files of other machines and of users, and one of a dead
// process of this machine.
func TestLeftoversOfOthersStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	dead := path + "." + host + "-12-0.tmp"
	unnamed, elsewhere, notes := path+".12-0.tmp", path+".0badcafe-12-0.tmp", path+".notes.tmp"
	all := []string{dead, unnamed, elsewhere, notes}
	for _, p := range all {
		if err := os.WriteFile(p, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-2 * time.Hour)
	for _, p := range all {
		if err := os.Chtimes(p, long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(path, text("x")); err != nil {
		t.Fatal(err)
	}
	for p, there := range map[string]bool{dead: false, unnamed: true, elsewhere: true, notes: true} {
		if _, err := os.Stat(p); (err == nil) != there {
			t.Errorf("%s: %v, want it there: %v", p, err, there)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := Write(path, text("same")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want(t, path, "same")
	wantAlone(t, path)
}

// TestPrepare makes a directory, and leaves the file as it is.
func TestPrepare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "f")
	if err := Prepare(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Prepare made a file (%v), want the directory alone", err)
	}
	if err := Write(path, text("before")); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(path); err != nil {
		t.Fatal(err)
	}
	want(t, path, "before")
	wantAlone(t, path)
	if err := Prepare(filepath.Join(path, "g")); err == nil {
		t.Error("a file in the way of the directory: no error")
	}
	if err := Prepare(filepath.Dir(path)); err == nil {
		t.Error("a directory in the way of the file: no error")
	}
}
