package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Model is a model without the values of its variables.
type Model struct {
	Network *nn.Network
	// Inputs are the specs of the inputs for a batch of 1, nil if they are not known.
	Inputs []tensor.Spec
	// Optimizer, Loss and Metrics are how the model is trained, nil if it is not
	// compiled.
	Optimizer optim.Optimizer
	Loss      loss.Loss
	Metrics   []metric.Metric
}

// Options says how a model is read.
type Options struct {
	// SkipCompile leaves out optimizer, loss and metrics.
	SkipCompile bool
}

// ReadModel makes a model of an object. The model is not built: its variables come
// to be as the network is built for m.Inputs.
//
// If glia lacks something that the model needs, the error is a [*MissingError] with
// all of that. Dtype policies are those of floats, the mixed ones too; layers that have
// the network's have none of their own.
func ReadModel(o *Object, opt Options) (*Model, error) {
	for _, part := range []json.RawMessage{o.Config, o.BuildConfig, o.CompileConfig} {
		if part == nil {
			continue
		}
		if err := check(part); err != nil {
			return nil, fmt.Errorf("keras: %w", err)
		}
	}
	o = o.apart()
	r := &reader{opt: opt, old: o.old, later: o.later}
	m := &Model{}
	var err error
	if m.Network, err = r.model(o); err != nil {
		return nil, err
	}
	if !opt.SkipCompile {
		if err := r.compile(m, o.CompileConfig); err != nil {
			return nil, err
		}
	}
	if len(r.missing) > 0 {
		return nil, &MissingError{r.missing}
	}
	m.Inputs, err = inputsOf(o, m)
	return m, err
}

// reader collects what is missing while a model is read.
type reader struct {
	opt     Options
	old     bool // the file is of Keras 1 or 2
	later   bool // or of 3.16 and later
	missing []Missing
	seen    map[string]string // where an object stands that Keras has once, by its number

	integers tensor.DType // of what the next layer is given; invalid if it may be floats
	path     int          // length of the names of the layers around
	tangled  bool         // layers do not stand in the order in which they are applied
	bare     []bare

	sizes map[*nn.Network]int // how many applications of layers networks come to
	calls int                 // how many of these the file has

	outputs []string // the names of the layers that make the outputs
}

// model reads the model itself. The network is nil if something of it is missing.
func (r *reader) model(o *Object) (*nn.Network, error) {
	l, err := r.layer(o, "model", "")
	if err != nil {
		return nil, err
	}
	net, ok := l.(*nn.Network)
	if !ok && len(r.missing) == 0 {
		return nil, fmt.Errorf("keras: class %s: want Sequential or Functional, the classes of models", o.Class)
	}
	return net, nil
}

// layer reads one layer. It stands at where; places inside it begin with inside. The
// layer is nil if something of it is missing.
func (r *reader) layer(o *Object, where, inside string) (nn.Layer, error) {
	switch {
	case o.own() && o.Class == "Sequential", r.isFunctional(o):
		return r.network(o, where, inside)
	case o.own() && strings.Contains(o.Module, ".ops"):
		r.lacks("operation", o.Class, where)
		return nil, nil
	}
	l, err := nn.LayerFromConfig(o.fullName(), o.Config)
	switch {
	case lacksClass(err, o.fullName()) && layersIn(o) != nil:
		r.lacks("model", o.fullName(), where)
		defer r.apart()()
		_, err := r.layers(o, inside, nil)
		return nil, err
	case lacksClass(err, o.fullName()):
		r.lacksLayer(o, where)
		return nil, nil
	}
	if err := r.note(where, err); err != nil {
		return nil, err
	}
	if err != nil {
		l = nil
	}
	if r.old || r.later {
		r.otherActivations(o, where)
	}
	if base := nn.BaseOf(l); base != nil {
		r.activations(o, base.DType, where)
	} else if l != nil {
		before := len(r.missing)
		policy, err := r.policy(o, where)
		if err != nil || len(r.missing) > before {
			return nil, err
		}
		r.bare = append(r.bare, bare{policy, where})
	}
	r.follow(l, where)
	return l, nil
}

