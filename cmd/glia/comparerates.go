package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// rates is the flag of learning rates. The zero one stands for those of Keras.
type rates struct {
	sweep bool
	list  []float64
}

// String implements pflag.Value.
func (r *rates) String() string {
	if r.sweep {
		return "sweep"
	}
	var s []string
	for _, v := range r.list {
		s = append(s, fmt.Sprint(v))
	}
	return strings.Join(s, ",")
}

// Type implements pflag.Value.
func (*rates) Type() string { return "numbers" }

// Set implements pflag.Value.
func (r *rates) Set(s string) error {
	if s == "sweep" {
		*r = rates{sweep: true}
		return nil
	}
	var list []float64
	for part := range strings.SplitSeq(s, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		switch {
		case err != nil || !validRate(v):
			return errors.New(`want numbers above 0 with commas between, or "sweep"`)
		case slices.Contains(list, v):
			return fmt.Errorf("got %v twice", v)
		}
		list = append(list, v)
	}
	*r = rates{list: list}
	return nil
}

// of returns the learning rates for an optimizer.
func (r *rates) of(opt *rule) []float64 {
	switch {
	case r.sweep:
		return opt.sweep
	case r.list != nil:
		return r.list
	}
	return []float64{opt.rate}
}
