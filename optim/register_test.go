package optim_test

import (
	"testing"

	"github.com/glia-ml/glia/optim"
)

// halved is an optimizer of the user's.
type halved struct {
	optim.Optimizer `json:"-"`
	Half            float64 `json:"half"`
}

// TestRegister writes and reads an optimizer of the user's.
func TestRegister(t *testing.T) {
	mine := &halved{optim.SGD(0.1), 0.25}
	if _, _, _, err := optim.ToConfig(mine); err == nil {
		t.Error("an optimizer that is not registered is written")
	}
	optim.Register("tests>Halved", func() optim.Optimizer { return &halved{optim.SGD(0.1), 1} })
	module, class, config, err := optim.ToConfig(mine)
	if err != nil || module != "" || class != "tests>Halved" || string(config) != `{"half":0.25}` {
		t.Fatalf("written as %q %q %s (%v), want tests>Halved with half 0.25", module, class, config, err)
	}
	for config, want := range map[string]float64{string(config): 0.25, "": 1} {
		o, err := optim.FromConfig(class, []byte(config))
		if err != nil || o.(*halved).Half != want {
			t.Errorf("%q is read as %+v (%v), want half %g", config, o, err, want)
		}
	}
	if _, err := optim.FromConfig(class, []byte(`{"third":1}`)); err == nil {
		t.Error("a setting that the type does not have is no error")
	}
}
