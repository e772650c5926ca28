package isa

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// VDPBF16PS adds to each float32 of acc the products of a pair of bfloat16 of x and
// of y: acc = fma(xlo, ylo, fma(xhi, yhi, acc)), subnormals taken for zeros. Neither
// avo nor Go's assembler has the instruction; it is emitted as its bytes.
func VDPBF16PS(y, x, acc reg.VecPhysical) {
	emitEVEX("VDPBF16PS", evex(0x52, y, x, acc), []operand.Op{y, x, acc}, []operand.Op{y, x, acc}, acc)
}

// VCVTNEPS2BF16 rounds the float32s of x, to nearest and ties to even, to bfloat16s in
// half of the register out. It too takes subnormals for zeros.
func VCVTNEPS2BF16(x, out reg.VecPhysical) {
	emitEVEX("VCVTNEPS2BF16", evex(0x72, x, nil, out), []operand.Op{x, out.AsY()}, []operand.Op{x}, out)
}

// emitEVEX emits an encoded instruction. Avo prints an opcode as it is.
func emitEVEX(name string, c [6]byte, operands, in []operand.Op, out reg.VecPhysical) {
	text := name
	for i, op := range operands {
		text += []string{" ", ", "}[min(i, 1)] + op.Asm()
	}
	Instruction(&ir.Instruction{
		Opcode:  fmt.Sprintf("LONG $0x%02x%02x%02x%02x; WORD $0x%02x%02x // %s", c[3], c[2], c[1], c[0], c[5], c[4], text),
		Inputs:  in,
		Outputs: []operand.Op{out},
		ISA:     []string{"AVX512_BF16"},
	})
}

// evex encodes an instruction of prefix F3 and opcode map 0F38 on 512-bit registers,
// without a mask. Src1 is nil where there is one source.
//
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2,
// section 2.7 (EVEX): the high bits of register numbers are stored inverted.
func evex(opcode byte, src2, src1, dst reg.VecPhysical) [6]byte {
	const (
		map0F38  = 2
		fixed    = 1 << 2
		prefixF3 = 2
		len512   = 2 << 5
	)
	d, s, m := byte(dst.PhysicalIndex()), byte(0), byte(src2.PhysicalIndex())
	if src1 != nil {
		s = byte(src1.PhysicalIndex())
	}
	bit := func(r byte, n int) byte { return ^r >> n & 1 }
	return [6]byte{
		0x62,
		bit(d, 3)<<7 | bit(m, 4)<<6 | bit(m, 3)<<5 | bit(d, 4)<<4 | map0F38,
		(^s&15)<<3 | fixed | prefixF3,
		len512 | bit(s, 4)<<3,
		opcode,
		3<<6 | d&7<<3 | m&7,
	}
}

// TailCall emits a jump to another function of the same arguments.
func TailCall(function string) {
	Instruction(&ir.Instruction{Opcode: "JMP ·" + function + "(SB)", IsTerminal: true})
}

// VPDPBUSDShort adds to each int32 of acc the products of four uint8 of x with four int8 of y:
// AVX-VNNI's, on registers of 256 bits. Go's assembler has AVX512_VNNI's alone, which other
// processors do not understand; it is emitted as its bytes.
func VPDPBUSDShort(y, x, acc reg.VecPhysical) {
	c := vex(0x50, y, x, acc)
	ops := []operand.Op{y, x, acc}
	Instruction(&ir.Instruction{
		Opcode: fmt.Sprintf("BYTE $0x%02x; LONG $0x%02x%02x%02x%02x // VPDPBUSD %s, %s, %s", c[0], c[4], c[3], c[2], c[1],
			y.Asm(), x.Asm(), acc.Asm()),
		Inputs:  ops,
		Outputs: []operand.Op{acc},
		ISA:     []string{"AVX_VNNI"},
	})
}

// vex encodes an instruction of prefix 66 and opcode map 0F38 on 256-bit registers.
//
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2,
// section 2.3 (VEX): the high bits of register numbers are stored inverted.
func vex(opcode byte, src2, src1, dst reg.VecPhysical) [5]byte {
	const (
		map0F38  = 2
		prefix66 = 1
		len256   = 1 << 2
	)
	d, s, m := byte(dst.PhysicalIndex()), byte(src1.PhysicalIndex()), byte(src2.PhysicalIndex())
	return [5]byte{
		0xc4,
		^d>>3&1<<7 | 1<<6 | ^m>>3&1<<5 | map0F38,
		^s&15<<3 | len256 | prefix66,
		opcode,
		3<<6 | d&7<<3 | m&7,
	}
}
