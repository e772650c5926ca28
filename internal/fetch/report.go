package fetch

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
	of   string    // what is loaded, before every line
	w    io.Writer // nil: none
	live bool
	name string
	last time.Time // when the line changed
}

func newReport(of string, w io.Writer) *report {
	f, ok := w.(*os.File)
	return &report{of: of, w: w, live: ok && f != nil && tty.Is(f.Fd())}
}

// clearLine goes to the start of the line and erases it.
const clearLine = "\r\x1b[K"

// start tells where a file is asked for.
func (r *report) start(name, url string) {
	r.name = name
	if r.live {
		fmt.Fprintf(r.w, "%s%s: %s: asking %s", clearLine, r.of, name, url)
	}
}

// update tells that off of total bytes are there; total is -1 if not known.
func (r *report) update(off, total int64) {
	if !r.live || time.Since(r.last) < 100*time.Millisecond {
		return
	}
	r.last = time.Now()
	if total > 0 {
		fmt.Fprintf(r.w, "%s%s: %s: %s of %s", clearLine, r.of, r.name, size(off), size(total))
	} else {
		fmt.Fprintf(r.w, "%s%s: %s: %s", clearLine, r.of, r.name, size(off))
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
		fmt.Fprintln(r.w, plaintext.Lines(r.of+": "+fmt.Sprintf(format, args...))) // a server's words among it
	}
}

// size writes n bytes as people do.
func size(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
