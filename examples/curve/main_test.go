package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var b bytes.Buffer
	if err := run(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")[1:]
	if len(lines) != 9 {
		t.Fatalf("got %d lines, want 9:\n%s", len(lines), b.String())
	}
	for _, l := range lines {
		var x, want, got float64
		if _, err := fmt.Sscan(l, &x, &want, &got); err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-want) > 0.1 {
			t.Errorf("at %v: got %v, want %v within 0.1", x, got, want)
		}
	}
}
