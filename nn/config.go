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

// LossFromConfig returns the loss of a Keras class or function, "MeanSquaredError"
// or "mse" for instance, with the config that Keras writes. What nn cannot do is an
// error.
func LossFromConfig(class string, config []byte) (Loss, error) {
	l, err := losses.Make(class, config)
	if err != nil {
		return nil, fmt.Errorf("nn: %w", err)
	}
	return l, nil
}

// LossToConfig returns what Keras calls the class of a loss of this package, the
// module that the class is in, and the loss's config. It fails for losses that are
// not of this package.
func LossToConfig(l Loss) (module, class string, config []byte, err error) {
	return unpack(losses.Serialize(l, ClassOf(l)))
}

// losses are Keras's classes, which files also name in snake case, as functions.
var losses = vocab.Table[Loss]{
	Kind: "loss", Module: "keras.losses", Fold: SnakeCase,
	// Keras 2 wrote which function a class wraps.
	Fixed: map[string]string{"axis": "-1", "dtype": `"float32"`, "fn": ""},
	Classes: []vocab.Class[Loss]{
		{Name: "BinaryCrossentropy", Aliases: []string{"bce", "BCE"},
			New: vocab.Into[Loss](func() *BinaryCrossentropyLoss { return BinaryCrossentropy() })},
		{Name: "BinaryFocalCrossentropy", New: vocab.Into[Loss](func() *BinaryFocalCrossentropyLoss { return BinaryFocalCrossentropy() })},
		{Name: "CTC", New: vocab.Into[Loss](func() *CTCLoss { return CTC() })},
		{Name: "CategoricalCrossentropy", New: vocab.Into[Loss](func() *CategoricalCrossentropyLoss { return CategoricalCrossentropy() })},
		{Name: "CategoricalFocalCrossentropy", New: vocab.Into[Loss](func() *CategoricalFocalCrossentropyLoss { return CategoricalFocalCrossentropy() })},
		{Name: "CategoricalGeneralizedCrossEntropy", New: vocab.Into[Loss](func() *CategoricalGeneralizedCrossEntropyLoss { return CategoricalGeneralizedCrossEntropy() })},
		{Name: "CategoricalHinge", New: vocab.Into[Loss](func() *CategoricalHingeLoss { return CategoricalHinge() })},
		{Name: "Circle", New: vocab.Into[Loss](func() *CircleLoss { return Circle() })},
		{Name: "CosineSimilarity", New: vocab.Into[Loss](func() *CosineSimilarityLoss { return CosineSimilarity() })},
		{Name: "Dice", New: vocab.Into[Loss](func() *DiceLoss { return Dice() })},
		{Name: "Hinge", New: vocab.Into[Loss](func() *HingeLoss { return Hinge() })},
		{Name: "Huber", Aliases: []string{"huber_loss"},
			New: vocab.Into[Loss](func() *HuberLoss { return Huber() })},
		{Name: "KLDivergence", Aliases: []string{"kld", "KLD", "kullback_leibler_divergence"},
			New: vocab.Into[Loss](func() *KLDivergenceLoss { return KLDivergence() })},
		{Name: "LogCosh", Aliases: []string{"logcosh"},
			New: vocab.Into[Loss](func() *LogCoshLoss { return LogCosh() })},
		{Name: "MeanAbsoluteError", Aliases: []string{"mae", "MAE"},
			New: vocab.Into[Loss](func() *MeanAbsoluteErrorLoss { return MeanAbsoluteError() })},
		{Name: "MeanAbsolutePercentageError", Aliases: []string{"mape", "MAPE"},
			New: vocab.Into[Loss](func() *MeanAbsolutePercentageErrorLoss { return MeanAbsolutePercentageError() })},
		{Name: "MeanSquaredError", Aliases: []string{"mse", "MSE"},
			New: vocab.Into[Loss](func() *MeanSquaredErrorLoss { return MeanSquaredError() })},
		{Name: "MeanSquaredLogarithmicError", Aliases: []string{"msle", "MSLE"},
			New: vocab.Into[Loss](func() *MeanSquaredLogarithmicErrorLoss { return MeanSquaredLogarithmicError() })},
		{Name: "Poisson", New: vocab.Into[Loss](func() *PoissonLoss { return Poisson() })},
		{Name: "SparseCategoricalCrossentropy", New: vocab.Into[Loss](func() *SparseCategoricalCrossentropyLoss { return SparseCategoricalCrossentropy() })},
		{Name: "SquaredHinge", New: vocab.Into[Loss](func() *SquaredHingeLoss { return SquaredHinge() })},
		{Name: "Tversky", New: vocab.Into[Loss](func() *TverskyLoss { return Tversky() })},
	},
}

// unpack returns the parts of an object.
func unpack(o *vocab.Object, err error) (module, class string, config []byte, _ error) {
	if err != nil {
		return "", "", nil, fmt.Errorf("nn: %w", err)
	}
	return o.Module, o.Class, o.Config, nil
}
