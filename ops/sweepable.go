package ops

import "github.com/glia-ml/glia/graph"

// Sweepable is an optimizer's update of one parameter and its slots. Result i may
// take the memory of input i; plans do the updates of all parameters in one sweep.
type Sweepable interface {
	graph.Op
	Sweepable()
}

// Sweepable implements [Sweepable].
func (ApplySGDOp) Sweepable() {}

// Sweepable implements [Sweepable].
func (ApplyMomentumOp) Sweepable() {}

// Sweepable implements [Sweepable].
func (ApplyAdamOp) Sweepable() {}

// Sweepable implements [Sweepable].
func (ApplyAMSGradOp) Sweepable() {}

// Sweepable implements [Sweepable].
func (ApplyRMSpropOp) Sweepable() {}
