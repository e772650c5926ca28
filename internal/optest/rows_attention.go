package optest

import (
	"math"

	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).attention) }

func (t *table) attention() {
	for _, c := range []struct {
		b, t, s, h, g, d, e int
		mask                tensor.Dims // none of length 0
		boolean             bool
		of                  ops.AttentionSettings
	}{
		{1, 2, 3, 1, 1, 2, 2, d(0), false, ops.AttentionSettings{}},
		{1, 2, 3, 2, 1, 2, 1, d(0), false, ops.AttentionSettings{Scale: 0.5}},
		{1, 3, 3, 2, 2, 2, 2, d(0), false, ops.AttentionSettings{Scale: 0.7, Causal: true}},
		{1, 4, 3, 2, 1, 1, 2, d(0), false, ops.AttentionSettings{Causal: true, Window: 2, Uniform: true}},
		{1, 4, 4, 1, 1, 2, 2, d(0), false, ops.AttentionSettings{Window: 1}},
		{2, 2, 3, 2, 1, 1, 2, d(2, 1, 1, 3), true, ops.AttentionSettings{Uniform: true}},
		{2, 2, 3, 2, 1, 1, 2, d(1, 2, 2, 3), true, ops.AttentionSettings{Causal: true}},
		{2, 2, 3, 2, 2, 1, 1, d(2, 2, 2, 3), false, ops.AttentionSettings{}},
		{1, 2, 3, 2, 1, 2, 2, d(1, 2, 1, 3), false, ops.AttentionSettings{Causal: true}},
		{1, 2, 3, 2, 1, 2, 2, d(0), false, ops.AttentionSettings{Rate: 0.4, Stream: 3}},
		{1, 2, 3, 2, 2, 2, 2, d(1, 1, 2, 3), true, ops.AttentionSettings{Rate: 0.3, Causal: true, Scale: 2}},
		{1, 0, 3, 2, 1, 2, 2, d(0), false, ops.AttentionSettings{}},
		{1, 2, 0, 2, 1, 2, 2, d(0), false, ops.AttentionSettings{}},
		{2, 67, 131, 6, 2, 33, 20, d(0), false, ops.AttentionSettings{Scale: 0.2}},
		{1, 150, 150, 2, 2, 16, 32, d(0), false, ops.AttentionSettings{Scale: 0.25, Causal: true}},
		{1, 300, 300, 2, 1, 8, 8, d(0), false, ops.AttentionSettings{Scale: 0.3, Causal: true, Window: 40}},
		{2, 70, 90, 2, 1, 16, 8, d(2, 1, 1, 90), true, ops.AttentionSettings{Scale: 0.25, Uniform: true}},
		{2, 70, 90, 2, 1, 16, 8, d(1, 2, 70, 90), false, ops.AttentionSettings{Scale: 0.25}},
		{2, 65, 70, 4, 2, 16, 16, d(2, 1, 65, 70), true, ops.AttentionSettings{Scale: 0.25, Rate: 0.2, Stream: 1}},
		{3, 1, 200, 4, 2, 16, 16, d(3, 1, 1, 200), true, ops.AttentionSettings{Scale: 0.25}},
	} {
		form := ops.AttentionForm{AttentionSettings: c.of, Masked: c.mask != d(0)}
		qkv := []input{{shape: d(c.b, c.t, c.h, c.d), v: anyReal}, {shape: d(c.b, c.s, c.g, c.d), v: anyReal}, {shape: d(c.b, c.s, c.g, c.e), v: anyReal}}
		switch {
		case form.Masked && c.boolean:
			// Every query sees its first key: the logarithm of a sum without a key is infinite.
			qkv = append(qkv, input{shape: c.mask, v: func(r *random, i, n int) float64 { return anyReal(r, i, n) + 9*truth(i%c.s == 0) }, dt: tensor.Bool})
		case form.Masked:
			qkv = append(qkv, input{shape: c.mask, v: anyReal})
		}
		if c.of.Rate > 0 {
			qkv = append(qkv, input{shape: d(2), v: list(5, 9), dt: tensor.Uint64})
		}
		abs := 4 * float64(c.d+c.e+4)
		t.add(ops.AttentionOp{AttentionForm: form}, floats, 4, abs, qkv...)
		t.rows[len(t.rows)-1].once, t.rows[len(t.rows)-1].noGrad = true, c.s == 0
		for _, dt := range floats {
			stats := tensor.Float32
			if dt == tensor.Float64 {
				stats = dt
			}
			row := d(c.b, c.h, c.t)
			t.add(ops.AttentionGradOp{AttentionForm: form}, []tensor.DType{dt}, 8, 16*abs+64, append(qkv[:len(qkv):len(qkv)],
				input{shape: row, v: between(2, 6), dt: stats}, input{shape: row, v: anyReal, dt: stats}, input{shape: d(c.b, c.t, c.h, c.e), v: anyReal})...)
		}
	}
	// Queries without a key, by the mask and by its -Inf.
	inf := list(0, math.Inf(-1), math.Inf(-1))
	for _, uniform := range []bool{false, true} {
		form := ops.AttentionForm{AttentionSettings: ops.AttentionSettings{Causal: true, Uniform: uniform}, Masked: true}
		for _, mask := range []input{{d(1, 1, 1, 3), list(0, 0, 1), tensor.Bool}, {d(2, 1, 3, 3), inf, tensor.Invalid}} {
			t.addNoGrad(ops.AttentionOp{AttentionForm: form}, floats, 4, 64, input{shape: d(2, 3, 2, 2), v: anyReal}, input{shape: d(2, 3, 1, 2), v: anyReal},
				input{shape: d(2, 3, 1, 2), v: anyReal}, mask)
			t.addNoGrad(ops.AttentionGradOp{AttentionForm: form}, wide, 8, 64, input{shape: d(2, 3, 2, 2), v: anyReal}, input{shape: d(2, 3, 1, 2), v: anyReal},
				input{shape: d(2, 3, 1, 2), v: anyReal}, mask, input{shape: d(2, 2, 3), v: list(math.Inf(1), 2, 3)}, input{shape: d(2, 2, 3), v: anyReal},
				input{shape: d(2, 3, 2, 2), v: anyReal})
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
