package keras

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// policy notes the dtype policy of a layer, which is that of all.
func (r *reader) policy(o *Object, where string) {
	name := policyOf(o)
	dt := tensor.ParseDType(name)
	switch {
	case name == "":
	case !dt.IsFloat():
		r.lacks("dtype policy", name, where)
	case r.dtype != tensor.Invalid && r.dtype != dt:
		r.lacks("dtype policy", fmt.Sprintf("%v beside %v", dt, r.dtype), where)
	default:
		r.dtype = dt
	}
}

// policyOf returns the name of a layer's dtype policy, empty if there is none. Keras 2
// writes the name alone.
func policyOf(o *Object) string {
	m, err := vocab.Members(o.Config)
	if err != nil || len(m["dtype"]) == 0 {
		return ""
	}
	name, config, err := vocab.Decode(m["dtype"])
	if err != nil || config == nil {
		return name
	}
	if c, err := vocab.Members(config); err == nil {
		_ = json.Unmarshal(c["name"], &name) // a policy without a name is known by its class
	}
	return name
}
