package hdf5

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/glia-ml/glia/tensor"
)

// wle is the byte order of all that describes the data.
var wle = binary.LittleEndian

// writeSuper is the size of the superblock.
const writeSuper = 96

// writeLayout is a file whose every byte has its place: the superblock, the data
// of the datasets, the global heap, the rest of the metadata.
type writeLayout struct {
	super []byte
	data  []*DatasetWriter // those that have data, in the order of the file
	heap  writeHeap
	meta  writeMeta
	pos   uint64 // where the data of the next dataset begins; in the end, the heap
	err   error  // the first of a source that was read to compress it
}

// Size returns how many bytes the file will have. It lays the file out, which includes
// compressing chunks.
func (w *Writer) Size() (int64, error) {
	l, err := w.layout()
	if err != nil {
		return 0, err
	}
	return int64(l.meta.end()), nil
}

// WriteTo lays the file out and writes it from the first byte to the last. Data is
// written from the tensors' memory, or as their sources give it; only compressed chunks
// are held in memory besides, and a row of chunks of a source that gives less at a time.
// The same tree gives the same bytes. After an error of out or of a source, the bytes
// written are not a file.
func (w *Writer) WriteTo(out io.Writer) (int64, error) {
	l, err := w.layout()
	if err != nil {
		return 0, err
	}
	c := &writeCounter{out: out}
	b := bufio.NewWriterSize(c, 1<<16)
	if err = l.write(b); err == nil {
		err = b.Flush()
	}
	if err != nil {
		return c.n, fmt.Errorf("hdf5: write at byte %d: %w", c.n, err)
	}
	return c.n, nil
}

// writeCounter counts the bytes that pass.
type writeCounter struct {
	out io.Writer
	n   int64
}

func (c *writeCounter) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	c.n += int64(n)
	return n, err
}

// layout gives everything its place.
func (w *Writer) layout() (*writeLayout, error) {
	if w.err != nil {
		return nil, w.err
	}
	l := &writeLayout{pos: writeSuper}
	w.root.place(l)
	if l.err != nil {
		return nil, l.err
	}
	l.heap.close()
	l.meta.heap = l.pos
	l.meta.base = l.pos + uint64(len(l.heap.b))
	root := w.root.emit(&l.meta)
	l.super = writeSuperblock(root, l.meta.end())
	return l, nil
}

// writeSuperblock returns the superblock, version 0, of a file that ends at end.
func writeSuperblock(root writeGroupAt, end uint64) []byte {
	b := []byte("\x89HDF\r\n\x1a\n")
	b = append(b, 0, 0, 0, 0, 0, 8, 8, 0) // versions; bytes of an offset and of a length
	b = wle.AppendUint16(b, writeSymbols/2)
	b = wle.AppendUint16(b, writeGroupFan/2)
	b = wle.AppendUint32(b, 0)         // flags
	b = wle.AppendUint64(b, 0)         // base of addresses
	b = wle.AppendUint64(b, writeNone) // no list of free space
	b = wle.AppendUint64(b, end)
	b = wle.AppendUint64(b, writeNone) // no driver information
	return root.symbol(b, 0)
}

// write writes the file.
func (l *writeLayout) write(out *bufio.Writer) error {
	if _, err := out.Write(l.super); err != nil {
		return err
	}
	for _, d := range l.data {
		n, err := d.write(out)
		if err != nil {
			return err
		}
		if _, err := out.Write(make([]byte, writePad(n)-n)); err != nil {
			return err
		}
	}
	if _, err := out.Write(l.heap.b); err != nil {
		return err
	}
	_, err := out.Write(l.meta.b)
	return err
}

// place gives the data and strings below g their places.
func (g *GroupWriter) place(l *writeLayout) {
	g.placeAttrs(l)
	for _, link := range g.sorted() {
		switch {
		case link.group != nil:
			link.group.place(l)
		case link.dataset != nil:
			link.dataset.place(l)
		}
	}
}

func (o *writeObject) placeAttrs(l *writeLayout) {
	for _, a := range o.attrs {
		if a.strings != nil {
			a.strings.place(&l.heap)
		}
	}
}

// place gives the data and strings of d their places.
func (d *DatasetWriter) place(l *writeLayout) {
	d.placeAttrs(l)
	n := 0
	switch {
	case d.strings != nil:
		d.strings.place(&l.heap)
	case d.chunks != nil:
		var err error
		if n, err = d.chunks.place(l.pos); err != nil && l.err == nil {
			l.err = fmt.Errorf("hdf5: dataset %v: %w", d, err)
		}
	default:
		n = d.source.Spec().Bytes()
	}
	if n > 0 {
		d.addr = l.pos
		l.data = append(l.data, d)
		l.pos += uint64(writePad(n))
	}
}

// write writes the data of d and returns how many bytes that were.
func (d *DatasetWriter) write(out io.Writer) (n int, err error) {
	if d.chunks != nil {
		n, err = d.chunks.write(out)
	} else {
		n, err = d.source.Spec().Bytes(), tensor.WriteSource(out, d.source)
	}
	if err != nil {
		return n, fmt.Errorf("dataset %v: %w", d, err)
	}
	return n, nil
}

// writePad returns n, rounded up to a multiple of 8.
func writePad(n int) int { return (n + 7) &^ 7 }

// writePadded returns b with zeros behind, to a multiple of 8 bytes.
func writePadded(b []byte) []byte { return append(b, make([]byte, writePad(len(b))-len(b))...) }
