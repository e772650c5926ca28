package optim_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
)

const golden = "../nn/nntest/testdata/keras.json"

func TestGoldenOptimizers(t *testing.T) {
	nntest.Replay(t, golden, "optimizer", func(c *nntest.Golden) ([]ops.Array, error) { return replay(t, c, nil, false) })
}

// TestGoldenState replays every optimizer with every option, and wants Keras's values in
// the optimizer's variables too, and Keras's names in Keras's order.
func TestGoldenState(t *testing.T) {
	const file = "testdata/keras.json"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var names struct {
		Cases []struct {
			ID    string
			State []string
		}
	}
	if err := json.Unmarshal(text, &names); err != nil {
		t.Fatal(err)
	}
	state := map[string][]string{}
	for _, c := range names.Cases {
		state[c.ID] = c.State
	}
	for name, compiled := range map[string]bool{"references": false, "compiled": true} {
		t.Run(name, func(t *testing.T) {
			nntest.ReplayOwn(t, file, "optimizer", func(c *nntest.Golden) ([]ops.Array, error) { return replay(t, c, state[c.ID], compiled) })
		})
	}
}

// replay returns the parameters and the optimizer's variables after the steps of a case,
// compiled or by the references of the operations.
func replay(t *testing.T, c *nntest.Golden, paths []string, compiled bool) ([]ops.Array, error) {
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
			step(t, o, vars, raw, compiled)
		}
	})
	for i, v := range o.Vars() {
		// Keras has no path of its own for the product of Nadam, and for the rows and
		// columns of Adafactor only the name.
		if i < len(paths) && v.Path != paths[i] && !strings.HasPrefix(paths[i], "variable") && c.Name() != "Adafactor" {
			t.Errorf("%s: variable %d is %s, want %s", c.ID, i, v.Path, paths[i])
		}
	}
	if paths != nil && len(paths) != len(o.Vars()) {
		t.Errorf("%s: %d variables, want %d", c.ID, len(o.Vars()), len(paths))
	}
	var out []ops.Array
	for _, v := range append(vars, o.Vars()...) {
		out = append(out, optest.FromTensor(v.Tensor()))
	}
	return out, err
}

// step applies gradients; null is none, which is a gradient of zeros for all but
// rules with momentum or decay.
func step(t *testing.T, o optim.Optimizer, vars []*graph.Var, raw []json.RawMessage, compiled bool) {
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
	if !compiled {
		nntest.Run(g, nil)
	} else if err := plan.Compile(g, nil, cpu.Backend{}).Run(nil, nil); err != nil {
		t.Fatal(err)
	}
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
