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
	digits, want := 6000, 0.85
	if testing.Short() {
		digits, want = 2000, 0.8
	}
	r := run(train.Take(digits).Scale(1.0/255).OneHot(10), test.Take(1000).Scale(1.0/255).OneHot(10), 3)
	if a := r.Get("accuracy"); a < want {
		t.Errorf("accuracy %v after three epochs of %d digits, want %v or more", a, digits, want)
	}
}
