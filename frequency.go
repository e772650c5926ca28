package glia

import "fmt"

// EveryEpochs makes [BackupAndRestore] save every n-th epoch; 1 by default.
type EveryEpochs int

// EveryBatches makes [BackupAndRestore] save after every n-th batch. The count continues
// from one epoch to the next.
type EveryBatches int

// frequency counts epochs or batches between two saves.
type frequency struct {
	batches  bool // not epochs
	n, since int
}

func (n EveryEpochs) frequency() frequency  { return frequency{n: int(n)} }
func (n EveryBatches) frequency() frequency { return frequency{batches: true, n: int(n)} }

// due counts one more and reports whether it is time to save.
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
