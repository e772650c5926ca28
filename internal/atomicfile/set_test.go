package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestSet writes several files, which are the former ones until all are committed, and
// after an error.
func TestSet(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	var first Set
	for _, name := range []string{"a", "b"} {
		if err := first.Write(path(name), text("old "+name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path("a")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a is there before Commit: %v", err)
	}
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	want(t, path("a"), "old a")
	want(t, path("b"), "old b")

	var second Set
	if err := second.Write(path("a"), text("new a")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	if err := second.Write(path("b"), func(io.Writer) error { return full }); !errors.Is(err, full) {
		t.Errorf("error is %v, want %v", err, full)
	}
	second.Abort()
	want(t, path("a"), "old a")
	want(t, path("b"), "old b")

	var third Set
	if err := errors.Join(third.Write(path("a"), text("new a")), third.Write(path("b"), text("new b"))); err != nil {
		t.Fatal(err)
	}
	want(t, path("a"), "old a")
	if err := third.Commit(); err != nil {
		t.Fatal(err)
	}
	want(t, path("a"), "new a")
	want(t, path("b"), "new b")
	if left, err := filepath.Glob(path("*.tmp")); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %q (%v)", left, err)
	}
}
