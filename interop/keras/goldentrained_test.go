package keras_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// replayMetric measures what a case does and returns the result.
func replayMetric(c *golden, run engine) ([]ops.Array, error) {
	model, err := modelOf(nil, map[string]any{"metrics": []json.RawMessage{c.Config}})
	if err != nil {
		return nil, err
	}
	m := model.Metrics[0]
	var state metric.State
	for _, h := range c.History {
		switch {
		case h.Op == "reset_state" && state != nil:
			state.Reset()
		case h.Op == "update_state":
			args, err := arguments(measured(c.name(), h.Args, h.Kwargs)...)
			if err != nil {
				return nil, err
			}
			if state, err = update(m, state, args, run); err != nil {
				return nil, err
			}
		}
	}
	if state == nil { // nothing was measured
		if state, err = m.New(tensor.S(tensor.Float32, 1, 1), tensor.S(tensor.Float32, 1, 1)); err != nil {
			return nil, err
		}
	}
	return []ops.Array{optest.FromTensor(state.Result())}, nil
}

// measured returns labels, predictions and weights, if there are any, of an update. The
// values of a Mean or a Sum count as predictions.
func measured(class string, args []json.RawMessage, named map[string]json.RawMessage) []json.RawMessage {
	names := []string{"y_true", "y_pred", "sample_weight"}
	if class == "Mean" || class == "Sum" {
		names = []string{"values", "sample_weight"}
	}
	all := slices.Clone(args)
	for _, n := range names[min(len(args), len(names)):] {
		if v := named[n]; v != nil {
			all = append(all, v)
		}
	}
	if names[0] == "values" && len(all) > 0 {
		all = slices.Insert(all, 0, all[0])
	}
	if len(all) == 3 && string(all[2]) == "null" {
		all = all[:2]
	}
	return all
}

// update measures a batch, with a new state for the first.
func update(m metric.Metric, s metric.State, args []*tensor.Tensor, run engine) (metric.State, error) {
	if len(args) < 2 || len(args) > 3 {
		return nil, fmt.Errorf("%d arguments: %w", len(args), errUncovered)
	}
	if !args[1].DType().IsFloat() {
		args[1] = args[1].AsType(tensor.Float32)
	}
	if s == nil {
		var err error
		if s, err = m.New(args[0].Spec(), args[1].Spec()); err != nil {
			return nil, err
		}
	}
	g := graph.New()
	in := make([]*graph.Node, 3)
	for i, a := range args {
		in[i] = g.Input("", a.Spec())
	}
	s.Update(g, in[0], in[1], in[2])
	_, err := run(g, nil, args...)
	return s, err
}

// replayMetricFunction replays a function such as keras.metrics.binary_accuracy, which
// returns a value a sample: the metric of a batch of that sample alone.
func replayMetricFunction(c *golden, run engine) ([]ops.Array, error) {
	if _, err := c.lossFunction(); err == nil {
		return replayLossFunction(c, run)
	}
	settings := map[string]json.RawMessage{}
	for name, raw := range c.Kwargs {
		settings[name] = raw
	}
	delete(settings, "y_true")
	delete(settings, "y_pred")
	config, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	m, err := metric.FromConfig(c.name(), config)
	if err != nil {
		return nil, err
	}
	args, err := arguments(c.arg(0, "y_true"), c.arg(1, "y_pred"))
	if err != nil {
		return nil, err
	}
	n := args[0].Shape().At(0)
	out := ops.NewArray(tensor.S(tensor.Float32, n))
	for i := range n {
		row := make([]*tensor.Tensor, len(args))
		for j, a := range args {
			one, err := a.Slice(0, i, i+1, 1)
			if err != nil {
				return nil, err
			}
			row[j] = one.Clone()
		}
		s, err := update(m, nil, row, run)
		if err != nil {
			return nil, err
		}
		out.V[i] = s.Result().Item()
	}
	return []ops.Array{out}, nil
}