// otherActivations notes activations that are others, under the same name, in the Keras
// that wrote the file: hard_sigmoid was x/5 + 1/2 within 0 and 1 in Keras 2; sparsemax
// is no longer what it was up to Keras 3.15.
func (r *reader) otherActivations(o *Object, where string) {
	m := o.settings()
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !strings.HasSuffix(key, "activation") {
			continue
		}
		switch name, _, err := vocab.Decode(m[key]); {
		case err != nil:
		case r.old && name == "hard_sigmoid":
			r.lacks("activation", "hard_sigmoid of Keras 2", where+" "+key)
		case r.later && name == "sparsemax":
			r.lacks("activation", "sparsemax of Keras 3.16 and later", where+" "+key)
		}
	}
}

// network reads a Sequential or a functional model.
func (r *reader) network(o *Object, where, inside string) (nn.Layer, error) {
	before, bare := len(r.missing), len(r.bare)
	n, err := r.wired(o, where, inside)
	if err != nil || len(r.missing) > before {
		return nil, err
	}
	policy, err := r.policy(o, where)
	if err != nil {
		return nil, err
	}
	layers := n.Layers()
	if len(layers) > 0 { // what glia lacks of a policy counts with those that follow it
		r.missing = r.missing[:before]
	}
	if err := r.wantSize(n, where); err != nil {
		return nil, err
	}
	inherit(n, policy)
	r.follows(n.DType, bare)
	if m := o.settings(); m != nil { // a bare list has no name
		for key, dst := range map[string]any{"name": &n.Name, "trainable": &n.Frozen} {
			if v, ok := m[key]; ok && json.Unmarshal(v, dst) != nil {
				return nil, fmt.Errorf("keras: %s: %s is %s: want a string for a name, true or false for trainable", where, key, short(v))
			}
		}
		if v, ok := m["activity_regularizer"]; ok && !vocab.Unset(v) && inside != "" { // Keras passes over that of the model
			r.lacks("option", n.Class()+".activity_regularizer", where)
			return nil, nil
		}
	}
	n.Frozen = n.Frozen && nn.Negated(inside == "" || frozen(layers))
	if err := graph.Catch(func() { n.Names() }); err != nil {
		return nil, fmt.Errorf("keras: %s: %w", where, err)
	}
	return n, nil
}

// wired returns the network of a model's layers, nil if something of it is missing.
func (r *reader) wired(o *Object, where, inside string) (*nn.Network, error) {
	if r.isFunctional(o) {
		return r.functional(o, where, inside)
	}
	layers, err := r.layers(o, inside, nil)
	if err != nil {
		return nil, err
	}
	return nn.Sequential(layers...), nil
}

// frozen reports whether all layers are. To freeze a network in Keras freezes those in
// it, one by one, and what is set later for one of them counts.
func frozen(layers []nn.Layer) bool {
	return !slices.ContainsFunc(layers, func(l nn.Layer) bool {
		_, input := l.(*nn.InputLayer)
		base := nn.BaseOf(l)
		return !input && base != nil && !bool(base.Frozen)
	})
}

// once notes layers that stand twice in a model with one set of variables.
func (r *reader) once(o *Object, where string) {
	if len(o.shared) == 0 {
		return
	}
	id := string(o.shared)
	if at, ok := r.seen[id]; ok {
		r.lacks("option", "layer that stands twice", at+" and "+where)
		return
	}
	if r.seen == nil {
		r.seen = map[string]string{}
	}
	r.seen[id] = where
}

