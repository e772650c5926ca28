package safetensors

import "syscall"

// mapPages maps the first size bytes of a file into memory.
func mapPages(fd uintptr, size int) ([]byte, error) {
	return syscall.Mmap(int(fd), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
}

// unmapPages ends a mapping.
func unmapPages(b []byte) error { return syscall.Munmap(b) }

// dropPages gives whole pages of a mapping back. It is only advice.
func dropPages(b []byte) { _ = syscall.Madvise(b, syscall.MADV_DONTNEED) }
