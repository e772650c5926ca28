package keras_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// engine runs a graph once: it returns the outputs and gives variables their new values.
type engine func(g *graph.Graph, outputs []*graph.Node, in ...*tensor.Tensor) ([]ops.Array, error)

// engines are what every case is replayed on: the references of the operations, each
// computed in float64, and the compiled plan, which is what a model runs on.
var engines = map[string]engine{"reference": reference, "compiled": compiled}

func reference(g *graph.Graph, outputs []*graph.Node, in ...*tensor.Tensor) ([]ops.Array, error) {
	return nntest.Run(g, outputs, in...), nil
}

func compiled(g *graph.Graph, outputs []*graph.Node, in ...*tensor.Tensor) ([]ops.Array, error) {
	p := plan.Compile(g, outputs, cpu.Kernels{})
	var out []*tensor.Tensor
	for _, s := range p.Outputs() {
		out = append(out, tensor.NewSpec(s))
	}
	if err := p.Run(out, in); err != nil {
		return nil, err
	}
	var values []ops.Array
	for _, x := range out {
		values = append(values, optest.FromTensor(x))
	}
	return values, nil
}

// report says what became of cases, by kind and by Keras's name.
type report struct {
	kinds    []string // in the order of the files
	of       map[string]map[string]*outcome
	failures []string
}

// outcome counts the cases of one name.
type outcome struct {
	pass, fail, uncovered int
	worst                 float64 // error of compiled plans
	why                   string  // there is no cover, of the first case
}

// replayFile replays all cases of a file.
func (r *report) replayFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file struct{ Cases []*golden }
	if err := json.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range file.Cases {
		r.replay(filepath.Base(path), c)
	}
	return nil
}

// replay replays a case on all engines: it passes if it does on each.
func (r *report) replay(file string, c *golden) {
	if r.of == nil {
		r.of = map[string]map[string]*outcome{}
	}
	if r.of[c.Kind] == nil {
		r.kinds, r.of[c.Kind] = append(r.kinds, c.Kind), map[string]*outcome{}
	}
	o := r.of[c.Kind][c.API]
	if o == nil {
		o = new(outcome)
		r.of[c.Kind][c.API] = o
	}
	for _, name := range slices.Sorted(maps.Keys(engines)) {
		far, err := c.run(engines[name])
		switch {
		case lacking(err):
			o.uncovered++
			if o.why == "" {
				o.why = strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n ", ""), "keras: unsupported parts of the model: ")
			}
			return
		case err != nil:
			o.fail++
			r.failures = append(r.failures, fmt.Sprintf("%s %s %s (%s, %s): %v", c.Kind, c.API, c.ID, file, name, err))
			return
		case name == "compiled":
			o.worst = max(o.worst, far)
		}
	}
	o.pass++
}

// lacking reports whether an error lists unsupported parts.
func lacking(err error) bool {
	var model *keras.MissingError
	var object *vocab.MissingError
	return errors.Is(err, errUncovered) || errors.As(err, &model) || errors.As(err, &object)
}

// run replays a case on an engine and returns the worst error.
func (c *golden) run(run engine) (worst float64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	replay := replays[c.Kind]
	if replay == nil {
		return 0, fmt.Errorf("kind %s: %w", c.Kind, errUncovered)
	}
	var got []ops.Array
	if caught := graph.Catch(func() { got, err = replay(c, run) }); caught != nil || err != nil {
		return 0, errors.Join(caught, err)
	}
	if c.Kind == "initializer_statistics" {
		return 0, alike(c, got[0].V)
	}
	if c.Kind == "layer_spec" { // the shapes are all there is
		return 0, nil
	}
	return c.compare(got)
}

// sum adds up what became of the cases of a kind.
func (r *report) sum(kind string) (all outcome) {
	for _, o := range r.of[kind] {
		all.pass, all.fail, all.uncovered = all.pass+o.pass, all.fail+o.fail, all.uncovered+o.uncovered
		all.worst = max(all.worst, o.worst)
	}
	return all
}
