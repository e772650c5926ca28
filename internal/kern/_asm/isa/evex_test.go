package isa

import (
	"testing"

	. "github.com/mmcloughlin/avo/reg"
)

// TestEVEX compares encodings with those of llvm-mc 14.0.6 -mattr=+avx512bf16.
func TestEVEX(t *testing.T) {
	for _, test := range []struct {
		name            string
		opcode          byte
		src2, src1, dst VecPhysical
		want            [6]byte
	}{
		{"vdpbf16ps", 0x52, Z0, Z0, Z0, [6]byte{0x62, 0xf2, 0x7e, 0x48, 0x52, 0xc0}},
		{"vdpbf16ps", 0x52, Z28, Z30, Z27, [6]byte{0x62, 0x02, 0x0e, 0x40, 0x52, 0xdc}},
		{"vdpbf16ps", 0x52, Z9, Z17, Z6, [6]byte{0x62, 0xd2, 0x76, 0x40, 0x52, 0xf1}},
		{"vdpbf16ps", 0x52, Z16, Z15, Z8, [6]byte{0x62, 0x32, 0x06, 0x48, 0x52, 0xc0}},
		{"vdpbf16ps", 0x52, Z31, Z7, Z24, [6]byte{0x62, 0x02, 0x46, 0x48, 0x52, 0xc7}},
		{"vcvtneps2bf16", 0x72, Z1, nil, Z3, [6]byte{0x62, 0xf2, 0x7e, 0x48, 0x72, 0xd9}},
		{"vcvtneps2bf16", 0x72, Z29, nil, Z18, [6]byte{0x62, 0x82, 0x7e, 0x48, 0x72, 0xd5}},
		{"vcvtneps2bf16", 0x72, Z10, nil, Z31, [6]byte{0x62, 0x42, 0x7e, 0x48, 0x72, 0xfa}},
	} {
		if got := evex(test.opcode, test.src2, test.src1, test.dst); got != test.want {
			t.Errorf("%s of %v, %v, %v: got %x, want %x", test.name, test.src2, test.src1, test.dst, got, test.want)
		}
	}
}
