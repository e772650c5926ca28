package keras

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/nn"
)

// Match selects how the weights of a file are matched with the variables of a network.
type Match uint8

const (
	// ByPlace matches by the format's own order: in HDF5 the order of the layers, in
	// safetensors and NumPy's archives the paths.
	ByPlace Match = iota
	// ByName matches by the names of layers. Layers without a match keep their values.
	ByName
	// ByOrder matches the tensors of a NumPy archive, whatever their names, with the
	// variables one after the other.
	ByOrder
)

// LoadOptions holds the settings of [File.LoadWeights].
type LoadOptions struct {
	Match Match
	// Skip, if set, is called for every layer that does not fit, which keeps its
	// values; otherwise that is an error.
	Skip func(why error)
	// Report, if set, is filled in with what was loaded.
	Report *LoadReport
}

// LoadWeights sets the variables of a built network to the file's weights. Before any
// value changes, everything is compared: the error lists all layers that do not fit. It is
// an error, too, if Match and Skip leave nothing to load. All weights are read before the
// first is set, so that an error leaves the network as it was: see [File.InPlace].
func (f *File) LoadWeights(net *nn.Network, o LoadOptions) error {
	pairs, err := f.pairs(net, o)
	if err == nil {
		err = f.setVars(pairs)
	}
	if err != nil {
		return plaintext.Error(err)
	}
	if o.Report != nil {
		*o.Report = f.reportOf(net, pairs)
	}
	return nil
}

// pairs returns which variable of a network gets which weight, of a file that is whole.
func (f *File) pairs(net *nn.Network, o LoadOptions) ([]pair, error) {
	if o.Match == ByOrder && f.Format != NPZ { // Skip does not apply
		return nil, fmt.Errorf("keras: by order: a %v file: want .npz", f.Format)
	}
	pairs, bad := f.match(net, o.Match)
	if len(pairs) == 0 {
		if err := f.nothingFits(net, o, bad); err != nil {
			return nil, err
		}
	}
	if o.Skip != nil {
		for _, why := range bad {
			o.Skip(plaintext.Error(why))
		}
	} else if len(bad) > 0 {
		return nil, fmt.Errorf("keras: weights do not fit the model: %w", list(bad))
	}
	return pairs, f.Verify()
}

// pair is a variable and the weight that it gets.
type pair struct {
	v *graph.Var
	w *Weight
}

// match pairs the variables of a network with the file's weights and lists the
// mismatches.
func (f *File) match(net *nn.Network, m Match) ([]pair, []error) {
	switch {
	case m == ByOrder:
		return f.inOrder(net)
	case f.Format == Safetensors, f.Format == NPZ:
		return f.byPath(net, m)
	case m == ByName:
		return f.byName(net)
	case f.isStore():
		return f.byGroup(net)
	}
	return f.byLayers(net)
}

// isStore reports whether weights are stored as in Keras 3, not by the names of layers.
func (f *File) isStore() bool {
	return f.Format == Archive || !slices.ContainsFunc(f.Weights, func(w *Weight) bool { return w.Layer == w.group && w.group != "" })
}

// groups puts the weights of one layer together, in the order of the file.
func (f *File) groups() (order []string, of map[string][]*Weight) {
	of = map[string][]*Weight{}
	for _, w := range f.Weights {
		if of[w.group] == nil {
			order = append(order, w.group)
		}
		of[w.group] = append(of[w.group], w)
	}
	return order, of
}

// byGroup matches a store: a place of the network has its group in the file.
func (f *File) byGroup(net *nn.Network) (pairs []pair, bad []error) {
	order, of := f.groups()
	wanted := map[string]bool{}
	for _, p := range placesOf(net) {
		weights := of[p.group]
		if old := oldLayers + strings.TrimPrefix(p.group, "layers"); weights == nil && of[old] != nil {
			p.group, weights = old, of[old]
		}
		wanted[p.group] = true
		add(&pairs, &bad, p, weights)
	}
	for _, g := range order {
		if !wanted[g] && !strings.HasSuffix(g, "/seed_generator") { // Keras kept those of dropout for a while
			bad = append(bad, fmt.Errorf("the file has %s of layer %q, the model has no such layer", g, of[g][0].Layer))
		}
	}
	return pairs, bad
}

// byLayers matches the older form: layers that have variables, in order.
func (f *File) byLayers(net *nn.Network) (pairs []pair, bad []error) {
	order, of := f.groups()
	var places []place
	for _, p := range layersOf(net) {
		if len(p.vars) > 0 {
			places = append(places, p)
		}
	}
	for i := range max(len(order), len(places)) {
		switch {
		case i >= len(places):
			bad = append(bad, fmt.Errorf("the file has layer %q, the model no layer for it", order[i]))
		case i >= len(order):
			bad = append(bad, fmt.Errorf("layer %s: the file has no layer for it", places[i].name))
		default:
			add(&pairs, &bad, places[i], of[order[i]])
		}
	}
	return pairs, bad
}

// byName matches layers of the same name.
func (f *File) byName(net *nn.Network) (pairs []pair, bad []error) {
	of := map[string][]*Weight{}
	for _, w := range f.Weights {
		of[w.Layer] = append(of[w.Layer], w)
	}
	places := layersOf(net)
	if f.isStore() {
		places = placesOf(net)
	}
	for _, p := range places {
		if weights := of[p.name]; weights != nil && len(p.vars) > 0 {
			add(&pairs, &bad, p, weights)
		}
	}
	return pairs, bad
}

