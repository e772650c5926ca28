package optim

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// build makes the counter, the learning rate and the state of the options that every
// optimizer has, and checks the configuration.
func (c *Config) build(params []*graph.Var) {
	c.check()
	c.params, c.averages, c.sums, c.slots, c.taken = params, nil, nil, nil, map[string]bool{}
	c.iterations = graph.NewVar(c.path()+"/iteration", tensor.Scalar[int64](0))
	first := c.Rate.Value
	switch {
	case c.Rate.Schedule != nil:
		first = c.Rate.Schedule.At(0)
	case c.lr != nil: // which SetLearningRate may have set
		first = c.LearningRate()
	}
	if !(first >= 0) || math.IsInf(first, 1) {
		panic(c.errorf("learning rate %g: want a finite number, 0 or more", first))
	}
	c.lr = graph.NewVar(c.path()+"/learning_rate", tensor.Scalar(first))
	if c.UseEMA {
		c.averages, c.slots = c.slotEach("average"), nil
	}
	if c.GradientAccumulationSteps > 0 {
		c.sums, c.slots = c.slotEach("gradient_accumulator"), nil
	}
}

// check wants options within their ranges.
func (c *Config) check() {
	set := 0
	for _, o := range []Optional{c.ClipNorm, c.GlobalClipNorm, c.ClipValue} {
		if o != 0 {
			set++
		}
		if !(o >= 0 && o <= math.MaxFloat32) { // times 1/Inf it would make NaN
			panic(c.errorf("clip at %g: want a finite positive number", float64(o)))
		}
	}
	switch decay, factor := float64(c.WeightDecay), float64(c.LossScaleFactor); {
	case set > 1:
		panic(c.errorf("ClipNorm %g, GlobalClipNorm %g, ClipValue %g: want at most one of them",
			float64(c.ClipNorm), float64(c.GlobalClipNorm), float64(c.ClipValue)))
	case !(decay >= 0) || math.IsInf(decay, 1):
		panic(c.errorf("weight decay %g: want a finite number, 0 or more", decay))
	case !(factor >= 0) || math.IsInf(factor, 1):
		panic(c.errorf("loss scale factor %g: want a finite number greater than 0", factor))
	case c.UseEMA && !(c.EMAMomentum >= 0 && c.EMAMomentum <= 1):
		panic(c.errorf("EMA momentum %g: want 0 to 1", c.EMAMomentum))
	case c.UseEMA && c.EMAOverwriteFrequency < 0:
		panic(c.errorf("EMA overwrites every %d steps: want 1 or more", c.EMAOverwriteFrequency))
	case c.GradientAccumulationSteps < 0 || c.GradientAccumulationSteps == 1:
		panic(c.errorf("gradients accumulate over %d steps: want 2 or more", c.GradientAccumulationSteps))
	}
	c.exclude.compile(c)
}

// exclusion lists the variables without weight decay.
type exclusion struct {
	names   []string
	vars    []*graph.Var
	pattern *regexp.Regexp
}

func (e *exclusion) compile(c *Config) {
	e.pattern = nil
	if len(e.names) == 0 {
		return
	}
	var err error
	if e.pattern, err = regexp.Compile(strings.Join(e.names, "|")); err != nil {
		panic(c.errorf("ExcludeFromWeightDecay %q: %v", e.names, err))
	}
}

// has reports whether weight decay leaves p alone.
func (e *exclusion) has(p *graph.Var) bool {
	name := p.Path[strings.LastIndexByte(p.Path, '/')+1:]
	return slices.Contains(e.vars, p) || e.pattern != nil && e.pattern.MatchString(name)
}

// path returns the first part of the paths of the variables.
func (c *Config) path() string { return cmp.Or(c.scope, c.OptimizerName) }

// slot makes a variable of zeros for a parameter.
func (c *Config) slot(p *graph.Var, name string) *graph.Var {
	return c.slotOf(p, name, p.Spec())
}

// slotPath returns the path of a parameter's variable. A number tells those of
// parameters apart that have one path, which are of networks built for themselves.
func (c *Config) slotPath(p *graph.Var, name string) string {
	base := c.path() + "/" + strings.ReplaceAll(p.Path, "/", "_")
	path := base + "_" + name
	for i := 1; c.taken[path]; i++ {
		path = base + "_" + strconv.Itoa(i) + "_" + name
	}
	c.taken[path] = true
	return path
}

// slotEach makes such a variable for every parameter.
func (c *Config) slotEach(name string) []*graph.Var {
	vars := make([]*graph.Var, len(c.params))
	for i, p := range c.params {
		vars[i] = c.slot(p, name)
	}
	return vars
}

