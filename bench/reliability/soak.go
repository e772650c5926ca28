package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/tensor"
)

// soak makes models, trains them, predicts with batches of every size from several
// goroutines, saves and loads, until the time is over. Between the first tenth of the
// time and the end, neither the live heap nor the goroutines may grow.
func soak(r *report) error {
	rnd := rand.New(rand.NewPCG(r.seed, 5))
	deadline, _ := r.ctx.Deadline()
	warm := time.Now().Add(time.Until(deadline) / 10)
	var first, last usage
	service, err := small(1)
	if err != nil {
		return err
	}
	for rounds := 1; !r.over(); rounds++ {
		if err := round(r, rnd, service); err != nil {
			r.failf("round %d: %v", rounds, err)
		}
		r.count("models made, trained, saved and loaded", "rounds", 1)
		if first.heap == 0 && time.Now().After(warm) {
			first = used()
		}
	}
	last = used()
	runtime.KeepAlive(service)
	r.count("live heap in the end", fmt.Sprintf("KB, %d after a tenth of the time", first.heap>>10), int(last.heap>>10))
	r.count("resident in the end", fmt.Sprintf("KB, %d after a tenth", first.resident>>10), int(last.resident>>10))
	if last.heap > first.heap*11/10+1<<20 || last.goroutines > first.goroutines {
		r.failf("from %+v to %+v", first, last)
	}
	return nil
}

func round(r *report, rnd *rand.Rand, service *glia.Model) error {
	m, err := small(rnd.Uint64())
	if err != nil {
		return err
	}
	path := filepath.Join(r.work, "soak"+[]string{".keras", ".h5"}[rnd.IntN(2)])
	if err := m.Save(path); err != nil {
		return err
	}
	back, err := glia.Load(path)
	if err != nil {
		return err
	}
	errs := make(chan error)
	for _, m := range []*glia.Model{service, service, m, back} {
		rows := 1 + rnd.IntN(1000)
		go func() {
			_, err := m.Predict(tensor.New(tensor.Float32, rows, 4))
			errs <- err
		}()
	}
	for range 4 {
		if e := <-errs; e != nil {
			err = e
		}
	}
	if err != nil {
		return err
	}
	ds, err := samples(8+rnd.IntN(40), 1)
	if err != nil {
		return err
	}
	if _, err := service.Fit(ds, glia.BatchSize(1+rnd.IntN(20))); err != nil {
		return err
	}
	_, err = service.Evaluate(ds)
	return err
}

type usage struct {
	heap, resident uint64
	goroutines     int
}

// used measures after the collector has run.
func used() usage {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{heap: m.HeapAlloc, goroutines: runtime.NumGoroutine()}
	var size, resident uint64
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		fmt.Sscan(string(b), &size, &resident)
	}
	u.resident = resident * uint64(os.Getpagesize())
	return u
}
