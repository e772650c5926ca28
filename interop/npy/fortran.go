package npy

import (
	"io"

	"github.com/glia-ml/glia/tensor"
)

// fortranPiece is how many bytes are transposed at a time.
const fortranPiece = 1 << 20

// readFortran reads the elements of a column-major array to dst, row-major.
func readFortran(r io.Reader, s tensor.Spec, dst []byte) error {
	if len(dst) == 0 {
		return nil
	}
	c := &columns{r: r, total: len(dst), size: s.DType.Size(), outer: s.Shape.To(s.Rank() - 1), last: s.Shape.At(-1)}
	c.rows = c.outer.Size()
	return c.read(dst)
}

// columns reads an array whose last axis varies slowest: for each of its positions
// a column, the elements of the other axes, the first of which varies fastest.
type columns struct {
	r           io.Reader
	total, got  int // bytes
	size        int // of an element
	outer       tensor.Dims
	rows, last  int // elements of the outer axes, and of the last one
	rowsAtATime int
}

// read fills dst. It takes several columns at a time if they are short, so that
// neighbours in dst are written together, and parts of one if they are long.
func (c *columns) read(dst []byte) error {
	piece := fortranPiece / c.size
	c.rowsAtATime = min(c.rows, piece)
	width := min(c.last, max(1, piece/c.rows))
	buf := make([]byte, c.rowsAtATime*width*c.size)
	for j := 0; j < c.last; j += width {
		w := min(width, c.last-j)
		at := odometer{shape: c.outer}
		for from := 0; from < c.rows; from += c.rowsAtATime {
			h := min(c.rowsAtATime, c.rows-from)
			src := buf[:h*w*c.size]
			got, err := io.ReadFull(c.r, src)
			c.got += got
			if err != nil {
				return short("elements", c.got, c.total, err)
			}
			c.place(dst, src, &at, h, j, w)
		}
	}
	return nil
}

// place copies h rows of w columns from src to column j of dst.
func (c *columns) place(dst, src []byte, at *odometer, h, j, w int) {
	for i := range h {
		to := dst[(at.index*c.last+j)*c.size:]
		switch c.size {
		case 1:
			for k := range w {
				to[k] = src[k*h+i]
			}
		case 2:
			gather[[2]byte](to, src[2*i:], h, w)
		case 4:
			gather[[4]byte](to, src[4*i:], h, w)
		case 8:
			gather[[8]byte](to, src[8*i:], h, w)
		}
		at.next()
	}
}

// gather copies every h-th of the elements of src to dst, w in all.
func gather[T [2]byte | [4]byte | [8]byte](dst, src []byte, h, w int) {
	var z T
	for k := range w {
		copy(dst[k*len(z):(k+1)*len(z)], src[k*h*len(z):])
	}
}

// odometer walks over a shape, the first axis fastest.
type odometer struct {
	shape tensor.Dims
	index int // row-major
	at    [tensor.MaxRank]int
}

func (o *odometer) next() {
	stride := o.shape.Size()
	for i := range o.shape.Rank() {
		d := o.shape.At(i)
		stride /= d
		o.index += stride
		if o.at[i]++; o.at[i] < d {
			return
		}
		o.at[i] = 0
		o.index -= stride * d
	}
}
