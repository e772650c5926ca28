package glia

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
)

// fact is a condition of a training that its result depends on, in words for a person.
type fact struct {
	What  string `json:"what"`
	Value string `json:"value"`
}

// facts identify a training.
type facts []fact

func (fs *facts) add(what string, value any) {
	*fs = append(*fs, fact{what, fmt.Sprint(value)})
}

// addConfig adds the class of v and its fields in JSON. Fields that have no JSON, such as
// functions, cannot be compared.
func (fs *facts) addConfig(what string, v any) {
	class := reflect.TypeOf(v).String()
	switch v := v.(type) {
	case nn.Layer:
		class = nn.ClassOf(v)
	case loss.Loss:
		class = loss.ClassOf(v)
	case interface{ Class() string }:
		class = v.Class()
	}
	fs.add(what, class)
	fields := map[string]json.RawMessage{}
	if text, err := json.Marshal(vocab.WithDefaults(v)); err != nil || json.Unmarshal(text, &fields) != nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		value := string(fields[key])
		if _, err := strconv.ParseFloat(value, 64); key == "learning_rate" && err == nil {
			continue // it is a variable, and callbacks may change it
		}
		fs.add(what+": "+key, value)
	}
}

// facts returns those of this training.
func (f *fitRun) facts() facts {
	var fs facts
	n := f.order.n
	x, y := f.train.Specs()
	fs.add("seed", f.m.Seed)
	fs.add("samples", n)
	fs.add("a sample", fmt.Sprintf("%v with labels %v", listed(x), listed(y)))
	fs.add("batch size", f.batchOf(n))
	fs.add("InOrder", f.inOrder)
	if names := f.m.ClassNames(); names != nil {
		fs.add("class names", strings.Join(names, ", "))
	}
	if len(f.order.sizes) > 1 {
		fs.add("samples of the groups", f.order.sizes)
	}
	if f.m.TrainStep != nil {
		fs.add("TrainStep", "a function")
	}
	for _, w := range f.classWeights {
		what := "class weights"
		if w.output != "" {
			what += " of output " + w.output
		}
		fs.add(what, w.of) // fmt sorts maps
	}
	if f.steps > 0 {
		fs.add("StepsPerEpoch", f.steps)
	}
	if f.validation != nil {
		fs.add("validation samples", f.validating.order.len())
		fs.add("ValidationFreq", f.valFreq)
	}
	for _, a := range withLoss(f.totals.outputLosses) {
		what := "loss " + a.loss.Name()
		if len(f.totals.outputLosses) > 1 {
			what += " of output " + a.output
			fs.add(what+": weight", a.weight)
		}
		fs.addConfig(what, a.loss)
	}
	for _, x := range f.totals.outputMetrics {
		fs.addConfig("metric "+x.name, x.metric)
	}
	fs.addConfig("optimizer "+f.totals.opt.Name(), f.totals.opt)
	return append(fs, layerFacts(f.m.net.Records(), f.m.net.PolicyIn(""))...)
}

// layerFacts returns those of layers and their parts, where around is the dtype policy.
func layerFacts(records []*nn.Record, around nn.DTypePolicy) (fs facts) {
	for _, r := range records {
		policy := around
		if l, ok := r.Layer.(interface {
			PolicyIn(around nn.DTypePolicy) nn.DTypePolicy
		}); ok {
			policy = l.PolicyIn(around)
		}
		if _, network := r.Layer.(*nn.Network); !network {
			fs.addConfig("layer "+r.Path, r.Layer)
			if policy != nn.Float32 {
				fs.add("layer "+r.Path+": dtype policy", policy)
			}
		}
		fs = append(fs, layerFacts(r.Parts, policy)...)
	}
	return fs
}

// differ returns an error that says how the facts of a backup differ from those
// of the training now.
func (fs facts) differ(now facts) error {
	const most = 5
	values := func(fs facts) map[string]string {
		m := make(map[string]string, len(fs))
		for _, f := range fs {
			m[f.What] = f.Value
		}
		return m
	}
	a, b := values(fs), values(now)
	keys := slices.Collect(maps.Keys(a))
	for what := range b {
		if _, both := a[what]; !both {
			keys = append(keys, what)
		}
	}
	slices.Sort(keys)
	var diff []string
	n := 0
	note := func(what, format string, values ...any) {
		if n++; n > most {
			return
		}
		for i, v := range values {
			values[i] = plaintext.Name(v.(string))
		}
		diff = append(diff, plaintext.Name(what)+": "+fmt.Sprintf(format, values...))
	}
	for _, what := range keys {
		was, in := a[what]
		is, here := b[what]
		switch {
		case !in:
			note(what, "%s now, nothing then", is)
		case !here:
			note(what, "nothing now, %s then", was)
		case was != is:
			note(what, "%s now, %s then", is, was)
		}
	}
	if n > most {
		diff = append(diff, fmt.Sprintf("%d more differences", n-most))
	}
	if n == 0 {
		return nil
	}
	return errors.New(strings.Join(diff, "; "))
}

// stateVar is a variable that training changes and its name in a backup.
type stateVar struct {
	name string
	of   *graph.Var
}

// vars returns the whole state of a training: weights, the optimizer's, that of
// layers that are stateful or random, and the totals of the epoch.
func (f *fitRun) vars() []stateVar {
	var all []stateVar
	taken := map[string]bool{}
	add := func(group string, vars ...*graph.Var) {
		for _, v := range vars {
			name := group + "/" + v.Path
			for i := 1; taken[name]; i++ { // paths of metrics may be equal
				name = fmt.Sprintf("%s/%s_%d", group, v.Path, i)
			}
			taken[name] = true
			all = append(all, stateVar{name, v})
		}
	}
	add("model", f.m.net.Vars()...)
	add("optimizer", f.totals.opt.Vars()...)
	add("states", f.m.net.Memories()...)
	add("random", f.m.random)
	add("metrics", f.totals.losses()...)
	for _, s := range f.totals.states {
		add("metrics", s.Vars()...)
	}
	for _, cb := range f.callbacks {
		if cb.Vars != nil {
			add("callback "+cb.Name, cb.Vars()...)
		}
	}
	return all
}

// accessTo returns the access of a reader of variables.
func accessTo(vars []stateVar) *graph.Access {
	read := make([]*graph.Var, len(vars))
	for i, v := range vars {
		read[i] = v.of
	}
	return graph.NewAccess(read, nil)
}

func entriesOf(vars []stateVar) []safetensors.Entry {
	entries := make([]safetensors.Entry, len(vars))
	for i, v := range vars {
		entries[i] = safetensors.Entry{Name: v.name, Tensor: v.of.Tensor()}
	}
	return entries
}

// foreignVar returns a variable that changes in training and that is not among
// those of the backup, or nil.
func (f *fitRun) foreignVar() *graph.Var {
	known := map[*graph.Var]bool{}
	for _, v := range f.vars() {
		known[v.of] = true
	}
	x, y := f.train.Specs()
	var found *graph.Var
	_ = graph.Catch(func() { // the step reports mistakes
		g := graph.New()
		f.totals.traceStep(g, form{x: nn.Concrete(batchSpecs(1, x)), y: batchSpecs(1, y)})
		for _, u := range g.Updates() {
			if !known[u.Var] {
				found = u.Var
			}
		}
	})
	return found
}
