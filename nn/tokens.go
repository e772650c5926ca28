package nn

import (
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TokenLimit says that a layer takes numbers of a node for tokens of a vocabulary.
type TokenLimit struct {
	// X holds the tokens: what is from 0 to Below-1, floats after they are cut off.
	X     *graph.Node
	Below int
	// Layer is the path of the layer.
	Layer string
}

// TokenLimits returns the limits of tokens that the layers traced so far have: what runs the graph
// refuses inputs beyond them, since a graph cannot fail half-way.
func (c *Ctx) TokenLimits() []TokenLimit { return c.limits }

// limit notes that x holds tokens of a vocabulary.
func (c *Ctx) limit(x *graph.Node, below int) {
	path := c.g.SetScope("")
	c.g.SetScope(path)
	c.limits = append(c.limits, TokenLimit{x, below, path})
}

// limitsTokens is a layer that calls limit.
type limitsTokens interface{ limitsTokens() }

func (*Embeddings) limitsTokens() {}

// TokenLimits returns the limits of tokens that the layers of a built network have for each of its
// inputs. In has the specs of these.
func (n *Network) TokenLimits(in []tensor.Spec) [][]TokenLimit {
	all := make([][]TokenLimit, len(in))
	if !anyLimits(n.parts) {
		return all
	}
	g := graph.New()
	x, number := make([]*graph.Node, len(in)), map[*graph.Node]int{}
	for i, s := range Concrete(in) {
		x[i] = g.Input("x", s)
		number[x[i]] = i
	}
	c := NewCtx(g, NewSeed(0))
	n.CallAll(c, x)
	for _, l := range c.limits {
		if i, ok := number[sameElements(l.X)]; ok {
			all[i] = append(all[i], l)
		}
	}
	return all
}

func anyLimits(records []*Record) bool {
	return slices.ContainsFunc(records, func(r *Record) bool {
		_, ok := r.Layer.(limitsTokens)
		return ok || anyLimits(r.Parts)
	})
}

// sameElements returns the node that has the elements of n before they were put into another
// shape or dtype, in the same order.
func sameElements(n *graph.Node) *graph.Node {
	for {
		switch n.Op.(type) {
		case ops.ReshapeOp, ops.CastOp:
			n = n.In[0]
		default:
			return n
		}
	}
}
