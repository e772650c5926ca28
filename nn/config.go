package nn

import (
	"encoding/json"
	"fmt"
)

// LayerFromConfig returns the layer of a Keras class, "Dense" for instance, with
// the config that Keras writes. The layers that are one activation, such as
// LeakyReLU, become an [ActivationLayer].
func LayerFromConfig(class string, config []byte) (Layer, error) {
	var l Layer
	switch class {
	case "Activation":
		l = &ActivationLayer{}
	case "Dense":
		l = &DenseLayer{}
	case "Dropout":
		l = &DropoutLayer{}
	case "Flatten":
		l = &FlattenLayer{}
	case "GaussianDropout":
		l = &GaussianDropoutLayer{}
	case "GaussianNoise":
		l = &GaussianNoiseLayer{}
	case "InputLayer":
		l = &InputLayer{}
	case "Permute":
		l = &PermuteLayer{}
	case "RepeatVector":
		l = &RepeatVectorLayer{}
	case "Rescaling":
		l = &RescalingLayer{}
	case "Reshape":
		l = &ReshapeLayer{}
	case "ELU", "LeakyReLU", "ReLU", "Softmax":
		return activationFromConfig(class, config)
	default:
		return nil, fmt.Errorf("nn: layer class %q: want one of Keras's that nn has", class)
	}
	if err := json.Unmarshal(config, l); err != nil {
		return nil, fmt.Errorf("nn: config of %s: %w", class, err)
	}
	return l, nil
}

func activationFromConfig(class string, config []byte) (Layer, error) {
	l := &ActivationLayer{}
	if err := json.Unmarshal(config, &l.Base); err != nil {
		return nil, fmt.Errorf("nn: config of %s: %w", class, err)
	}
	b, err := json.Marshal(serialized{Class: class, Config: config})
	if err != nil {
		return nil, fmt.Errorf("nn: config of %s: %w", class, err)
	}
	return l, l.Activation.UnmarshalJSON(b)
}

// LossFromConfig returns the loss of a Keras class, "MeanSquaredError" for
// instance, with the config that Keras writes.
func LossFromConfig(class string, config []byte) (Loss, error) {
	var l Loss
	switch class {
	case "BinaryCrossentropy":
		l = BinaryCrossentropy()
	case "CategoricalCrossentropy":
		l = CategoricalCrossentropy()
	case "MeanAbsoluteError":
		l = MeanAbsoluteError()
	case "MeanSquaredError":
		l = MeanSquaredError()
	case "SparseCategoricalCrossentropy":
		l = SparseCategoricalCrossentropy()
	default:
		return nil, fmt.Errorf("nn: loss class %q: want one of Keras's that nn has", class)
	}
	if err := json.Unmarshal(config, l); err != nil {
		return nil, fmt.Errorf("nn: config of %s: %w", class, err)
	}
	return l, nil
}
