package optim

import (
	"encoding/json"
	"fmt"
)

// FromConfig returns the optimizer of a Keras class, "Adam" for instance, with the
// config that Keras writes. What optim cannot do is an error.
func FromConfig(class string, config []byte) (Optimizer, error) {
	var o Optimizer
	switch class {
	case "SGD":
		o = SGD(0.01)
	case "Adam":
		o = Adam(0.001)
	case "AdamW":
		o = AdamW(0.001)
	case "RMSprop":
		o = RMSprop(0.001)
	default:
		return nil, fmt.Errorf("optim: class %q: want one of Keras's that optim has", class)
	}
	if err := json.Unmarshal(config, o); err != nil {
		return nil, fmt.Errorf("optim: config of %s: %w", class, err)
	}
	var other struct {
		UseEMA     bool     `json:"use_ema"`
		Accumulate *float64 `json:"gradient_accumulation_steps"`
		LossScale  *float64 `json:"loss_scale_factor"`
	}
	if err := json.Unmarshal(config, &other); err != nil {
		return nil, fmt.Errorf("optim: config of %s: %w", class, err)
	}
	if other.UseEMA || other.Accumulate != nil || other.LossScale != nil {
		return nil, fmt.Errorf("optim: config of %s: use_ema, gradient_accumulation_steps or loss_scale_factor is set: want none", class)
	}
	return o, nil
}
