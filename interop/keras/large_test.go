package keras_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
)

// numbers lists n numbers that grow.
func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",%d", i+1)
	}
	return b.String()[1:]
}

// nest puts layers into networks, n of them, one in the other.
func nest(n int, layers ...string) string {
	inside := strings.Join(layers, ", ")
	for i := range n {
		inside = fmt.Sprintf(`{"module": "keras", "class_name": "Sequential", "config": {"name": "n%d", "layers": [%s]}, "registered_name": null}`, i, inside)
	}
	return inside
}

// TestLargeConfigs loads configs that are valid but for what they lack, and huge: none may
// take long, or more than a small multiple of its memory, or be told at length.
func TestLargeConfigs(t *testing.T) {
	if testing.Short() {
		t.Skip("configurations of megabytes: not in short mode")
	}
	weights := string(saved(t, built(t, 1, input(), dense("a", 3)), keras.WeightsHDF5))
	const mega = 1 << 20
	layer := func(class, config string) string {
		return fmt.Sprintf(`{"module": "keras.layers", "class_name": %q, "config": {%s}, "registered_name": null}`, class, config)
	}
	in, one := layer("InputLayer", `"batch_shape": [null, 4]`), layer("Dense", `"name": "a", "units": 3`)
	model := func(layers ...string) string { return nest(1, append([]string{in}, layers...)...) }
	compiled := func(optimizer string) string {
		return strings.TrimSuffix(model(one), "}") + `, "compile_config": {"loss": "mse", "optimizer": ` + optimizer + `}}`
	}
	compiledWith := func(metric string) string {
		return strings.TrimSuffix(model(one), "}") + `, "compile_config": {"loss": "mse", "optimizer": "sgd", "metrics": [` + metric + `]}}`
	}
	schedule := func(n int) string {
		return compiled(`{"module": "keras.optimizers", "class_name": "SGD", "config": {"momentum": 0.5, "learning_rate": {"module": "keras.optimizers.schedules", "class_name":
			"PiecewiseConstantDecay", "config": {"boundaries": [` + numbers(n) + `], "values": [` + numbers(n+1) + `]}}}}`)
	}
	named := make([]string, 2000)
	for i := range named {
		named[i] = layer("Dense", fmt.Sprintf(`"name": "d%d", "units": 3`, i))
	}
	long := strings.Repeat("x", mega)
	for _, c := range []struct{ name, config, want string }{
		{"boundaries", schedule(100000), "the optimizer's state does not fit"}, // there is none in the file
		{"thresholds", compiledWith(`{"module": "keras.metrics", "class_name": "AUC", "config": {"num_thresholds": 2147483647}}`),
			"compile_config metrics[0]: metric: num_thresholds of AUC is 2147483647: want 2 to 1048576"},
		{"classes in pairs", compiledWith(`{"module": "keras.metrics", "class_name": "MeanIoU", "config": {"num_classes": 1048576}}`),
			"compile_config metrics[0]: metric: num_classes of MeanIoU is 1048576: want 1 to 4096"},
		{"copies", model(one, layer("RepeatVector", `"name": "r", "n": 2147483647`)), "layer \"r\": nn.RepeatVector: x [1 3], n 2147483647: want at most 67108864 elements a sample"},
		{"deep config", model(strings.Repeat(`{"class_name":"A","config":{"x":`, 100) + `"` + long + `"` + strings.Repeat(`}}`, 100)),
			"config.json: keras: byte 1052044: lists and objects nest more than 32 deep on average of 1052"},
		{"deep networks", nest(100, in, layer("A", `"x": "`+long+`"`)), "lists and objects nest more than 32 deep on average of 10"},
		{"networks", nest(100, in, one), "weights do not fit"}, // they stand for a model of one layer
		{"networks that are long", nest(6, in, layer("A", `"x": "`+long+long+long+`"`)), "layer A: layers[0] n4/"},
		{"axes", model(layer("Reshape", `"name": "r", "target_shape": [`+numbers(200000)+`]`)), "200001 axes [1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 ...]: want at most 8"},
		{"axes of a permutation", model(layer("Permute", `"name": "p", "dims": [`+numbers(200000)+`]`)), "axes [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16] and 199984 more of x [1 4]: want each of 1 to 1 once"},
		{"axes of noise", model(layer("Dropout", `"name": "p", "rate": 0.5, "noise_shape": [`+numbers(200000)+`]`)), "and 199984 more of x [1 4]: want as many axes"},
		{"axes of a softmax", model(layer("Softmax", `"name": "s", "axis": [`+numbers(200000)+`]`)), "axis 2"},
		{"a class", model(layer(long, `"name": "x"`)), "layer xxx"},
		{"an activation", model(layer("Dense", `"name": "d", "units": 1, "activation": "`+long+`"`)), "activation xxx"},
		{"an option", model(layer("Dense", `"name": "d", "units": 1, "`+long+`": 1`)), "option Dense.xxx"},
		{"a name around layers", nest(1, in, strings.Replace(nest(1, named...), `"n0"`, `"`+long+`"`, 1)), "the names of the layer and of those around it are 1048576 bytes long: want 1000 or less"},
		{"the name of an optimizer", compiled(`{"module": "keras.optimizers", "class_name": "Adam", "config": {"name": "` + long + `"}}`),
			"compile_config optimizer: name of 1048576 bytes: want 1000 or less"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err, _ := tryLoad(t, c.name, archive(t, map[string]string{"config.json": c.config, "model.weights.h5": weights}), built(t, 1, input(), dense("a", 3)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %.300v, want %s", err, c.want)
			}
		})
	}
}

