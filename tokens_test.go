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

// TestTokensOutsideTheVocabulary wants errors that name sample and place, whatever the dtype, and
// weights that stay.
func TestTokensOutsideTheVocabulary(t *testing.T) {
	y := tensor.New(tensor.Float32, 4, 1)
	for _, c := range []struct {
		token float64
		dt    tensor.DType
		bad   bool
	}{{5, tensor.Int32, true}, {-1, tensor.Int64, true}, {200, tensor.Uint8, true}, {4.9, tensor.Float32, false}, {5, tensor.Float32, true}, {-0.5, tensor.Float32, false}, {4, tensor.Int32, false}} {
		x := tensor.New(c.dt, 4, 3)
		v := make([]float64, 12)
		v[7] = c.token
		if err := x.SetFloat64s(v); err != nil {
			t.Fatal(err)
		}
		fresh := glia.Sequential(nn.Sequential(nn.Reshape(3), nn.Embedding(5, 2, nn.Name("words")), nn.Flatten()), nn.Dense(1))
		if err := fresh.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
			t.Fatal(err)
		}
		ds, err := data.New(x, y)
		if err != nil {
			t.Fatal(err)
		}
		_, fit := fresh.Fit(ds, glia.BatchSize(4), glia.Epochs(1))
		_, evaluate := fresh.Evaluate(ds)
		_, predict := fresh.Predict(x)
		_, on := fresh.TrainOnBatch(&data.Batch{X: []*tensor.Tensor{x}, Y: []*tensor.Tensor{y}})
		for call, err := range map[string]error{"Fit": fit, "Evaluate": evaluate, "Predict": predict, "TrainOnBatch": on} {
			const want = "at place 1: want 0 or more and less than 5, the vocabulary of layer sequential/words"
			if (err != nil) != c.bad || c.bad && (!strings.Contains(err.Error(), "sample 2: token ") || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s of %v %v: error %v, want one: %v", call, c.dt, c.token, err, c.bad)
			}
		}
	}
}
