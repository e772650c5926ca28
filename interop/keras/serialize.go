package keras

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// WriteModel returns the object that Keras 3 itself writes for a model: every layer has
// its name and dtype policy, and if the network is built the shape of its input.
//
// A layer of a type of your own is written under the name by which [nn.Register] has it,
// and so are losses, metrics and activations. WriteModel fails for everything else that
// Keras does not have, and names the layer.
func WriteModel(m *Model) (*Object, error) {
	o, err := writeModel(m)
	if err != nil {
		return nil, fmt.Errorf("keras: %w", err)
	}
	return o, nil
}

func writeModel(m *Model) (*Object, error) {
	if m.Network == nil {
		return nil, errors.New("the model has no network")
	}
	w := &writer{seen: map[nn.Layer]string{}, batch: m.Network.BatchSize()}
	build, err := w.network(m.Network, networkName(m.Network), m.Inputs, around{})
	if err != nil {
		return nil, err
	}
	if err := check(w.config.Bytes()); err != nil {
		return nil, fmt.Errorf("networks in networks: the config could not be read: %w", err)
	}
	o := networkObject(m.Network)
	o.Config, o.BuildConfig = w.config.Bytes(), build
	if o.CompileConfig, err = compiled(m); err != nil {
		return nil, err
	}
	return o, nil
}

// writer writes the layers of a model, one after the other, each byte once however deep
// networks stand in networks.
type writer struct {
	config bytes.Buffer        // of the model
	seen   map[nn.Layer]string // where a layer stands
	batch  int                 // the length of all batches, 0 for any
}

// around holds the facts about the networks around a layer: the beginning of its place,
// whether one is frozen, and the dtype policy.
type around struct {
	inside string
	frozen bool
	policy nn.DTypePolicy
}

// networkObject returns the object of a network, without its configs.
func networkObject(n *nn.Network) *Object {
	o := &Object{Module: "keras", Class: n.Class()}
	if o.Class == functionalClass {
		o.Module, o.Registered = "keras.src.models.functional", &o.Class
	}
	return o
}

// network writes the config of a network for inputs of specs in, which may be empty. It
// returns its build config.
func (w *writer) network(n *nn.Network, name string, in []tensor.Spec, a around) (json.RawMessage, error) {
	var names []string
	if err := graph.Catch(func() { names = n.Names() }); err != nil {
		return nil, err
	}
	a.frozen, a.policy = a.frozen || bool(n.Frozen), n.PolicyIn(a.policy)
	records := n.Records()
	head, build := map[string]any{"name": name, "trainable": !a.frozen}, json.RawMessage(`{"input_shape":null}`)
	calls := make([][]inbound, len(names)) // nil in a chain
	if n.Class() == functionalClass {
		var err error
		if calls, err = wired(n, w.batch, names, head); err != nil {
			return nil, fmt.Errorf("%s%s: %w", a.inside, name, err)
		}
	} else {
		if len(records) > 0 { // as it is built, but for integers that become floats inside
			s := records[0].In[0]
			if len(in) > 0 {
				s.DType = in[0].DType
			}
			in = []tensor.Spec{s}
		}
		head["dtype"] = policyObject(a.policy)
		if build = w.build(nil, nil, in); build != nil {
			head["build_input_shape"] = batched(in[0], w.batch)
		}
	}
	b, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	w.config.Write(b[:len(b)-1])
	w.config.WriteString(`,"layers":[`)
	if len(n.Layers()) > 0 && len(in) > 0 && n.Class() != functionalClass {
		if _, ok := n.Layers()[0].(*nn.InputLayer); !ok {
			if err := w.object(w.input(in[0], names)); err != nil {
				return nil, err
			}
			w.config.WriteByte(',')
		}
	}
	for i, l := range n.Layers() {
		where := a.inside + names[i]
		if err := w.once(l, where); err != nil {
			return nil, err
		}
		var specs []tensor.Spec
		if len(records) > 0 {
			specs = records[i].In
		}
		if i > 0 {
			w.config.WriteByte(',')
		}
		if err := w.layer(l, names[i], calls[i], specs, where, a); err != nil {
			return nil, err
		}
	}
	w.config.WriteString("]}")
	return build, nil
}

// inner writes a network that is a layer.
func (w *writer) inner(n *nn.Network, name string, calls []inbound, in []tensor.Spec, where string, a around) error {
	if len(n.Layers()) == 0 {
		return fmt.Errorf("layer %s: a network without layers: Keras builds none", where)
	}
	a.inside = where + "/"
	o := networkObject(n)
	o.at(name, calls)
	before, _, err := o.aroundConfig()
	if err != nil {
		return err
	}
	w.config.Write(before)
	if o.BuildConfig, err = w.network(n, name, in, a); err != nil {
		return err
	}
	_, after, err := o.aroundConfig()
	w.config.Write(after)
	return err
}

