package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).resizes) }

func (t *table) resizes() {
	for _, by := range []ops.Interpolation{ops.Bilinear, ops.Bicubic, ops.Lanczos3, ops.Lanczos5, ops.Area, "whole"} {
		for _, s := range []struct {
			x          tensor.Dims
			axis, size int
		}{
			{d(2, 3, 1), 1, 7}, {d(1, 5, 4), 1, 2}, {d(1, 1, 3), 1, 4}, {d(3, 4), 1, 6}, {d(2, 7, 2), 1, 7}, {d(0, 3, 2), 1, 2}, {d(2, 3, 0), 1, 5},
			{d(2, 19, 3, 3), 2, 29}, {d(2, 19, 3, 3), 1, 6}, {d(1, 40, 37), 0, 1}, {d(1, 33, 67), 1, 90}, {d(1, 3, 1500), 1, 5}, {d(2, 3000, 1), 1, 11},
		} {
			if s.x.Size() > 1000 && by != ops.Bicubic && by != "whole" {
				continue
			}
			for _, antialias := range []bool{false, true} {
				if antialias && (by == ops.Area || by == "whole") {
					continue
				}
				y := input{shape: s.x.With(s.axis, s.size), v: anyReal}
				t.add(ops.ResizeOp{Axis: s.axis, Size: s.size, By: by, Antialias: antialias}, floats, 2, 8, input{shape: s.x, v: anyReal})
				t.add(ops.ResizeGradOp{Axis: s.axis, Size: s.x.At(s.axis), By: by, Antialias: antialias}, floats, 2, 8, y)
			}
		}
	}
}
