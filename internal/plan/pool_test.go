package plan

import (
	"math/rand/v2"
	"testing"
)

// TestPool borrows arenas of random sizes, up to four at once.
func TestPool(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := &pool{}
	var out [][]byte
	for range 2000 {
		if len(out) == 4 || len(out) > 0 && r.IntN(2) == 0 {
			i := r.IntN(len(out))
			p.give(out[i])
			out = append(out[:i], out[i+1:]...)
		} else {
			n := r.IntN(1000)
			a := p.take(n)
			if len(a) < n {
				t.Fatalf("asked for %d bytes, got %d", n, len(a))
			}
			for _, b := range out {
				if len(a) > 0 && len(b) > 0 && &a[0] == &b[0] {
					t.Fatal("an arena was lent twice")
				}
			}
			out = append(out, a)
		}
		if n := len(p.idle) + len(out); n > 5 { // one of no bytes is not kept
			t.Fatalf("%d arenas for 4 runs at once", n)
		}
	}
	for range 2 * keepArenas {
		p.give(make([]byte, 10))
	}
	if len(p.idle) != keepArenas {
		t.Errorf("%d idle arenas, want %d", len(p.idle), keepArenas)
	}
}
