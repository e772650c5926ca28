package glia_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// adding returns a model of a stateful layer that adds up the steps of its input.
func adding() *glia.Model {
	return glia.Sequential(nn.Input(2, 1, nn.BatchSize(1)),
		nn.SimpleRNN(1, nn.Linear, nn.Stateful, nn.KernelInitializer(nn.Ones), nn.RecurrentInitializer(nn.Ones)))
}

// TestStatefulPredict wants TensorFlow's numbers, and other lengths of batches refused.
func TestStatefulPredict(t *testing.T) {
	m := adding()
	x := of(t, []float32{1, 1, 1, 1, 1, 1}, 3, 2, 1)
	for _, want := range [][]float32{{2, 4, 6}, {8, 10, 12}} {
		y, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		if got := tensor.Data[float32](y); got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("predictions are %v, want %v", got, want)
		}
	}
	if err := m.ResetStates(); err != nil {
		t.Fatal(err)
	}
	one, err := x.Slice(0, 0, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if y, err := m.Predict(one); err != nil || tensor.Data[float32](y)[0] != 2 {
		t.Errorf("after ResetStates: %v (%v), want 2", y, err)
	}
	two := glia.Sequential(nn.Input(2, 1, nn.BatchSize(2)), nn.LSTM(1, nn.Stateful))
	if _, err := two.Predict(x); err == nil || !strings.Contains(err.Error(), "a batch of 1: want 2, that of the states") {
		t.Errorf("three samples in batches of 2: error %v, want one of the batch of 1", err)
	}
	if _, err := glia.Sequential(nn.Input(2, 1), nn.LSTM(1, nn.Stateful)).Predict(x); err == nil || !strings.Contains(err.Error(), "nn.BatchSize") {
		t.Errorf("without the length of the batch: error %v, want one that names nn.BatchSize", err)
	}
}

// TestStatefulFit wants TensorFlow's losses: the state goes from one epoch to the next.
func TestStatefulFit(t *testing.T) {
	m := adding()
	if err := m.Compile(optim.SGD(0), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	x := of(t, []float32{1, 1, 1, 1, 1, 1}, 3, 2, 1)
	ds, err := data.New(x, of(t, []float32{0, 0, 0}, 3, 1))
	if err != nil {
		t.Fatal(err)
	}
	h, err := m.Fit(ds, glia.Epochs(2), glia.BatchSize(1), glia.InOrder)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{(4 + 16 + 36) / 3.0, (64 + 100 + 144) / 3.0} {
		if got := h.Series("loss")[i]; got < want-1e-4 || got > want+1e-4 {
			t.Errorf("loss of epoch %d is %g, want %g", i, got, want)
		}
	}
}
