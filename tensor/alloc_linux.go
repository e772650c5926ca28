package tensor

import (
	"syscall"
	"unsafe"
)

// advise asks for large pages, so that reading samples of a big dataset in random
// order does not wait for page tables. It is only advice.
func advise(b []byte) {
	const page, madvHugepage = 4096, 14
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (page - 1))
	if b = b[skip:]; len(b) >= page {
		_ = syscall.Madvise(b[:len(b)&^(page-1)], madvHugepage)
	}
}
