package hdf5

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// undefined is the address of an object without a place in the file.
const undefined = ^uint64(0)

// file is an open file. What is read later is checked against its size.
type file struct {
	r    io.ReaderAt
	base uint64 // where address 0 is: behind the user block
	size uint64 // bytes from there to the end

	offsetSize, lengthSize int
	root, extension        uint64
	unsummed               bool // checksums are taken for right: tests see behind them

	spent atomic.Uint64 // bytes that walks have read, without those of chunks

	mu     sync.Mutex
	links  map[uint64][]link // of groups read lately, by their address
	cached uint64            // bytes of the file that links may stem from

	sharedOnce sync.Once
	shared     []sharedIndex
	sharedErr  error
}

var signature = "\x89HDF\r\n\x1a\n"

// superblock finds and reads the superblock: at 0, 512, 1024 and so on.
func (f *file) superblock(size int64) error {
	f.size = uint64(max(size, 0))
	for at := uint64(0); at < f.size; at = max(512, 2*at) {
		if c := f.block("superblock", at, min(f.size-at, 8)); c.err != nil {
			return c.err
		} else if string(c.b) == signature {
			f.base, f.size = at, f.size-at
			return f.readSuperblock()
		}
	}
	return fmt.Errorf("no HDF5 file: found no superblock in %d bytes", f.size)
}

func (f *file) readSuperblock() error {
	c := f.block("superblock", 0, min(f.size, 128))
	c.bytes(8)
	version := c.u8()
	switch {
	case c.err != nil:
		return c.err
	case version > 3:
		return c.failf("got version %d, want 0 to 3", version)
	case version < 2:
		c.bytes(4)
	}
	f.offsetSize, f.lengthSize = int(c.u8()), int(c.u8())
	switch {
	case c.err != nil:
		return c.err
	case !validSize(f.offsetSize), !validSize(f.lengthSize):
		return c.failf("got addresses of %d and lengths of %d bytes, want 2, 4 or 8", f.offsetSize, f.lengthSize)
	}
	c.bytes(1) // reserved, or flags
	f.extension = undefined
	if version < 2 {
		c.bytes(8) // sizes of nodes, flags
		if version == 1 {
			c.bytes(4)
		}
	}
	base, ext, end := c.addr(), c.addr(), c.addr()
	if version < 2 {
		c.addr()   // driver
		c.length() // the root's name
	}
	f.root = c.addr()
	if version >= 2 {
		f.extension = ext // elsewhere it is where free space is kept
		c.checksum()
	}
	if c.err != nil {
		return c.err
	}
	// The library counts from where the superblock is, whatever base says.
	if end != undefined && end > base && end-base > f.size {
		return c.failf("got a file of %d bytes, want %d: %w", f.size, end-base, io.ErrUnexpectedEOF)
	}
	return nil
}

func validSize(n int) bool { return n == 2 || n == 4 || n == 8 }

// readAt fills b from an address.
func (f *file) readAt(b []byte, addr uint64) error {
	if err := f.check(addr, uint64(len(b))); err != nil {
		return err
	}
	n, err := f.r.ReadAt(b, int64(f.base+addr))
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("got %d of %d bytes at %#x: %w", n, len(b), addr, err)
}

// check wants n bytes at addr to be in the file.
func (f *file) check(addr, n uint64) error {
	if addr > f.size || n > f.size-addr {
		return fmt.Errorf("want %d bytes at %#x, got a file of %d: %w", n, addr, f.size, io.ErrUnexpectedEOF)
	}
	return nil
}

// block reads n bytes at addr. What it is goes into errors, which show in the
// cursor.
func (f *file) block(what string, addr, n uint64) *cursor {
	c := &cursor{f: f, what: what, at: addr}
	if err := f.check(addr, n); err != nil {
		c.err = fmt.Errorf("%s at %#x: %w", what, addr, err)
		return c
	}
	c.b = make([]byte, n)
	if err := f.readAt(c.b, addr); err != nil {
		c.b, c.err = nil, fmt.Errorf("%s: %w", what, err)
	}
	return c
}

// A walk reads the blocks of one structure, a tree for instance. Blocks of a valid file do
// not overlap, so their sizes add up to no more than its length: a walk that reads more
// follows a cycle.
type walk struct {
	*file
	left    uint64
	counted bool // in file.spent
}

