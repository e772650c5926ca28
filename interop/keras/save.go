package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

// Version is the version of Keras whose files glia writes.
const Version = "3.16.0"

// State is the contents of a file to write: a built model and glia's own tensors.
type State struct {
	Model
	// ClassNames are the names of the classes that the model tells apart, nil if it has none:
	// a list in metadata.json of a .keras file, an attribute of an .h5 file. Files of weights
	// do not have them.
	ClassNames []string
	// Extra holds glia's own tensors, under names without '/'. Keras ignores them.
	Extra map[string]*tensor.Tensor
	// Date is the time at which the model was saved, for the file.
	Date time.Time

	values map[*graph.Var]tensor.Source // of variables that are not in memory
}

// value returns the source of the value of a variable.
func (s *State) value(v *graph.Var) tensor.Source {
	if src := s.values[v]; src != nil {
		return src
	}
	if v.Spec().Shape.Size() == 1 { // others may set it meanwhile; see glia's Save
		return v.Value()
	}
	return v.Tensor()
}

// Write writes the state in a format, any but Sharded. A part that Keras's files cannot store
// is an error that names the layer.
func (s *State) Write(w io.Writer, f Format) error {
	write := map[Format]func(io.Writer) error{
		Archive: s.writeArchive, HDF5: s.writeWhole, WeightsHDF5: s.writeStore,
		Safetensors: s.writeSafetensors, NPZ: s.writeNPZ,
	}[f]
	switch {
	case f == Sharded:
		return errors.New("keras: a .weights.json and its shards are several files: want them written by path")
	case write == nil:
		return fmt.Errorf("keras: write %v: want a format", f)
	}
	if err := write(w); err != nil {
		return fmt.Errorf("keras: %w", err)
	}
	return nil
}

// name is that of the model in paths.
func (s *State) name() string { return networkName(s.Network) }

// writeStore writes a .weights.h5 file.
func (s *State) writeStore(w io.Writer) error { return WriteStore(w, s.store()) }

// store lists the groups of a .weights.h5 file.
func (s *State) store() []Group {
	var all []Group
	for _, p := range placesOf(s.Network) {
		g := s.group(path.Join(p.group, varsGroup), p.name, p.vars)
		if p.names != nil {
			g.Names = p.names
		}
		all = append(all, g)
	}
	if vars := s.optimizerVars(); vars != nil {
		all = append(all, s.group(optimizerGroup+"/"+varsGroup, s.Optimizer.Name(), vars))
	}
	if len(s.Extra) > 0 {
		extra := Group{Path: extraGroup}
		for _, name := range s.extraNames() {
			extra.Names, extra.Values = append(extra.Names, name), append(extra.Values, s.Extra[name])
		}
		all = append(all, extra)
	}
	return all
}

// group returns variables as a group.
func (s *State) group(path, name string, vars []*graph.Var) Group {
	g := Group{Path: path, Layer: name}
	for i, v := range vars {
		g.Names, g.Values = append(g.Names, strconv.Itoa(i)), append(g.Values, s.value(v))
	}
	return g
}

func (s *State) storeExtra(root *hdf5.GroupWriter) {
	if len(s.Extra) == 0 {
		return
	}
	g := root.Group(extraGroup)
	for _, name := range s.extraNames() {
		g.Dataset(name, s.Extra[name])
	}
}

