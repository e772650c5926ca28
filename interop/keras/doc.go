// Package keras reads and writes models as Keras's files hold them: the classes and
// settings of layers, losses, metrics and optimizers, and the values of variables.
//
// An [Object] is what Keras calls a serialised object. [ReadModel] makes a network of
// one, [WriteModel] does the reverse. Keras 3 writes objects with the module of their
// class; the older form, that of Keras 2 and of .h5 files, is read as well. What glia
// lacks, wherever it stands in a model, is one [MissingError]; [Outline] tells the
// layers of such a model nevertheless.
//
// Nothing that a file holds is ever executed: Lambda layers and code of Python are
// among what is missing.
package keras
