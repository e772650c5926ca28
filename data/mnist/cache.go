package mnist

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/tensor"
)

// cached returns the four files from the cache, after downloading those that are missing
// or have another content than MNIST's.
func (l *loader) cached() (t [4]*tensor.Tensor, err error) {
	dir, dirErr := os.UserCacheDir()
	if dirErr == nil {
		dir = filepath.Join(dir, "glia", "mnist")
		t, _ = each(func(i int) (*tensor.Tensor, error) { return readChecked(dir, l.files[i]), nil })
	} else {
		dir = dirErr.Error()
	}
	d := l.downloader()
	defer d.Close()
	for i, f := range l.files {
		if t[i] != nil {
			continue
		}
		if t[i], err = d.get(f, dir); err != nil {
			return t, err
		}
		if dirErr == nil {
			err = store(dir, f, t[i])
		} else {
			err = dirErr
		}
		if err != nil {
			d.Tell("%s is not kept for the next time: %v", f.name, err)
		}
	}
	return t, nil
}

// readChecked returns the content of a file in the cache, or nil if it is missing or has
// another content than MNIST's.
func readChecked(dir string, f file) *tensor.Tensor {
	t, err := idx.ReadFile(filepath.Join(dir, f.name), limit)
	if err != nil || check(f, t) != nil {
		return nil
	}
	return t
}

// check compares the SHA-256 of t as a file with that of f. As the format leaves
// no choice, this is the SHA-256 of the file t was read from, without compression.
func check(f file, t *tensor.Tensor) error {
	h := sha256.New()
	if err := idx.Write(h, t); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != f.sum {
		return fmt.Errorf("SHA-256 of the content: got %s, want %s", got, f.sum)
	}
	return nil
}

// store writes t as a file of the cache: whoever reads at the same time sees all
// of it or nothing, and of several writers any may win.
func store(dir string, f file, t *tensor.Tensor) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, f.name), func(w io.Writer) error { return idx.Write(w, t) })
}
