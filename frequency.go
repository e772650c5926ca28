package glia

import "fmt"

// EveryEpochs makes [BackupAndRestore] save after so many epochs; 1 by default.
type EveryEpochs int

// EveryBatches makes [BackupAndRestore] save after so many batches. The count goes on
// from one epoch to the next.
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
