package nn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
)

// TestNetworkTooLarge refuses networks that are small to write and have no end to trace.
func TestNetworkTooLarge(t *testing.T) {
	doubled := nn.Sequential(nn.Dense(1))
	for range 40 {
		doubled = nn.Sequential(doubled, doubled)
	}
	a := nn.Sequential(nn.Dense(1))
	a.Add(nn.Sequential(nn.Sequential(a)))
	first := nn.Sequential()
	first.Add(nn.Sequential(first))
	for _, c := range []struct {
		name string
		net  *nn.Network
		want string
	}{
		{"doubled", doubled, "nn.Sequential: more than 1048576 applications of layers"},
		{"in itself", a, "nn.Sequential: the network is in itself"},
		{"in itself, in front", first, "nn.Sequential: the network is in itself"},
	} {
		for _, f := range []func(){func() { c.net.Build(nn.NewBuilder(1), f32(5, 6)) }, func() { c.net.Declared() }} {
			if err := graph.Catch(f); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want %s", c.name, err, c.want)
			}
		}
	}
	few := nn.Sequential(nn.Dense(6))
	for range 10 {
		few = nn.Sequential(few, few)
	}
	built(t, few, f32(5, 6))
}

// TestOutputNames gives the outputs of one layer names of their own.
func TestOutputNames(t *testing.T) {
	x := nn.Apply(nn.Input(2))
	shared := nn.Dense(2, nn.Name("a"))
	once, twice := nn.Apply(shared, x), nn.Apply(shared, nn.Apply(nn.Flatten(nn.Name("f")), x))
	other := nn.Apply(nn.Dense(1, nn.Name("a_1")), x)
	net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{once, twice, other, once, x})
	if got, want := net.OutputNames(), []string{"a", "a_2", "a_1", "a_3", "input_layer"}; !slices.Equal(got, want) {
		t.Errorf("outputs %q, want %q", got, want)
	}
}
