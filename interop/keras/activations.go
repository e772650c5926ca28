package keras

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
)

// checkActivations notes activations of layers that differ in the Keras that wrote the
// file, and those with a dtype policy of their own.
func checkActivations(t *tree) error {
	t.checkActivations(t.model)
	return nil
}

func (t *tree) checkActivations(p *part) {
	for _, x := range p.parts {
		t.checkActivations(x)
	}
	if p.kind != plain {
		return
	}
	if t.old || t.later {
		p.otherActivations(t.old)
	}
	if base := nn.BaseOf(p.layer); base != nil {
		p.activationPolicies(base.DType)
	}
}

// otherActivations notes activations that differ, under the same name, in the Keras that
// wrote the file: hard_sigmoid was x/5 + 1/2 within 0 and 1 in Keras 2; sparsemax changed
// in Keras 3.16.
func (p *part) otherActivations(old bool) {
	m := p.settings()
	for _, key := range sorted(m) {
		if !strings.HasSuffix(key, "activation") {
			continue
		}
		switch name, _, err := vocab.Decode(m[key]); {
		case err != nil:
		case old && name == "hard_sigmoid":
			p.after.add("activation", "hard_sigmoid of Keras 2", p.where+" "+key)
		case !old && name == "sparsemax":
			p.after.add("activation", "sparsemax of Keras 3.16 and later", p.where+" "+key)
		}
	}
}

// activationPolicies notes activations that are layers of Keras's with another dtype
// policy than the layer that they are the activation of: glia computes both in one dtype.
func (p *part) activationPolicies(layer nn.DTypePolicy) {
	m := p.settings()
	for _, key := range sorted(m) {
		if !strings.HasSuffix(key, "activation") || m[key][0] != '{' {
			continue
		}
		a, err := objectOf(m[key])
		if err != nil {
			continue // noted before
		}
		policy, err := p.after.policy(a, p.where+" "+key)
		if err == nil && policy != "" && policy.String() != layer.String() {
			p.after.add("dtype policy", fmt.Sprintf("%v of an activation beside %v", policy, layer), p.where+" "+key)
		}
	}
}
