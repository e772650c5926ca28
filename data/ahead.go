package data

import (
	"slices"
	"sync"
)

// Slow is a [Dataset] whose samples take long to read, such as pictures in files: Fit and
// Evaluate read batches of it ahead of their steps, on other goroutines, so that a step does
// not wait. What is read is the same.
type Slow interface {
	Dataset
	// Ahead returns how many batches are to be read ahead; 0 for none.
	Ahead() int
}

// AheadOf returns how many batches of a dataset are to be read ahead: those of [Slow], or 0.
func AheadOf(ds Dataset) int {
	if s, ok := ds.(Slow); ok {
		return max(s.Ahead(), 0)
	}
	return 0
}

// Reader reads batches of a dataset before they are asked for. It is for one goroutine. The
// zero Reader is ready.
type Reader struct {
	started []*reading // oldest first
	last    *reading   // that Next returned
	free    []*reading
	running sync.WaitGroup
}

// reading is a batch that is read.
type reading struct {
	batch    Batch
	idx      []int
	err      error
	panicked any
	done     chan struct{}
}

// Start begins to read the samples idx by read, which fills the batch, on another goroutine.
func (r *Reader) Start(idx []int, read func(idx []int, b *Batch) error) {
	var next *reading
	for i, f := range r.free { // whose tensors have the right length
		if len(f.idx) == len(idx) {
			next = f
			r.free = slices.Delete(r.free, i, i+1)
			break
		}
	}
	if next == nil {
		next = &reading{done: make(chan struct{}, 1)}
	}
	next.idx, next.err, next.panicked = append(next.idx[:0], idx...), nil, nil
	r.started = append(r.started, next)
	r.running.Go(func() {
		defer func() {
			next.panicked = recover()
			next.done <- struct{}{}
		}()
		next.err = read(next.idx, &next.batch)
	})
}

// Started returns how many batches Start began that Next did not return.
func (r *Reader) Started() int { return len(r.started) }

// Next waits for the batch that was started first and returns it, until the next call, or the
// error of reading it. It panics as reading it did. ok is false if that batch is not of the
// samples idx, or there is none.
func (r *Reader) Next(idx []int) (b *Batch, ok bool, err error) {
	if len(r.started) == 0 || !slices.Equal(r.started[0].idx, idx) {
		return nil, false, nil
	}
	if r.last != nil {
		r.free = append(r.free, r.last)
	}
	r.last = r.started[0]
	r.started = slices.Delete(r.started, 0, 1)
	<-r.last.done
	if r.last.panicked != nil {
		panic(r.last.panicked)
	}
	return &r.last.batch, true, r.last.err
}

// Stop waits for the batches that were started, and drops them.
func (r *Reader) Stop() {
	r.running.Wait()
	*r = Reader{}
}
