//go:build unix

package safetensors

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/tensor"
)

// A pipe that nobody writes to is refused instead of waited for.
func TestOpenPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "want a regular file") {
		t.Errorf("got %v, want an error", err)
	}
}

// A mapped file that becomes shorter is an error, no crash.
func TestShrunkFile(t *testing.T) {
	emulator.Skip(t, "a fault has no address there")
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, encode(t, nil, Entry{"x", tensor.New(tensor.Float32, 1<<16)}), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, ok := f.r.(*mapping); !ok {
		t.Skipf("%T: the file system maps no files", f.r)
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Tensor("x"); !errors.Is(err, errShrunk) {
		t.Errorf("got %v, want %v", err, errShrunk)
	}
}
