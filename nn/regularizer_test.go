package nn_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func regularizers() []nn.Regularizer {
	return []nn.Regularizer{
		nn.L1(0.1), nn.L2(0.2), nn.L1L2(0.1, 0.2), nn.OrthogonalRegularizer(0.3, nn.Rows), nn.OrthogonalRegularizer(0.3, nn.Columns),
		nn.RegularizerFunc("cubic", func(x *graph.Node) *graph.Node { return ops.ReduceSum(ops.Pow(ops.Abs(x), ops.ScalarLike(x, 3))) }),
	}
}

func TestRegularizerGradients(t *testing.T) {
	x := ops.Array{Spec: tensor.S(tensor.Float64, 4, 3), V: spread(12, -1, 1.4)}
	for _, r := range regularizers() {
		g := graph.New()
		if err := optest.CheckGrad(r.Penalty(g.Input("x", x.Spec)), []ops.Array{x}, 1e-6); err != nil {
			t.Error(err)
		}
	}
}

func TestRegularizerJSON(t *testing.T) {
	penalty := func(r nn.Regularizer) float64 {
		g := graph.New()
		return nntest.Run(g, []*graph.Node{r.Penalty(g.Input("x", f32(4, 3)))}, nntest.Sample(f32(4, 3)))[0].V[0]
	}
	for _, r := range regularizers() {
		text, err := json.Marshal(r)
		if err != nil {
			if !strings.Contains(err.Error(), `regularizer "cubic" is a function of your own`) {
				t.Error(err)
			}
			continue
		}
		var back nn.Regularizer
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got, want := penalty(back), penalty(r); got != want {
			t.Errorf("%s read again gives %g, want %g", text, got, want)
		}
	}
	for text, want := range map[string]string{
		`{"class_name":"L1","config":{"l1":-1}}`:                       "config of L1: l1 -1: want 0 or more",
		`{"class_name":"OrthogonalRegularizer","config":{"mode":"x"}}`: `mode "x": want "rows" or "columns"`,
	} {
		var r nn.Regularizer
		if err := json.Unmarshal([]byte(text), &r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	if !nn.L1(0).Zero() || !nn.L2(0).Zero() || !nn.L1L2(0, 0).Zero() || nn.L1L2(0, 1).Zero() {
		t.Error("a penalty of factor 0 is not none, or one of factor 1 is")
	}
}

func TestRegularizerMistakes(t *testing.T) {
	for _, c := range []struct {
		r    nn.Regularizer
		in   tensor.Spec
		want string
	}{
		{nn.OrthogonalRegularizer(-1, nn.Rows), f32(3, 2), "nn.OrthogonalRegularizer -1: want a finite number"},
		{nn.OrthogonalRegularizer(1, "x"), f32(3, 2), `mode "x": want a matrix and nn.Rows or nn.Columns`},
		{nn.OrthogonalRegularizer(1, nn.Rows), f32(3), "x [3]"},
		{nn.OrthogonalRegularizer(1, nn.Columns), f32(3, 1), "has 1 columns: want 2 or more"},
		{nn.L1L2(math.Inf(1), 1), f32(3), "nn.L1 +Inf"},
		{nn.RegularizerFunc("mine", ops.Relu), f32(3), "penalty mine of x float32[3] is float32[3]: want a scalar"},
	} {
		err := graph.Catch(func() { c.r.Penalty(graph.New().Input("x", c.in)) })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q in it", err, c.want)
		}
	}
}
