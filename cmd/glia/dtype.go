package main

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// dtypePolicies are those that train and compare offer.
var dtypePolicies = []string{"float32", "mixed_bfloat16", "mixed_float16", "float64", "bfloat16", "float16"}

// dtypePolicy is a dtype policy by its name in Keras.
type dtypePolicy struct{ nn.DTypePolicy }

// Type implements pflag.Value.
func (*dtypePolicy) Type() string { return "policy" }

// Set implements pflag.Value.
func (p *dtypePolicy) Set(s string) (err error) {
	if p.DTypePolicy, err = nn.ParseDTypePolicy(s); err != nil {
		return fmt.Errorf("want %s", oneOf(dtypePolicies))
	}
	return nil
}

// output returns the policy of the layer that makes the predictions: where the others
// compute in fewer bits than their weights have, it does not, as Keras advises.
func (p dtypePolicy) output() nn.DTypePolicy {
	if p.ComputeDType() != p.VariableDType() {
		return nn.Float32
	}
	return p.DTypePolicy
}
