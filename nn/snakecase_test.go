package nn_test

import (
	"testing"

	"github.com/glia-ml/glia/nn"
)

// TestSnakeCase has names that Keras 3.15.1 gives layers.
func TestSnakeCase(t *testing.T) {
	for class, want := range map[string]string{
		"BatchNormalization": "batch_normalization", "Conv2D": "conv2d", "LSTM": "lstm", "ConvLSTM2D": "conv_lstm2d",
		"GroupQueryAttention": "grouped_query_attention",
	} {
		if got := nn.SnakeCase(class); got != want {
			t.Errorf("a layer of %s is called %s, want %s", class, got, want)
		}
	}
}
