package optim

import "github.com/glia-ml/glia/graph"

// Option is an option of every optimizer: [Name], [WeightDecay],
// [ExcludeFromWeightDecay], [ExcludeVarsFromWeightDecay], [ClipNorm], [GlobalClipNorm],
// [ClipValue], [EMA], [EMAOverwrite], [LossScaleFactor], [GradientAccumulation].
//
// They act in this order: gradients are divided by the loss scale and added up, their
// mean is clipped, weight decay takes its part of the parameter, the rule takes its step,
// and the moving average follows.
type Option struct{ set func(*Config) }

// NameOption is the type of [Name]: an option of every optimizer, of [LossScale] and
// [Multi] too.
type NameOption struct {
	Option
	name string
}

// Name names the optimizer.
func Name(name string) NameOption {
	return NameOption{Option{func(c *Config) { c.OptimizerName = name }}, name}
}

func (o NameOption) lossScale(l *LossScaleOptimizer) { l.OptimizerName = o.name }
func (o NameOption) multi(m *MultiOptimizer)         { m.OptimizerName = o.name }

// WeightDecay takes this part of every parameter, times the learning rate, away in
// every step, before the gradient is applied.
func WeightDecay(part float64) Option {
	return Option{func(c *Config) { c.WeightDecay = Optional(part) }}
}

// ExcludeFromWeightDecay leaves the parameters alone in whose name, the last part of
// the path, one of these regular expressions is found: "bias" for instance. Keras's
// files cannot store it: to save a model with it is an error, to save its weights is not.
func ExcludeFromWeightDecay(names ...string) Option {
	return Option{func(c *Config) { c.exclude.names = append(c.exclude.names, names...) }}
}

// ExcludeVarsFromWeightDecay leaves these parameters alone. Files hold it no more than
// [ExcludeFromWeightDecay].
func ExcludeVarsFromWeightDecay(vars ...*graph.Var) Option {
	return Option{func(c *Config) { c.exclude.vars = append(c.exclude.vars, vars...) }}
}

// ClipNorm limits the Euclidean norm of every gradient.
func ClipNorm(norm float64) Option { return Option{func(c *Config) { c.ClipNorm = Optional(norm) }} }

// GlobalClipNorm limits the Euclidean norm of all gradients together.
func GlobalClipNorm(norm float64) Option {
	return Option{func(c *Config) { c.GlobalClipNorm = Optional(norm) }}
}

// ClipValue limits the size of every element of a gradient.
func ClipValue(size float64) Option { return Option{func(c *Config) { c.ClipValue = Optional(size) }} }

// EMA keeps a moving average of every parameter, of which a step keeps the part
// momentum; Keras's default is 0.99. Training continues with the parameters, which
// become their averages when it ends, as in Keras: see [Config.Finalize].
//
// Source: Polyak, Juditsky 1992, "Acceleration of Stochastic Approximation by
// Averaging".
func EMA(momentum float64) Option {
	return Option{func(c *Config) { c.UseEMA, c.EMAMomentum = true, momentum }}
}

// EMAOverwrite is [EMA] that makes the parameters their averages every so many steps.
func EMAOverwrite(steps int) Option {
	return Option{func(c *Config) { c.UseEMA, c.EMAOverwriteFrequency = true, Steps(steps) }}
}

// LossScaleFactorOption is the type of [LossScaleFactor]: an option of every optimizer, of
// [Multi] too.
type LossScaleFactorOption struct {
	Option
	factor float64
}

// LossScaleFactor multiplies the loss and divides the gradients by a factor, so that
// small ones do not become zero in 16 bits. [LossScale] finds the factor by itself.
func LossScaleFactor(factor float64) LossScaleFactorOption {
	return LossScaleFactorOption{Option{func(c *Config) { c.LossScaleFactor = Optional(factor) }}, factor}
}

func (o LossScaleFactorOption) multi(m *MultiOptimizer) { m.LossScaleFactor = Optional(o.factor) }

// GradientAccumulation adds gradients up over so many batches, 2 or more; the last of
// them applies their mean.
//
// As in Keras the optimizer's count of steps is that of batches, so schedules of the
// learning rate go on by a batch, and a rate that is to fall after k updates falls after
// steps·k batches. Gradients that are left over at the end of an epoch, or of Fit, are kept:
// the next batches, of the next Fit too, complete them. Those left over at the very end are
// never applied.
func GradientAccumulation(steps int) Option {
	return Option{func(c *Config) { c.GradientAccumulationSteps = Steps(steps) }}
}

