package digits

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// golden is the SHA-256 of the images and then the labels of samples 0 to 255
// of seed 1. It is part of the package's contract: a change of it changes every
// result that was ever reported on these digits.
const golden = "0c964dbcd0794ca94e2bf7ba1463dc8e831fcb5e24eb833c54d7bb012b7803bd"

func TestGolden(t *testing.T) {
	images, labels := must(t, 256, 1)
	sum := sha256.Sum256(append(bytes.Clone(images), labels...))
	if got := hex.EncodeToString(sum[:]); got != golden {
		t.Errorf("sha256 of samples 0 to 255 of seed 1: %s, want %s", got, golden)
	}
}

func must(t testing.TB, n int, seed uint64) (images, labels []byte) {
	t.Helper()
	x, y, err := Generate(n, seed)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := x.Spec(), tensor.S(tensor.Uint8, n, Side, Side); got != want {
		t.Fatalf("images are %v, want %v", got, want)
	}
	if got, want := y.Spec(), tensor.S(tensor.Uint8, n); got != want {
		t.Fatalf("labels are %v, want %v", got, want)
	}
	return x.Bytes(), y.Bytes()
}

func TestSameBytesAtAnyGOMAXPROCS(t *testing.T) {
	const n = 5*batch + 7
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	wantX, wantY := must(t, n, 3)
	for _, procs := range []int{2, 3, 8} {
		runtime.GOMAXPROCS(procs)
		if x, y := must(t, n, 3); !bytes.Equal(x, wantX) || !bytes.Equal(y, wantY) {
			t.Errorf("GOMAXPROCS=%d: other bytes than with 1", procs)
		}
	}
}

func TestSampleDependsOnSeedAndIndexAlone(t *testing.T) {
	const n = 200
	images, labels := must(t, n, 9)
	var img Image
	for k := n - 1; k >= 0; k-- { // backwards, over the drawing before
		label := Draw(&img, 9, uint64(k))
		if label != labels[k] || !bytes.Equal(img[:], images[k*len(img):][:len(img)]) {
			t.Fatalf("sample %d drawn alone differs from the one drawn in a row", k)
		}
	}
	x, y, err := generate(50, 100, 9)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x.Bytes(), images[50*len(img):150*len(img)]) || !bytes.Equal(y.Bytes(), labels[50:150]) {
		t.Error("samples 50 to 149 drawn as a range differ from those drawn from 0 on")
	}
}

func TestNoSampleTwice(t *testing.T) {
	seen := map[Image]string{}
	for seed := range uint64(4) {
		for index := range uint64(500) {
			var img Image
			Draw(&img, seed, index)
			name := fmt.Sprintf("sample %d of seed %d", index, seed)
			if other, ok := seen[img]; ok {
				t.Errorf("%s equals %s", name, other)
			}
			seen[img] = name
		}
	}
}

func TestEveryTenHoldEachDigitOnce(t *testing.T) {
	_, labels := must(t, 1000, 4)
	orders := map[string]bool{}
	for i := 0; i < len(labels); i += Classes {
		ten := labels[i : i+Classes]
		for d := range uint8(Classes) {
			if n := bytes.Count(ten, []byte{d}); n != 1 {
				t.Fatalf("labels %d to %d are %v: %d is there %d times, want once", i, i+9, ten, d, n)
			}
		}
		orders[string(ten)] = true
	}
	if len(orders) < 95 {
		t.Errorf("100 tens of labels come in %d orders, want nearly as many", len(orders))
	}
}

func TestBadCount(t *testing.T) {
	for _, n := range []int{-1, math.MinInt, MaxSamples + 1, math.MaxInt} {
		x, y, err := Generate(n, 1)
		if err == nil || x != nil || y != nil {
			t.Errorf("Generate(%d) = %v, %v, %v: want an error alone", n, x, y, err)
		} else if !strings.HasPrefix(err.Error(), "digits: ") {
			t.Errorf("Generate(%d): %q: want the prefix digits", n, err)
		}
	}
}

func TestNone(t *testing.T) {
	if x, y := must(t, 0, 1); len(x) != 0 || len(y) != 0 {
		t.Errorf("no samples have %d and %d bytes", len(x), len(y))
	}
}

