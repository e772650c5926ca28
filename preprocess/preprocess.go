// Package preprocess holds the layers that prepare raw samples for the layers of package
// nn: Keras's layers of tables, text, pictures and sound, with Keras's names, defaults and
// formulas.
//
//	m := glia.Sequential(
//		preprocess.Rescaling(1.0/255, 0),
//		nn.Flatten(),
//		nn.Dense(10),
//	)
//
// A layer belongs here if it learns nothing by gradients and acts on what a file or a camera
// holds: it scales, encodes, crops, resizes or distorts. As a part of the model it is saved
// with it, so that who loads the model feeds it what it was trained on. What decodes files
// is a loader of package data instead. Tensors hold numbers: a layer of texts finds their words
// outside the network, see [TextVectorization].
//
// Each layer is one file, with its constructor, its type and its row in nn's table, which
// it adds by [nn.Register] under "keras.layers>" and Keras's class. Programs that link
// interop/keras, as all do that import glia, read and write models with these layers.
package preprocess
