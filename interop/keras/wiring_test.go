package keras_test

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
)

// tensorOf writes the symbolic tensor of an output of a call.
func tensorOf(layer string, call, out any) string {
	return fmt.Sprintf(`{"class_name": "__keras_tensor__", "config": {"shape": [null, 4], "dtype": "float32", "keras_history": [%q, %v, %v]}}`, layer, call, out)
}

// callOf writes a call of a layer that takes a list, or of one tensor as it is.
func callOf(tensors ...string) string {
	return `{"args": [[` + strings.Join(tensors, ",") + `]], "kwargs": {}}`
}

// wiredLayer writes a layer of a functional model.
func wiredLayer(class, name, config string, calls ...string) string {
	if config != "" {
		config = ", " + config
	}
	return fmt.Sprintf(`{"module": "keras.layers", "class_name": %q, "config": {"name": %q%s}, "registered_name": null, "name": %q, "inbound_nodes": [%s]}`,
		class, name, config, name, strings.Join(calls, ","))
}

func wiredInput(name string) string {
	return wiredLayer("InputLayer", name, `"batch_shape": [null, 4]`)
}

// wiredModel writes a functional model; calls are for one in another.
func wiredModel(name, inputs, outputs string, layers []string, calls ...string) string {
	return wiredLayer("Functional", name, fmt.Sprintf(`"layers": [%s], "input_layers": %s, "output_layers": %s`, strings.Join(layers, ","), inputs, outputs), calls...)
}

// wired returns a model of an input "i" and what follows it, with an output.
func wired(output string, layers ...string) string {
	return wiredModel("m", `["i",0,0]`, output, append([]string{wiredInput("i")}, layers...))
}

func add(name string, calls ...string) string { return wiredLayer("Add", name, "", calls...) }

// wiredChain is a model of n layers behind each other, listed from the last to the first
// if backward is set.
func wiredChain(n int, backward bool) string {
	layers, last := make([]string, n), "i"
	for i := range layers {
		name := fmt.Sprint("l", i)
		layers[i] = wiredLayer("Flatten", name, "", fmt.Sprintf(`{"args": [%s], "kwargs": {}}`, tensorOf(last, 0, 0)))
		last = name
	}
	if backward {
		slices.Reverse(layers)
	}
	return wired(fmt.Sprintf("[%q,0,0]", last), layers...)
}

// wiredNest is a model that applies one twice, which does so with another, n of them.
func wiredNest(n int) string {
	inner, output := add("x", callOf(tensorOf("i", 0, 0))), `[["x",0,0]]`
	for range n {
		inner = wiredModel("x", `[["i",0,0]]`, output, []string{wiredInput("i"), inner}, callOf(tensorOf("i", 0, 0)), callOf(tensorOf("x", 0, 0)))
		output = `[["x",2,0]]` // its second call, after one of the model's own
	}
	return inner
}

