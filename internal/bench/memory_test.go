package bench

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

const trainingPlan = `plan on cpu: 4 steps, arena 5000 bytes
  0  Conv
       <- x float32[2 4]
       -> @0 float32[2 8]
       -> @64 float32[8]
  1  Relu
       <- @0 float32[2 8]
       -> @128 float16[2 8]
  2  Sum
       <- @128+16 float16[8]
       -> @192 float32[]
       -> loss/total float64[]
  3  Gradient, then {ReduceSum(a)}
       <- @128+16 float16[8]
       <- @64 float32[8]
       -> @192 float32[99]
  4  Gradient
       <- @192 float32[99]
       <- @64 float32[8]
       -> w float32[4 8]
`

// TestStepMemory counts a plan by hand, and holds the networks to what a step may take beside
// the activations that its gradient needs.
func TestStepMemory(t *testing.T) {
	arena, activations, err := stepMemory(trainingPlan)
	if want := 2*8*2 + 8*4; arena != 5000 || activations != want || err != nil {
		t.Errorf("got %d bytes, %d of activations, error %v, want 5000, %d", arena, activations, err, want)
	}
	for _, bad := range []string{"", "plan", strings.ReplaceAll(trainingPlan, "loss/total", "total"), strings.ReplaceAll(trainingPlan, "float16", "half"), strings.ReplaceAll(trainingPlan, "[99]", "[9x]")} {
		if _, _, err := stepMemory(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	for _, k := range knownNetworks {
		m, err := k.make()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy()); err != nil {
			t.Fatal(err)
		}
		train, err := data.New(tensor.New(tensor.Float32, k.batch, k.size, k.size, k.channels), tensor.New(tensor.Float32, k.batch, 10))
		if err != nil {
			t.Fatal(err)
		}
		listing, err := m.Plan(train, k.batch)
		if err != nil {
			t.Fatal(err)
		}
		arena, activations, err := stepMemory(listing)
		most := 1.02
		if k.name == "mnist_convnet" { // half of its activations, and their gradient, live together
			most = 1.4
		}
		if err != nil || float64(arena) > most*float64(activations) {
			t.Errorf("%s: got an arena of %d bytes, %.3f of the %d of activations, error %v, want %g at most", k.name, arena, float64(arena)/float64(activations), activations, err, most)
		}
		t.Logf("%s: arena %d, activations %d, %.3f", k.name, arena, activations, float64(arena)/float64(activations))
	}
}
