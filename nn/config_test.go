package nn_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
)

// FuzzLayerFromConfig reads configs of anything: an error, or a layer that can be
// written and, unless it is large, built, with nothing but *graph.Error.
func FuzzLayerFromConfig(f *testing.F) {
	for class, config := range map[string]string{
		"Dense":           `{"name":"d","units":4,"activation":"relu","use_bias":false,"kernel_initializer":{"class_name":"HeNormal","config":{"seed":1}}}`,
		"Dropout":         `{"rate":0.5,"noise_shape":[null,1]}`,
		"Conv2D":          `{"filters":4,"kernel_size":[3,2],"strides":[2,1],"padding":"same","groups":2,"data_format":"channels_first","dilation_rate":1}`,
		"Conv1DTranspose": `{"filters":2,"kernel_size":3,"output_padding":[1],"strides":2,"padding":"same"}`,
		"SeparableConv2D": `{"filters":2,"kernel_size":[3,3],"depth_multiplier":2,"pointwise_regularizer":"l2"}`,
		"InputLayer":      `{"batch_shape":[null,3],"dtype":"float32"}`,
		"Reshape":         `{"target_shape":[3,-1]}`,
		"Permute":         `{"dims":[1]}`,
		"LeakyReLU":       `{"negative_slope":0.1}`,
		"Activation":      `{"activation":{"class_name":"ELU","config":{"alpha":2}}}`,
		"PReLU":           `{"shared_axes":1,"alpha_initializer":{"class_name":"Constant","config":{"value":[0.5]}},"alpha_constraint":"non_neg"}`,
		"ReLU":            `{"max_value":2,"negative_slope":0.1,"threshold":0.5}`,
		"Softmax":         `{"axis":[1,2]}`,

		"AlphaDropout":           `{"rate":0.5,"noise_shape":[null,1]}`,
		"ActivityRegularization": `{"l1":0.1}`,
		"BatchNormalization":     `{"axis":1,"momentum":0.5,"renorm":true,"renorm_clipping":{"rmax":2.0},"center":false,"gamma_initializer":"ones"}`,
		"LayerNormalization":     `{"axis":[1,2],"rms_scaling":true,"epsilon":0.1}`,
		"GroupNormalization":     `{"groups":-1,"axis":1,"beta_regularizer":"l2"}`,
		"RMSNormalization":       `{"axis":[-1],"epsilon":1e-6}`,
		"UnitNormalization":      `{"axis":[1,2]}`,
		"SpectralNormalization":  `{"layer":{"class_name":"Dense","config":{"units":2}},"power_iterations":2}`,
		"LSTM":                   `{"units":2,"return_sequences":true,"return_state":true,"recurrent_activation":"hard_sigmoid","dropout":0.5}`,
		"GRU":                    `{"units":2,"reset_after":false,"go_backwards":true,"stateful":true}`,
		"RNN":                    `{"cell":{"class_name":"StackedRNNCells","config":{"cells":[{"class_name":"LSTMCell","config":{"units":2}}]}}}`,
		"Bidirectional":          `{"layer":{"class_name":"SimpleRNN","config":{"units":2}},"merge_mode":null,"backward_layer":{"class_name":"GRU","config":{"units":2,"go_backwards":true}}}`,
		"TimeDistributed":        `{"layer":{"class_name":"Dense","config":{"units":2}}}`,
		"ConvLSTM2D":             `{"filters":2,"kernel_size":[2,1],"padding":"same"}`,
		"SpatialDropout2D":       `{"rate":0.5,"data_format":"channels_last"}`,
	} {
		f.Add(class, config)
	}
	f.Fuzz(func(t *testing.T, class, config string) {
		l, err := nn.LayerFromConfig(class, []byte(config))
		if err != nil {
			return
		}
		if _, err := json.Marshal(l); err != nil {
			t.Fatalf("%s of %s cannot be written: %v", class, config, err)
		}
		if d, ok := l.(*nn.DenseLayer); ok && d.Units > 1000 {
			return
		}
		if r, ok := l.(*nn.RepeatVectorLayer); ok && r.N > 1000 {
			return
		}
		if wide(l) {
			return
		}
		b := nn.NewBuilder(1)
		b.Limit = 1 << 20
		_ = graph.Catch(func() { nn.Sequential(l).Build(b, f32(2, 3)) })
		_ = graph.Catch(func() { nn.Sequential(l).Build(b, f32(2, 3, 4)) })
	})
}

func TestSwitch(t *testing.T) {
	for config, want := range map[string]string{
		`{"units":1,"use_bias":false}`:    "",
		`{"units":1,"use_bias":null}`:     "",
		`{"units":1,"use_bias":"no"}`:     `nn: config of Dense: use_bias: nn: "no": want true or false`,
		`{"units":1,"trainable":[false]}`: "nn: config of Dense: trainable: nn: [false]: want true or false",
	} {
		l, err := nn.LayerFromConfig("Dense", []byte(config))
		switch {
		case err != nil && err.Error() != want || err == nil && want != "":
			t.Errorf("%s: error %v, want %q", config, err, want)
		case err == nil && bool(l.(*nn.DenseLayer).NoBias) != strings.Contains(config, "false"):
			t.Errorf("%s: NoBias is %v", config, l.(*nn.DenseLayer).NoBias)
		}
	}
}

// wide reports whether a convolution would take much memory.
func wide(l nn.Layer) bool {
	n := 1
	switch l := l.(type) {
	case *nn.ConvLayer:
		n = product(l.Filters, l.KernelSize)
	case *nn.ConvTransposeLayer:
		n = product(l.Filters, l.KernelSize)
	case *nn.DepthwiseConvLayer:
		n = product(l.DepthMultiplier, l.KernelSize)
	case *nn.SeparableConvLayer:
		n = max(product(l.DepthMultiplier, l.KernelSize), product(l.DepthMultiplier, nn.Sizes{l.Filters}))
	}
	return n > 10000
}

// product returns the product of numbers, or one that is too large.
func product(n int, more nn.Sizes) int {
	for _, m := range more {
		if n, m = max(n, 1), max(m, 1); n > 10000/m {
			return 10001
		}
		n *= m
	}
	return n
}
