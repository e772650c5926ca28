package data

import "github.com/glia-ml/glia/tensor"

// badLabel is a label outside the classes.
type badLabel struct {
	row   int // which of the rows read has it
	label int64
}

// oneHot returns dst, or a new tensor if that has not the right spec, with rows of
// c.classes that are 1 at the label and 0 elsewhere, or the first bad label.
func (c *column) oneHot(dst *tensor.Tensor, rows []int) (*tensor.Tensor, *badLabel) {
	dst = c.batch(dst, len(rows))
	out, n := tensor.Data[float32](dst), c.rowLen()
	clear(out)
	var bad *badLabel
	switch c.t.DType() {
	case tensor.Int8:
		bad = oneHotRows(out, tensor.Data[int8](c.t), n, c.classes, rows)
	case tensor.Int16:
		bad = oneHotRows(out, tensor.Data[int16](c.t), n, c.classes, rows)
	case tensor.Int32:
		bad = oneHotRows(out, tensor.Data[int32](c.t), n, c.classes, rows)
	case tensor.Int64:
		bad = oneHotRows(out, tensor.Data[int64](c.t), n, c.classes, rows)
	case tensor.Uint8:
		bad = oneHotRows(out, tensor.Data[uint8](c.t), n, c.classes, rows)
	case tensor.Uint16:
		bad = oneHotRows(out, tensor.Data[uint16](c.t), n, c.classes, rows)
	case tensor.Uint32:
		bad = oneHotRows(out, tensor.Data[uint32](c.t), n, c.classes, rows)
	case tensor.Uint64:
		bad = oneHotRows(out, tensor.Data[uint64](c.t), n, c.classes, rows)
	}
	return dst, bad
}

type label interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// oneHotRows sets dst, all zeros, to 1 at the labels of the given rows of n.
func oneHotRows[T label](dst []float32, src []T, n, classes int, rows []int) *badLabel {
	for i, r := range rows {
		for j, l := range src[r*n:][:n] {
			if uint64(l) >= uint64(classes) { // a negative label is huge
				return &badLabel{i, int64(l)}
			}
			dst[(i*n+j)*classes+int(l)] = 1
		}
	}
	return nil
}