func (o Option) sgd(r *SGDOptimizer)                        { o.set(&r.Config) }
func (o Option) adam(r *AdamOptimizer)                      { o.set(&r.Config) }
func (o Option) rmsprop(r *RMSpropOptimizer)                { o.set(&r.Config) }
func (o Option) adamax(r *AdamaxOptimizer)                  { o.set(&r.Config) }
func (o Option) nadam(r *NadamOptimizer)                    { o.set(&r.Config) }
func (o Option) adagrad(r *AdagradOptimizer)                { o.set(&r.Config) }
func (o Option) adadelta(r *AdadeltaOptimizer)              { o.set(&r.Config) }
func (o Option) ftrl(r *FtrlOptimizer)                      { o.set(&r.Config) }
func (o Option) lamb(r *LambOptimizer)                      { o.set(&r.Config) }
func (o Option) lion(r *LionOptimizer)                      { o.set(&r.Config) }
func (o Option) scheduleFree(r *ScheduleFreeAdamWOptimizer) { o.set(&r.Config) }
func (o Option) adafactor(r *AdafactorOptimizer)            { o.set(&r.Config) }
func (o Option) muon(r *MuonOptimizer)                      { o.set(&r.Config) }

type (
	// Beta1 is how much of the mean gradient a step keeps.
	Beta1 float64
	// Beta2 is how much of the mean squared gradient a step keeps; of the greatest
	// gradient for [Adamax], of the mean gradient for [Lion].
	Beta2 float64
	// Epsilon keeps a divisor from 0.
	Epsilon float64
	// Rho is how much of the moving means a step of [RMSprop] or [Adadelta] keeps.
	Rho float64
	// Momentum is the part of a step that the next one keeps.
	Momentum float64
	// InitialAccumulator is the initial value of the sums of squared gradients of
	// [Adagrad] and [Ftrl].
	InitialAccumulator float64
)

// Nesterov makes momentum look ahead.
const Nesterov nesterov = true

type nesterov bool

func (b Beta1) adam(r *AdamOptimizer)                      { r.Beta1 = float64(b) }
func (b Beta1) adamax(r *AdamaxOptimizer)                  { r.Beta1 = float64(b) }
func (b Beta1) nadam(r *NadamOptimizer)                    { r.Beta1 = float64(b) }
func (b Beta1) lamb(r *LambOptimizer)                      { r.Beta1 = float64(b) }
func (b Beta1) lion(r *LionOptimizer)                      { r.Beta1 = float64(b) }
func (b Beta1) scheduleFree(r *ScheduleFreeAdamWOptimizer) { r.Beta1 = float64(b) }
func (b Beta1) muon(r *MuonOptimizer)                      { r.AdamBeta1 = float64(b) }

func (b Beta2) adam(r *AdamOptimizer)                      { r.Beta2 = float64(b) }
func (b Beta2) adamax(r *AdamaxOptimizer)                  { r.Beta2 = float64(b) }
func (b Beta2) nadam(r *NadamOptimizer)                    { r.Beta2 = float64(b) }
func (b Beta2) lamb(r *LambOptimizer)                      { r.Beta2 = float64(b) }
func (b Beta2) lion(r *LionOptimizer)                      { r.Beta2 = float64(b) }
func (b Beta2) scheduleFree(r *ScheduleFreeAdamWOptimizer) { r.Beta2 = float64(b) }
func (b Beta2) muon(r *MuonOptimizer)                      { r.AdamBeta2 = float64(b) }

func (e Epsilon) adam(r *AdamOptimizer)                      { r.Epsilon = float64(e) }
func (e Epsilon) rmsprop(r *RMSpropOptimizer)                { r.Epsilon = float64(e) }
func (e Epsilon) adamax(r *AdamaxOptimizer)                  { r.Epsilon = float64(e) }
func (e Epsilon) nadam(r *NadamOptimizer)                    { r.Epsilon = float64(e) }
func (e Epsilon) adagrad(r *AdagradOptimizer)                { r.Epsilon = float64(e) }
func (e Epsilon) adadelta(r *AdadeltaOptimizer)              { r.Epsilon = float64(e) }
func (e Epsilon) lamb(r *LambOptimizer)                      { r.Epsilon = float64(e) }
func (e Epsilon) scheduleFree(r *ScheduleFreeAdamWOptimizer) { r.Epsilon = float64(e) }
func (e Epsilon) muon(r *MuonOptimizer)                      { r.Epsilon = float64(e) }

func (x Rho) rmsprop(r *RMSpropOptimizer)   { r.Rho = float64(x) }
func (x Rho) adadelta(r *AdadeltaOptimizer) { r.Rho = float64(x) }

func (m Momentum) sgd(r *SGDOptimizer)         { r.Momentum = float64(m) }
func (m Momentum) rmsprop(r *RMSpropOptimizer) { r.Momentum = float64(m) }
func (m Momentum) muon(r *MuonOptimizer)       { r.Momentum = float64(m) }

func (n nesterov) sgd(r *SGDOptimizer) { r.Nesterov = bool(n) }

func (v InitialAccumulator) adagrad(r *AdagradOptimizer) { r.InitialAccumulator = float64(v) }
func (v InitialAccumulator) ftrl(r *FtrlOptimizer)       { r.InitialAccumulator = float64(v) }
