package main

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// factor is a number other than 0, which may be given as a fraction. The zero
// factor is one that was not given.
type factor struct {
	text  string
	value float64
}

// or returns the factor, or def if it was not given.
func (f *factor) or(def float64) float64 {
	if f.text == "" {
		return def
	}
	return f.value
}

// String implements pflag.Value.
func (f *factor) String() string { return f.text }

// Type implements pflag.Value.
func (*factor) Type() string { return "number" }

// Set implements pflag.Value.
func (f *factor) Set(s string) error {
	over, under, fraction := strings.Cut(s, "/")
	v, err := strconv.ParseFloat(strings.TrimSpace(over), 64)
	if fraction && err == nil {
		var u float64
		u, err = strconv.ParseFloat(strings.TrimSpace(under), 64)
		v /= u
	}
	if v32 := float64(float32(v)); err != nil || v32 == 0 || math.IsNaN(v32) || math.IsInf(v32, 0) {
		return errors.New("want a number other than 0, or a fraction such as 1/255")
	}
	f.text, f.value = s, v
	return nil
}
