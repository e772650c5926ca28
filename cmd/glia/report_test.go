package main

import (
	"bytes"
	"math"
	"testing"
)

func TestScores(t *testing.T) {
	c := confusion{
		{5, 1, 0},
		{2, 8, 0},
		{0, 3, 0},
	}
	for k, want := range []scores{
		{5. / 7, 5. / 6, 10. / 13, 6},
		{8. / 12, 8. / 10, 16. / 22, 10},
		{math.NaN(), 0, 0, 3}, // never predicted
	} {
		got := c.class(k)
		for i, g := range []float64{got.precision, got.recall, got.f1} {
			w := []float64{want.precision, want.recall, want.f1}[i]
			if math.IsNaN(w) != math.IsNaN(g) || math.Abs(g-w) > 1e-15 {
				t.Errorf("class %d: got %+v, want %+v", k, got, want)
			}
		}
		if got.support != want.support {
			t.Errorf("class %d: %d samples, want %d", k, got.support, want.support)
		}
	}
	if m := c.mean(); math.Abs(m.precision-(5./7+8./12)/2) > 1e-15 || m.support != 19 {
		t.Errorf("mean: got %+v", m)
	}
}

func TestPrintConfusion(t *testing.T) {
	var b bytes.Buffer
	confusion{{5, 1}, {0, 0}}.print(&b)
	want := `Confusion matrix: a row for each digit, a column for what it was taken for
      0  1
    ──────
 0 │  5  1
 1 │  0  0

Class  Precision  Recall      F1  Samples
0         1.0000  0.8333  0.9091        6
1         0.0000       –  0.0000        0
mean      0.5000  0.8333  0.4545        6
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