// replayOptimizer returns the parameters after the steps of a case, and the optimizer's
// variables, which have Keras's names.
func replayOptimizer(c *golden, run engine) ([]ops.Array, error) {
	m, err := modelOf(nil, map[string]any{"optimizer": c.Config})
	if err != nil {
		return nil, err
	}
	o := m.Optimizer
	init, err := arguments(c.Init...)
	if err != nil {
		return nil, err
	}
	var vars []*graph.Var
	for i, v := range init {
		vars = append(vars, graph.NewVar(c.VarNames[i], v))
	}
	o.Build(vars)
	for _, grads := range c.GradSteps {
		if err := step(o, vars, grads, run); err != nil {
			return nil, err
		}
	}
	if err := c.checkState(o.Vars()); err != nil {
		return nil, err
	}
	var out []ops.Array
	for _, v := range append(vars, o.Vars()...) {
		out = append(out, optest.FromTensor(v.Tensor()))
	}
	return out, nil
}

// checkState compares the names of an optimizer's variables with Keras's. Keras has no
// path of its own for the product of Nadam, and for the rows and columns of Adafactor
// only the name.
func (c *golden) checkState(vars []*graph.Var) error {
	if c.State == nil {
		return nil
	}
	if len(vars) != len(c.State) {
		return fmt.Errorf("%d variables, want %d", len(vars), len(c.State))
	}
	for i, v := range vars {
		if want := c.State[i]; v.Path != want && !strings.HasPrefix(want, "variable") && c.name() != "Adafactor" {
			return fmt.Errorf("variable %d is %s, want %s", i, v.Path, want)
		}
	}
	return nil
}

// step applies gradients; null is none, which is one of zeros.
func step(o optim.Optimizer, vars []*graph.Var, raw []json.RawMessage, run engine) error {
	g := graph.New()
	var grads []*graph.Node
	for i, r := range raw {
		if string(r) == "null" {
			grads = append(grads, ops.Zeros(g.Value(vars[i])))
			continue
		}
		d, err := argument(r)
		if err != nil {
			return err
		}
		grads = append(grads, g.Const(d))
	}
	o.Apply(g, grads)
	_, err := run(g, nil)
	return err
}

