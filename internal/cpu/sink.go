package cpu

import (
	"sync/atomic"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
)

// sink is a program of columns that takes results of a head while they are in the cache: each
// of its pieces runs as soon as all its elements are final, on the goroutine that made the
// last of them. Its pieces depend on its shape alone: so the sums are the same bits, however
// the head is cut, and as without a head.
type sink struct {
	*program
	open []atomic.Int64 // for each piece, the elements that are not final yet
}

func newSink(p *backend.Program) *sink {
	k := newProgram(p, nil)
	return &sink{k, make([]atomic.Int64, (k.size+k.piece-1)/k.piece)}
}

// begin begins a run.
func (s *sink) begin(out, in []backend.Buf) {
	s.out, s.in = out, in
	for i := range s.open {
		s.open[i].Store(int64(min(s.piece, s.size-i*s.piece)))
	}
}

// take is told that rows of cols elements are final, the first at at and the others ld apart.
func (s *sink) take(at, rows, cols, ld int, w *par.Worker) {
	if cols == ld {
		rows, cols = 1, rows*cols
	}
	piece, n := at/s.piece, 0
	for ; rows > 0; rows-- {
		for lo, hi := at, at+cols; lo < hi; {
			if p := lo / s.piece; p != piece {
				s.count(piece, n, w)
				piece, n = p, 0
			}
			end := min(hi, (piece+1)*s.piece)
			n += end - lo
			lo = end
		}
		at += ld
	}
	s.count(piece, n, w)
}

// count is told that n more elements of a piece are final, and runs it if all are.
func (s *sink) count(piece, n int, w *par.Worker) {
	if n > 0 && s.open[piece].Add(int64(-n)) == 0 {
		s.runPiece(piece, w.Extra(s.scratch()))
	}
}

// end ends a run: it computes the values of columns.
func (s *sink) end() {
	s.finish(s.self.Scratch(s.scratch()))
	s.out, s.in = nil, nil
}