// aroundConfig returns the JSON of an object before and after its config.
func (o *Object) aroundConfig() (before, after []byte, err error) {
	b, err := json.Marshal(o)
	before, after, _ = bytes.Cut(b, []byte("null")) // the config, since every object here has a module
	return before, after, err
}

// object writes an object.
func (w *writer) object(o *Object, err error) error {
	if err != nil {
		return err
	}
	b, err := json.Marshal(o)
	w.config.Write(b)
	return err
}

// once returns an error if a layer, or one in a wrapper, stands twice in the model: it has
// one set of variables, and who reads the file would make two.
func (w *writer) once(l nn.Layer, where string) error {
	if t := reflect.TypeOf(l); t == nil || t.Kind() == reflect.Pointer && reflect.ValueOf(l).IsNil() {
		return nil // what writes it tells of it
	} else if t.Kind() == reflect.Pointer {
		if other, ok := w.seen[l]; ok {
			return fmt.Errorf("layers %s and %s are one: want each once, as Keras's Sequential has them", other, where)
		}
		w.seen[l] = where
	}
	if _, ok := l.(*nn.Network); ok { // writing it comes to its layers
		return nil
	}
	return w.onceInside(l, where)
}

// onceInside is once of the layers in a wrapper, and of those in networks there.
func (w *writer) onceInside(l nn.Layer, where string) error {
	c, ok := l.(nn.Container)
	if !ok {
		return nil
	}
	count := map[string]int{}
	for _, inner := range c.Layers() {
		if inner == nil {
			continue
		}
		name := nn.SnakeCase(nn.ClassOf(inner))
		n := count[name]
		if count[name]++; n > 0 {
			name += "_" + strconv.Itoa(n)
		}
		at := where + "/" + name
		if err := w.once(inner, at); err != nil {
			return err
		}
		if n, ok := inner.(*nn.Network); ok && n != nil {
			if err := w.onceInside(n, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// input writes the layer that declares an input, under a name that is not taken.
func (w *writer) input(in tensor.Spec, taken []string) (*Object, error) {
	l := nn.Input(in.Shape.From(1), in.DType)
	l.Batch = w.batch
	l.Name = "input_layer"
	for i := 1; slices.Contains(taken, l.Name); i++ {
		l.Name = fmt.Sprintf("input_layer_%d", i)
	}
	return object(nn.LayerToConfig(l))
}

// layer writes a layer.
func (w *writer) layer(l nn.Layer, name string, calls []inbound, in []tensor.Spec, where string, a around) error {
	if n, ok := l.(*nn.Network); ok {
		return w.inner(n, name, calls, in, where, a)
	}
	if op, ok := l.(*nn.OperationLayer); ok && calls == nil {
		return fmt.Errorf("layer %s: the operation %s in a Sequential: want the functional form", where, op.Class())
	}
	o, err := w.plain(l, name, calls, in, a)
	if err != nil {
		return fmt.Errorf("layer %s: %w", where, err)
	}
	o.at(name, calls)
	return w.object(o, nil)
}

// at notes how a layer of a functional model is applied.
func (o *Object) at(name string, calls []inbound) {
	if calls != nil {
		o.name, o.calls = &name, calls
	}
}

// plain returns the object of a layer that is no network.
func (w *writer) plain(l nn.Layer, name string, calls []inbound, in []tensor.Spec, a around) (*Object, error) {
	if op, ok := l.(*nn.OperationLayer); ok {
		return operationObject(op, name)
	}
	o, err := object(nn.LayerToConfig(l))
	if err != nil {
		return nil, err
	}
	if input, ok := l.(*nn.InputLayer); ok {
		more := map[string]any{"name": name}
		if input.DType == tensor.Invalid { // floats are converted to those of the first layer
			more["dtype"] = a.policy.VariableDType().String()
		}
		o.Config, err = with(o.Config, more)
	} else {
		more := map[string]any{"name": name, "dtype": policyObject(a.policy), "trainable": !a.frozen}
		if base := nn.BaseOf(l); base != nil {
			more["trainable"] = !a.frozen && !bool(base.Frozen)
			more["dtype"] = policyObject(base.PolicyIn(a.policy))
		}
		if _, ok := l.(*nn.SpatialDropoutLayer); ok {
			delete(more, "trainable") // Keras's constructors of these refuse it
		}
		if o.Config, err = withPolicies(o.Config, more["dtype"]); err != nil {
			return nil, err
		}
		if _, ok := l.(*preprocess.PipelineLayer); ok { // Keras's constructor refuses them
			delete(more, "trainable")
			delete(more, "dtype")
		}
		o.Config, err = with(o.Config, more)
		o.BuildConfig = w.build(l, calls, in)
	}
	return o, err
}

// with returns a config with more settings.
func with(config json.RawMessage, more map[string]any) (json.RawMessage, error) {
	m, err := vocab.Members(config)
	if err != nil {
		return nil, err
	}
	for key, v := range more {
		if m[key], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return json.Marshal(m)
}

// withPolicies returns a layer's config with the layer's dtype policy in the layers in it
// that have none, and in activations that are layers of Keras's: it would give them its
// default.
func withPolicies(config json.RawMessage, policy any) (json.RawMessage, error) {
	m, err := vocab.Members(config)
	if err != nil {
		return nil, err
	}
	more := map[string]any{}
	for key, v := range m {
		switch {
		case v[0] == '{':
			more[key], err = withPolicy(v, policy)
		case v[0] == '[':
			all := []json.RawMessage{}
			for e := range vocab.Each(v) {
				if e[0] == '{' {
					e, err = withPolicy(e, policy)
				}
				all = append(all, e)
			}
			more[key] = all
		}
		if err != nil {
			return nil, err
		}
	}
	if len(more) == 0 {
		return config, nil
	}
	return with(config, more)
}

// withPolicy returns an object with the policy, if it is a layer without one.
func withPolicy(object json.RawMessage, policy any) (json.RawMessage, error) {
	o, err := objectOf(object)
	if err != nil || !isLayer(o) {
		return object, nil // some other setting
	}
	if p := o.settings()["dtype"]; p != nil {
		policy = p
		var name nn.DTypePolicy
		if o.Class != "InputLayer" && json.Unmarshal(p, &name) == nil && name != "" {
			policy = policyObject(name)
		}
	}
	if o.Config, err = withPolicies(o.Config, policy); err != nil {
		return nil, err
	}
	if o.Config, err = with(o.Config, map[string]any{"dtype": policy}); err != nil {
		return nil, err
	}
	return json.Marshal(o)
}

// isLayer reports whether an object is of a class of layers.
func isLayer(o *Object) bool {
	if o.own() {
		return o.Module == "keras.layers" || o.Class == "Sequential"
	}
	_, err := nn.LayerFromConfig(o.fullName(), nil)
	return !isClassMissing(err, o.fullName())
}

// policyObject writes a dtype policy.
func policyObject(p nn.DTypePolicy) *Object {
	return &Object{Module: "keras", Class: "DTypePolicy", Config: json.RawMessage(fmt.Sprintf(`{"name":%q}`, p))}
}

// build writes the shapes that a layer is built for, nil if they are not known. A
// layer that merges has a list of them, one of several arguments a shape for each.
func (w *writer) build(l nn.Layer, calls []inbound, in []tensor.Spec) json.RawMessage {
	if len(in) == 0 {
		return nil
	}
	list := takesList(l)
	if a, ok := l.(nn.ArgumentLayer); ok {
		names, _ := a.Arguments()
		if len(names) > 1 && len(calls) > 0 {
			return shapesByName(names, calls[0])
		}
		list = len(names) == 0
	}
	var shape any = batched(in[0], w.batch)
	if list {
		var all [][]*int
		for _, s := range in {
			all = append(all, batched(s, w.batch))
		}
		shape = all
	}
	b, err := json.Marshal(map[string]any{"input_shape": shape})
	if err != nil {
		return nil
	}
	return b
}

// shapesByName writes the shapes of the inputs of a call that Keras builds a layer for: those that
// are no masks.
func shapesByName(names []string, call inbound) json.RawMessage {
	shapes := map[string]any{}
	add := func(name string, in any) {
		if of, ok := in.(symbolic); ok && !strings.HasSuffix(name, "_mask") {
			shapes[name+"_shape"] = of.Config.Shape
		}
	}
	for i, in := range call.Args {
		add(names[i], in)
	}
	for name, in := range call.Kwargs {
		add(name, in)
	}
	b, err := json.Marshal(map[string]any{"shapes_dict": shapes})
	if err != nil {
		return nil
	}
	return b
}

// batched returns a shape with null for open axes, and for the length of the batch if that is 0.
func batched(in tensor.Spec, batch int) []*int {
	dims := make([]*int, in.Rank())
	if batch > 0 && len(dims) > 0 {
		dims[0] = &batch
	}
	for i, d := range in.Shape.Slice() {
		if i > 0 && d != nn.Any {
			dims[i] = &d
		}
	}
	return dims
}
