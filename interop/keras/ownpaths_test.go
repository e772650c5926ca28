package keras_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// TestOwnPaths loads weights under the paths that Keras gives the variables of networks
// among the layers: [v.path for v in model.variables], seen with Keras 3.15.1.
func TestOwnPaths(t *testing.T) {
	dense := func(name string) *nn.DenseLayer { return nn.Dense(4, nn.NoBias, nn.Name(name)) }
	functional := func(name string, layers ...nn.Layer) *nn.Network {
		in := nn.Apply(nn.Input(4))
		out := in
		for _, l := range layers {
			out = nn.Apply(l, out)
		}
		n := nn.Functional([]*nn.Symbol{in}, []*nn.Symbol{out})
		n.Name = name
		return n
	}
	sequential := func(name string, layers ...nn.Layer) *nn.Network {
		n := nn.Sequential(append([]nn.Layer{nn.Input(4)}, layers...)...)
		n.Name = name
		return n
	}
	for name, c := range map[string]struct {
		net   *nn.Network
		paths string // in the order of the variables
		want  string // error
	}{
		"functional":                 {functional("m", dense("a"), dense("b")), "a b", ""},
		"sequential in sequential":   {sequential("m", dense("a"), sequential("in", dense("b")), dense("c")), "m/a in/b m/c", ""},
		"functional in functional":   {functional("m", dense("a"), functional("in", dense("b")), dense("c")), "a b c", ""},
		"functional in sequential":   {sequential("m", dense("a"), functional("in", dense("b"))), "m/a b", ""},
		"sequential in functional":   {functional("m", sequential("in", dense("b")), dense("c")), "in/b c", ""},
		"three deep":                 {functional("m", functional("mid", sequential("in", dense("a")), dense("b")), dense("c")), "in/a b c", ""},
		"three sequential":           {sequential("m", sequential("mid", sequential("in", dense("a")), dense("b"))), "in/a mid/b", ""},
		"one path, of two variables": {functional("m", functional("in", dense("a")), functional("in2", dense("a"))), "a x", "layer a: the file has 0 weights for it: want 1 (in/a/kernel)"},
		"another's path":             {functional("m", dense("a"), functional("in", dense("a"))), "a x", "layer a: the file has 0 weights for it: want 1 (in/a/kernel)"},
	} {
		if err := graph.Catch(func() { c.net.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 1, 4)) }); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var entries []safetensors.Entry
		for i, path := range strings.Fields(c.paths) {
			w := tensor.New(tensor.Float32, 4, 4)
			tensor.Data[float32](w)[0] = float32(i + 1)
			entries = append(entries, safetensors.Entry{Name: path + "/kernel", Tensor: w})
		}
		var b bytes.Buffer
		if err := safetensors.Write(&b, entries, nil); err != nil {
			t.Fatal(err)
		}
		f, err := keras.Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		err = f.LoadWeights(c.net, keras.LoadOptions{})
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want %s", name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, v := range c.net.Vars() {
			if got := tensor.Data[float32](v.Tensor())[0]; got != float32(i+1) {
				t.Errorf("%s: %s has the values of weight %g, want those of %d", name, v.Path, got, i+1)
			}
		}
	}
}
