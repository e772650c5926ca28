package loss

import (
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// FromConfig returns the loss of a Keras class or function, "MeanSquaredError" or "mse" for
// instance, or of the name under which one is registered, "my_package>Pinball", with the
// config that Keras writes. Unsupported classes and settings are errors.
func FromConfig(class string, config []byte) (Loss, error) {
	l, err := losses.Make(class, config)
	if err != nil {
		return nil, fmt.Errorf("loss: %w", err)
	}
	return l, nil
}

// ToConfig returns Keras's class of a loss, the module that has the class, and the loss's
// config. For a registered type it returns the registered name, and no module; for a [Func]
// the class "function", and as config the name. It fails for types and functions that are
// not registered.
func ToConfig(l Loss) (module, class string, config []byte, err error) {
	var o *vocab.Object
	if f, ok := l.(*FuncLoss); ok {
		o, err = f.object()
	} else {
		o, err = losses.Serialize(l, ClassOf(l))
	}
	if err != nil {
		return "", "", nil, fmt.Errorf("loss: %w", err)
	}
	module, class, config = o.Parts()
	return module, class, config, nil
}

// Register makes losses of a type of your own known to files, under the name under which
// Keras has the class: "my_package>Pinball" for one with the decorator
// keras.saving.register_keras_serializable("my_package"), "Pinball" for one of the package
// "Custom", Keras's default.
//
// The exported fields with json tags are the config, those of an embedded [Config] too.
// Fresh returns a loss with the defaults of the settings, which a config may omit.
//
// Register panics if the name or the type is registered for another. It may be called at
// any time, from any goroutine.
func Register(name string, fresh func() Loss) { losses.Register(name, fresh) }

// ClassOf returns Keras's name of the class of a loss: the name under which it is registered,
// without the package, or that of its type, "Huber" for *[HuberLoss].
func ClassOf(l Loss) string {
	if name := losses.Registered(l); name != "" {
		return vocab.ShortName(name)
	}
	return vocab.ClassOf(l, "Loss")
}

// losses holds Keras's classes, which files also name in snake case, as functions.
var losses = vocab.Table[Loss]{
	Kind: "loss", Module: "keras.losses", Fold: vocab.SnakeCase,
	Fixed: map[string]string{"axis": "-1", "dtype": `"float32"`},
	// A loss of the user's need not have the settings of [Config].
	Common: map[string]string{"name": "", "reduction": ""},
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