// slotPairs makes two such variables for every parameter, next to each other.
func (c *Config) slotPairs(one, other string) (a, b []*graph.Var) {
	for _, p := range c.params {
		a, b = append(a, c.slot(p, one)), append(b, c.slot(p, other))
	}
	return a, b
}

// fill sets variables to a number.
func fill(vars []*graph.Var, x float64) {
	for _, v := range vars {
		values := make([]float64, v.Spec().Shape.Size())
		for i := range values {
			values[i] = x
		}
		v.Write(func(t *tensor.Tensor) {
			if err := t.SetFloat64s(values); err != nil {
				panic(err)
			}
		})
	}
}

// step holds the values that one step of any optimizer starts with.
type step struct {
	c     *Config
	g     *graph.Graph
	grads []*graph.Node
	t     *graph.Node // float64 scalar: 1 in the first step
	lr    *graph.Node // float64 scalar
	on    *graph.Node // bool scalar: whether to do anything; nil for always

	// What is still to be made of the gradients, which a sweep does itself: over the steps
	// to last they are added up, times factors, and limited.
	last    *graph.Node   // bool scalar; nil if nothing is added up
	factors []*graph.Node // scalars; nil for 1
	limit   float64       // 0 for none
}

// begin counts the step, finds its learning rate, and notes how the gradients are to be
// added up, unscaled and clipped as the configuration says.
func (c *Config) begin(g *graph.Graph, grads []*graph.Node) step {
	if len(grads) != len(c.params) {
		panic(c.errorf("%d gradients of %d parameters: want one of each, and Build first", len(grads), len(c.params)))
	}
	for i, p := range c.params {
		if grads[i].Spec() != p.Spec() {
			panic(c.errorf("gradient of %s is %v: want %v", p.Path, grads[i].Spec(), p.Spec()))
		}
	}
	it := g.Value(c.iterations)
	next := ops.Offset(it, 1)
	s := step{c: c, g: g, lr: g.Value(c.lr), on: c.allowed, grads: slices.Clone(grads)}
	if c.Rate.Schedule != nil {
		s.lr = c.Rate.Schedule.Rate(it)
	}
	updates := next // counted with this one
	if n := c.GradientAccumulationSteps; n > 0 {
		updates = ops.Offset(ops.FloorDiv(it, ops.ScalarLike(it, float64(n))), 1)
	}
	s.t = ops.Cast(updates, tensor.Float64)
	unscale := c.factor
	if c.LossScaleFactor != 0 { // which no optimizer has that is in one that scales the loss
		unscale = ops.ScalarLike(s.lr, 1/float64(c.LossScaleFactor))
	}
	if n := float64(c.GradientAccumulationSteps); n > 0 {
		s.last = ops.Equal(ops.Mod(next, ops.ScalarLike(next, n)), ops.ScalarLike(next, 0))
		for i, d := range grads {
			if unscale != nil { // sums are of what the gradients are
				s.grads[i] = ops.Mul(d, s.scalar(unscale, c.params[i]))
			}
		}
	} else if unscale != nil {
		s.multiply(unscale)
	}
	s.update(c.iterations, next, c.allowed)
	s.clip()
	return s
}

// multiply makes the gradients a multiple of themselves.
func (s *step) multiply(factors ...*graph.Node) {
	s.factors = make([]*graph.Node, len(s.grads))
	for i := range s.factors {
		s.factors[i] = factors[i%len(factors)]
	}
}

// gather applies the pending changes to the gradients that are needed before a sweep.
func (s *step) gather() {
	for i, d := range s.grads {
		if s.last != nil {
			n := float64(s.c.GradientAccumulationSteps)
			sum := ops.Add(d, s.g.Value(s.c.sums[i]))
			s.update(s.c.sums[i], ops.Where(s.last, ops.ScalarLike(sum, 0), sum), s.c.allowed)
			d = ops.Div(sum, ops.ScalarLike(sum, n))
		}
		if s.factors != nil {
			d = ops.Mul(d, s.scalar(s.factors[i], s.c.params[i]))
		}
		if s.limit != 0 {
			d = ops.Clip(d, -s.limit, s.limit)
		}
		s.grads[i] = d
	}
	s.on = s.updates()
	s.last, s.factors, s.limit = nil, nil, 0
}

// updates returns a bool scalar, true if the step changes parameters; nil for always.
func (s *step) updates() *graph.Node {
	switch {
	case s.last == nil:
		return s.on
	case s.on == nil:
		return s.last
	}
	return ops.And(s.on, s.last)
}

// update gives v a new value where on is true; nil is always.
func (s *step) update(v *graph.Var, n, on *graph.Node) {
	if on != nil {
		n = ops.Where(on, n, s.g.Value(v))
	}
	s.g.Update(v, n)
}

