package main

import (
	"bytes"
	"fmt"
	"testing"
)

func TestRun(t *testing.T) {
	var b bytes.Buffer
	if err := run(&b); err != nil {
		t.Fatal(err)
	}
	var waves, tanh float64
	if _, err := fmt.Sscanf(b.String(), "waves  mean squared error %f\ntanh   mean squared error %f\n", &waves, &tanh); err != nil {
		t.Fatalf("%v in %q", err, b.String())
	}
	if waves > 0.01 || tanh < 10*waves {
		t.Errorf("errors of %v with waves and %v with tanh, want less than 0.01 and far more", waves, tanh)
	}
}
