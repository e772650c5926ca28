package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

func TestRun(t *testing.T) {
	var b bytes.Buffer
	if err := run(&b); err != nil {
		t.Fatal(err)
	}
	var waves, tanh float64
	if _, err := fmt.Sscanf(b.String(), "waves  mean squared error %f\ntanh   mean squared error %f\n", &waves, &tanh); err != nil {
		t.Fatalf("%v in %q", err, b.String())
	}
	if waves > 0.01 || tanh < 10*waves {
		t.Errorf("errors of %v with waves and %v with tanh, want less than 0.01 and far more", waves, tanh)
	}
}

// TestSaved wants a model with the layer back from its file.
func TestSaved(t *testing.T) {
	m := glia.Sequential(nn.Input(1), NewWaves(3, Spread(4), nn.Name("waves"), nn.Frozen), nn.Dense(1))
	x := tensor.New(tensor.Float32, 4, 1)
	copy(tensor.Data[float32](x), []float32{-1, 0.25, 0.5, 2})
	before, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := m.SaveTo(&file, keras.Archive); err != nil {
		t.Fatal(err)
	}
	if m, err = glia.LoadBytes(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	after, err := m.Predict(x)
	if err != nil || !tensor.Equal(after, before) {
		t.Errorf("loaded it predicts %v (%v), want %v", after, err, before)
	}
	if w := m.Network().Layers()[1].(*Waves); w.Units != 3 || w.Spread != 4 || w.Name != "waves" || !bool(w.Frozen) {
		t.Errorf("the layer is %+v, want 3 units, a spread of 4, its name, and it frozen", w)
	}
}
