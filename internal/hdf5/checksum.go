package hdf5

import (
	"encoding/binary"
	"math/bits"
)

// lookup3 returns the checksum of metadata.
//
// Source: Bob Jenkins, lookup3.c, hashlittle with initial value 0, 2006.
func lookup3(p []byte) uint32 {
	a := 0xdeadbeef + uint32(len(p))
	b, c := a, a
	for ; len(p) > 12; p = p[12:] {
		a += binary.LittleEndian.Uint32(p)
		b += binary.LittleEndian.Uint32(p[4:])
		c += binary.LittleEndian.Uint32(p[8:])
		a = (a - c) ^ bits.RotateLeft32(c, 4)
		c += b
		b = (b - a) ^ bits.RotateLeft32(a, 6)
		a += c
		c = (c - b) ^ bits.RotateLeft32(b, 8)
		b += a
		a = (a - c) ^ bits.RotateLeft32(c, 16)
		c += b
		b = (b - a) ^ bits.RotateLeft32(a, 19)
		a += c
		c = (c - b) ^ bits.RotateLeft32(b, 4)
		b += a
	}
	if len(p) == 0 {
		return c
	}
	var last [12]byte
	copy(last[:], p)
	a += binary.LittleEndian.Uint32(last[:])
	b += binary.LittleEndian.Uint32(last[4:])
	c += binary.LittleEndian.Uint32(last[8:])
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	return (c ^ b) - bits.RotateLeft32(b, 24)
}

// fletcher32 returns the checksum of a chunk: of its 16-bit big-endian words, of
// which the last is padded by a zero.
//
// Source: Fletcher, An Arithmetic Checksum for Serial Transmissions, 1982.
func fletcher32(p []byte) uint32 {
	var s1, s2 uint32
	for len(p) > 1 {
		block := p[:min(len(p)&^1, 720)] // as many words as fit into s2
		p = p[len(block):]
		for ; len(block) > 1; block = block[2:] {
			s1 += uint32(binary.BigEndian.Uint16(block))
			s2 += s1
		}
		s1, s2 = s1&0xffff+s1>>16, s2&0xffff+s2>>16
	}
	if len(p) == 1 {
		s1 += uint32(p[0]) << 8
		s2 += s1
	}
	for range 2 {
		s1, s2 = s1&0xffff+s1>>16, s2&0xffff+s2>>16
	}
	return s2<<16 | s1
}
