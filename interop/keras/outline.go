package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/glia-ml/glia/internal/vocab"
)

// OutlineLayer describes one layer of a model, from the model's config.
type OutlineLayer struct {
	Name, Class string
	// Depth is 0 for the layers of the model, 1 for those of a model among them, ...
	Depth int
	// In are the shapes of the inputs, Out is that of the output, with -1 for lengths
	// that are not known, such as the batch; nil if the config does not say it.
	In  [][]int
	Out []int
}

// Outline lists the layers of a model from its config alone, those of models inside it
// after the model itself. It knows no classes, so that it lists unsupported ones, too. It
// fails if o is not a model with a list of layers, or has more than 8192 of them.
func Outline(o *Object) ([]OutlineLayer, error) {
	if o.Config != nil {
		if err := check(o.Config); err != nil {
			return nil, fmt.Errorf("keras: %w", err)
		}
	}
	o = o.apart()
	list := layersIn(o)
	if list == nil {
		return nil, fmt.Errorf("keras: class %s without a list of layers: want a model", o.fullName())
	}
	left := mostParts
	all := outline(list, 0, &left)
	if left < 0 {
		return nil, fmt.Errorf("keras: more than %d layers: want fewer", mostParts)
	}
	return all, nil
}

// outline lists the layers of a list and those inside them, unless there are more than left.
func outline(list json.RawMessage, depth int, left *int) []OutlineLayer {
	elements, err := vocab.Elements(list)
	if err != nil {
		return nil
	}
	if *left -= len(elements); *left < 0 {
		return nil
	}
	layers := make([]OutlineLayer, 0, len(elements))
	inner := make([][]OutlineLayer, len(elements))
	outputs := map[string][]int{} // of layers, as those that take them say
	for i, e := range elements {
		l := OutlineLayer{Depth: depth}
		o, err := objectOf(e)
		if err != nil {
			o = &Object{Class: "?"}
		}
		l.Class, l.Name = o.fullName(), nameOf(o)
		l.shapes(o)
		l.inbound(e, outputs)
		layers = append(layers, l)
		if sub := layersIn(o); sub != nil {
			inner[i] = outline(sub, depth+1, left)
		}
	}
	var all []OutlineLayer
	for i, l := range layers {
		if l.Out == nil {
			l.Out = outputs[l.Name]
		}
		if l.Out == nil && len(outputs) == 0 && i+1 < len(layers) && len(layers[i+1].In) == 1 { // a chain
			l.Out = layers[i+1].In[0]
		}
		all = append(append(all, l), inner[i]...)
	}
	return all
}

// shapes sets the shapes that a layer's own configs tell.
func (l *OutlineLayer) shapes(o *Object) {
	for _, key := range []string{"batch_shape", "batch_input_shape"} {
		if s := shapeOf(o.settings()[key]); s != nil {
			l.In = [][]int{s}
			if o.Class == "InputLayer" {
				l.Out = s
			}
		}
	}
	b, err := vocab.Members(o.BuildConfig)
	if err != nil || l.In != nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(b)) {
		l.In = append(l.In, shapesIn(b[key])...)
	}
}

// shapesIn returns a shape, or those in a list or an object.
func shapesIn(raw json.RawMessage) (all [][]int) {
	if s := shapeOf(raw); s != nil {
		return [][]int{s}
	}
	if elements, err := vocab.Elements(raw); err == nil {
		for _, e := range elements {
			all = append(all, shapesIn(e)...)
		}
		return all
	}
	if m, err := vocab.Members(raw); err == nil {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			all = append(all, shapesIn(m[key])...)
		}
	}
	return all
}

// inbound sets a layer's name and the shapes of its inputs from its place in a
// functional model, and adds these shapes to the outputs of the layers that they come from.
func (l *OutlineLayer) inbound(element json.RawMessage, outputs map[string][]int) {
	m, err := vocab.Members(element)
	if err != nil {
		return
	}
	var name string
	if json.Unmarshal(m["name"], &name) == nil && name != "" {
		l.Name = name
	}
	calls, err := vocab.Elements(m["inbound_nodes"])
	if err != nil || len(calls) == 0 {
		return
	}
	var in [][]int
	for i, call := range calls {
		tensors(call, func(shape []int, from string) {
			outputs[from] = shape
			if i == 0 { // a shared layer is called again for like inputs
				in = append(in, shape)
			}
		})
	}
	if in != nil {
		l.In = in
	}
}

// tensors calls f for every tensor in the arguments of a call: its shape, and the layer
// that it comes from.
func tensors(raw json.RawMessage, f func(shape []int, from string)) {
	if elements, err := vocab.Elements(raw); err == nil {
		for _, e := range elements {
			tensors(e, f)
		}
		return
	}
	m, err := vocab.Members(raw)
	if err != nil {
		return
	}
	var class string
	if json.Unmarshal(m["class_name"], &class) != nil || class != "__keras_tensor__" {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			tensors(m[key], f)
		}
		return
	}
	c, err := vocab.Members(m["config"])
	if err != nil {
		return
	}
	history, err := vocab.Elements(c["keras_history"])
	shape := shapeOf(c["shape"])
	var from string
	if err == nil && len(history) > 0 && shape != nil && json.Unmarshal(history[0], &from) == nil {
		f(shape, from)
	}
}