// walk begins a walk. Headers are read a second time with their objects.
func (f *file) walk() *walk { return &walk{f, 2*f.size + 1024, true} }

// chunkWalk begins a walk of the index of a dataset's chunks, which is read as often as the
// dataset.
func (f *file) chunkWalk() *walk { return &walk{f, 2*f.size + 1024, false} }

// All walks together read no more than these. Blocks that many objects share, a heap for
// instance, are read with each of them, which takes little in a valid file and time with the
// square of its length in one that is made for it.
const (
	freeSpent = 32 << 20
	mostSpent = 16 // times the length of the file
)

func (w *walk) block(what string, addr, n uint64) *cursor {
	c := &cursor{f: w.file, what: what, at: addr}
	if n > w.left {
		c.failf("got more bytes than the file has on the way there, want blocks that do not overlap")
		return c
	}
	w.left -= n
	if w.counted && w.spent.Add(n) > freeSpent+mostSpent*w.size {
		c.failf("got more than %d times the file's %d bytes on the ways to all objects, want objects that share less", mostSpent, w.size)
		return c
	}
	return w.file.block(what, addr, n)
}

// cursor reads numbers from a block. The first error stays and all later reads
// return zeros.
type cursor struct {
	f    *file
	what string
	at   uint64 // the address of b
	b    []byte
	off  int
	err  error
}

// failf sets and returns the error, which names block and address.
func (c *cursor) failf(format string, args ...any) error {
	if c.err == nil {
		c.err = fmt.Errorf("%s at %#x: %w", c.what, c.at, fmt.Errorf(format, args...))
	}
	return c.err
}

// left returns how many bytes are left.
func (c *cursor) left() uint64 {
	if c.err != nil {
		return 0
	}
	return uint64(max(0, len(c.b)-c.off))
}

// bytes returns the next n bytes, which are part of the block: nil on an error.
func (c *cursor) bytes(n uint64) []byte {
	if c.err != nil {
		return nil
	}
	if c.off > len(c.b) || n > uint64(len(c.b)-c.off) {
		c.failf("got %d bytes, want %d more at byte %d", len(c.b), n, c.off)
		return nil
	}
	b := c.b[c.off : c.off+int(n) : c.off+int(n)]
	c.off += int(n)
	return b
}

// uint reads a number of n bytes, 8 at most.
func (c *cursor) uint(n int) uint64 {
	var b [8]byte
	copy(b[:], c.bytes(uint64(n)))
	return binary.LittleEndian.Uint64(b[:])
}

func (c *cursor) u8() byte       { return byte(c.uint(1)) }
func (c *cursor) u16() uint16    { return uint16(c.uint(2)) }
func (c *cursor) u32() uint32    { return uint32(c.uint(4)) }
func (c *cursor) u64() uint64    { return c.uint(8) }
func (c *cursor) length() uint64 { return c.uint(c.f.lengthSize) }

// addr reads an address.
func (c *cursor) addr() uint64 {
	n := c.f.offsetSize
	a := c.uint(n)
	if a == undefined>>(64-8*n) {
		return undefined
	}
	return a
}

// pad skips to a multiple of 8 bytes behind byte start.
func (c *cursor) pad(start int) { c.bytes(uint64(-(c.off - start)) & 7) }

// head wants a signature and a version.
func (c *cursor) head(sign string, version byte) {
	if b := c.bytes(uint64(len(sign))); c.err == nil && string(b) != sign {
		c.failf("got % x, want %q", b, sign)
	}
	if v := c.u8(); c.err == nil && v != version {
		c.failf("got version %d, want %d", v, version)
	}
}

// checksum reads a checksum and requires it to be that of the bytes read so far.
func (c *cursor) checksum() {
	if c.err != nil {
		return
	}
	want := lookup3(c.b[:c.off])
	if got := c.u32(); c.err == nil && got != want && !c.f.unsummed {
		c.failf("got checksum %#08x, want %#08x", got, want)
	}
}

// cstring reads to a NUL, which is skipped. All of the block is searched.
func (c *cursor) cstring() string {
	rest := c.b[c.off:]
	for i, b := range rest {
		if b == 0 {
			c.off += i + 1
			return string(rest[:i])
		}
	}
	c.failf("got no NUL behind byte %d", c.off)
	return ""
}
