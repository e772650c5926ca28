package keras

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
)

// place is where a part of a model has its variables in a file.
type place struct {
	group string // in a store: "layers/dense", "" for the model itself
	name  string // of the layer or the model
	vars  []*graph.Var
	names []string // of the variables in a store; nil: their numbers
	front string   // of the variables' paths in the file that is read, "sequential/"
}

// networkName returns the name of a network, Keras's default if it has none.
func networkName(n *nn.Network) string {
	if n.Name != "" {
		return n.Name
	}
	return nn.SnakeCase(n.Class())
}

// placesOf lists the parts of a built network as a store has them: the network,
// its layers in order, and the parts of these. An Input of a chain has no place.
func placesOf(n *nn.Network) []place { return placesUnder(n, networkName(n), "") }

func placesUnder(n *nn.Network, name, group string) []place {
	all := []place{{group: group, name: name}}
	count := map[string]int{}
	for _, r := range n.Records() {
		if !isPart(n, r) {
			continue
		}
		kind := nn.SnakeCase(r.Class)
		slot := kind
		if count[kind] > 0 {
			slot += "_" + strconv.Itoa(count[kind])
		}
		count[kind]++
		all = append(all, placesAt(r, path.Join(group, "layers", slot))...)
	}
	return all
}

// placesAt lists a layer and its parts, which Keras has under the attributes that hold
// them: these are the names of the parts.
func placesAt(r *nn.Record, group string) []place {
	if sub, ok := r.Layer.(*nn.Network); ok {
		return placesUnder(sub, r.Name, group)
	}
	all := []place{{group: group, name: r.Name, vars: variables(r)}}
	if _, ok := r.Layer.(*preprocess.TextVectorizationLayer); ok { // Keras writes it, and a layer inside it
		all[0].names = []string{"idf_weights"}[:len(all[0].vars)]
		inner := all[0]
		inner.group, inner.name = path.Join(group, "_lookup_layer"), "string_lookup"
		all = append(all, inner)
	}
	for _, p := range r.Parts {
		all = append(all, placesAt(p, path.Join(group, p.Attribute))...)
	}
	return all
}

// varPaths returns the paths of a built network's variables by where their layers stand
// in it. If a network in it was built before, the variables' own paths could be those of
// others; here they begin with that network's name.
func varPaths(n *nn.Network) map[*graph.Var]string {
	paths, taken := map[*graph.Var]string{}, map[string]bool{}
	var walk func(n *nn.Network, prefix string)
	walk = func(n *nn.Network, prefix string) {
		for _, r := range n.Records() {
			at := prefix + r.Name + "/"
			if sub, ok := r.Layer.(*nn.Network); ok {
				walk(sub, at)
				continue
			}
			for _, v := range slices.Concat(r.Params, r.States) {
				if _, known := paths[v]; known {
					continue
				}
				p, inside := strings.CutPrefix(v.Path, r.Path+"/")
				if inside || taken[p] { // else a layer that was built before
					p = at + p
				}
				for base, i := p, 1; taken[p]; i++ {
					p = base + "_" + strconv.Itoa(i)
				}
				paths[v], taken[p] = p, true
			}
		}
	}
	walk(n, "")
	return paths
}

// isPart reports whether Keras counts a layer among those of a network: an Input is one in
// the functional form alone, an operation never.
func isPart(n *nn.Network, r *nn.Record) bool {
	if _, operation := r.Layer.(*nn.OperationLayer); operation {
		return false
	}
	_, input := r.Layer.(*nn.InputLayer)
	return !input || n.Class() == functionalClass
}

// layersOf lists the layers of a built network as the older form has them, each
// network among them as one.
func layersOf(n *nn.Network) []place {
	n.Params() // sets Trainable of the variables
	var all []place
	for _, r := range n.Records() {
		if isPart(n, r) {
			all = append(all, place{group: r.Name, name: r.Name, vars: trainedFirst(r)})
		}
	}
	return all
}

// variables returns the variables stored with a layer itself, in Keras's order: those that can be
// trained, then the others.
func variables(r *nn.Record) []*graph.Var {
	params, states := r.Stored()
	return slices.Concat(params, states)
}

// trainedFirst returns the variables of a layer or a network in the order of the
// older form: those that are trained, then the others.
func trainedFirst(r *nn.Record) []*graph.Var {
	var trained, fixed []*graph.Var
	known := map[*graph.Var]bool{}
	var walk func(r *nn.Record)
	walk = func(r *nn.Record) {
		for _, v := range variables(r) {
			switch {
			case known[v]:
			case v.Trainable:
				trained = append(trained, v)
			default:
				fixed = append(fixed, v)
			}
			known[v] = true
		}
		for _, p := range r.Parts {
			walk(p)
		}
	}
	walk(r)
	return append(trained, fixed...)
}
