package main

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
)

// The kinds of schedule.
const (
	constant schedule = "constant"
	cosine   schedule = "cosine"
)

// schedule is how the learning rate changes from epoch to epoch.
type schedule string

// String implements pflag.Value.
func (s *schedule) String() string { return string(*s) }

// Type implements pflag.Value.
func (*schedule) Type() string { return "kind" }

// Set implements pflag.Value.
func (s *schedule) Set(name string) error {
	if k := schedule(name); k == constant || k == cosine {
		*s = k
		return nil
	}
	return fmt.Errorf("got %.40q, want %s or %s", name, constant, cosine)
}

// callbacks returns what changes a learning rate along so many epochs.
//
// Source of the cosine: Loshchilov, Hutter 2016, arXiv:1608.03983, section 3.
func (s schedule) callbacks(rate float64, epochs int) []glia.Callback {
	if s == constant {
		return nil
	}
	return []glia.Callback{callback.LearningRateScheduler(func(epoch int, _ float64) float64 {
		return rate * (1 + math.Cos(math.Pi*float64(epoch)/float64(epochs))) / 2
	})}
}
