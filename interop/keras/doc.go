// Package keras reads and writes models in Keras's files: the classes and settings of
// layers, losses, metrics and optimizers, and the values of variables.
//
// An [Object] is a serialised object of Keras's. [ReadModel] makes a network of one,
// [WriteModel] does the reverse. Keras 3 writes objects with the module of their class;
// the older form, that of Keras 2 and of .h5 files, is read as well. All unsupported
// parts of a model are listed in one [MissingError]; [Outline] lists the layers of such a
// model nevertheless.
//
// Nothing in a file is ever executed: Lambda layers and code of Python are unsupported.
package keras
