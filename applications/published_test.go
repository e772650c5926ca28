package applications_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/glia-ml/glia/applications"
	"github.com/glia-ml/glia/preprocess"
)

// TestPublished wants the second scale of the networks for which Keras publishes weights, by one
// over the root of a deviation for each channel: keras.applications.EfficientNetB0 with weights
// has it.
func TestPublished(t *testing.T) {
	for _, published := range []bool{false, true} {
		opts := []applications.Option{applications.NoTop, applications.InputShape(32, 32, 3)}
		if published {
			opts = append(opts, applications.Published)
		}
		n, err := applications.EfficientNetB0(opts...)
		if err != nil {
			t.Fatal(err)
		}
		var scales [][]float64
		for _, l := range n.Layers() {
			if r, ok := l.(*preprocess.RescalingLayer); ok {
				var list []float64
				text, err := json.Marshal(r.Scale)
				if err != nil {
					t.Fatal(err)
				}
				if json.Unmarshal(text, &list) == nil { // not one number
					scales = append(scales, list)
				}
			}
		}
		if !published {
			if len(scales) > 0 {
				t.Errorf("not published: got scales %v, want none", scales)
			}
			continue
		}
		if len(scales) != 1 || len(scales[0]) != 3 {
			t.Fatalf("published: got scales %v, want one of three numbers", scales)
		}
		for i, deviation := range []float64{0.229, 0.224, 0.225} {
			if want := 1 / math.Sqrt(deviation); math.Abs(scales[0][i]-want) > 1e-6 {
				t.Errorf("scale %d: got %v, want %v", i, scales[0][i], want)
			}
		}
	}
}
