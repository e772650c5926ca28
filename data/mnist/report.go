package mnist

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/internal/tty"
)

// report tells how a download goes: on a terminal by a line that changes, elsewhere
// by one line for each file.
type report struct {
	w    io.Writer // nil: none
	live bool
	name string
	last time.Time // when the line changed
}

func newReport(w io.Writer) *report {
	f, ok := w.(*os.File)
	return &report{w: w, live: ok && f != nil && tty.Is(f.Fd())}
}

// clearLine goes to the start of the line and erases it.
const clearLine = "\r\x1b[K"

// start tells where a file is asked for.
func (r *report) start(name, url string) {
	r.name = name
	if r.live {
		fmt.Fprintf(r.w, "%smnist: %s: asking %s", clearLine, name, url)
	}
}

// update tells that off of total bytes are there; total is -1 if not known.
func (r *report) update(off, total int64) {
	if !r.live || time.Since(r.last) < 100*time.Millisecond {
		return
	}
	r.last = time.Now()
	if total > 0 {
		fmt.Fprintf(r.w, "%smnist: %s: %s of %s", clearLine, r.name, size(off), size(total))
	} else {
		fmt.Fprintf(r.w, "%smnist: %s: %s", clearLine, r.name, size(off))
	}
}

// clear takes the line that changes away.
func (r *report) clear() {
	if r.live {
		fmt.Fprint(r.w, clearLine)
	}
}

// line prints one line.
func (r *report) line(format string, args ...any) {
	if r.w != nil {
		fmt.Fprintln(r.w, plaintext.Lines(fmt.Sprintf(format, args...))) // a server's words among it
	}
}

// size writes n bytes as people do.
func size(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
