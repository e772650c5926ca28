package nn

import (
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// LayerFromConfig returns the layer of a Keras class, "Dense" for instance, or of the name
// under which one is registered, "my_package>Gate", with the config that Keras writes. The
// layers of one activation, such as LeakyReLU, become an [ActivationLayer]. Unsupported
// classes and settings are errors, as is a class of a package that the program does not
// link, such as preprocess: interop/keras links all of glia's.
func LayerFromConfig(class string, config []byte) (Layer, error) {
	l, err := layers.Make(class, config)
	if err != nil {
		return nil, fmt.Errorf("nn: %w", err)
	}
	return l, nil
}

// HasLayer reports whether [LayerFromConfig] makes layers of a class.
func HasLayer(class string) bool { return layers.Find(class) != nil }

// LayerToConfig returns Keras's class of a layer, the module of that class and the layer's
// config. For a registered type it returns the registered name, and no module. It fails for
// settings that Keras does not support, and for types that are not registered.
func LayerToConfig(l Layer) (module, class string, config []byte, err error) {
	return unpack(layerObject(l))
}

func layerObject(l Layer) (*vocab.Object, error) {
	if a, ok := l.(Activation); ok {
		l = a.Layer()
	}
	return layers.Serialize(l, ClassOf(l))
}

// layers is the table of Keras's layers, to which the file of each adds its row, of those
// that other packages add by [Register], and of the user's.
var layers = vocab.Table[Layer]{
	Kind: "layer", Module: "keras.layers",
	// A network has one dtype for all.
	Fixed: map[string]string{"dtype": "", "autocast": "true"},
	// A layer of the user's need not have the settings of [Base].
	Common: map[string]string{"name": "", "trainable": ""},
}

func init() { layers.Fields(layerObject) }

// addLayer adds a class to the table, from the file of its layer. The settings in fixed
// have no field: a config may give them that value only, or any if it is empty.
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