// apply traces the update of parameter i and its slots, which take the results.
func (s *step) apply(op ops.Sweepable, i int, slots []*graph.Var, scalars ...*graph.Node) {
	vars := append([]*graph.Var{s.c.params[i]}, slots...)
	if s.last != nil {
		vars = append(vars, s.c.sums[i])
	}
	if s.factors != nil || s.limit != 0 {
		factor := ops.ScalarLike(s.lr, 1)
		if s.factors != nil {
			factor = s.factors[i]
		}
		op, scalars = ops.ApplyScaledOp{Op: op, Limit: s.limit}, append(scalars, factor)
	}
	var in []*graph.Node
	for _, v := range vars {
		in = append(in, s.g.Value(v))
	}
	in = append(in, s.grads[i])
	for _, x := range scalars {
		in = append(in, s.scalar(x, vars[0]))
	}
	if s.last != nil {
		op, in = ops.ApplyIfOp{Op: op, Over: int(s.c.GradientAccumulationSteps)}, append(in, s.last)
	}
	for j, n := range ops.ApplyIf(s.on, op, in...) {
		s.g.Update(vars[j], n)
	}
}

// end traces the moving averages of the parameters, which follow the updates.
func (s *step) end() {
	c := s.c
	if !c.UseEMA {
		return
	}
	first := ops.Equal(s.t, ops.ScalarLike(s.t, 1)) // as in Keras, more than one step if gradients accumulate
	keep := ops.Where(first, ops.ScalarLike(s.t, 0), ops.ScalarLike(s.t, c.EMAMomentum))
	rule, scalars := ops.ApplyAverageOp{Fixed: true}, []*graph.Node{keep}
	if n := float64(c.EMAOverwriteFrequency); n > 0 {
		over := ops.Equal(ops.Mod(s.t, ops.ScalarLike(s.t, n)), ops.ScalarLike(s.t, 0))
		rule, scalars = ops.ApplyAverageOp{}, append(scalars, ops.Cast(over, tensor.Float64))
	}
	for i, p := range c.params {
		in := []*graph.Node{s.g.Value(c.averages[i]), s.g.Value(p)}
		for _, x := range scalars {
			in = append(in, s.scalar(x, p))
		}
		for j, n := range ops.ApplyIf(c.allowed, rule, in...) {
			s.g.Update([]*graph.Var{c.averages[i], p}[j], n)
		}
	}
}

// scalar returns a scalar of the step in a parameter's dtype.
func (s *step) scalar(x *graph.Node, p *graph.Var) *graph.Node {
	dt := p.Spec().DType
	if f, ok := x.Op.(ops.FullOp); ok {
		return ops.Full(s.g, tensor.S(dt), f.Value())
	}
	if x.DType() != dt {
		return ops.Cast(x, dt)
	}
	return x
}

// decay returns the part of parameter i that the step subtracts.
func (s *step) decay(i int) *graph.Node { return s.decayBy(i, s.c.WeightDecay) }

func (s *step) decayBy(i int, part Optional) *graph.Node {
	if part == 0 || s.c.exclude.has(s.c.params[i]) {
		return ops.ScalarLike(s.lr, 0)
	}
	return ops.Scale(s.lr, float64(part))
}

// bias returns 1 - beta^t: how far a mean that started at zero has come. As in Keras,
// beta has the parameter's precision there: float32(0.999) is nearer to 1 than 0.999
// by a hundred-thousandth of the distance.
func (s *step) bias(beta float64, p *graph.Var) *graph.Node {
	return ops.Sub(ops.ScalarLike(s.t, 1), ops.Pow(ops.ScalarLike(s.t, rounded(beta, p)), s.t))
}

// rounded returns x in a parameter's precision, float32 at least.
func rounded(x float64, p *graph.Var) float64 {
	if p.Spec().DType != tensor.Float64 {
		return float64(float32(x))
	}
	return x
}

// inverse returns 1/x.
func inverse(x *graph.Node) *graph.Node { return ops.Div(ops.ScalarLike(x, 1), x) }

// ScaleLoss returns the loss that gradients are to be taken of: the loss times
// [LossScaleFactor].
func (c *Config) ScaleLoss(loss *graph.Node) *graph.Node {
	if c.LossScaleFactor == 0 {
		return loss
	}
	return ops.Scale(loss, float64(c.LossScaleFactor))
}

// Averages returns the moving averages of the parameters, in their order; nil without
// [EMA].
func (c *Config) Averages() []*graph.Var { return c.averages }

// Finalize makes the parameters their moving averages, if there are some: it is called
// when training ends.
func (c *Config) Finalize() {
	for i, a := range c.averages {
		if err := c.params[i].Set(a.Value()); err != nil {
			panic(err)
		}
	}
}
