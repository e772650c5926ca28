package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var b bytes.Buffer
	if err := run(&b); err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(b.String(), "digit_accuracy")
	var digit, odd float64
	if _, err := fmt.Sscanf(text, "%f\nodd_binary_accuracy %f\n", &digit, &odd); err != nil || !found {
		t.Fatalf("%v in %q", err, b.String())
	}
	if digit < 0.9 || odd < 0.9 {
		t.Errorf("accuracies are %v and %v, want 0.9 or more of each", digit, odd)
	}
}
