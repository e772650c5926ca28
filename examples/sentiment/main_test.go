package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/preprocess"
)

// TestRun learns from reviews of a few words, and asks the saved model about others.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for class, words := range map[string][]string{"good": {"fine", "great", "lovely"}, "poor": {"bad", "dull", "awful"}} {
		if err := os.MkdirAll(filepath.Join(dir, "reviews", class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			text := fmt.Sprintf("A %s film, %s and number %d.", words[i%3], words[(i/3)%3], i%10)
			if err := os.WriteFile(filepath.Join(dir, "reviews", class, fmt.Sprintf("%d.txt", i)), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := filepath.Join(dir, "m.keras")
	var b bytes.Buffer
	if err := run(&b, filepath.Join(dir, "reviews"), file); err != nil {
		t.Fatal(err)
	}
	if want := "accuracy 1.000 of 40 texts\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	m, err := glia.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	x, err := m.Network().Layers()[1].(*preprocess.TextVectorizationLayer).Encode([]string{"great and lovely", "it was AWFUL!"})
	if err != nil {
		t.Fatal(err)
	}
	y, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	if p := y.Float64s(); p[0] < p[1] || p[2] > p[3] {
		t.Errorf("probabilities of good and poor: got %v, want good, then poor", y)
	}
}