// TestDeepNetworks writes layers in twenty networks, one in the other: what is in them is
// written once, not once for each. What could not be read is not written.
func TestDeepNetworks(t *testing.T) {
	allocated := func(depth int) (bytes uint64, length int) {
		layers := make([]nn.Layer, 1000)
		for i := range layers {
			layers[i] = nn.Dense(1)
		}
		net := nn.Sequential(layers...)
		for range depth {
			net = nn.Sequential(net)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		o, err := keras.WriteModel(&keras.Model{Network: net})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(o)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(text, keras.Options{}); err != nil {
			t.Fatal(err)
		}
		return after.TotalAlloc - before.TotalAlloc, len(text)
	}
	flat, _ := allocated(0)
	deep, length := allocated(20)
	if deep > 2*flat {
		t.Errorf("1000 layers in 20 networks take %d bytes to write as %d, in none %d", deep, length, flat)
	}
	net := nn.Sequential(nn.Dense(1))
	for range 200 {
		net = nn.Sequential(net)
	}
	if _, err := keras.WriteModel(&keras.Model{Network: net}); err == nil || !strings.Contains(err.Error(), "lists and objects nest more than 512 deep") {
		t.Errorf("200 networks, one in the other: error %v", err)
	}
}

// TestLongList cuts what is told of what is missing, and keeps it all.
func TestLongList(t *testing.T) {
	layers := make([]string, 3000)
	for i := range layers {
		layers[i] = fmt.Sprintf("Layer%d x", i)
	}
	_, err := glia.LoadBytes(archive(t, map[string]string{"config.json": string(chain("{}", layers...)),
		"model.weights.h5": string(saved(t, built(t, 1, input(), dense("a", 3)), keras.WeightsHDF5))}))
	var m *keras.MissingError
	if !errors.As(err, &m) || len(m.Items) != 3000 {
		t.Fatalf("error %v, want one of 3000 items", err)
	}
	if text := err.Error(); len(text) > 40000 || !strings.Contains(text, "\n  layer Layer1000: ") || !strings.HasSuffix(text, " more") {
		t.Errorf("an error of %d bytes: %.100s...", len(text), text)
	}
}
