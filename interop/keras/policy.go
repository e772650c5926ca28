package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/glia-ml/glia/nn"
)

// policy reads the dtype policy of an object, which is empty if the config tells none.
// One that glia lacks is noted.
func (r *reader) policy(o *Object, where string) (p nn.DTypePolicy, err error) {
	m := o.settings()
	if len(m["dtype"]) == 0 { // very old files have a list of layers there
		return "", nil
	}
	return p, r.note(where+" dtype", json.Unmarshal(m["dtype"], &p))
}

// inherit gives a network its dtype policy: the one that its layers share, or else what
// the file says, which Keras passes over, or that of the first layer. Layers of that
// policy then follow the network.
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

// activations notes activations that are layers of Keras's with another dtype policy than
// the layer that they are the activation of: glia computes both in one dtype.
func (r *reader) activations(o *Object, layer nn.DTypePolicy, where string) {
	m := o.settings()
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !strings.HasSuffix(key, "activation") || m[key][0] != '{' {
			continue
		}
		a, err := objectOf(m[key])
		if err != nil {
			continue // as was told
		}
		p, err := r.policy(a, where+" "+key)
		if err == nil && p != "" && p.String() != layer.String() {
			r.lacks("dtype policy", fmt.Sprintf("%v of an activation beside %v", p, layer), where+" "+key)
		}
	}
}

// bare is a layer of the user's that does not embed nn.Base, and so has no policy but
// the network's.
type bare struct {
	policy nn.DTypePolicy
	where  string
}

// follows notes those of the bare layers behind the first n, which are in one network,
// that have another policy.
func (r *reader) follows(policy nn.DTypePolicy, n int) {
	for _, l := range r.bare[n:] {
		if l.policy.String() != policy.String() {
			r.lacks("dtype policy", fmt.Sprintf("%v of a layer without nn.Base", l.policy), l.where)
		}
	}
	r.bare = r.bare[:n]
}
