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
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	var steps int
	var loss, accuracy float64
	if _, err := fmt.Sscanf(lines[len(lines)-1], "after %d steps: loss %f, accuracy %f", &steps, &loss, &accuracy); err != nil {
		t.Fatal(err)
	}
	if steps != 500 || accuracy < 0.95 {
		t.Errorf("want an accuracy of 0.95 and more after 500 steps:\n%s", b.String())
	}
}
