// Package zipfile reads ZIP archives that others made. Unlike archive/zip it takes
// an archive for hostile: the directory and what comes out of a member are bounded
// before memory is taken, and an archive that two programs may read in two ways is refused.
//
// Source: PKWARE, .ZIP File Format Specification 6.3.10, sections 4.3.7, 4.3.12, 4.4.4.
package zipfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
)

// mostDirectory bounds the bytes of an archive's directory: in memory its entries take
// several times as many. It has room for 40,000 members with names of 50 bytes.
const mostDirectory = 4 << 20

// Open reads the directory of an archive of size bytes in r and compares it with what
// stands before each member. It returns an error that names the member for
//
//   - names that stand twice, lead out of a folder, or differ between the two places;
//   - members that overlap, go beyond the end, or promise more than their compressed
//     bytes can hold;
//   - members that are encrypted or patched, and compression other than deflate.
func Open(r io.ReaderAt, size int64) ([]*File, error) {
	spy := &spyReader{r: r, left: mostDirectory + trailer}
	defer func() { spy.done = true }()
	z, err := zip.NewReader(spy, size)
	if spy.left < 0 {
		return nil, fmt.Errorf("the directory takes more than %d bytes: want fewer members", mostDirectory)
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // check says which
		return nil, err
	}
	files, seen := make([]*File, len(z.File)), make(map[string]bool, len(z.File))
	total := uint64(0)
	for i, f := range z.File {
		files[i] = &File{f, r}
		err := check(f)
		switch {
		case err != nil:
		case seen[f.Name]:
			err = errors.New("it stands twice")
		case f.CompressedSize64 > uint64(size)-total:
			err = fmt.Errorf("got %d bytes compressed, want at most %d: the members overlap or go beyond the end", f.CompressedSize64, uint64(size)-total)
		default:
			err = files[i].checkLocal(spy)
		}
		if err != nil {
			return nil, files[i].errorf("%w", err)
		}
		seen[f.Name] = true
		total += f.CompressedSize64
	}
	return files, nil
}

// trailer is more than the records at the end of an archive and the blocks in which they
// are looked for.
const trailer = 1 << 18

// spyReader is a reader that, until it is done, notes the lowest offset that is read and
// fails after so many bytes.
type spyReader struct {
	r      io.ReaderAt
	left   int64
	lowest int64
	done   bool
}

// ReadAt implements io.ReaderAt.
func (s *spyReader) ReadAt(b []byte, off int64) (int, error) {
	if s.done { // members are read, from several goroutines perhaps
		return s.r.ReadAt(b, off)
	}
	if s.left -= int64(len(b)); s.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	s.lowest = min(s.lowest, off)
	return s.r.ReadAt(b, off)
}

// maxRatio is the best ratio that deflate can reach.
const maxRatio = 1032

// Bits of a member's flags.
const (
	flagEncrypted       = 1 << 0
	flagPatched         = 1 << 5
	flagStrongEncrypted = 1 << 6
	flagMasked          = 1 << 13
)

// check checks a member's entry in the directory.
func check(f *zip.File) error {
	switch name := strings.TrimSuffix(f.Name, "/"); {
	case !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") || strings.IndexByte(name, ':') == 1:
		return errors.New(`want a plain relative name, without "..", "//", "\" and "/" at the start`)
	case f.Flags&(flagEncrypted|flagStrongEncrypted|flagMasked) != 0:
		return errors.New("it is encrypted: want an archive without a password")
	case f.Flags&flagPatched != 0:
		return errors.New("it is a patch of another file: want one that is whole")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return fmt.Errorf("got compression method %d, want %d (stored) or %d (deflate)", f.Method, zip.Store, zip.Deflate)
	case f.Method == zip.Store && f.UncompressedSize64 != f.CompressedSize64:
		return fmt.Errorf("%d bytes stored as %d: want the same", f.UncompressedSize64, f.CompressedSize64)
	case f.UncompressedSize64/maxRatio > f.CompressedSize64:
		return fmt.Errorf("got %d bytes compressed, which cannot hold %d", f.CompressedSize64, f.UncompressedSize64)
	}
	return nil
}

// File is a member of an archive.
type File struct {
	*zip.File
	archive io.ReaderAt
}

