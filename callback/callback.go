// Package callback has the callbacks that Keras has: they stop a training, save its
// model, change its learning rate, and write down its course. Each is a [glia.Callback]
// made of public functions alone, so that a program's own can do the same.
//
// What [glia.Model.Fit] itself must know of is an option or callback of package glia:
// [glia.BackupAndRestore], [glia.StopOnNaN], [glia.Progress]. Packages tensorboard and
// remote have further callbacks.
package callback
