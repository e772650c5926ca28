//go:build !purego

package kern

import (
	"golang.org/x/sys/cpu"

	"github.com/glia-ml/glia/internal/impl"
)

// useAVX2 tells that the machine and its system support AVX2, FMA and F16C. useAVX512
// adds the foundation with BW, DQ and VL, and implies useAVX2. useAVX512BF16 adds
// products of bfloat16, and implies useAVX512. useAVX512VNNI and useVNNI add products of
// four bytes, to AVX-512 and to AVX2.
var (
	useAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C
	useAVX512 = useAVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW &&
		cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL
	useAVX512BF16 = useAVX512 && cpu.X86.HasAVX512BF16
	useAVX512VNNI = useAVX512 && cpu.X86.HasAVX512VNNI
	useVNNI       = useAVX2 && cpu.X86.HasAVXVNNI
)

func init() {
	impl.Register("kern", "avx512bf16", &useAVX512BF16)
	impl.Register("kern", "avx512vnni", &useAVX512VNNI)
	impl.Register("kern", "avx512", &useAVX512)
	impl.Register("kern", "avxvnni", &useVNNI)
	impl.Register("kern", "avx2", &useAVX2)
}

// whole returns the part of n elements that fills whole registers of float32: what
// kernels compute that know no masks. It is 0 where there are no registers.
func whole(n int) int {
	switch {
	case useAVX512:
		return n &^ 15
	case useAVX2:
		return n &^ 7
	}
	return 0
}

// wholeHalf is whole for two registers of float32, which make one of halves.
func wholeHalf(n int) int {
	switch {
	case useAVX512:
		return n &^ 31
	case useAVX2:
		return n &^ 15
	}
	return 0
}
