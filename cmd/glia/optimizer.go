package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/glia-ml/glia/optim"
)

// rule is an optimizer that the commands offer by its name.
type rule struct {
	name  string
	rate  float64   // Keras's learning rate
	sweep []float64 // learning rates around the best for MNIST, and Keras's
	new   func(rate float64) optim.Optimizer
}

// rules lists the optimizers, as Keras makes them but for the learning rate.
var rules = []rule{
	{"sgd", 0.01, []float64{0.01, 0.1, 0.3, 1}, plain(optim.SGD[float64])},
	{"momentum", 0.01, []float64{0.01, 0.03, 0.1, 0.3}, func(rate float64) optim.Optimizer {
		return optim.SGD(rate, optim.Momentum(0.9))
	}},
	{"rmsprop", 0.001, []float64{0.0003, 0.001, 0.003, 0.01}, plain(optim.RMSprop[float64])},
	{"adam", 0.001, []float64{0.0003, 0.001, 0.003, 0.01}, plain(optim.Adam[float64])},
	{"adamw", 0.001, []float64{0.0003, 0.001, 0.003, 0.01}, plain(optim.AdamW[float64])},
	{"adamax", 0.001, []float64{0.001, 0.003, 0.01, 0.03}, plain(optim.Adamax[float64])},
	{"nadam", 0.001, []float64{0.0003, 0.001, 0.003, 0.01}, plain(optim.Nadam[float64])},
	{"adagrad", 0.001, []float64{0.001, 0.03, 0.1, 0.3}, plain(optim.Adagrad[float64])},
	{"adadelta", 0.001, []float64{0.001, 1, 3, 10}, plain(optim.Adadelta[float64])},
	{"adafactor", 0.001, []float64{0.001, 0.01, 0.03, 0.1}, plain(optim.Adafactor[float64])},
	{"ftrl", 0.001, []float64{0.001, 0.1, 0.3, 1}, plain(optim.Ftrl[float64])},
	{"lamb", 0.001, []float64{0.001, 0.003, 0.01}, plain(optim.Lamb[float64])},
	{"lion", 0.001, []float64{0.0001, 0.0003, 0.001}, plain(optim.Lion[float64])},
	{"muon", 0.001, []float64{0.0003, 0.001, 0.003}, plain(optim.Muon[float64])},
	{"schedulefreeadamw", 0.0025, []float64{0.001, 0.0025, 0.01, 0.03}, plain(optim.ScheduleFreeAdamW[float64])},
}

// plain returns a maker of optimizers without options.
func plain[O any, T optim.Optimizer](f func(float64, ...O) T) func(float64) optim.Optimizer {
	return func(rate float64) optim.Optimizer { return f(rate) }
}

// ruleNames lists the names of all optimizers.
func ruleNames() []string {
	var names []string
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}

// ruleOf returns the optimizer of a name, or nil.
func ruleOf(name string) *rule {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return &rules[i]
}

func noRule(name string) error {
	return fmt.Errorf("got %.40q, want %s", name, oneOf(ruleNames()))
}

// validRate reports whether a number can be a learning rate.
func validRate(v float64) bool { return v > 0 && v <= math.MaxFloat64 }

// optimizer is the flag that names one.
type optimizer struct{ *rule }

// String implements pflag.Value.
func (o *optimizer) String() string {
	if o.rule == nil {
		return ""
	}
	return o.name
}

// Type implements pflag.Value.
func (*optimizer) Type() string { return "name" }

// Set implements pflag.Value.
func (o *optimizer) Set(s string) error {
	r := ruleOf(s)
	if r == nil {
		return noRule(s)
	}
	o.rule = r
	return nil
}

// optimizers is the flag that names several.
type optimizers []*rule

// String implements pflag.Value.
func (o *optimizers) String() string {
	var names []string
	for _, r := range *o {
		names = append(names, r.name)
	}
	return strings.Join(names, ",")
}

// Type implements pflag.Value.
func (*optimizers) Type() string { return "names" }

// Set implements pflag.Value.
func (o *optimizers) Set(s string) error {
	if s == "all" {
		s = strings.Join(ruleNames(), ",")
	}
	var all optimizers
	for name := range strings.SplitSeq(s, ",") {
		r := ruleOf(strings.TrimSpace(name))
		switch {
		case r == nil:
			return noRule(name)
		case slices.Contains(all, r):
			return fmt.Errorf("got %s twice", r.name)
		}
		all = append(all, r)
	}
	*o = all
	return nil
}