func (s *State) extraNames() []string {
	var names []string
	for name := range s.Extra {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *State) optimizerVars() []*graph.Var {
	if s.Optimizer == nil {
		return nil
	}
	return s.Optimizer.Vars()
}

// writeWhole writes the older form of a whole model.
func (s *State) writeWhole(w io.Writer) error {
	o, err := writeModel(&s.Model)
	if err != nil {
		return err
	}
	h := hdf5.NewWriter()
	root := h.Root()
	root.SetAttr("backend", "glia")
	root.SetAttr("keras_version", Version)
	training := o.CompileConfig
	o.CompileConfig = nil
	config, err := json.Marshal(o)
	if err != nil {
		return err
	}
	root.SetAttr("model_config", string(config))
	if len(s.ClassNames) > 0 {
		if err := checkClassNames(s.ClassNames); err != nil {
			return err
		}
		setTexts(root, classNamesKey, s.ClassNames)
	}
	if training != nil {
		if training, err = trainingConfig(training); err != nil {
			return err
		}
		root.SetAttr("training_config", string(training))
	}
	layers := root.Group("model_weights")
	layers.SetAttr("backend", "glia")
	layers.SetAttr("keras_version", Version)
	var names []string
	path := s.paths()
	for _, l := range layersOf(s.Network) {
		names = append(names, l.name)
		s.writeNamed(layers.Group(l.name), l.vars, path)
	}
	setTexts(layers, "layer_names", names)
	s.writeNamed(layers.Group("top_level_model_weights"), nil, nil)
	if vars := s.optimizerVars(); vars != nil {
		s.writeNamed(root.Group("optimizer_weights"), vars, func(v *graph.Var) string { return v.Path })
	}
	s.storeExtra(root)
	_, err = h.WriteTo(w)
	return err
}

// writeNamed writes variables under names that are paths, and a list of these.
func (s *State) writeNamed(g *hdf5.GroupWriter, vars []*graph.Var, name func(*graph.Var) string) {
	names := make([]string, len(vars))
	for i, v := range vars {
		names[i] = name(v)
		dir, base := path.Split(names[i])
		if dir == "" {
			g.Dataset(base, s.olderValue(v))
		} else {
			g.Group(strings.TrimSuffix(dir, "/")).Dataset(base, s.olderValue(v))
		}
	}
	setTexts(g, "weight_names", names)
}

// olderValue returns the source of a variable's value for the older form: float32 for
// bfloat16, which Keras's reader of that form refuses. Variables are bfloat16 again when they
// are loaded, by the dtype policy.
func (s *State) olderValue(v *graph.Var) tensor.Source {
	src := s.value(v)
	if src.Spec().DType == tensor.BFloat16 {
		return &converted{src, tensor.Float32}
	}
	return src
}

// trainingConfig returns the compile_config of a .keras file in the form of the older
// file, where the optimizer has another name.
func trainingConfig(compile json.RawMessage) (json.RawMessage, error) {
	var c map[string]json.RawMessage
	if err := json.Unmarshal(compile, &c); err != nil {
		return nil, err
	}
	c["optimizer_config"] = c["optimizer"]
	delete(c, "optimizer")
	return json.Marshal(c)
}

// mostInHeader bounds the bytes of an attribute that Keras does not split.
const mostInHeader = 64512

// setTexts sets an attribute to a list of strings, split where it is long.
func setTexts(o *hdf5.GroupWriter, name string, list []string) {
	const each = 16 // bytes of a string's reference
	if n := mostInHeader / each; len(list) > n {
		for i := 0; len(list) > 0; i++ {
			k := min(n, len(list))
			o.SetAttr(name+strconv.Itoa(i), list[:k])
			list = list[k:]
		}
		return
	}
	o.SetAttr(name, list)
}

// paths returns a function that returns the path of a variable in a file: as in Keras, that
// of a chain begins with the model's name, and that of a graph with the layer's, unless a
// layer is named like an entry beside the weights.
func (s *State) paths() func(v *graph.Var) string {
	paths, prefix := varPaths(s.Network), s.name()+"/"
	beside := func(name string) bool { return name == optimizerGroup || name == extraGroup }
	if s.Network.Class() == functionalClass && !slices.ContainsFunc(s.Network.Names(), beside) {
		prefix = ""
	}
	return func(v *graph.Var) string { return prefix + paths[v] }
}

// entries lists all tensors of the state under their paths.
func (s *State) entries() []safetensors.Entry {
	var all []safetensors.Entry
	path := s.paths()
	for _, v := range s.Network.Vars() {
		all = append(all, safetensors.Entry{Name: path(v), Tensor: s.value(v)})
	}
	for _, v := range s.optimizerVars() {
		all = append(all, safetensors.Entry{Name: optimizerGroup + "/" + v.Path, Tensor: s.value(v)})
	}
	for _, name := range s.extraNames() {
		all = append(all, safetensors.Entry{Name: extraGroup + "/" + name, Tensor: s.Extra[name]})
	}
	return all
}

func (s *State) writeSafetensors(w io.Writer) error {
	return safetensors.Write(w, s.entries(), map[string]string{"format": "keras"})
}

func (s *State) writeNPZ(w io.Writer) error {
	a := npy.NewArchiveWriter(w)
	for _, e := range s.entries() {
		if err := a.Add(e.Name, e.Tensor); err != nil {
			return err
		}
	}
	return a.Close()
}