// replayLayer builds a layer, gives it Keras's weights and calls it.
func replayLayer(c *golden, run engine) ([]ops.Array, error) {
	m, err := modelOf(c.Config, nil)
	if err != nil {
		return nil, err
	}
	if l, ok := m.Network.Layers()[0].(nn.ArgumentLayer); ok {
		return c.replayCall(l, m.Network.DType, run)
	}
	_, several := m.Network.Layers()[0].(nn.MultiLayer)
	keywords, ok := m.Network.Layers()[0].(nn.KeywordLayer)
	args := 1
	if ok {
		args += len(keywords.Keywords())
	}
	loops := ok && slices.ContainsFunc(keywords.Keywords(), func(name string) bool { return strings.HasSuffix(name, "[]") })
	named := []string{"inputs", "training"}
	if loops {
		named = append(named, "sequences", "initial_state", "states")
	}
	masked := !ok || !slices.Contains(keywords.Keywords(), "mask") // by its input alone
	if masked {
		named = append(named, "mask")
	}
	if err := c.only(named...); err != nil || len(c.Args) > args {
		return nil, fmt.Errorf("%d arguments: %w: %w", len(c.Args), err, errUncovered)
	}
	raw := []json.RawMessage{c.arg(0, "inputs")}
	if len(c.Args) > 1 {
		raw = c.Args
	}
	var mask json.RawMessage
	if loops {
		var states []json.RawMessage
		for _, name := range []string{"initial_state", "states"} {
			if list := c.arg(-1, name); list != nil && json.Unmarshal(list, &states) != nil {
				states = []json.RawMessage{list}
			}
		}
		if raw[0] == nil {
			raw[0] = c.arg(-1, "sequences")
		}
		raw = append(raw[:1:1], states...)
	}
	if masked {
		mask = c.arg(-1, "mask")
	}
	if several && !ok {
		of := raw[0]
		if raw = nil; json.Unmarshal(of, &raw) != nil {
			return nil, fmt.Errorf("inputs of a layer that merges: %s: %w", of, errUncovered)
		}
	}
	x, err := arguments(raw...)
	if err != nil {
		return nil, err
	}
	net := applied(m.Network, x)
	stateful := strings.Contains(strings.ReplaceAll(string(c.Config), " ", ""), `"stateful":true`)
	if stateful {
		net = nn.Sequential(nn.Input(x[0].Shape().From(1), nn.BatchSize(x[0].Shape().At(0))), m.Network.Layers()[0])
	}
	specs := make([]tensor.Spec, len(x))
	for i, t := range x {
		specs[i] = t.Spec()
	}
	net.BuildAll(nn.NewBuilder(1), specs)
	if err := c.setWeights(net); err != nil {
		return nil, err
	}
	g := graph.New()
	ctx := nn.NewCtx(g, nn.NewSeed(1))
	ctx.Training = string(c.arg(-1, "training")) == "true"
	var nodes []*graph.Node
	for _, s := range specs {
		nodes = append(nodes, g.Input("x", s))
	}
	if mask != nil {
		m, err := argument(mask)
		if err != nil {
			return nil, err
		}
		x = append(x, m)
		ctx.SetMask(nodes[0], g.Input("mask", m.Spec()))
	}
	outputs := net.CallAll(ctx, nodes)
	if stateful { // whose state is that of the call that built it
		if _, err := run(g, outputs, x...); err != nil {
			return nil, err
		}
	}
	out, err := run(g, outputs, x...)
	if err != nil {
		return nil, err
	}
	return out, c.checkStates(net)
}

// replayCall builds a layer, gives it Keras's weights and calls it with the arguments of the case.
func (c *golden) replayCall(l nn.ArgumentLayer, policy nn.DTypePolicy, run engine) ([]ops.Array, error) {
	names, flags := l.Arguments()
	var raw, masks []json.RawMessage
	var args []nn.CallArgument
	used := []string{"inputs", "training", "mask"}
	if names == nil { // a list
		if err := json.Unmarshal(c.arg(0, "inputs"), &raw); err != nil {
			return nil, err
		}
		if m := c.arg(1, "mask"); m != nil {
			if err := json.Unmarshal(m, &masks); err != nil {
				return nil, err
			}
		}
	}
	positional := true
	for i, name := range names {
		used = append(used, name)
		v := c.arg(i, name)
		if v == nil {
			positional = false
			continue
		}
		raw = append(raw, v)
		if !positional {
			args = append(args, nn.Named(name))
		}
	}
	for _, name := range flags {
		used = append(used, name)
		if string(c.arg(-1, name)) == "true" {
			args = append(args, nn.CallArgument{Name: name})
		}
	}
	if err := c.only(used...); err != nil {
		return nil, err
	}
	x, err := arguments(raw...)
	if err != nil {
		return nil, err
	}
	var in []*nn.Symbol
	specs := make([]tensor.Spec, len(x))
	for i, t := range x {
		specs[i] = t.Spec()
		in = append(in, nn.Apply(nn.Input(t.Shape().From(1), t.DType())))
	}
	net := nn.Functional(in, nn.ApplyAll(l.Outputs(args), nn.Calling(l, args...), in...))
	net.DType = policy
	net.BuildAll(nn.NewBuilder(1), specs)
	if err := c.setWeights(net); err != nil {
		return nil, err
	}
	g := graph.New()
	ctx := nn.NewCtx(g, nn.NewSeed(1))
	ctx.Training = string(c.arg(-1, "training")) == "true"
	var nodes []*graph.Node
	for i, s := range specs {
		n := g.Input("x", s)
		if i < len(masks) && string(masks[i]) != "null" {
			m, err := argument(masks[i])
			if err != nil {
				return nil, err
			}
			ctx.SetMask(n, g.Const(m))
		}
		nodes = append(nodes, n)
	}
	return run(g, net.CallAll(ctx, nodes), x...)
}

