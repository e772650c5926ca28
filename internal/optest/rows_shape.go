package optest

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).shapes) }

func (t *table) shapes() {
	move := func(op graph.Op, shape tensor.Dims) { t.add(op, all, 0, 0, input{shape: shape, v: anyReal}) }
	move(ops.ReshapeOp{Shape: d(6)}, d(2, 3))
	move(ops.ReshapeOp{Shape: d(4, 0)}, d(0, 7))
	move(ops.ReshapeOp{Shape: d()}, d(1, 1))
	move(ops.ReshapeOp{Shape: d(5, 211)}, d(1055))
	move(ops.BroadcastOp{Shape: d(2, 3)}, d(3))
	move(ops.BroadcastOp{Shape: d(2, 3)}, d())
	move(ops.BroadcastOp{Shape: d(4, 2, 3)}, d(2, 1))
	move(ops.BroadcastOp{Shape: d(0, 3)}, d(1, 3))
	move(ops.BroadcastOp{Shape: d(7, 5, 41)}, d(7, 1, 41))
	move(ops.TransposeOp{Perm: d(1, 0)}, d(3, 5))
	move(ops.TransposeOp{Perm: d(2, 0, 1)}, d(2, 3, 4))
	move(ops.TransposeOp{Perm: d(0, 2, 1)}, d(2, 0, 4))
	move(ops.TransposeOp{Perm: d(1, 0)}, d(67, 31))
	move(ops.TransposeOp{Perm: d(0, 2, 1, 3)}, d(3, 11, 7, 5))
	move(ops.TransposeOp{Perm: d(3, 1, 2, 0)}, d(5, 6, 7, 9))
	move(ops.SliceOp{Start: d(1), Size: d(3), Step: d(1)}, d(5))
	move(ops.SliceOp{Start: d(2, 1), Size: d(2, 2), Step: d(-2, 2)}, d(3, 4))
	move(ops.SliceOp{Start: d(0, 0), Size: d(0, 4), Step: d(1, 1)}, d(3, 4))
	move(ops.SliceOp{Start: d(30, 5), Size: d(30, 31), Step: d(-1, 3)}, d(31, 101))
	move(ops.SliceOp{}, d())
	move(ops.SliceGradOp{Shape: d(5), Start: d(1), Step: d(1)}, d(3))
	move(ops.SliceGradOp{Shape: d(3, 4), Start: d(2, 1), Step: d(-2, 2)}, d(2, 2))
	move(ops.SliceGradOp{Shape: d(31, 101), Start: d(30, 5), Step: d(-1, 3)}, d(30, 31))
	add := func(op graph.Op, x, y tensor.Dims) {
		t.add(op, numbers, 0.5, 0, input{shape: x, v: anyReal}, input{shape: y, v: anyReal})
	}
	add(ops.SliceAddOp{Start: d(1), Step: d(1)}, d(5), d(3))
	add(ops.SliceAddOp{Start: d(2, 1), Step: d(-2, 2)}, d(3, 4), d(2, 2))
	add(ops.SliceAddOp{Start: d(30, 5), Step: d(-1, 3)}, d(31, 101), d(30, 31))
	add(ops.SliceAddOp{Start: d(0, 64), Step: d(1, 1)}, d(37, 256), d(37, 64))
	add(ops.SliceAddOp{Start: d(0, 0), Step: d(1, 1)}, d(3, 4), d(0, 4))
	move(ops.PadOp{Before: d(1, 0), After: d(2, 3), Value: 1}, d(2, 3))
	move(ops.PadOp{Before: d(1), After: d(2)}, d(0))
	move(ops.PadOp{Before: d(3, 1), After: d(0, 2)}, d(31, 37))
	move(ops.TriluOp{Upper: true, K: 1}, d(3, 4))
	move(ops.TriluOp{K: 0}, d(2, 4, 3))
	move(ops.TriluOp{K: -2}, d(40, 31))
	move(ops.TriluOp{Upper: true, K: -20}, d(40, 31))
	for _, axis := range []int{0, 1} {
		t.add(ops.ConcatOp{Axis: axis}, all, 0, 0, input{shape: d(3, 2).With(axis, 1), v: anyReal}, input{shape: d(3, 2), v: anyReal}, input{shape: d(3, 2).With(axis, 0), v: anyReal})
	}
	t.add(ops.ConcatOp{Axis: 1}, all, 0, 0, input{shape: d(3, 17, 5), v: anyReal}, input{shape: d(3, 64, 5), v: anyReal})
	move(ops.SplitOp{Axis: 0, Sizes: ops.SizesOf(1, 0, 2)}, d(3, 2))
	move(ops.SplitOp{Axis: 1, Sizes: ops.SizesOf(17, 64)}, d(3, 81, 5))
	move(ops.SplitOp{Axis: 0, Sizes: ops.SizesOf(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)}, d(10))
	for _, s := range []tensor.Spec{tensor.S(0, 5), tensor.S(0, 3, 4), tensor.S(0, 40, 37), tensor.S(0, 0)} {
		for axis := range s.Rank() {
			t.add(ops.IotaOp{Spec: s, Axis: axis}, numbers, 0.5, 0)
		}
	}
}