// TestLooksLikeMNIST checks what preprocessing gives MNIST: a digit about 20
// pixels long, its mass in the middle, white on black.
func TestLooksLikeMNIST(t *testing.T) {
	const n = 3000
	images, labels := must(t, n, 5)
	var total float64
	for k := range n {
		img := images[k*Side*Side:][:Side*Side]
		var mass, mx, my float64
		x0, x1, y0, y1, peak := Side, -1, Side, -1, uint8(0)
		for i, v := range img {
			x, y := i%Side, i/Side
			mass += float64(v)
			mx += float64(v) * float64(x)
			my += float64(v) * float64(y)
			peak = max(peak, v)
			if v > 32 {
				x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
			}
		}
		total += mass / 255
		mx, my = mx/mass-13.5, my/mass-13.5
		long := max(x1-x0, y1-y0) + 1
		if math.Abs(mx) > 2 || math.Abs(my) > 2 || long < 17 || long > 23 || peak < 150 ||
			mass/255 < 18 || mass/255 > 300 {
			t.Errorf("sample %d (a %d): mass %.0f, %.1f and %.1f pixels off the centre, %d long, peak %d:"+
				" want 18 to 300, at most 2, 17 to 23, at least 150", k, labels[k], mass/255, mx, my, long, peak)
		}
	}
	if mean := total / n / (Side * Side); mean < .10 || mean > .15 {
		t.Errorf("%.3f of the paper is under ink, want about MNIST's 0.13", mean)
	}
}

// TestNearestCentroid is the difficulty: the mean images tell most samples
// apart, and far from all. It is about 0.82 on MNIST.
func TestNearestCentroid(t *testing.T) {
	const train, test = 5000, 2000
	images, labels := must(t, train+test, 6)
	var mean [Classes][Side * Side]float64
	for k := range train {
		m := &mean[labels[k]]
		for i, v := range images[k*len(m):][:len(m)] {
			m[i] += float64(v) / (train / Classes)
		}
	}
	right := 0
	for k := train; k < train+test; k++ {
		best, at := math.Inf(1), 0
		for c := range mean {
			d := 0.0
			for i, v := range images[k*len(mean[c]):][:len(mean[c])] {
				d += (float64(v) - mean[c][i]) * (float64(v) - mean[c][i])
			}
			if d < best {
				best, at = d, c
			}
		}
		if at == int(labels[k]) {
			right++
		}
	}
	got := float64(right) / test
	t.Logf("nearest centroid: %.3f right", got)
	if got < .65 || got > .9 {
		t.Errorf("nearest centroid: %.3f right, want 0.65 to 0.9", got)
	}
}

func TestGlyphs(t *testing.T) {
	for digit, ways := range glyphs {
		for i, g := range ways {
			name := fmt.Sprintf("glyph %d of %d", i, digit)
			if g.weight <= 0 || len(g.pts) > maxPoints {
				t.Errorf("%s: weight %d, %d points: want above 0, at most %d", name, g.weight, len(g.pts), maxPoints)
			}
			used, dots := make([]bool, len(g.pts)), 0
			for _, s := range strings.Split(g.strokes, " ") {
				if len(s) < 2 || len(s) > maxPoints {
					t.Errorf("%s: stroke %q: want 2 to %d points", name, s, maxPoints)
				}
				dots += 1 + (len(s)-1)*steps
				for _, p := range s {
					if k := int(p - 'a'); k < 0 || k >= len(g.pts) {
						t.Errorf("%s: stroke %q names %q, there are %d points", name, s, p, len(g.pts))
					} else {
						used[k] = true
					}
				}
			}
			if dots > maxDots {
				t.Errorf("%s: %d dots, want at most %d", name, dots, maxDots)
			}
			for k, p := range g.pts {
				if !used[k] || p.x < 0 || p.x > 1 || p.y < 0 || p.y > 1 {
					t.Errorf("%s: point %q %v: used: %v; want used and in the unit square", name, rune('a'+k), p, used[k])
				}
			}
		}
	}
}

func TestDrawDoesNotAllocate(t *testing.T) {
	var img Image
	index := uint64(0)
	if n := testing.AllocsPerRun(100, func() { Draw(&img, 1, index); index++ }); n != 0 {
		t.Errorf("Draw allocates %v times, want none", n)
	}
}

func BenchmarkDraw(b *testing.B) {
	var img Image
	b.SetBytes(int64(len(img)))
	b.ReportAllocs()
	for index := uint64(0); b.Loop(); index++ {
		Draw(&img, 1, index)
	}
}
