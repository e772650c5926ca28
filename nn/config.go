package nn

import (
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// LayerFromConfig returns the layer of a Keras class, "Dense" for instance, with
// the config that Keras writes. The layers that are one activation, such as
// LeakyReLU, become an [ActivationLayer]. What nn cannot do is an error.
func LayerFromConfig(class string, config []byte) (Layer, error) {
	l, err := layers.Make(class, config)
	if err != nil {
		return nil, fmt.Errorf("nn: %w", err)
	}
	return l, nil
}

// LayerToConfig returns what Keras calls the class of a layer of this package, the
// module that the class is in, and the layer's config. It fails for what Keras does
// not have, and for layers that are not of this package.
func LayerToConfig(l Layer) (module, class string, config []byte, err error) {
	return unpack(layers.Serialize(l, ClassOf(l)))
}

// layers are Keras's layers. A [Network] is its Sequential, which is made of layers
// rather than of settings.
var layers = vocab.Table[Layer]{
	Kind: "layer", Module: "keras.layers",
	// A network has one dtype for all, and the shape is that of an input in front.
	Fixed: map[string]string{"dtype": "", "batch_input_shape": "", "autocast": "true"},
}

// addLayer adds a class to the table, from the file of its layer. The settings in fixed
// may have the given value, or any if that is empty, though no layer has them.
func addLayer(class string, make func(c *vocab.Config) (Layer, error), fixed ...map[string]string) {
	c := vocab.Class[Layer]{Name: class, New: make}
	if len(fixed) > 0 {
		c.Fixed = fixed[0]
	}
	layers.Add(c)
}

// layerOf returns a maker of layers whose settings are their fields.
func layerOf[L any]() func(c *vocab.Config) (Layer, error) {
	return vocab.Into[Layer](func() *L { return new(L) })
}

// unpack returns the parts of an object.
func unpack(o *vocab.Object, err error) (module, class string, config []byte, _ error) {
	if err != nil {
		return "", "", nil, fmt.Errorf("nn: %w", err)
	}
	return o.Module, o.Class, o.Config, nil
}
