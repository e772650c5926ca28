package data

import (
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/tensor"
)

// column holds a contiguous tensor whose first axis counts samples, and how they are
// converted when they are read. The zero column holds nothing.
type column struct {
	t       *tensor.Tensor
	scaled  bool // to float32, times scale
	scale   float64
	classes int // one-hot rows of so many, if not 0
}

func columnOf(t *tensor.Tensor) column {
	if !t.Contiguous() {
		t = t.Clone()
	}
	return column{t: t}
}

// labels returns the shape of one sample's labels. As in Keras, a last axis of
// length 1 gives way to the classes.
func (c *column) labels() tensor.Dims {
	d := c.t.Shape().From(1)
	if d.Rank() > 0 && d.At(-1) == 1 {
		d = d.Without(-1)
	}
	return d
}

// sample returns the spec of one sample.
func (c *column) sample() tensor.Spec {
	s := tensor.Spec{DType: c.t.DType(), Shape: c.t.Shape().From(1)}
	switch {
	case c.classes > 0:
		return tensor.Spec{DType: tensor.Float32, Shape: c.labels().Append(c.classes)}
	case c.scaled:
		s.DType = tensor.Float32
	}
	return s
}

// rowLen returns how many elements of the tensor a sample has.
func (c *column) rowLen() int { return c.t.Shape().From(1).Size() }

// cut leaves the samples from to to-1.
func (c *column) cut(from, to int) {
	if c.t == nil {
		return
	}
	t, err := c.t.Slice(0, from, to, 1)
	if err != nil {
		panic(err) // the caller has checked from and to
	}
	c.t = t
}

// all returns the given rows as they are stored; nil stands for all.
func (c *column) all(rows []int) *tensor.Tensor {
	if c.t == nil || rows == nil {
		return c.t
	}
	var g gather
	return g.read(nil, &column{t: c.t}, rows)
}

// gather is the work of reading rows of a column, in pieces of some rows each.
type gather struct {
	dst   *tensor.Tensor
	src   *column
	rows  []int
	piece int // rows in one piece
}

// pieceLen is about how many elements are read in one piece of work.
const pieceLen = 1 << 15

// read returns dst, or a new tensor if that has not the right spec, filled with
// the given rows of c; nil if c holds nothing.
func (g *gather) read(dst *tensor.Tensor, c *column, rows []int) *tensor.Tensor {
	if c.t == nil {
		return nil
	}
	dst = c.batch(dst, len(rows))
	*g = gather{dst, c, rows, max(1, pieceLen/max(1, c.rowLen()))}
	par.Do((len(rows)+g.piece-1)/g.piece, g)
	*g = gather{}
	return dst
}

// batch returns t if that holds n samples of c, else a new tensor.
func (c *column) batch(t *tensor.Tensor, n int) *tensor.Tensor {
	s := c.sample()
	want := tensor.Spec{DType: s.DType, Shape: batchShape(n, s.Shape)}
	if t == nil || t.Spec() != want || !t.Contiguous() {
		return tensor.NewSpec(want)
	}
	return t
}

// batchShape puts an axis of n before d.
func batchShape(n int, d tensor.Dims) tensor.Dims {
	var dims [tensor.MaxRank]int
	dims[0] = n
	for i := range d.Rank() {
		dims[i+1] = d.At(i)
	}
	return tensor.D(dims[:d.Rank()+1]...)
}

// Piece reads some rows.
func (g *gather) Piece(i int, _ *par.Worker) {
	from, to := i*g.piece, min((i+1)*g.piece, len(g.rows))
	c, n := g.src, g.src.rowLen()
	if c.scaled {
		scaleRows(tensor.Data[float32](g.dst)[from*n:to*n], c.t, n, g.rows[from:to], float32(c.scale))
		return
	}
	bytes := n * c.t.DType().Size()
	kern.GatherRows(g.dst.Bytes()[from*bytes:], c.t.Bytes(), bytes, g.rows[from:to])
}

// scaleRows sets dst to the given rows of n elements, as float32, times scale.
func scaleRows(dst []float32, src *tensor.Tensor, n int, rows []int, scale float32) {
	switch src.DType() {
	case tensor.Uint8, tensor.Bool: // a bool is a byte, 0 or 1
		kern.GatherScaleU8(dst, src.Bytes(), n, rows, scale, 0)
	case tensor.Int8:
		scaleNumbers(dst, tensor.Data[int8](src), n, rows, scale)
	case tensor.Int16:
		scaleNumbers(dst, tensor.Data[int16](src), n, rows, scale)
	case tensor.Int32:
		scaleNumbers(dst, tensor.Data[int32](src), n, rows, scale)
	case tensor.Int64:
		scaleNumbers(dst, tensor.Data[int64](src), n, rows, scale)
	case tensor.Uint16:
		scaleNumbers(dst, tensor.Data[uint16](src), n, rows, scale)
	case tensor.Uint32:
		scaleNumbers(dst, tensor.Data[uint32](src), n, rows, scale)
	case tensor.Uint64:
		scaleNumbers(dst, tensor.Data[uint64](src), n, rows, scale)
	case tensor.Float16:
		scaleHalves(dst, tensor.Data[tensor.F16](src), n, rows, scale)
	case tensor.BFloat16:
		scaleHalves(dst, tensor.Data[tensor.BF16](src), n, rows, scale)
	case tensor.Float32:
		scaleNumbers(dst, tensor.Data[float32](src), n, rows, scale)
	case tensor.Float64:
		scaleNumbers(dst, tensor.Data[float64](src), n, rows, scale)
	}
}

type number interface {
	int8 | int16 | int32 | int64 | uint16 | uint32 | uint64 | float32 | float64
}

func scaleNumbers[T number](dst []float32, src []T, n int, rows []int, scale float32) {
	for i, r := range rows {
		d := dst[i*n:][:n]
		for j, v := range src[r*n:][:n] {
			d[j] = float32(v) * scale
		}
	}
}

func scaleHalves[T interface{ Float32() float32 }](dst []float32, src []T, n int, rows []int, scale float32) {
	for i, r := range rows {
		d := dst[i*n:][:n]
		for j, v := range src[r*n:][:n] {
			d[j] = v.Float32() * scale
		}
	}
}
