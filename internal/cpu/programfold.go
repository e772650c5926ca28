package cpu

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
)

// foldOf returns the fold by which programs compute a reduction, or noFold.
func foldOf(op graph.Op) fold {
	switch op.(type) {
	case ops.ReduceSumOp:
		return sumOf
	case ops.ReduceMeanOp:
		return meanOf
	case ops.ReduceMaxOp:
		return greatestOf
	case ops.ReduceMinOp:
		return leastOf
	case ops.MomentsOp:
		return momentsOf
	}
	return noFold
}

// foldRows reduces rows of float32.
type foldRows struct{ fold }

func (o foldRows) run(f frame, c *instr, at, n int) {
	dst, x := f.f32(c.dst[0], at, n), f.f32(c.args[0], at*f.cols, n*f.cols)
	switch o.fold {
	case sumOf, meanOf:
		kern.SumRows(dst, x, n, f.cols, f.cols)
	case greatestOf:
		kern.MaxRows(dst, x, n, f.cols, f.cols)
	case leastOf:
		kern.MinRows(dst, x, n, f.cols, f.cols)
	case momentsOf:
		momentsOfRows(dst, f.f32(c.dst[1], at, n), x, f.cols)
		return
	}
	if o.fold == meanOf {
		kern.DivScalar(dst, dst, float32(f.cols))
	}
}

// momentsOfRows sets mean and variance of each row of x, in two passes over it.
func momentsOfRows(mean, variance, x []float32, cols int) {
	kern.SumRows(mean, x, len(mean), cols, cols)
	kern.DivScalar(mean, mean, float32(cols))
	var far [256]float32
	for r, m := range mean {
		var sum float64
		for row := x[r*cols:][:cols]; len(row) > 0; {
			n := min(len(row), len(far))
			kern.AddScalar(far[:n], row[:n], -m)
			sum += float64(kern.SumSq(far[:n]))
			row = row[n:]
		}
		variance[r] = float32(sum / float64(cols))
	}
}

// foldBits reduces rows of the bits of halves, to float32. It does not support moments.
type foldBits struct {
	folderOfHalves
	mean bool
}

func (o foldBits) run(f frame, c *instr, at, n int) {
	dst := f.f32(c.dst[0], at, n)
	o.rows(dst, f.bits(c.args[0], at*f.cols, n*f.cols), n, f.cols)
	if o.mean {
		kern.DivScalar(dst, dst, float32(f.cols))
	}
}
