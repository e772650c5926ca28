//go:build unix

package image_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/glia-ml/glia/data/image"
)

// TestFolderPipe does not wait for a writer of a pipe that has a picture's name.
func TestFolderPipe(t *testing.T) {
	dir := grow(t, []string{"a/1.png", "b/1.png"}, nil)
	if err := syscall.Mkfifo(filepath.Join(dir, "b", "2.png"), 0o644); err != nil {
		t.Skip(err)
	}
	_, err := image.OpenFolder(dir, small)
	wantError(t, "pipe", err, `"b/2.png": no regular file`)
}
