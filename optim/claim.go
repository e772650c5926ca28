package optim

import (
	"sync"

	"github.com/glia-ml/glia/graph"
)

// Claim gives o, with the optimizers in it, to owner, a model for instance, in place of
// former, whose optimizers become free; either may be nil. owner is a pointer.
//
// It returns an error, and changes nothing, if an optimizer belongs to another owner: the
// state of an optimizer is for one set of parameters, and building it for others would
// part it from those that it trains. An optimizer of a type of your own is recognized if
// it embeds one of this package.
func Claim(owner any, o, former Optimizer) error {
	claimMu.Lock()
	defer claimMu.Unlock()
	all := claimsOf(o)
	for _, c := range all {
		if *c.owner != nil && *c.owner != owner {
			return c.of.errorf("it trains another model: want an optimizer for each")
		}
	}
	for _, c := range claimsOf(former) {
		if *c.owner == owner {
			*c.owner = nil
		}
	}
	for _, c := range all {
		*c.owner = owner
	}
	return nil
}

// claimMu guards the owners of all optimizers: those of one are claimed together.
var claimMu sync.Mutex

// claim holds the owner of an optimizer.
type claim struct {
	of interface {
		errorf(format string, args ...any) *graph.Error
	}
	owner *any
}

// claimsOf returns the claims on an optimizer and those in it, none if it has none.
func claimsOf(o Optimizer) []claim {
	if c, ok := o.(interface{ claims() []claim }); ok {
		return c.claims()
	}
	return nil
}

func (c *Config) claims() []claim { return []claim{{c, &c.owner}} }

func (l *LossScaleOptimizer) claims() []claim {
	return append(claimsOf(l.Inner), claim{l, &l.owner})
}

func (m *MultiOptimizer) claims() []claim {
	all := []claim{{m, &m.owner}}
	for _, o := range m.Optimizers() {
		if r, ok := o.(rule); ok { // Build refuses others of this package
			all = append(all, r.config().claims()...)
		}
	}
	return all
}
