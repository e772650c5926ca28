package glia

import (
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// scaled returns the optimizer that trains a network: one that scales the loss if the
// network computes in float16 with weights of float32, as in Keras.
func scaled(opt optim.Optimizer, net *nn.Network) optim.Optimizer {
	if _, ok := opt.(*optim.LossScaleOptimizer); ok || net.PolicyIn("") != nn.MixedFloat16 {
		return opt
	}
	return optim.LossScale(opt)
}

// metricSpec returns the spec in which metrics take predictions: floats of 16 bits as
// float32, in which Keras computes its metrics.
func metricSpec(pred tensor.Spec) tensor.Spec {
	if pred.DType.IsFloat() && pred.DType.Size() < tensor.Float32.Size() {
		pred.DType = tensor.Float32
	}
	return pred
}
