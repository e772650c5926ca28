package glia

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/internal/tty"
)

// progress shows the progress of a training: a moving bar if the writer is a terminal, a
// line an epoch otherwise, nothing if there is no writer.
type progress struct {
	w      io.Writer
	live   bool       // w is a terminal
	width  func() int // of the terminal, in columns
	epochs int        // 0 for an evaluation

	batches int
	batch   int // the number of calls of due in this epoch
	look    int // the batch at which due looks at the clock again
	clock   func() time.Time
	start   time.Time // of the epoch
	drawn   time.Time // when the bar was last drawn
	open    bool      // the bar is on the screen, the line is not ended
}

const (
	redraw   = 100 * time.Millisecond
	barCells = 20
	minCells = 5
)

func newProgress(w io.Writer, epochs int) *progress {
	p := &progress{w: w, epochs: epochs, clock: time.Now}
	if f, ok := w.(interface{ Fd() uintptr }); ok && tty.Is(f.Fd()) {
		p.live = true
		p.width = func() int {
			if n := tty.Width(f.Fd()); n > 0 {
				return n
			}
			return 80
		}
	}
	return p
}

// begin starts an epoch, counted from 0.
func (p *progress) begin(epoch, batches int) {
	if p.w == nil {
		return
	}
	p.batches, p.batch, p.look = batches, 0, 1
	p.start = p.clock()
	p.drawn = p.start
	if p.live && p.epochs > 0 {
		fmt.Fprintf(p.w, "Epoch %d/%d\n", epoch+1, p.epochs)
	}
}

// due counts a batch and reports whether the bar should move. It looks at the
// clock about four times between two moves, however short the batches are.
func (p *progress) due() bool {
	if !p.live {
		return false
	}
	if p.batch++; p.batch < p.look {
		return false
	}
	now := p.clock()
	each := now.Sub(p.start)/time.Duration(p.batch) + 1
	p.look = p.batch + max(1, int(redraw/4/each))
	if now.Sub(p.drawn) < redraw {
		return false
	}
	p.drawn = now
	return true
}

// show draws the bar after a number of batches.
func (p *progress) show(batch int, r Result) {
	took := p.clock().Sub(p.start)
	const most = 1 << 62 // nanoseconds
	left := time.Duration(min(took.Seconds()*1e9/float64(batch)*float64(p.batches-batch), most))
	p.draw(batch, seconds(left)+" "+perStep(took, batch), values(r, ""))
}

// end ends an epoch.
func (p *progress) end(e Epoch) {
	if p.w == nil {
		return
	}
	took := time.Duration(e.Seconds * float64(time.Second))
	v := values(e.Result, "")
	if e.Validation != nil {
		v += values(*e.Validation, "val_")
	}
	switch {
	case p.live:
		p.draw(p.batches, seconds(took)+" "+perStep(took, p.batches), v)
		p.stop()
	case p.epochs == 0:
		fmt.Fprintf(p.w, "Evaluation - %s - %s%s\n", seconds(took), perStep(took, p.batches), v)
	default:
		fmt.Fprintf(p.w, "Epoch %d/%d - %s - %s%s\n", e.Epoch, p.epochs, seconds(took), perStep(took, p.batches), v)
	}
}

// stop ends the line of a bar, if there is one, that stopped short.
func (p *progress) stop() {
	if p != nil && p.open {
		fmt.Fprintln(p.w)
		p.open = false
	}
}

// draw writes the line over the one before, no wider than the terminal until the epoch
// ends.
func (p *progress) draw(batch int, times, values string) {
	total := fmt.Sprint(p.batches)
	count := fmt.Sprintf("%*d/%s ", len(total), batch, total)
	rest := times + values
	room := p.width() - 1 // a character in the last column would start a new line
	cells := room - len([]rune(count)) - len([]rune(rest)) - 1
	line := []rune(count + bar(batch, p.batches, min(barCells, cells)) + rest)
	if batch < p.batches { // the last line of an epoch may be long
		line = line[:max(0, min(len(line), room))]
	}
	fmt.Fprintf(p.w, "\r%s\x1b[K", string(line))
	p.open = true
}

// bar returns a bar of so many cells and a space, or nothing if they are too few.
func bar(done, of, cells int) string {
	if cells < minCells {
		return ""
	}
	full := int(float64(cells) * float64(done) / float64(max(of, 1)))
	if full >= cells {
		return strings.Repeat("━", cells) + " "
	}
	return strings.Repeat("━", full) + "╺" + strings.Repeat("─", cells-full-1) + " "
}

// values lists metrics and loss as Keras does: the loss last.
func values(r Result, prefix string) string {
	var b strings.Builder
	for _, m := range r.Metrics {
		fmt.Fprintf(&b, " - %s%s: %s", prefix, plaintext.Text(m.Name), number(m.Value))
	}
	fmt.Fprintf(&b, " - %sloss: %s", prefix, number(r.Loss))
	return b.String()
}

func number(v float64) string {
	if a := math.Abs(v); a != 0 && (a < 1e-3 || a >= 1e6) {
		return fmt.Sprintf("%.4e", v)
	}
	return fmt.Sprintf("%.4f", v)
}

func seconds(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}

func perStep(took time.Duration, steps int) string {
	each := took / time.Duration(max(steps, 1))
	switch {
	case each < time.Millisecond:
		return fmt.Sprintf("%dµs/step", each/time.Microsecond)
	case each < time.Second:
		return fmt.Sprintf("%dms/step", each/time.Millisecond)
	}
	return fmt.Sprintf("%.1fs/step", each.Seconds())
}
