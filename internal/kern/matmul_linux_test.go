package kern

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// mmGuard returns a function that copies its argument to where a page begins that
// cannot be touched. Every call hands out the same memory.
func mmGuard(t *testing.T, size int) func([]float32) []float32 {
	page := os.Getpagesize()
	size = (size + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	if err := syscall.Mprotect(mem[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	all := unsafe.Slice((*float32)(unsafe.Pointer(&mem[0])), size/4)
	return func(s []float32) []float32 {
		end := all[len(all)-len(s):]
		copy(end, s)
		return end
	}
}

// TestMatMulGuard has operands and C end where memory does.
func TestMatMulGuard(t *testing.T) {
	ga, gb, gc, gbias := mmGuard(t, 1<<16), mmGuard(t, 1<<17), mmGuard(t, 1<<16), mmGuard(t, 1<<12)
	run := func(t *testing.T, m, n, k int) {
		mmLayouts(func(ta, tb bool) {
			c := mmCase{m: m, n: n, k: k, transA: ta, transB: tb, bias: true}
			p := mmNew[float32](c, mmInts(1))
			p.A, p.B, p.C, p.Bias = ga(p.A), gb(p.B), gc(p.C), gbias(p.Bias)
			p.Run()
			mmCheckSome(t, c, p)
		})
	}
	impltest.All(t, "kern", func(t *testing.T) {
		run(t, 64, 65, 133) // a transposed A is packed for AVX2
		for _, m := range []int{1, 2, 3, 4, 6, 7, 13, 14, 15, 33} {
			for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 129} {
				for _, k := range []int{1, 3, 4, 17, 32, 100} {
					run(t, m, n, k)
				}
			}
		}
	})
}

// TestNarrowMatMulGuard has operands and C of 16 bits end where memory does.
func TestNarrowMatMulGuard(t *testing.T) {
	ks := []int{1, 2, 3, 4, 17, 32, 101}
	if testing.Short() {
		ks = []int{1, 3, 17}
	}
	ga, gb, gc, gbias := mmGuard(t, 1<<16), mmGuard(t, 1<<17), mmGuard(t, 1<<16), mmGuard(t, 1<<12)
	end := func(guard func([]float32) []float32, h []uint16) []uint16 {
		pad := len(h) % 2
		mem := guard(make([]float32, len(h)/2+pad))
		s := unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(mem))), len(h)+pad)[pad:]
		copy(s, h)
		return s
	}
	impltest.All(t, "kern", func(t *testing.T) {
		for _, m := range []int{1, 2, 3, 5, 7, 13, 14, 15, 27, 33} {
			for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65, 129} {
				for _, k := range ks {
					mmLayouts(func(ta, tb bool) {
						mmNarrows(func(f Narrow) {
							c := mmCase{m: m, n: n, k: k, transA: ta, transB: tb, bias: true}
							wide := mmNew[float32](c, mmInts(1))
							p := mmNarrow(wide, f)
							p.A16, p.B16, p.C16, p.Bias = end(ga, p.A16), end(gb, p.B16), end(gc, p.C16), gbias(p.Bias)
							p.Run()
							mmCheckNarrow(t, fmt.Sprintf("%+v %d", c, f), wide, p)
						})
					})
				}
			}
		}
	})
}

// TestMatMulInt8Guard has operands, zero points and C end where memory does.
func TestMatMulInt8Guard(t *testing.T) {
	mem := [5][]byte{}
	for i := range mem {
		mem[i] = guardedBytes(t, 1<<16)
	}
	end := func(i int, s []uint8) []uint8 {
		to := mem[i][len(mem[i])-len(s):]
		copy(to, s)
		return to
	}
	impltest.All(t, "kern", func(t *testing.T) {
		i := 0
		intForms(func(c intCase) {
			for _, k := range []int{1, 3, 4, 17, 32, 100} {
				c.m, c.n, c.k, c.pad = []int{1, 2, 5, 7, 14, 33}[i%6], []int{1, 7, 8, 9, 16, 17, 31, 33, 65}[i/2%9], k, i%3
				p := newIntProduct(c, extremes(uint64(i)))
				p.A, p.B, p.ZeroA, p.ZeroB = end(0, p.A), end(1, p.B), end(2, p.ZeroA), end(3, p.ZeroB)
				p.C = p.C[:(p.M-1)*p.LDC+p.N]
				bits := end(4, unsafe.Slice((*uint8)(unsafe.Pointer(&p.C[0])), 4*len(p.C)))
				p.C = unsafe.Slice((*int32)(unsafe.Pointer(&bits[0])), len(p.C))
				p.Run()
				sameInts(t, c, p.C, wantInts(p))
				i++
			}
		})
	})
}
