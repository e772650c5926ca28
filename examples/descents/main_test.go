package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var b bytes.Buffer
	if err := run(&b, 1000, 300); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("got %d lines, want 4:\n%s", len(lines), b.String())
	}
	var accuracy [3]float64
	for i, wantSteps := range []int{3, 3000, 96} {
		var steps int
		var seconds, loss float64
		if _, err := fmt.Sscan(lines[i+1][28:], &steps, &seconds, &loss, &accuracy[i]); err != nil || steps != wantSteps {
			t.Errorf("%q: %d steps, want %d; error %v", lines[i+1], steps, wantSteps, err)
		}
	}
	if !(accuracy[0] < accuracy[2] && accuracy[2] < accuracy[1]) {
		t.Errorf("want the more steps, the better:\n%s", b.String())
	}
}
