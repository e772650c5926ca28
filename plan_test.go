package glia_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

var update = flag.Bool("update", false, "write the golden plans of testdata anew")

// TestPlans keeps the plans of a few training steps: a refactoring leaves them as
// they are, and none of their steps runs a reference.
func TestPlans(t *testing.T) {
	mlp := func(options ...nn.WeightsOption) []nn.Layer {
		return []nn.Layer{
			nn.Input(28, 28), nn.Flatten(),
			nn.Dense(128, append(options, nn.ReLU)...), nn.Dense(128, append(options, nn.ReLU)...),
			nn.Dense(10, nn.Softmax),
		}
	}
	tests := []struct {
		name    string
		layers  []nn.Layer
		opt     optim.Optimizer
		loss    loss.Loss
		metrics []metric.Metric
		y       tensor.Spec
	}{
		{"mlp", mlp(), optim.Adam(1e-3), loss.CategoricalCrossentropy(), []metric.Metric{metric.Accuracy()}, tensor.S(tensor.Float32, 4, 10)},
		{"regularized", append(mlp(nn.KernelRegularizer(nn.L2(1e-4)))[:4:4], nn.Dropout(0.5), nn.Dense(10)),
			optim.SGD(0.1, optim.Momentum(0.9), optim.GlobalClipNorm(1)), loss.SparseCategoricalCrossentropy(loss.FromLogits),
			[]metric.Metric{metric.Accuracy()}, tensor.S(tensor.Int64, 4)},
		{"regression", []nn.Layer{nn.Input(28, 28), nn.Flatten(), nn.Dense(16, nn.Tanh), nn.Dense(16, nn.GELU), nn.Dense(1)},
			optim.RMSprop(1e-3), loss.MeanSquaredError(), nil, tensor.S(tensor.Float32, 4, 1)},
		{"recurrent", []nn.Layer{nn.Input(28, 28), &Recurrent{Units: 16}, nn.Dense(1)},
			optim.SGD(0.1), loss.MeanSquaredError(), nil, tensor.S(tensor.Float32, 4, 1)},
		{"cnn", []nn.Layer{nn.Input(28, 28), nn.Reshape(28, 28, 1),
			nn.Conv2D(8, 3, nn.ReLU), nn.MaxPooling2D(2),
			nn.Conv2D(16, 3, nn.Same, nn.NoBias), nn.BatchNormalization(), nn.ReLU, nn.DepthwiseConv2D(3), nn.BatchNormalization(),
			nn.GlobalAveragePooling2D(), nn.Dense(10, nn.Softmax)},
			optim.Adam(1e-3), loss.CategoricalCrossentropy(), []metric.Metric{metric.Accuracy()}, tensor.S(tensor.Float32, 4, 10)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := glia.Sequential(test.layers...)
			if err := m.Compile(test.opt, test.loss, test.metrics...); err != nil {
				t.Fatal(err)
			}
			ds, err := data.New(tensor.New(tensor.Uint8, 4, 28, 28), tensor.NewSpec(test.y))
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Plan(ds.Scale(1./255), 4)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(got, "(reference)") {
				t.Error("a step runs a reference: want a kernel for each")
			}
			file := filepath.Join("testdata", "plans", test.name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant, as in %s:\n%s", got, file, want)
			}
		})
	}
}
