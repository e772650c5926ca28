package keras

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/optim"
)

// StateError says why the state of the optimizer in a file does not fit the model. The
// rest of the file may be whole.
type StateError struct{ Err error }

// Error implements error.
func (e *StateError) Error() string {
	return "keras: the optimizer's state " + plaintext.Lines(e.Err.Error())
}

// Unwrap returns the cause.
func (e *StateError) Unwrap() error { return e.Err }

// LoadOptimizer sets an optimizer, built for the network, to the state in the file, so
// that training continues from there. State that does not fit is a [*StateError], which leaves
// the optimizer as it was, see [File.InPlace]. If the file has none, since Keras saved the
// model untrained, the optimizer's is kept.
func (f *File) LoadOptimizer(o optim.Optimizer) error {
	pairs, err := f.statePairs(o)
	if err != nil {
		return err
	}
	if err := f.setVars(pairs); err != nil {
		return &StateError{fmt.Errorf("cannot be read: %w", err)}
	}
	return nil
}

// statePairs returns which variable of an optimizer gets which weight.
func (f *File) statePairs(o optim.Optimizer) (pairs []pair, err error) {
	for _, w := range f.Optimizer {
		if w.bad != nil {
			return nil, &StateError{fmt.Errorf("is damaged: %s: %w", w.Path, w.bad)}
		}
	}
	vars, weights := f.state(o)
	var bad []error
	add(&pairs, &bad, place{name: o.Name(), vars: vars}, weights)
	if len(bad) > 0 {
		return nil, &StateError{fmt.Errorf("does not fit: %w", list(bad))}
	}
	return pairs, nil
}

// state returns the variables of an optimizer that the file has weights for, and these
// in their order; more or fewer if they do not fit.
func (f *File) state(o optim.Optimizer) ([]*graph.Var, []*Weight) {
	vars, weights := o.Vars(), outermost(f.Optimizer)
	switch {
	case f.Format == Safetensors || f.Format == NPZ:
		return vars, byPaths(vars, weights)
	case f.old():
		vars, weights = oldState(o, weights)
		if f.Format == HDF5 {
			weights = bySlots(vars, weights)
		}
	default:
		if c := counters(vars); len(weights) == len(c) {
			vars = c
		}
	}
	return vars, weights
}

// old reports whether a file is of Keras 2, or of Keras 1, which wrote no version.
func (f *File) old() bool {
	return strings.HasPrefix(f.Version, "1.") || strings.HasPrefix(f.Version, "2.") || f.Version == "" && f.Format == HDF5
}

// later reports whether a file is of Keras 3.16 or later.
func (f *File) later() bool {
	var major, minor int
	_, err := fmt.Sscanf(f.Version, "%d.%d", &major, &minor)
	return err == nil && (major > 3 || major == 3 && minor >= 16)
}

// outermost returns the weights of an optimizer without those that Keras writes once
// more for the optimizers in it.
func outermost(weights []*Weight) []*Weight {
	const own = optimizerGroup + "/" + varsGroup + "/"
	if !slices.ContainsFunc(weights, func(w *Weight) bool { return strings.HasPrefix(w.Path, own) }) {
		return weights
	}
	return slices.DeleteFunc(slices.Clone(weights), func(w *Weight) bool { return !strings.HasPrefix(w.Path, own) })
}

// byPaths puts weights that have the paths of variables in the order of these.
func byPaths(vars []*graph.Var, weights []*Weight) (ordered []*Weight) {
	if len(weights) > len(vars) {
		return weights
	}
	for _, v := range vars {
		if w := Find(weights, optimizerGroup+"/"+v.Path); w != nil {
			ordered = append(ordered, w)
		}
	}
	return ordered
}

// slots are the kinds of an optimizer's variables, by the end that glia's and Keras
// 3's paths have, and the names that Keras 2 gave them.
var slots = []struct {
	end string
	old []string
}{
	{iterationSlot, []string{"iter", "iteration", "iterations"}},
	{rateSlot, []string{"learning_rate"}},
	{"_velocity_hat", []string{"vhat"}},
	{"_velocity", []string{"v", "rms", "velocity"}},
	{"_momentum", []string{"m", "momentum"}},
	{"_average_gradient", []string{"mg", "average_gradient"}},
}

const (
	iterationSlot = "/iteration"
	rateSlot      = "/learning_rate"
)

// slotOf returns the end of a variable's path that is a slot.
func slotOf(v *graph.Var) string {
	for _, s := range slots {
		if strings.HasSuffix(v.Path, s.end) {
			return s.end
		}
	}
	return ""
}

// oldSlot returns the slot that a path of Keras 2 names, "" if it names none:
// Adam/dense/kernel/m of the older optimizers, Adam/m/dense/kernel of the newer.
func oldSlot(path string) string {
	parts := strings.Split(path, "/")
	for _, part := range []string{parts[len(parts)-1], parts[min(1, len(parts)-1)]} {
		for _, s := range slots {
			if slices.Contains(s.old, part) {
				return s.end
			}
		}
	}
	return ""
}

// counters returns the variables that an optimizer has before it is built.
func counters(vars []*graph.Var) (all []*graph.Var) {
	for _, v := range vars {
		if end := slotOf(v); end == iterationSlot || end == rateSlot {
			all = append(all, v)
		}
	}
	return all
}

// oldState returns the state of an optimizer as Keras 2 stores it: its learning rate is in
// the config alone, and SGD has momenta whether it needs them or not.
func oldState(o optim.Optimizer, weights []*Weight) ([]*graph.Var, []*Weight) {
	vars := slices.DeleteFunc(slices.Clone(o.Vars()), func(v *graph.Var) bool { return slotOf(v) == rateSlot })
	if s, ok := o.(*optim.SGDOptimizer); ok && s.Momentum == 0 && len(weights) > 1 {
		weights = weights[:1]
	}
	if len(weights) == 1 { // as before the first step
		vars = vars[:1]
	}
	return vars, weights
}

// bySlots puts the weights of Keras 2 in the order of variables: those of one slot
// stand in the order of the parameters, the slots one after the other or in turn.
func bySlots(vars []*graph.Var, weights []*Weight) (ordered []*Weight) {
	if len(weights) > len(vars) {
		return weights
	}
	of := map[string][]*Weight{}
	for _, w := range weights {
		slot := oldSlot(w.Path)
		of[slot] = append(of[slot], w)
	}
	for _, v := range vars {
		if slot := slotOf(v); len(of[slot]) > 0 {
			ordered, of[slot] = append(ordered, of[slot][0]), of[slot][1:]
		}
	}
	return ordered
}
