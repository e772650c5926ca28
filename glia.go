// Package glia trains neural networks: a model is a chain of layers from package
// nn, compiled with an optimizer, a loss and metrics, fitted to a dataset,
// evaluated, and used to predict.
//
//	m := glia.Sequential(
//		nn.Input(28, 28),
//		nn.Flatten(),
//		nn.Dense(128, nn.ReLU),
//		nn.Dense(10, nn.Softmax),
//	)
//	err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy())
//	hist, err := m.Fit(train, glia.Epochs(10), glia.BatchSize(128))
//	res, err := m.Evaluate(test)
//	probabilities, err := m.Predict(images)
//
// [Func] compiles a function of tensors, for gradients without a model.
package glia
