package optim_test

import (
	"encoding/json"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
)

const golden = "../nn/nntest/testdata/keras.json"

func TestGoldenOptimizers(t *testing.T) {
	nntest.Replay(t, golden, "optimizer", func(c *nntest.Golden) ([]ops.Array, error) {
		o, err := optim.FromConfig(c.Config.Class, c.Config.Config)
		if err != nil {
			return nil, nntest.ErrUncovered
		}
		init, err := nntest.Tensors(c.Init)
		if err != nil {
			return nil, err
		}
		var vars []*graph.Var
		for i, v := range init {
			vars = append(vars, graph.NewVar(c.VarNames[i], v))
		}
		err = graph.Catch(func() {
			o.Build(vars)
			for _, raw := range c.GradSteps {
				step(t, o, vars, raw)
			}
		})
		var out []ops.Array
		for _, v := range vars {
			out = append(out, optest.FromTensor(v.Tensor()))
		}
		return out, err
	})
}

// step applies gradients; null is none, which is a gradient of zeros for all but
// rules with momentum or decay.
func step(t *testing.T, o optim.Optimizer, vars []*graph.Var, raw []json.RawMessage) {
	t.Helper()
	g := graph.New()
	var grads []*graph.Node
	for i, r := range raw {
		if string(r) == "null" {
			grads = append(grads, ops.Zeros(g.Value(vars[i])))
			continue
		}
		d, err := nntest.Tensor(r)
		if err != nil {
			t.Fatal(err)
		}
		grads = append(grads, g.Const(d))
	}
	o.Apply(g, grads)
	nntest.Run(g, nil)
}

func TestGoldenSchedules(t *testing.T) {
	nntest.Replay(t, golden, "schedule", func(c *nntest.Golden) ([]ops.Array, error) {
		var s optim.Schedule
		text, err := json.Marshal(map[string]any{"class_name": c.Config.Class, "config": c.Config.Config})
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, nntest.ErrUncovered
		}
		at, err := nntest.Value(c.Args[0])
		if err != nil {
			return nil, err
		}
		g := graph.New()
		in := g.Input("step", at.Spec)
		var out []ops.Array
		err = graph.Catch(func() {
			out = nntest.Run(g, []*graph.Node{s.Rate(in)}, optest.ToTensor(at))
		})
		return out, err
	})
}
