package keras

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
)

// checkActivations notes activations of layers that are others in the Keras that wrote
// the file, and those with a dtype policy of their own.
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

// otherActivations notes activations that are others, under the same name, in the Keras
// that wrote the file: hard_sigmoid was x/5 + 1/2 within 0 and 1 in Keras 2; sparsemax
// is no longer what it was up to Keras 3.15.
func (p *part) otherActivations(old bool) {
	m := p.settings()
	for _, key := range sorted(m) {
		if !strings.HasSuffix(key, "activation") {
			continue
		}
		switch name, _, err := vocab.Decode(m[key]); {
		case err != nil:
		case old && name == "hard_sigmoid":
			p.after.lacks("activation", "hard_sigmoid of Keras 2", p.where+" "+key)
		case !old && name == "sparsemax":
			p.after.lacks("activation", "sparsemax of Keras 3.16 and later", p.where+" "+key)
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
			continue // as was told
		}
		policy, err := p.after.policy(a, p.where+" "+key)
		if err == nil && policy != "" && policy.String() != layer.String() {
			p.after.lacks("dtype policy", fmt.Sprintf("%v of an activation beside %v", policy, layer), p.where+" "+key)
		}
	}
}
