package optim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
)

// Multi returns an optimizer that leaves every parameter to one of several: that of the
// [For] whose pattern the parameter's path matches, else def.
//
//	optim.Multi(optim.AdamW(1e-3), optim.For("encoder/.*", optim.SGD(0.01)))
//
// Options: [For], [LossScaleFactor], [Name].
//
// Source: keras.optimizers.MultiOptimizer.
func Multi(def Optimizer, opts ...MultiOption) *MultiOptimizer {
	m := &MultiOptimizer{OptimizerName: "multi_optimizer", Map: OptimizerMap{Default: def}, where: graph.Caller()}
	for _, o := range opts {
		o.multi(m)
	}
	return m
}

// MultiOptimizer is the optimizer that [Multi] makes.
type MultiOptimizer struct {
	// OptimizerName is the optimizer's name.
	OptimizerName string
	// Map assigns each parameter to an optimizer.
	Map OptimizerMap
	// LossScaleFactor is that of all the optimizers.
	LossScaleFactor Optional

	where  string
	owner  any // that it was claimed for
	own    []*graph.Var
	inner  []Optimizer
	params []*graph.Var
	places [][]int // of the inner optimizers' parameters
	on     *graph.Node
}

// OptimizerMap assigns each parameter to an optimizer.
type OptimizerMap struct {
	// Default updates the parameters that no entry matches.
	Default Optimizer
	// Entries update the parameters that their patterns match.
	Entries []MapEntry
}

// MapEntry is an entry of an [OptimizerMap], made by [For].
type MapEntry struct {
	// Pattern is the path of a parameter or a regular expression for the whole of it.
	Pattern string
	// Optimizer has these parameters.
	Optimizer Optimizer
}

// MultiOption is an option of [Multi].
type MultiOption interface{ multi(*MultiOptimizer) }

// For gives the parameters to o whose path is pattern, or as a whole matches it as a
// regular expression. That two patterns match one path is an error.
func For(pattern string, o Optimizer) MapEntry { return MapEntry{pattern, o} }

func (e MapEntry) multi(m *MultiOptimizer) { m.Map.Entries = append(m.Map.Entries, e) }

// Of returns the optimizer that has the parameter at a path.
func (m *OptimizerMap) Of(path string) (Optimizer, error) {
	var found []MapEntry
	for _, e := range m.Entries {
		if e.Pattern == path {
			return e.Optimizer, nil
		}
		re, err := regexp.Compile(`\A(?:` + e.Pattern + `)\z`)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", e.Pattern, err)
		}
		if re.MatchString(path) {
			found = append(found, e)
		}
	}
	switch len(found) {
	case 0:
		return m.Default, nil
	case 1:
		return found[0].Optimizer, nil
	}
	return nil, fmt.Errorf("%s matches the patterns %q and %q: want one at most", path, found[0].Pattern, found[1].Pattern)
}

// Class returns Keras's name of the type.
func (m *MultiOptimizer) Class() string { return "MultiOptimizer" }

// Name implements [Optimizer].
func (m *MultiOptimizer) Name() string { return m.OptimizerName }

// Optimizers returns the optimizers, each once: those of the entries, then the default.
func (m *MultiOptimizer) Optimizers() []Optimizer {
	var all []Optimizer
	for _, e := range append(slices.Clone(m.Map.Entries), MapEntry{Optimizer: m.Map.Default}) {
		if !slices.Contains(all, e.Optimizer) {
			all = append(all, e.Optimizer)
		}
	}
	return all
}

// LearningRate returns that of the default optimizer.
func (m *MultiOptimizer) LearningRate() float64 { return m.Map.Default.LearningRate() }

// SetLearningRate panics with *graph.Error: the optimizers have rates of their own.
func (m *MultiOptimizer) SetLearningRate(float64) {
	panic(graph.Errorf("optim.SetLearningRate: %s is several optimizers: want the one whose rate to change", m.OptimizerName))
}

func (m *MultiOptimizer) errorf(format string, args ...any) *graph.Error {
	return &graph.Error{Where: m.where, Text: "optim: " + m.OptimizerName + ": " + fmt.Sprintf(format, args...)}
}

// Build implements [Optimizer].
func (m *MultiOptimizer) Build(params []*graph.Var) {
	m.inner = m.Optimizers()
	m.checkInner()
	m.params, m.places = params, make([][]int, len(m.inner))
	parts := make([][]*graph.Var, len(m.inner))
	for i, p := range params {
		o, err := m.Map.Of(p.Path)
		if err != nil {
			panic(m.errorf("%v", err))
		}
		k := slices.Index(m.inner, o)
		m.places[k], parts[k] = append(m.places[k], i), append(parts[k], p)
	}
	m.own = ownVars(m.OptimizerName)
	for k, o := range m.inner {
		if r, ok := o.(rule); ok && m.LossScaleFactor != 0 {
			r.config().LossScaleFactor = m.LossScaleFactor
		}
		o.Build(parts[k])
	}
}

