package bench

import (
	"testing"

	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/optim"
)

// TestStepFlops counts the arithmetic of known networks.
func TestStepFlops(t *testing.T) {
	const conv1, conv2, dense = 26 * 26 * 9 * 32, 11 * 11 * 9 * 32 * 64, 1600 * 10
	for _, k := range knownNetworks {
		m, err := k.make()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy()); err != nil {
			t.Fatal(err)
		}
		got, want := stepFlops(m, k.batch)/2/float64(k.batch), 2*conv1+3*conv2+3*dense+0.0
		switch k.name {
		case "mobilenetv2": // 300 million multiply-adds forward for images of 224 by 224, 1.28 for 1000 classes
			want = 3*(299.5e6*3*3/7/7+1280*10) - 48*48*27*32
		case "resnet20": // 40.8 million multiply-adds forward
			want = 3*40.8e6 - 32*32*27*16
			if trainable, _ := m.Params(); trainable < 270_000 || trainable > 276_000 {
				t.Errorf("%s has %d parameters, want those of the paper, 0.27 million", k.name, trainable)
			}
		}
		if got < 0.99*want || got > 1.01*want {
			t.Errorf("%s: %.4g multiply-adds a sample, want %.4g", k.name, got, want)
		}
	}
}

// TestNetworks measures the smallest network.
func TestNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	r := &Networks{PeakGflops1: 100, PeakGflopsAll: 200}
	n, err := r.measure(t.Context(), knownNetworks[0])
	if err != nil || !(n.StepMS1 > 0 && n.StepMSAll > 0 && n.OfFloor1 > 0 && n.OfFloorAll > 0) || n.AllocsPerStep > 2 {
		t.Errorf("got %+v, error %v", n, err)
	}
}