// byPath matches names that are Keras's paths, or places in a store, with or
// without the name of the model in front.
func (f *File) byPath(net *nn.Network, m Match) (pairs []pair, bad []error) {
	at := map[string]*Weight{}
	all := f.Weights
	switch networkName(net) { // of a model named like glia's own or the optimizer's entries
	case optimizerGroup:
		all = slices.Concat(all, f.Optimizer)
	case extraGroup:
		all = slices.Concat(all, f.Extra)
	}
	for _, w := range all {
		at[w.Path] = w
		if _, rest := cut(w.Path); rest != "" && at[rest] == nil {
			at[rest] = w
		}
	}
	used, paths, own := map[*Weight]bool{}, varPaths(net), map[*graph.Var]*Weight{}
	if m != ByName {
		own = f.byOwnPaths(paths)
	}
	front := f.front(net)
	for _, p := range placesOf(net) {
		p.front = front
		var weights []*Weight
		for i, v := range p.vars {
			w := own[v]
			for _, path := range []string{fmt.Sprintf("%s/%s/%d", p.group, varsGroup, i), paths[v], networkName(net) + "/" + paths[v]} {
				if at[path] != nil {
					w = at[path]
				}
			}
			if w != nil {
				weights, used[w] = append(weights, w), true
			}
		}
		if m != ByName || weights != nil {
			add(&pairs, &bad, p, weights)
		}
	}
	for _, w := range f.Weights {
		if !used[w] && m != ByName {
			bad = append(bad, fmt.Errorf("the file has %s, the model no variable of that path", w.Path))
		}
	}
	return pairs, bad
}

// front returns what the paths of the file have in front of those of the model: the name of
// the model that was saved and a slash, "" if they have none.
func (f *File) front(net *nn.Network) string {
	front := ""
	for i, w := range f.Weights {
		first, rest := cut(w.Path)
		if rest == "" || !strings.Contains(rest, "/") || i > 0 && first+"/" != front {
			return ""
		}
		front = first + "/"
	}
	if slices.ContainsFunc(net.Vars(), func(v *graph.Var) bool { return strings.HasPrefix(v.Path, front) }) {
		return ""
	}
	return front
}

// byOwnPaths finds the variables of networks among the layers under the paths that Keras
// gave them: if a network was built before it became a layer of another, these begin with
// that network's name, or within it if it is of the functional form. An ambiguous path
// matches no variable.
func (f *File) byOwnPaths(paths map[*graph.Var]string) map[*graph.Var]*Weight {
	at, claims, found := map[string]*Weight{}, map[string]int{}, map[*graph.Var]*Weight{}
	for _, w := range f.Weights {
		at[w.Path] = w
	}
	ends := func(path string, yield func(string)) {
		for rest := path; strings.Contains(rest, "/"); _, rest = cut(rest) {
			yield(rest)
		}
	}
	for _, path := range paths {
		ends(path, func(end string) { claims[end]++ })
	}
	for v, path := range paths {
		ends(path, func(end string) {
			if w := at[end]; w != nil && claims[end] == 1 && found[v] == nil {
				found[v] = w
			}
		})
	}
	return found
}

// inOrder matches the weights with the variables one after the other.
func (f *File) inOrder(net *nn.Network) (pairs []pair, bad []error) {
	weights := f.Weights
	for _, p := range placesOf(net) {
		n := min(len(p.vars), len(weights))
		add(&pairs, &bad, p, weights[:n])
		weights = weights[n:]
	}
	if len(weights) > 0 {
		bad = append(bad, fmt.Errorf("the file has %d tensors more than the model variables", len(weights)))
	}
	return pairs, bad
}

// add pairs the variables of a place with weights, all or none.
func add(pairs *[]pair, bad *[]error, p place, weights []*Weight) {
	if len(weights) != len(p.vars) {
		*bad = append(*bad, fmt.Errorf("layer %s: the file has %d weights for it: want %d%s", p.name, len(weights), len(p.vars), p.paths()))
		return
	}
	for i, v := range p.vars {
		switch w := weights[i]; {
		case w.bad != nil:
			*bad = append(*bad, fmt.Errorf("layer %s: %s: %w", p.name, w.Path, w.bad))
			return
		case w.Spec.Shape != v.Spec().Shape || w.Spec.DType.IsFloat() != v.Spec().DType.IsFloat():
			*bad = append(*bad, fmt.Errorf("layer %s: %s in the file is %v: want %v, as %s", p.name, w.Path, w.Spec, v.Spec(), p.front+v.Path))
			return
		}
	}
	for i, v := range p.vars {
		*pairs = append(*pairs, pair{v, weights[i]})
	}
}

// paths lists the paths of a place's variables as the file would have them.
func (p place) paths() string {
	if len(p.vars) == 0 {
		return ""
	}
	var s []string
	for _, v := range p.vars {
		s = append(s, p.front+v.Path)
	}
	return " (" + strings.Join(s, ", ") + ")"
}

// mostListed bounds the mistakes that an error lists.
const mostListed = 20

// list joins mistakes, the first of them.
func list(bad []error) error {
	if n := len(bad); n > mostListed {
		bad = append(bad[:mostListed:mostListed], fmt.Errorf("and %d more", n-mostListed))
	}
	return errors.Join(bad...)
}
