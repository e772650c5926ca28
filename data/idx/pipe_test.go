//go:build unix

package idx

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody writes to is refused instead of waited for.
func TestReadFileOfPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := ReadFile(path, limit); err == nil || !strings.Contains(err.Error(), "want a regular file") {
		t.Errorf("got %v, want an error", err)
	}
}
