package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).images) }

func (t *table) images() {
	for _, fill := range []ops.FillMode{ops.FillConstant, ops.FillNearest, ops.FillWrap, ops.FillMirror, ops.FillReflect} {
		for _, nearest := range []bool{false, true} {
			o := ops.MapCoordinatesOp{Sampling: ops.Sampling{Nearest: nearest, Fill: fill, Value: 0.75}}
			for _, s := range []struct{ x, at tensor.Dims }{
				{d(1, 3, 2), d(1, 1, 5)}, {d(2, 3, 4, 2), d(2, 2, 2, 3)}, {d(2, 1, 2, 1), d(2, 2, 7)}, {d(1, 2, 3, 2, 1), d(1, 3, 4)},
				{d(2, 3, 3, 0), d(2, 2, 2)}, {d(0, 3, 3, 1), d(0, 2, 2)}, {d(2, 3, 3, 1), d(2, 2, 0)}, {d(1, 4, 4, 1), d(1, 2)},
			} {
				t.add(o, floats, 4, 8, input{shape: s.x, v: anyReal}, input{shape: s.at, v: offGrid})
			}
			at := input{shape: d(3, 2, 16, 17), v: between(-30, 40), dt: tensor.Float32}
			t.addNoGrad(o, floats, 4, 8, input{shape: d(3, 11, 9, 3), v: anyReal}, at)
			t.addNoGrad(o, floats, 4, 8, input{shape: d(1, 60, 50, 3), v: anyReal}, input{shape: d(1, 2, 61, 49), v: between(0, 48), dt: tensor.Float64})
			t.addNoGrad(o, floats, 4, 8, input{shape: d(1, 3, 3, 1), v: anyReal}, input{shape: d(1, 2, 13), v: special, dt: tensor.Float32})
			t.addNoGrad(o, floats, 4, 8, input{shape: d(1, 3, 2, 2), v: anyReal}, input{shape: d(1, 2, 8), dt: tensor.Float32,
				v: list(0, 1, 2, -1, 0.5, 1.5, -0.5, 2.5, 0.49999997, 1e12, -1e12, 1e30, -3, 3, -4, 2)})
		}
	}
}
