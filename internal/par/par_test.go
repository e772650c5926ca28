package par

import (
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

// count counts how often each piece is done.
type count struct {
	n     []atomic.Int32
	inner func(i int)
}

func (c *count) Piece(i int, w *Worker) {
	s := w.Scratch(16)
	s[0] = byte(i)
	if c.inner != nil {
		c.inner(i)
	}
	if s[0] != byte(i) {
		panic("another piece has this scratch memory")
	}
	c.n[i].Add(1)
}

func (c *count) check(t *testing.T, what string) {
	t.Helper()
	for i := range c.n {
		if got := c.n[i].Load(); got != 1 {
			t.Fatalf("%s: piece %d was done %d times", what, i, got)
		}
		c.n[i].Store(0)
	}
}

// onThreads runs f with various numbers of threads, more than processors too.
func onThreads(t *testing.T, f func(t *testing.T)) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer SetThreads(0)
	for _, n := range []int{1, 2, 3, 8} {
		runtime.GOMAXPROCS(n)
		SetThreads(n)
		t.Run(strconv.Itoa(n), f)
	}
}

// keep leaves its number in the scratch memory.
type keep struct{ found atomic.Int32 }

func (k *keep) Piece(i int, w *Worker) {
	s := w.Scratch(16)
	if w.Kept != 0 {
		k.found.Add(1)
		if int(s[0])+1 != w.Kept {
			panic("the scratch memory is not as it was left")
		}
	}
	s[0], w.Kept = byte(i), i+1
}

// TestKept counts the pieces that find what another one of their Do and thread has left.
func TestKept(t *testing.T) {
	onThreads(t, func(t *testing.T) {
		for range 50 {
			k := &keep{}
			Do(100, k)
			if n, threads := int(k.found.Load()), Threads(); n > 99 || n < 100-threads {
				t.Fatalf("%d of 100 pieces find what one before has left, want all but the first of each of %d threads", n, threads)
			}
		}
	})
}

func TestDo(t *testing.T) {
	onThreads(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 2, 3, 7, 64, 1000} {
			c := &count{n: make([]atomic.Int32, n)}
			for range 50 {
				Do(n, c)
				c.check(t, "Do")
			}
		}
	})
}

func TestDoNested(t *testing.T) {
	onThreads(t, func(t *testing.T) {
		var inner [20]count
		for i := range inner {
			inner[i].n = make([]atomic.Int32, 9)
		}
		c := &count{n: make([]atomic.Int32, len(inner)), inner: func(i int) { Do(9, &inner[i]) }}
		Do(len(inner), c)
		c.check(t, "outer")
		for i := range inner {
			inner[i].check(t, "inner")
		}
	})
}

func TestDoConcurrent(t *testing.T) {
	onThreads(t, func(t *testing.T) {
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				c := &count{n: make([]atomic.Int32, 17)}
				for range 200 {
					Do(len(c.n), c)
					c.check(t, "concurrent")
				}
			})
		}
		wg.Wait()
	})
}

func TestDoWhileThreadsChange(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer SetThreads(0)
	c := &count{n: make([]atomic.Int32, 33)}
	for i := range 60 {
		n := 1 + i*5%8
		runtime.GOMAXPROCS(n)
		SetThreads(8)
		for range 5 {
			Do(len(c.n), c)
			c.check(t, "threads change")
		}
		if i%20 == 0 {
			time.Sleep(2 * pollTime) // so that helpers sleep
		}
	}
}

// meeting is pieces that wait until all threads have one.
type meeting struct {
	seen sync.Map
	n    atomic.Int32
}

func (m *meeting) Piece(i int, w *Worker) {
	if _, known := m.seen.LoadOrStore(w, true); !known {
		m.n.Add(1)
	}
	for wait := 0; int(m.n.Load()) < Threads() && wait < 10000; wait++ {
		time.Sleep(time.Millisecond)
	}
}

func TestHelpersTakePart(t *testing.T) {
	onThreads(t, func(t *testing.T) {
		m := new(meeting)
		Do(24, m)
		if got, want := int(m.n.Load()), Threads(); got != want {
			t.Errorf("%d threads took part, want %d", got, want)
		}
	})
}

func TestPanic(t *testing.T) {
	onThreads(t, func(t *testing.T) {
		for bad := range 12 {
			c := &count{n: make([]atomic.Int32, 12), inner: func(i int) {
				if time.Sleep(50 * time.Microsecond); i == bad {
					panic(bad)
				}
			}}
			func() {
				defer func() {
					if got := recover(); got != bad {
						t.Errorf("recovered %v, want %d", got, bad)
					}
				}()
				Do(len(c.n), c)
			}()
			for i := range c.n {
				c.n[i].Store(0)
			}
			c.inner = nil
			Do(len(c.n), c)
			c.check(t, "after a panic")
		}
	})
}

func TestScratch(t *testing.T) {
	var w Worker
	for _, n := range []int{0, 1, 63, 64, 1000} {
		s, e := w.Scratch(n), w.Extra(n)
		if len(s) != n || len(e) != n {
			t.Fatalf("lengths %d and %d, want %d", len(s), len(e), n)
		}
		for _, b := range [][]byte{s, e} {
			if a := uintptr(unsafe.Pointer(unsafe.SliceData(b))); a%Align != 0 {
				t.Errorf("address %#x is not aligned", a)
			}
		}
		for i := range s {
			s[i], e[i] = 1, 2
		}
		for i := range s {
			if s[i] != 1 {
				t.Fatal("Scratch and Extra overlap")
			}
		}
	}
}

func TestDoAllocs(t *testing.T) {
	onThreads(t, func(t *testing.T) {
		c := &count{n: make([]atomic.Int32, 20)}
		for range 10 {
			Do(len(c.n), c)
		}
		if n := testing.AllocsPerRun(100, func() { Do(len(c.n), c) }); n != 0 {
			t.Errorf("Do allocates %v times", n)
		}
	})
}

// empty has pieces of no work.
type empty struct{}

func (empty) Piece(int, *Worker) {}

// BenchmarkDo is the time to hand out work and to see it done.
func BenchmarkDo(b *testing.B) {
	for _, n := range []int{1, 2, 16} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Do(n, empty{})
			}
		})
	}
}

// BenchmarkHandOver reports what two pieces of 10 us take on two processors, beyond
// 10 us, when the last work was some time ago.
func BenchmarkHandOver(b *testing.B) {
	const piece = 10 * time.Microsecond
	for _, rest := range []time.Duration{0, piece, 200 * time.Microsecond} {
		b.Run(rest.String(), func(b *testing.B) {
			var total time.Duration
			for b.Loop() {
				busy(rest).Piece(0, nil)
				start := time.Now()
				Do(2, busy(piece))
				total += time.Since(start)
			}
			b.ReportMetric(float64((total/time.Duration(b.N) - piece).Nanoseconds()), "ns/hand-over")
		})
	}
}

type busy time.Duration

func (d busy) Piece(int, *Worker) {
	for start := time.Now(); time.Since(start) < time.Duration(d); {
		pause(1)
	}
}