// TestBadWiring reads graphs that cannot be.
func TestBadWiring(t *testing.T) {
	in := tensorOf("i", 0, 0)
	compiled := func(config string) string {
		model := wired(`["a",0,0]`, add("a", callOf(in)))
		return strings.TrimSuffix(model, "}") + `, "compile_config": {"optimizer": "sgd", ` + config + `}}`
	}
	for _, c := range []struct{ name, text, want string }{
		{"cycle", wired(`["a",0,0]`, add("a", callOf(tensorOf("b", 0, 0))), add("b", callOf(tensorOf("a", 0, 0)))), "layers[2] b: layer layers[1] a depends on itself: want a graph without cycles"},
		{"of itself", wired(`["a",0,0]`, add("a", callOf(tensorOf("a", 0, 0)))), "layers[1] a: layer layers[1] a depends on itself"},
		{"of a later call", wired(`["a",1,0]`, add("a", callOf(tensorOf("a", 1, 0)), callOf(in))), "layers[1] a: layer layers[1] a depends on itself"},
		{"no layer", wired(`["a",0,0]`, add("a", callOf(tensorOf("z", 0, 0)))), `layers[1] a: no layer is named "z"`},
		{"no call", wired(`["a",0,0]`, add("a", callOf(tensorOf("i", 1<<50, 0)))), "layers[1] a: call 1125899906842624 of layer layers[0] i: it has 0"},
		{"no output", wired(`["a",0,0]`, add("a", callOf(tensorOf("i", 0, 1<<50)))), "layers[1] a: output 1125899906842624 of layer layers[0] i: it has 1"},
		{"negative", wired(`["a",0,-1]`, add("a", callOf(in))), `output_layers: ["a",0,-1]: want the name of a layer, and the numbers of its call and output`},
		{"null", wired(`["a",0,0]`, add("a", callOf(tensorOf("i", "null", 0)))), `layers[1] a: inbound_nodes: ["i", null, 0]: want the name of a layer`},
		{"a fraction", wired(`["a",0.5,0]`, add("a", callOf(in))), `output_layers: ["a",0.5,0]: want the name`},
		{"huge", wired(`["a",0,0]`, add("a", callOf(tensorOf("i", "1"+strings.Repeat("0", 40), 0)))), "want the name of a layer, and the numbers"},
		{"no tensor", wired(`["a",0,0]`, add("a", callOf("7"))), "layers[1] a: inbound_nodes: 7: want a tensor of class __keras_tensor__"},
		{"no node", wired(`["a",0,0]`, add("a", "7")), "layers[1] a: inbound_nodes: 7: want an object"},
		{"nothing", wired(`["a",0,0]`, add("a", "[]")), "nn.Apply: Add applied to nothing: want one symbol or more"},
		{"no outputs", wired(`[]`, add("a", callOf(in))), "nn.Functional: 1 inputs and 0 outputs"},
		{"two of a name", wired(`["a",0,0]`, add("a", callOf(in)), add("a", callOf(in))), `layers[1] a and layers[2] a: two layers named "a"`},
		{"outputs of one", wired(`["a",0,0]`, wiredLayer("Flatten", "a", "", callOf(in, in))), "2 inputs: want"},
		{"an input of calls", wired(`["a",0,0]`, wiredLayer("InputLayer", "j", `"batch_shape": [null, 4]`, callOf(in)), add("a", callOf(tensorOf("j", 0, 0)))), "layers[1] j: an InputLayer with inbound_nodes"},
		{"an input that is none", wired(`["a",0,0]`, wiredInput("j"), add("a", callOf(tensorOf("j", 0, 0)))), "an output depends on an nn.Input that is not among the inputs"},
		{"nests", wiredNest(40), "more than 32"},
		{"no losses", compiled(`"loss": {}, "loss_weights": [2.0]`), ""},
	} {
		m, err := read([]byte(c.text), keras.Options{})
		if err == nil {
			err = build(m)
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
	}
}

// TestLargeWiring reads long chains, in both orders, and a layer with many calls.
func TestLargeWiring(t *testing.T) {
	n := 5000
	if testing.Short() {
		n = 1000
	}
	calls := []string{callOf(tensorOf("i", 0, 0))}
	for i := range n - 1 {
		calls = append(calls, callOf(tensorOf("a", i, 0)))
	}
	for name, text := range map[string]string{
		"chain": wiredChain(n, false), "backward": wiredChain(n, true),
		"calls":  wired(fmt.Sprintf(`["a",%d,0]`, n-1), add("a", calls...)),
		"inputs": wired(`["a",0,0]`, wiredLayer("Concatenate", "a", `"axis": -1`, callOf(strings.Split(strings.Repeat(tensorOf("i", 0, 0)+"\n", n-1)+tensorOf("i", 0, 0), "\n")...))),
		"nests":  wiredNest(12),
	} {
		start := time.Now()
		m, err := read([]byte(text), keras.Options{})
		if err == nil {
			err = build(m)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > emulator.Limit(20*time.Second) {
			t.Errorf("%s: %d bytes took %v", name, len(text), took)
		}
	}
}

// A chain as long takes no deep stack.
func TestDeepWiring(t *testing.T) {
	layers, last := make([]string, 8000), "i"
	for i := range layers {
		name := fmt.Sprint(i)
		layers[len(layers)-1-i] = fmt.Sprintf(`{"class_name":"Flatten","config":{"name":%q},"inbound_nodes":[[[%q,0,0]]]}`, name, last)
		last = name
	}
	defer debug.SetMaxStack(debug.SetMaxStack(1 << 20)) // what is deeper ends the program
	if _, err := read([]byte(wired(fmt.Sprintf("[%q,0,0]", last), layers...)), keras.Options{}); err != nil {
		t.Error(err)
	}
}

// TestOutputsOfOneLayer reads a model two of whose outputs a layer makes: Keras's names
// of these are the same, ours differ.
func TestOutputsOfOneLayer(t *testing.T) {
	in := tensorOf("i", 0, 0)
	model := wired(`[["a",0,0],["a",1,0],["a_1",0,0]]`, add("a", callOf(in), callOf(in, in)), add("a_1", callOf(in)))
	text := strings.TrimSuffix(model, "}") + `, "compile_config": {"optimizer": "sgd", "loss": {"a": "mse", "a_1": "mae"}, "metrics": [null, ["mae"], ["mse"]], "weighted_metrics": {"a": ["mae"]}}}`
	m, err := read([]byte(text), keras.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if names := m.Network.OutputNames(); !slices.Equal(names, []string{"a", "a_2", "a_1"}) {
		t.Errorf("outputs %q", names)
	}
	check := func(m *keras.Model) {
		t.Helper()
		var losses, metrics []string
		for _, l := range m.Loss.(*loss.PerOutputLoss).Of {
			losses = append(losses, l.Output+" "+l.Loss.Name())
		}
		for _, x := range m.Metrics {
			_, output, weighted := metric.Unwrap(x)
			metrics = append(metrics, fmt.Sprint(output, " ", x.Name(), " ", weighted))
		}
		if want := []string{"a mse", "a_2 mse", "a_1 mae"}; !slices.Equal(losses, want) {
			t.Errorf("losses %q, want %q", losses, want)
		}
		if want := []string{"a_2 mae false", "a_1 mse false", "a mae true", "a_2 mae true"}; !slices.Equal(metrics, want) {
			t.Errorf("metrics %q, want %q", metrics, want)
		}
	}
	check(m)
	if err := build(m); err != nil {
		t.Fatal(err)
	}
	o, err := keras.WriteModel(m)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = keras.ReadModel(o, keras.Options{}); err != nil {
		t.Fatal(err)
	}
	check(m)
}

// Keras writes a mask for each input of a model in a model, though there is none.
func TestMasksOfNothing(t *testing.T) {
	in := tensorOf("i", 0, 0)
	call := strings.Replace(callOf(in, in), `"kwargs": {}`, `"kwargs": {"mask": [null, null]}`, 1)
	if _, err := read([]byte(wired(`["a",0,0]`, add("a", call))), keras.Options{}); err != nil {
		t.Error(err)
	}
	call = strings.Replace(call, "[null, null]", "[null, "+in+"]", 1)
	var lacks *keras.MissingError
	if _, err := read([]byte(wired(`["a",0,0]`, add("a", call))), keras.Options{}); !errors.As(err, &lacks) || lacks.Items[0].Name != "call argument mask" {
		t.Errorf("a mask: error %v", err)
	}
}
