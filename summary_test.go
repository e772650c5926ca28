package glia_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

func TestSummary(t *testing.T) {
	m := glia.Sequential(
		nn.Input(28, 28), nn.Flatten(), nn.Dense(128, nn.ReLU, nn.Frozen), nn.Dropout(0.2), nn.Dense(10, nn.Name("head")),
	)
	compile(t, m, optim.Adam(1e-3), loss.MeanSquaredError())
	want := `Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ Layer (type)      ┃ Output Shape ┃ Param # ┃
┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ flatten (Flatten) │ (None, 784)  │       0 │
│ dense (Dense)     │ (None, 128)  │ 100,480 │
│ dropout (Dropout) │ (None, 128)  │       0 │
│ head (Dense)      │ (None, 10)   │   1,290 │
└───────────────────┴──────────────┴─────────┘
 Total params: 104,352 (407.63 KB)
 Trainable params: 1,290 (5.04 KB)
 Non-trainable params: 100,480 (392.50 KB)
 Optimizer params: 2,582 (10.09 KB)
`
	if got := m.Summary(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestSummaryNotBuilt(t *testing.T) {
	m := glia.Sequential(nn.Dense(3))
	if s := m.Summary(); !strings.Contains(s, "Not built") {
		t.Errorf("got %q", s)
	}
	predict(t, m, of(t, []float32{1, 2}, 1, 2))
	if s := m.Summary(); !strings.Contains(s, "│ dense (Dense) │ (None, 3)    │       9 │") || strings.Contains(s, "Optimizer") {
		t.Errorf("after Predict: got\n%s", s)
	}
}

// TestSummaryOfOddNames shows names that a file may hold: none is longer than a line
// can be, or does more to a terminal than to show.
func TestSummaryOfOddNames(t *testing.T) {
	net := nn.Sequential(nn.Input(2), nn.Dense(2, nn.Name("a\x1b[2Jb")), nn.Dense(2, nn.Name(strings.Repeat("é", 1<<20))), nn.Dense(1, nn.Name("模 型")))
	net.Name = strings.Repeat("x", 1<<20)
	m := glia.New(net)
	compile(t, m, optim.SGD(1e-3), loss.MeanSquaredError())
	s := m.Summary()
	for _, want := range []string{`"a\x1b[2Jb" (Dense)`, strings.Repeat("é", 100) + "... (Dense)", "模 型 (Dense)"} {
		if !strings.Contains(s, want) {
			t.Errorf("got\n%s\nwant %s", s, want)
		}
	}
	if len(s) > 10_000 || strings.Contains(s, "\x1b") {
		t.Errorf("got %d bytes, %.100q", len(s), s)
	}
}
