package main

import (
	"errors"
	"testing"

	"github.com/glia-ml/glia/data/mnist"
)

func TestRun(t *testing.T) {
	train, test, err := mnist.Load(mnist.Offline())
	if errors.Is(err, mnist.ErrUnavailable) {
		t.Skipf("%v; GLIA_DATA names the directory that holds mnist/", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := run(train.Take(6000).Scale(1.0/255).OneHot(10), test.Take(1000).Scale(1.0/255).OneHot(10), 3)
	if a := r.Get("accuracy"); a < 0.85 {
		t.Errorf("accuracy %v after three epochs of 6000 digits, want 0.85 or more", a)
	}
}
