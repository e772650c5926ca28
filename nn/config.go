package nn

import (
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// LayerFromConfig returns the layer of a Keras class, "Dense" for instance, or of the name
// under which one is registered, "my_package>Gate", with the config that Keras writes. The
// layers that are one activation, such as LeakyReLU, become an [ActivationLayer]. What nn
// does not support is an error, as is a class of a package that the program does not link,
// such as preprocess: interop/keras links all of glia's.
func LayerFromConfig(class string, config []byte) (Layer, error) {
	l, err := layers.Make(class, config)
	if err != nil {
		return nil, fmt.Errorf("nn: %w", err)
	}
	return l, nil
}

// HasLayer reports whether [LayerFromConfig] makes layers of a class.
func HasLayer(class string) bool { return layers.Find(class) != nil }

// LayerToConfig returns what Keras calls the class of a layer, the module that the class
// is in, and the layer's config. For a layer whose type is registered it returns the name
// under which it is, and no module. It fails for what Keras does not have, and for types
// that are not registered.
func LayerToConfig(l Layer) (module, class string, config []byte, err error) {
	return unpack(layerObject(l))
}

func layerObject(l Layer) (*vocab.Object, error) {
	if a, ok := l.(Activation); ok {
		l = a.Layer()
	}
	return layers.Serialize(l, ClassOf(l))
}

// layers are Keras's layers, to which the file of each adds its own, those of other packages
// by [Register], and the user's.
var layers = vocab.Table[Layer]{
	Kind: "layer", Module: "keras.layers",
	// A network has one dtype for all.
	Fixed: map[string]string{"dtype": "", "autocast": "true"},
	// A layer of the user's need not have what [Base] has.
	Common: map[string]string{"name": "", "trainable": ""},
}

func init() { layers.Fields(layerObject) }

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
	module, class, config = o.Parts()
	return module, class, config, nil
}
