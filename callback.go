package glia

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/glia-ml/glia/graph"
)

// Callback is functions that Fit calls as it goes; those that are nil are left
// out. An error stops the training and is returned by Fit, except [ErrStop]. A
// callback may use the model's Predict and Evaluate. It is for one training at a
// time.
type Callback struct {
	// Name tells the callback from others. One with State needs it.
	Name string

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
	// Evaluate, the others around its batches: these must not call Evaluate. The end
	// of one that an error stopped has a loss of NaN and no metrics.
	OnTestBegin      func(m *Model) error
	OnTestEnd        func(m *Model, r Result) error
	OnTestBatchBegin func(m *Model, batch int) error
	OnTestBatchEnd   func(m *Model, batch int, loss float64) error

	// State and Restore, both or neither, are for callbacks that remember something
	// from one call to the next. What State returns, JSON, is part of every backup
	// that [BackupAndRestore] makes; Restore gets it, after OnTrainBegin, when the
	// training is resumed.
	State   func() (json.RawMessage, error)
	Restore func(state json.RawMessage) error

	// vars are variables of the callback's own that are part of every backup. They
	// are asked for after join.
	vars func() []*graph.Var
	// join is called when everything is ready for training, before OnTrainBegin:
	// it lets glia's own callbacks see all of it.
	join func(f *fitRun) error
	// leave is called when the epochs are over, whatever ended them, and nothing has
	// been done yet about the end.
	leave func(m *Model) error
}

// ErrStop, returned by a callback, ends the training without an error, after the
// callbacks behind it were called, too. An epoch that it cuts short is not in the
// history.
var ErrStop = errors.New("glia: stop training")

// each calls what hook does, for every callback, until there is an error. ErrStop
// comes after the others were called.
func each(callbacks []Callback, hook func(cb *Callback) error) (stop error) {
	for i := range callbacks {
		if err := hook(&callbacks[i]); errors.Is(err, ErrStop) {
			stop = err
		} else if err != nil {
			return err
		}
	}
	return stop
}

// EveryEpochs makes [ModelCheckpoint] and [BackupAndRestore] save after so many
// epochs; 1 by default.
type EveryEpochs int

// EveryBatches makes [ModelCheckpoint] and [BackupAndRestore] save after so many
// batches. The count goes on from one epoch to the next.
type EveryBatches int

// frequency counts what passes between two times of saving.
type frequency struct {
	batches  bool // not epochs
	n, since int
}

func (n EveryEpochs) frequency() frequency  { return frequency{n: int(n)} }
func (n EveryBatches) frequency() frequency { return frequency{batches: true, n: int(n)} }

// due counts and reports whether it is time.
func (q *frequency) due() bool {
	if q.since++; q.since < q.n {
		return false
	}
	q.since = 0
	return true
}

func (q *frequency) check() error {
	switch {
	case q.n >= 1:
		return nil
	case q.batches:
		return fmt.Errorf("EveryBatches(%d): want 1 or more", q.n)
	}
	return fmt.Errorf("EveryEpochs(%d): want 1 or more", q.n)
}
