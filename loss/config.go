package loss

import (
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// FromConfig returns the loss of a Keras class or function, "MeanSquaredError"
// or "mse" for instance, with the config that Keras writes. What package loss cannot do is an
// error.
func FromConfig(class string, config []byte) (Loss, error) {
	l, err := losses.Make(class, config)
	if err != nil {
		return nil, fmt.Errorf("loss: %w", err)
	}
	return l, nil
}

// ToConfig returns Keras's class of a loss of this package, the module that has the
// class, and the loss's config. It fails for losses that are not of this package.
func ToConfig(l Loss) (module, class string, config []byte, err error) {
	o, err := losses.Serialize(l, ClassOf(l))
	if err != nil {
		return "", "", nil, fmt.Errorf("loss: %w", err)
	}
	return o.Module, o.Class, o.Config, nil
}

// ClassOf returns Keras's name of the class of a loss: that of its type, "Huber" for
// *[HuberLoss]. A type of your own is called so, too.
func ClassOf(l Loss) string { return vocab.ClassOf(l, "Loss") }

// losses are Keras's classes, which files also name in snake case, as functions.
var losses = vocab.Table[Loss]{
	Kind: "loss", Module: "keras.losses", Fold: vocab.SnakeCase,
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