// layers reads the layers of a model; what is missing leaves a gap.
func (r *reader) layers(o *Object, inside string, each func(element json.RawMessage, o *Object, l nn.Layer, where string) error) ([]nn.Layer, error) {
	list := layersIn(o)
	if list == nil {
		return nil, fmt.Errorf("keras: %sclass %s without a list of layers", inside, o.Class)
	}
	elements, err := vocab.Elements(list)
	if err != nil {
		return nil, fmt.Errorf("keras: %slayers: %w", inside, err)
	}
	var layers []nn.Layer
	for i, e := range elements {
		where := fmt.Sprintf("%slayers[%d]", tail(inside), i)
		inner, err := objectOf(e)
		if err != nil {
			return nil, fmt.Errorf("keras: %s: %w", where, err)
		}
		name := nameOf(inner)
		where = strings.TrimSpace(where + " " + tail(name))
		r.once(inner, where)
		before := r.path
		if r.path += len(name); r.path > longestPath {
			return nil, fmt.Errorf("keras: %s: the names of the layer and of those around it are %d bytes long: want %d or less", where, r.path, longestPath)
		}
		l, err := r.layer(inner, where, where+"/")
		if err != nil {
			return nil, err
		}
		r.path = before
		if i == 0 && l != nil {
			in, err := oldInput(inner, l)
			if err := r.note(where, err); err != nil {
				return nil, err
			}
			if in != nil {
				layers = append(layers, in)
			}
		}
		if l != nil {
			layers = append(layers, l)
		}
		if each != nil {
			if err := each(e, inner, l, where); err != nil {
				return nil, err
			}
		}
	}
	return layers, nil
}

// layersIn returns the list of the layers of a model, nil if an object has none. In
// very old files it is the config itself.
func layersIn(o *Object) json.RawMessage {
	if len(o.Config) > 0 && o.Config[0] == '[' {
		return o.Config
	}
	if list := o.settings()["layers"]; len(list) > 0 && list[0] == '[' {
		return list
	}
	return nil
}

// nameOf returns the name of a layer, empty if it has none.
func nameOf(o *Object) (name string) {
	_ = json.Unmarshal(o.settings()["name"], &name)
	return name
}

// longestPath is how many bytes the names have, together, of a layer and of those that it
// is in: every variable in it has them in its path.
const longestPath = 1000

// longest is how many bytes of a place are told, so that the places in a hostile file
// take no more than a small multiple of its memory.
const longest = 200

// tail returns the end of a place that is too long.
func tail(where string) string {
	if len(where) <= longest {
		return where
	}
	return "..." + strings.ToValidUTF8(where[len(where)-longest:], "")
}

// oldInput returns the input that Keras 2 declares in the config of the first layer,
// nil if there is none.
func oldInput(o *Object, l nn.Layer) (nn.Layer, error) {
	m := o.settings()
	if _, input := l.(*nn.InputLayer); input || len(m["batch_input_shape"]) == 0 || vocab.Unset(m["batch_input_shape"]) {
		return nil, nil
	}
	config, err := json.Marshal(map[string]any{"name": nameOf(o) + "_input", "batch_shape": m["batch_input_shape"]})
	if err != nil {
		return nil, err
	}
	return nn.LayerFromConfig("InputLayer", config)
}

// inputsOf returns the specs of a model's inputs, nil if the object does not say them.
func inputsOf(o *Object, m *Model) (in []tensor.Spec, err error) {
	var declared bool
	if err := graph.Catch(func() { in, declared = m.Network.Declared() }); err != nil {
		return in, fmt.Errorf("keras: %w", err)
	}
	if declared {
		return in, nil
	}
	for _, s := range []struct {
		in  json.RawMessage
		key string
	}{{o.Config, "build_input_shape"}, {o.BuildConfig, "input_shape"}} {
		c, err := vocab.Members(s.in)
		if err != nil || len(c[s.key]) == 0 {
			continue
		}
		var dims []int
		if shape := shapeOf(c[s.key]); len(shape) > 0 && !slices.Contains(shape[1:], -1) {
			dims = append([]int{1}, shape[1:]...)
		}
		if d, err := tensor.MakeDims(dims); err == nil && dims != nil && !slices.ContainsFunc(dims, func(n int) bool { return n < 1 }) {
			return []tensor.Spec{{DType: m.Network.DType.VariableDType(), Shape: d}}, nil
		}
	}
	return nil, nil
}

// shapeOf returns a shape, with -1 for lengths that are not known; nil if raw is none.
func shapeOf(raw json.RawMessage) []int {
	var dims []*int
	if json.Unmarshal(raw, &dims) != nil {
		return nil
	}
	var shape []int
	for _, d := range dims {
		if d == nil {
			shape = append(shape, -1)
		} else {
			shape = append(shape, *d)
		}
	}
	return shape
}
