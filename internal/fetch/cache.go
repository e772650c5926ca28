package fetch

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/glia-ml/glia/internal/atomicfile"
)

// File is a file whose MD5 or SHA-256 was published with it.
type File struct{ Name, MD5, SHA256 string }

// Cached returns where a file lies: in a directory below the one that the environment variable
// GLIA_DATA names, or in glia below the user's cache directory, where it puts a file that is
// missing or has another checksum. Offline forbids that. It returns an error if the file is not there
// and not to be downloaded, or cannot be kept.
func (d *Fetcher) Cached(dir string, f File, offline bool) (string, error) {
	if root := os.Getenv("GLIA_DATA"); root != "" {
		if path := filepath.Join(root, dir, f.Name); f.checkFile(path) == nil {
			return path, nil
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%s: %w; or put it into $GLIA_DATA/%s", f.Name, err, dir)
	}
	cache = filepath.Join(cache, "glia", dir)
	path := filepath.Join(cache, f.Name)
	if f.checkFile(path) == nil {
		return path, nil
	}
	hint := fmt.Sprintf("%s: not in the cache (%s), nor in $GLIA_DATA/%s", f.Name, cache, dir)
	if offline {
		return "", fmt.Errorf("%s: offline", hint)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	err = d.Get(f.Name, "", func(r io.Reader) error {
		return atomicfile.Write(path, func(w io.Writer) error { return f.check(io.TeeReader(r, w)) })
	})
	if err != nil {
		return "", fmt.Errorf("%s:\n%w", hint, err)
	}
	return path, nil
}

// checkFile returns an error unless the file at path has the checksum.
func (f File) checkFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return f.check(file)
}

// check returns an error unless r has the checksum. It reads all of it.
func (f File) check(r io.Reader) error {
	h, name, want := md5.New(), "MD5", f.MD5
	if f.SHA256 != "" {
		h, name, want = sha256.New(), "SHA-256", f.SHA256
	}
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s: got %s, want %s", name, got, want)
	}
	return nil
}
