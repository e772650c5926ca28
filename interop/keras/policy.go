package keras

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// policy reads the dtype policy of an object, which is empty if the config has none.
// An unsupported one is noted.
func (l *missingList) policy(o *Object, where string) (p nn.DTypePolicy, err error) {
	m := o.settings()
	if len(m["dtype"]) == 0 { // very old files have a list of layers there
		return "", nil
	}
	return p, l.note(where+" dtype", json.Unmarshal(m["dtype"], &p))
}

// inheritPolicies gives networks their dtype policies, from the inside out, and notes
// layers of the user's that do not embed nn.Base, and so have no policy but the
// network's, where the file has another.
func inheritPolicies(t *tree) error { return t.model.inheritPolicies() }

func (p *part) inheritPolicies() error {
	for _, x := range p.parts {
		if err := x.inheritPolicies(); err != nil && p.kind != otherLayer {
			return err
		}
	}
	n := p.network()
	if n == nil {
		return nil
	}
	var missing missingList
	policy, err := missing.policy(p.Object, p.where)
	if err != nil {
		return err
	}
	if len(n.Layers()) == 0 { // otherwise an unsupported policy is noted at the layers that follow it
		p.after = append(p.after, missing...)
	}
	inherit(n, policy)
	for _, x := range p.parts {
		if nn.BaseOf(x.layer) == nil && x.policy.String() != n.DType.String() {
			p.after.add("dtype policy", fmt.Sprintf("%v of a layer without nn.Base", x.policy), x.where)
		}
	}
	return nil
}

// inherit sets a network's dtype policy to the one that its layers share, otherwise to that
// in the file, which Keras ignores, or to that of the first layer. Layers of that policy
// then follow the network.
func inherit(n *nn.Network, policy nn.DTypePolicy) {
	var layers []*nn.Base
	for _, l := range n.Layers() {
		if _, input := l.(*nn.InputLayer); !input && nn.BaseOf(l) != nil {
			layers = append(layers, nn.BaseOf(l))
		}
	}
	one := true
	for _, l := range layers {
		if l.DType == "" { // nothing in its config: Keras's default
			l.DType = nn.Float32
		}
		one = one && l.DType == layers[0].DType
	}
	switch {
	case len(layers) > 0 && (one || policy == ""):
		n.DType = layers[0].DType
	case policy == "":
		n.DType = nn.Float32
	default:
		n.DType = policy
	}
	for _, l := range layers {
		if l.DType == n.DType {
			l.DType = ""
		}
	}
}
