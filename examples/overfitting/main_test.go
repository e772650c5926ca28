package main

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data/mnist"
)

func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("six networks trained on MNIST: not in short mode")
	}
	train, test, err := mnist.Load(mnist.Offline())
	if errors.Is(err, mnist.ErrUnavailable) {
		t.Skipf("%v; GLIA_DATA names the directory that holds mnist/", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	picture := filepath.Join(t.TempDir(), "overfitting")
	if err := run(&out, train, test.Take(2000), 200, 25, picture); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", &out)
	rows := map[string][5]float64{} // epochs, three losses, accuracy
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n")[1:] {
		var digits int
		var r [5]float64
		if _, err := fmt.Sscan(line[16:], &digits, &r[0], &r[1], &r[2], &r[3], &r[4]); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		rows[strings.TrimSpace(line[:16])] = r
	}
	none := rows["no remedy"]
	if !(none[2] > 5*none[1]) {
		t.Errorf("no remedy: loss of validation %v, of training %v: want overfitting", none[2], none[1])
	}
	gap := func(r [5]float64) float64 { return r[2] - r[1] }
	for _, name := range []string{"more data", "smaller model", "L2", "dropout", "early stopping"} {
		if r, ok := rows[name]; !ok || gap(r) >= gap(none) {
			t.Errorf("%s: the losses of validation and training are %v apart, without a remedy %v", name, gap(r), gap(none))
		}
	}
	if rows["more data"][4] <= none[4] {
		t.Errorf("more data: accuracy %v, without %v", rows["more data"][4], none[4])
	}
	if rows["early stopping"][0] >= 25 {
		t.Errorf("early stopping took %v epochs of 25", rows["early stopping"][0])
	}
	f, err := os.Open(picture + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if img, err := png.Decode(f); err != nil || img.Bounds().Dx() < 300 {
		t.Errorf("the picture: %v", err)
	}
	if text, err := os.ReadFile(picture + ".svg"); err != nil || !bytes.Contains(text, []byte("</svg>")) {
		t.Errorf("the picture: %v", err)
	}
}

func TestErrors(t *testing.T) {
	if err := run(nil, nil, nil, 100, 1, "p"); err == nil || !strings.Contains(err.Error(), "100 samples: want 10 to 0") {
		t.Errorf("no data: error %v", err)
	}
}
