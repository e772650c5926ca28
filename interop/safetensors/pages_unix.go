//go:build unix && !linux

package safetensors

import "golang.org/x/sys/unix"

// mapPages maps the first size bytes of a file into memory.
func mapPages(fd uintptr, size int) ([]byte, error) {
	return unix.Mmap(int(fd), 0, size, unix.PROT_READ, unix.MAP_SHARED)
}

// unmapPages ends a mapping.
func unmapPages(b []byte) error { return unix.Munmap(b) }

// dropPages gives whole pages of a mapping back. It is only advice.
func dropPages(b []byte) { _ = unix.Madvise(b, unix.MADV_DONTNEED) }
