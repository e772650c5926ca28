package main

import (
	"math"
	"slices"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// setup is the network that train and compare train, and how: all but the
// optimizer.
type setup struct {
	network     network
	kinds       []string // of networks that may be named
	epochs      int
	batchSize   batchSize
	hidden      units
	activation  activation
	dtype       dtypePolicy
	dropout, l2 float64
	validation  float64
	seed        uint64
	threads     int
	source      source
}

func newSetup() setup {
	return setup{network: mlp, kinds: []string{mlp, cnn}, batchSize: 128, hidden: units{128, 128}, activation: activation{nn.ReLU}, dtype: dtypePolicy{nn.Float32}}
}

// flags adds the flags, with the share for validation that is set.
func (s *setup) flags(f *pflag.FlagSet) {
	f.Var(&s.network, "model", oneOf(s.kinds))
	f.IntVar(&s.epochs, "epochs", 10, "how often to go over the data")
	f.Var(&s.batchSize, "batch-size", `samples in a step, or "full" for all`)
	f.Var(&s.hidden, "hidden", `units of the hidden layers, or "none"`)
	f.Var(&s.activation, "activation", "activation of the hidden layers")
	f.Var(&s.dtype, "dtype", "dtype policy: "+oneOf(dtypePolicies))
	f.Float64Var(&s.dropout, "dropout", 0, "share of units dropped behind each hidden layer")
	f.Float64Var(&s.l2, "l2", 0, "penalty on the squares of the kernels")
	f.Float64Var(&s.validation, "validation-split", s.validation, "share of the training data set aside for validation")
	f.Uint64Var(&s.seed, "seed", 1, "seed of weights, order and dropout")
	f.IntVar(&s.threads, "threads", 0, "threads to compute with (default as many as there are processors)")
	s.source.flags(f)
}

// check finds values that make no sense.
func (s *setup) check(c *cobra.Command) error {
	flags := c.Flags()
	switch {
	case !slices.Contains(s.kinds, string(s.network)) && !(s.network.isFile() && slices.Contains(s.kinds, fileKind)):
		return misused(c, "--model: got %q, want %s", string(s.network), oneOf(s.kinds))
	case s.network != mlp && (flags.Changed("hidden") || flags.Changed("activation")):
		return misused(c, "--model %s has its own layers: want no --hidden and no --activation with it", s.network)
	case s.epochs < 1:
		return misused(c, "--epochs: got %d, want 1 or more", s.epochs)
	case !(s.dropout >= 0 && s.dropout < 1):
		return misused(c, "--dropout: got %v, want 0 or more and less than 1", s.dropout)
	case !(s.l2 >= 0 && s.l2 <= math.MaxFloat64):
		return misused(c, "--l2: got %v, want a number of 0 or more", s.l2)
	case !(s.validation >= 0 && s.validation < 1):
		return misused(c, "--validation-split: got %v, want 0 or more and less than 1", s.validation)
	case s.threads < 0:
		return misused(c, "--threads: got %d, want 1 or more, or 0 for as many as there are processors", s.threads)
	}
	return wantNames(c, "data")
}

// model returns the compiled network.
func (s *setup) model(train *data.Memory, opt optim.Optimizer, seed uint64) (*glia.Model, error) {
	image, _ := train.Specs()
	layers := []nn.Layer{nn.Input(image[0].Shape)}
	if s.network == cnn {
		layers = append(layers, s.convolutions(image[0].Shape)...)
	} else {
		layers = append(layers, s.perceptron()...)
	}
	layers = append(layers, nn.Dense(classes, nn.Softmax, nn.KernelRegularizer(nn.L2(s.l2)), s.dtype.output()))
	m := glia.Sequential(layers...)
	m.Network().DType, m.Seed = s.dtype.DTypePolicy, seed
	return m, m.Compile(opt, loss.CategoricalCrossentropy(), metric.Accuracy())
}

// perceptron returns the layers before the last one of a multilayer perceptron.
func (s *setup) perceptron() []nn.Layer {
	layers := []nn.Layer{nn.Flatten()}
	for _, n := range s.hidden {
		layers = append(layers, nn.Dense(n, s.activation.Activation, nn.KernelRegularizer(nn.L2(s.l2))))
		if s.dropout > 0 {
			layers = append(layers, nn.Dropout(s.dropout))
		}
	}
	return layers
}

// convolutions returns those of Keras's example of a convolutional network for MNIST.
//
// Source: keras.io/examples/vision/mnist_convnet.
func (s *setup) convolutions(image tensor.Dims) []nn.Layer {
	penalty := nn.KernelRegularizer(nn.L2(s.l2))
	layers := []nn.Layer{
		nn.Reshape(image.At(0), image.At(1), 1),
		nn.Conv2D(32, 3, nn.ReLU, penalty), nn.MaxPooling2D(2),
		nn.Conv2D(64, 3, nn.ReLU, penalty), nn.MaxPooling2D(2),
		nn.Flatten(),
	}
	rate := s.dropout
	if rate == 0 {
		rate = 0.5
	}
	return append(layers, nn.Dropout(rate))
}

// network is the flag that names a kind of network, or a file of one.
type network string

// The kinds of networks.
const (
	mlp       = "mlp"        // a multilayer perceptron
	cnn       = "cnn"        // a convolutional network
	fileKind  = "FILE.keras" // one out of a file
	resnet    = "resnet"     // one with residual connections
	mobilenet = "mobilenet"  // one of inverted bottlenecks
)

// String implements pflag.Value.
func (n *network) String() string { return string(*n) }

// Type implements pflag.Value.
func (*network) Type() string { return "kind" }

// Set implements pflag.Value.
func (n *network) Set(s string) error {
	*n = network(s)
	return nil
}

// isFile reports whether the network is one out of a file.
func (n network) isFile() bool {
	f, err := keras.FormatOf(string(n))
	return err == nil && f.Whole()
}

// options returns the options of Fit, with data for validation or else the share of the
// training's.
func (s *setup) options(validation data.Dataset) []glia.Option {
	opts := []glia.Option{glia.Epochs(s.epochs), glia.BatchSize(int(s.batchSize))}
	switch {
	case validation != nil:
		opts = append(opts, glia.Validate(validation))
	case s.validation > 0:
		opts = append(opts, glia.ValidationSplit(s.validation))
	}
	return opts
}