// checkInner wants optimizers that take one step a step, and gives them names of their
// own, which tell their variables apart.
func (m *MultiOptimizer) checkInner() {
	if f := float64(m.LossScaleFactor); !(f >= 0) || math.IsInf(f, 1) {
		panic(m.errorf("loss scale factor %g: want a finite number greater than 0", f))
	}
	names := map[string]bool{m.OptimizerName: true}
	for _, o := range m.inner {
		switch o := o.(type) {
		case nil:
			panic(m.errorf("an optimizer is nil: want one for every pattern and a default"))
		case *LossScaleOptimizer, *MultiOptimizer:
			panic(m.errorf("%s is a %T: want one that takes steps itself", o.Name(), o))
		}
		if _, ok := o.(rule); !ok && m.LossScaleFactor != 0 {
			panic(m.errorf("loss scale factor for %s, a %T: want optimizers of package optim with it", o.Name(), o))
		}
		name := o.Name()
		for i := 1; names[name]; i++ {
			name = fmt.Sprintf("%s_%d", o.Name(), i)
		}
		names[name] = true
		if r, ok := o.(rule); ok {
			r.config().scope = name
		} else if name != o.Name() {
			panic(m.errorf("two optimizers are called %q: want a name for each", o.Name()))
		}
	}
}

// Vars implements [Optimizer].
func (m *MultiOptimizer) Vars() []*graph.Var {
	vars := slices.Clone(m.own)
	for _, o := range m.inner {
		vars = append(vars, o.Vars()...)
	}
	return vars
}

// ScaleLoss implements [LossScaler].
func (m *MultiOptimizer) ScaleLoss(loss *graph.Node) *graph.Node {
	if m.LossScaleFactor == 0 {
		return loss
	}
	return ops.Scale(loss, float64(m.LossScaleFactor))
}

// Averages implements [Averager]: a parameter whose optimizer keeps no average stands for
// itself.
func (m *MultiOptimizer) Averages() []*graph.Var {
	var all []*graph.Var
	for k, o := range m.inner {
		a, ok := o.(Averager)
		if !ok || a.Averages() == nil {
			continue
		}
		if all == nil {
			all = slices.Clone(m.params)
		}
		for j, v := range a.Averages() {
			all[m.places[k][j]] = v
		}
	}
	return all
}

// Finalize implements [Averager].
func (m *MultiOptimizer) Finalize() {
	for _, o := range m.inner {
		if a, ok := o.(Averager); ok {
			a.Finalize()
		}
	}
}

func (m *MultiOptimizer) hold(on *graph.Node) { m.on = on }

// Apply implements [Optimizer].
func (m *MultiOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	if len(grads) != len(m.params) || m.own == nil {
		panic(m.errorf("%d gradients of %d parameters: want one of each, and Build first", len(grads), len(m.params)))
	}
	for k, o := range m.inner {
		if len(m.places[k]) == 0 {
			continue
		}
		var part []*graph.Node
		for _, i := range m.places[k] {
			part = append(part, grads[i])
		}
		m.applyOne(g, o, part)
	}
	it := g.Value(m.own[0])
	next := ops.Offset(it, 1)
	if m.on != nil {
		next = ops.Where(m.on, next, it)
	}
	g.Update(m.own[0], next)
}

func (m *MultiOptimizer) applyOne(g *graph.Graph, o Optimizer, grads []*graph.Node) {
	if m.on != nil {
		h, ok := o.(held)
		if !ok {
			panic(m.errorf("%s, a %T, cannot skip steps: want optimizers of package optim", o.Name(), o))
		}
		h.hold(m.on)
		defer h.hold(nil)
	}
	o.Apply(g, grads)
}

// MarshalJSON writes the config that Keras writes.
func (m *MultiOptimizer) MarshalJSON() ([]byte, error) {
	def, err := objectOf(m.Map.Default)
	if err != nil {
		return nil, fmt.Errorf("default_optimizer: %w", err)
	}
	var entries bytes.Buffer
	for i, e := range m.Map.Entries {
		o, err := objectOf(e.Optimizer)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Pattern, err)
		}
		key, err := json.Marshal(e.Pattern)
		if err != nil {
			return nil, err
		}
		value, err := vocab.Marshal(o)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&entries, "%s%s:%s", strings.Repeat(",", min(i, 1)), key, value)
	}
	text, err := vocab.Marshal(def)
	if err != nil {
		return nil, err
	}
	config := fmt.Appendf(nil, `{"default_optimizer":%s,"optimizer_map":{%s}}`, text, entries.Bytes())
	return vocab.Marshal(struct {
		Map    vocab.Object `json:"optimizer_map"`
		Factor Optional     `json:"loss_scale_factor"`
		Name   string       `json:"name"`
	}{vocab.Object{Module: optimizers.Module, Class: "OptimizerMap", Config: config}, m.LossScaleFactor, m.OptimizerName})
}
