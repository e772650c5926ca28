package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).randoms) }

func (t *table) randoms() {
	seed := input{d(2), list(0x1234567890ABC, 3), tensor.Uint64}
	for _, s := range []tensor.Spec{tensor.S(0), tensor.S(0, 5), tensor.S(0, 0, 3), tensor.S(0, 3, 411)} {
		t.add(ops.RandomUniformOp{Spec: s, Stream: 1}, wide, 0, 0, seed)
		t.add(ops.RandomNormalOp{Spec: s, Stream: 0xFFFFFFFF}, wide, 4, 4, seed)
		t.add(ops.BernoulliOp{Spec: s, P: 0.3, Stream: 2}, all, 0, 0, seed)
		t.add(ops.DropoutOp{Rate: 0.4, Stream: 7}, floats, 2, 0, input{shape: s.Shape, v: anyReal}, seed)
	}
	t.addNoGrad(ops.DropoutOp{Rate: 0.4}, floats, 2, 0, input{shape: d(13), v: special}, seed)
}