// applied returns a network of one layer, or for several inputs one that applies that
// layer to them.
func applied(net *nn.Network, x []*tensor.Tensor) *nn.Network {
	outs := 1
	if counted, ok := net.Layers()[0].(nn.CountedLayer); ok {
		outs = counted.OutputCount()
	}
	if len(x) == 1 && outs == 1 {
		return net
	}
	in := make([]*nn.Symbol, len(x))
	for i, t := range x {
		in[i] = nn.Apply(nn.Input(t.Shape().From(1)))
	}
	n := nn.Functional(in, nn.ApplyAll(outs, net.Layers()[0], in...))
	n.DType = net.DType
	return n
}

// setWeights gives a network the weights of the case.
func (c *golden) setWeights(net *nn.Network) error {
	want := seedless(c.Weights)
	vars := net.Vars()
	if len(vars) != len(want) {
		return fmt.Errorf("%d variables, want %d", len(vars), len(want))
	}
	for i, v := range vars {
		w, err := argument(want[i].Value)
		if err == nil {
			err = v.Set(w.AsType(v.Spec().DType))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", v.Path, err)
		}
	}
	return nil
}

// checkStates compares variables that no optimizer changes with what they are after the
// call.
func (c *golden) checkStates(net *nn.Network) error {
	var states []*graph.Var
	for _, v := range net.Vars() {
		if !slices.Contains(net.Params(), v) {
			states = append(states, v)
		}
	}
	for i, w := range seedless(c.WeightsAfter) {
		if i >= len(states) {
			return fmt.Errorf("%d variables that are not trained, want more", len(states))
		}
		if _, err := farthest([]ops.Array{optest.FromTensor(states[i].Tensor())}, 0, nil, w.Value, c.Rtol, c.Atol); err != nil {
			return fmt.Errorf("%s afterwards: %w", w.Path, err)
		}
	}
	return nil
}

// seedless leaves out the state of random generators.
func seedless(all []goldenWeight) []goldenWeight {
	return slices.DeleteFunc(slices.Clone(all), func(w goldenWeight) bool { return strings.Contains(w.Path, "seed") })
}

// replayLayerSpec builds a layer and compares the shapes of weights and outputs. It
// returns nothing more.
func replayLayerSpec(c *golden, _ engine) ([]ops.Array, error) {
	m, err := modelOf(c.Config, nil)
	if err != nil {
		return nil, err
	}
	var in []int
	if err := json.Unmarshal(c.InputShape, &in); err != nil || len(c.OutputShapes) != 1 {
		return nil, fmt.Errorf("input %s, %d outputs: %w", c.InputShape, len(c.OutputShapes), errUncovered)
	}
	spec := tensor.S(tensor.Float32, in...)
	m.Network.Build(nn.NewBuilder(1), spec)
	g := graph.New()
	out := m.Network.Call(nn.NewCtx(g, nil), g.Input("x", spec))
	var want []int
	if err := json.Unmarshal(c.OutputShapes[0], &want); err != nil {
		return nil, err
	}
	if got := out.Shape().Slice(); !slices.Equal(got, want) {
		return nil, fmt.Errorf("output is %v, want %v", got, want)
	}
	vars, weights := m.Network.Vars(), seedless(c.Weights)
	if len(vars) != len(weights) {
		return nil, fmt.Errorf("%d variables, want %d", len(vars), len(weights))
	}
	for i, v := range vars {
		if got := v.Spec().Shape.Slice(); !slices.Equal(got, weights[i].Shape) {
			return nil, fmt.Errorf("%s is %v, want %v", v.Path, got, weights[i].Shape)
		}
	}
	return nil, nil
}