// checkLocal compares the header before a member with its entry in the directory. The
// standard library reads it when asked where the member's content is, and tells no more
// than that: spy sees where.
func (f *File) checkLocal(spy *spyReader) error {
	spy.left, spy.lowest = trailer, 1<<62
	content, err := f.DataOffset()
	if err != nil {
		return err
	}
	if content < spy.lowest+localSize {
		return zip.ErrFormat
	}
	n := min(content-spy.lowest, localSize+int64(len(f.Name)))
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(f.archive, spy.lowest, n), b); err != nil {
		return err
	}
	flags, method, nameLen := binary.LittleEndian.Uint16(b[6:]), binary.LittleEndian.Uint16(b[8:]), int(binary.LittleEndian.Uint16(b[26:]))
	switch name := string(b[localSize:]); {
	case nameLen != len(f.Name) || name != f.Name:
		return fmt.Errorf("before its content stands another name, %.200q of %d bytes: want the one in the directory", name, nameLen)
	case method != f.Method:
		return fmt.Errorf("before its content stands compression method %d, in the directory %d: want the same", method, f.Method)
	case flags&(flagEncrypted|flagPatched|flagStrongEncrypted|flagMasked) != 0:
		return errors.New("before its content it says that it is encrypted or a patch, in the directory that it is not")
	}
	return nil
}

// localSize is the length of the header before a member, without the name.
const localSize = 30

// Content returns the content of a member and its length: from its place in the archive if it
// is stored, its checksum being left to [File.Verify]; otherwise from memory, see [File.ReadAll].
func (f *File) Content(most int64) (*io.SectionReader, error) {
	if f.Method == zip.Store {
		return f.section()
	}
	b, err := f.ReadAll(most)
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), err
}

// section returns the bytes of a member in the archive.
func (f *File) section() (*io.SectionReader, error) {
	at, err := f.DataOffset()
	if err != nil {
		return nil, f.errorf("%w", err)
	}
	return io.NewSectionReader(f.archive, at, int64(f.CompressedSize64)), nil
}

// Verify compares the checksum of a stored member.
func (f *File) Verify() error {
	s, err := f.section()
	if err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	if _, err := io.CopyBuffer(sum, s, make([]byte, 256<<10)); err != nil {
		return f.errorf("%w", err)
	}
	if sum.Sum32() != f.CRC32 {
		return f.errorf("checksum %08x: want %08x: the file is damaged", sum.Sum32(), f.CRC32)
	}
	return nil
}

// firstPiece is the memory taken for a compressed member, which may turn out shorter than
// it promises.
const firstPiece = 64 << 10

// A member that becomes larger than airFloor and is mostly air is not worth its memory.
const (
	airFloor = 1 << 20
	mostAir  = 100
)

// ReadAll returns the content of a member, whose checksum it compares. One that promises
// more than most bytes, or more than a MB and 100 times what it takes compressed, is refused
// before it is read, and one that has more than it promises when that many are read. Memory
// grows with the bytes that arrive.
func (f *File) ReadAll(most int64) ([]byte, error) {
	size := f.UncompressedSize64
	switch {
	case most < 0 || size > uint64(most):
		return nil, f.errorf("%d bytes come of %d: want at most %d", size, f.CompressedSize64, max(most, 0))
	case size > airFloor && size/mostAir > f.CompressedSize64:
		return nil, f.errorf("%d bytes come of %d: want no more than %d times as many", size, f.CompressedSize64, mostAir)
	}
	r, err := f.Open()
	if err != nil {
		return nil, f.errorf("%w", err)
	}
	defer r.Close()
	room := size + 1 // that many are in the file
	if f.Method != zip.Store {
		room = min(room, firstPiece)
	}
	b := make([]byte, 0, room)
	for {
		if len(b) == cap(b) { // room for one byte more than is promised finds the end
			bigger := make([]byte, len(b), min(size, 2*uint64(cap(b)))+1)
			copy(bigger, b)
			b = bigger
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case uint64(len(b)) > size:
			return nil, f.errorf("got more than the %d bytes that it promises", size)
		case errors.Is(err, io.EOF) && uint64(len(b)) == size:
			return b, nil
		case err != nil:
			return nil, f.readError(err)
		}
	}
}

// readError returns the error of reading a member.
func (f *File) readError(err error) error {
	switch {
	case errors.Is(err, zip.ErrChecksum):
		return f.errorf("the file is damaged: %w", err)
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return f.errorf("%w", err)
}

func (f *File) errorf(format string, args ...any) error {
	return fmt.Errorf("archive member %.200q: %w", f.Name, fmt.Errorf(format, args...))
}
