package loss_test

import (
	"encoding/json"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
)

// FuzzFromConfig reads configs of anything: an error, or a loss that can be written
// and traced, with nothing but *graph.Error.
func FuzzFromConfig(f *testing.F) {
	for class, config := range map[string]string{
		"Huber":                              `{"name":"huber_loss","reduction":"sum","delta":0.5}`,
		"Dice":                               `{"axis":[1,2]}`,
		"Tversky":                            `{"axis":1,"alpha":0.25}`,
		"CategoricalFocalCrossentropy":       `{"alpha":[0.25,0.5],"axis":-1}`,
		"CategoricalGeneralizedCrossEntropy": `{"q":0.5}`,
		"Circle":                             `{"remove_diagonal":false,"gamma":1e300}`,
		"kld":                                `{}`,
		"SparseCategoricalCrossentropy":      `{"ignore_class":3,"reduction":null}`,
	} {
		f.Add(class, config)
	}
	f.Fuzz(func(t *testing.T, class, config string) {
		l, err := loss.FromConfig(class, []byte(config))
		if err != nil {
			return
		}
		if _, err := json.Marshal(l); err != nil {
			t.Fatalf("%s of %s cannot be written: %v", class, config, err)
		}
		g := graph.New()
		_ = graph.Catch(func() { loss.Reduce(l, g.Input("y", f32(2, 3)), g.Input("p", f32(2, 3)), nil) })
	})
}
