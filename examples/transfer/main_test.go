package main

import (
	"testing"

	"github.com/glia-ml/glia/data/digits"
)

// TestRun trains on drawn digits: the frozen features serve the other digits, and training
// all of the network on does not make it worse.
func TestRun(t *testing.T) {
	train, test, err := digits.Load(1000, 200, 1)
	if err != nil {
		t.Fatal(err)
	}
	old, frozen, thawed := run(train, test, 4)
	if o, f, a := old.Get("accuracy"), frozen.Get("accuracy"), thawed.Get("accuracy"); o < 0.85 || f < 0.8 || a < f-0.05 {
		t.Errorf("accuracy %v, %v with frozen features, %v with all", o, f, a)
	}
}
