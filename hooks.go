package glia

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/graph"
)

// Callback holds functions that Fit calls while it trains; nil ones are skipped. An
// error stops the training and is returned by Fit, except [ErrStop]; so is a panic with
// *graph.Error, such as that of a learning rate set under a schedule. A callback may call
// the model's methods, but for Fit, Compile and TrainOnBatch, which are errors. It is for
// one training at a time. Package callback has Keras's callbacks, made of these functions
// alone.
type Callback struct {
	// Name identifies the callback. In a training with [BackupAndRestore], one with State
	// or Vars needs it.
	Name string

	// Join is called when everything is ready for training, before OnTrainBegin and
	// before the weights change: the place to check options against the training. Its
	// error is Fit's.
	Join func(t *Training) error
	// Leave is called first when the epochs are over, also after an error: before an
	// optimizer with optim.EMA gives the model its averages, and before OnTrainEnd. Its
	// error is joined to Fit's.
	Leave func(m *Model) error

	OnTrainBegin func(m *Model) error
	// OnTrainEnd is called at the end, also after an error.
	OnTrainEnd func(m *Model, h *History) error
	// OnEpochBegin is called with the number of the epoch, counted from 0; not
	// again when a training is resumed within an epoch.
	OnEpochBegin func(m *Model, epoch int) error
	OnEpochEnd   func(m *Model, e Epoch) error
	// OnBatchBegin is called with the numbers of the epoch and of the batch in it,
	// counted from 0, OnBatchEnd also with the mean loss of the epoch so far.
	OnBatchBegin func(m *Model, epoch, batch int) error
	OnBatchEnd   func(m *Model, epoch, batch int, loss float64) error

	// OnTestBegin and OnTestEnd are called around the validation of an epoch and by
	// Evaluate, the others around its batches. If an error stopped a test, OnTestEnd gets a
	// loss of NaN and no metrics.
	OnTestBegin      func(m *Model) error
	OnTestEnd        func(m *Model, r Result) error
	OnTestBatchBegin func(m *Model, batch int) error
	OnTestBatchEnd   func(m *Model, batch int, loss float64) error

	// State and Restore, both or neither, are for callbacks that keep a state from one
	// call to the next. State returns it as JSON, for every backup that
	// [BackupAndRestore] makes; Restore gets it, after OnTrainBegin, when the training is
	// resumed.
	State   func() (json.RawMessage, error)
	Restore func(state json.RawMessage) error

	// Vars returns variables of the callback's own that are part of every backup, as its
	// State is. It is called after Join, and must return the same variables each time.
	Vars func() []*graph.Var
}

// ErrStop, returned by a callback, ends the training without an error, once the
// callbacks behind it were called. The history has no epoch that it cuts short.
var ErrStop = errors.New("glia: stop training")

// each calls hook for every callback and returns the first error; ErrStop only after
// all were called.
func each(callbacks []Callback, hook func(cb *Callback) error) (stop error) {
	for i := range callbacks {
		if err := caught(func() error { return hook(&callbacks[i]) }); errors.Is(err, ErrStop) {
			stop = err
		} else if err != nil {
			return callbacks[i].failed(i, err)
		}
	}
	return stop
}

// failed returns the error of the i-th callback, with its name unless the error begins
// with that, or with the call as Fit's own do.
func (cb *Callback) failed(i int, err error) error {
	name, _, _ := strings.Cut(cb.Name, "(")
	if text := err.Error(); strings.HasPrefix(text, "glia: ") || name != "" && strings.HasPrefix(text, name) {
		return err
	}
	if name == "" {
		return fmt.Errorf("callback %d: %w", i, err)
	}
	return fmt.Errorf("callback %s: %w", cb.Name, err)
}

// inFit returns an error of callbacks with the call and where Fit was, "" or "epoch 1: ";
// [ErrStop] and one that has the call as they are.
func inFit(where string, err error) error {
	if errors.Is(err, ErrStop) || strings.HasPrefix(err.Error(), "glia: ") {
		return err
	}
	return fmt.Errorf("glia: Fit: %s%w", where, err)
}
