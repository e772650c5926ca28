package glia

import "errors"

// Callback is functions that Fit calls as it goes; those that are nil are left
// out. An error stops the training and is returned by Fit, except [ErrStop]. A
// callback may use the model's Predict and Evaluate.
type Callback struct {
	OnTrainBegin func(m *Model) error
	// OnTrainEnd is called at the end, also after an error.
	OnTrainEnd func(m *Model, h *History) error
	// OnEpochBegin is called with the number of the epoch, counted from 0.
	OnEpochBegin func(m *Model, epoch int) error
	OnEpochEnd   func(m *Model, e Epoch) error
	// OnBatchEnd is called with the numbers of the epoch and of the batch in it,
	// counted from 0, and the mean loss of the epoch so far.
	OnBatchEnd func(m *Model, epoch, batch int, loss float64) error
}

// ErrStop, returned by a callback, ends the training without an error. An epoch
// that it cuts short is not in the history.
var ErrStop = errors.New("glia: stop training")
