package glia

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

func addOne(in ...*graph.Node) []*graph.Node { return []*graph.Node{ops.Offset(in[0], 1)} }

var shown = Result{Loss: 0.31234, Metrics: []Metric{{Name: "accuracy", Value: 0.91}}}

// terminal returns a progress on a terminal of a given width.
func terminal(w io.Writer, width int) *progress {
	start := time.Now()
	return &progress{w: w, live: true, width: func() int { return width }, epochs: 10, clock: func() time.Time { return start }}
}

func TestProgressOnTerminal(t *testing.T) {
	var b bytes.Buffer
	p := terminal(&b, 80)
	p.begin(0, 469)
	p.start = p.start.Add(-256 * time.Millisecond)
	p.show(128, shown)
	want := "Epoch 1/10\n\r128/469 ━━━━━╺────────────── 0.7s 2ms/step - accuracy: 0.9100 - loss: 0.3123\x1b[K"
	if got := b.String(); got != want {
		t.Errorf("bar:\ngot  %q\nwant %q", got, want)
	}
	b.Reset()
	p.end(Epoch{Epoch: 1, Seconds: 12, Result: shown})
	want = "\r469/469 ━━━━━━━━━━━━━━━━━━━━ 12s 25ms/step - accuracy: 0.9100 - loss: 0.3123\x1b[K\n"
	if got := b.String(); got != want {
		t.Errorf("end:\ngot  %q\nwant %q", got, want)
	}
	if p.stop(); !strings.HasSuffix(b.String(), "K\n") {
		t.Error("stop wrote to a line that was ended")
	}
	b.Reset()
	p.begin(1, 469)
	p.show(1, shown)
	if p.stop(); !strings.HasSuffix(b.String(), "\x1b[K\n") {
		t.Errorf("a bar that stops short leaves %q", b.String())
	}
}

func TestProgressFitsTerminal(t *testing.T) {
	for width := range 100 {
		var b bytes.Buffer
		p := terminal(&b, width)
		p.begin(0, 1000)
		p.show(7, shown)
		_, line, _ := strings.Cut(b.String(), "\r")
		line = strings.TrimSuffix(line, "\x1b[K")
		if n := utf8.RuneCountInString(line); n >= max(width, 1) {
			t.Errorf("a line of %d in %d columns: %q", n, width, line)
		}
	}
}

func TestProgressElsewhere(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, 3)
	p.begin(0, 2)
	for range 2 {
		if p.due() {
			t.Error("due where there is no terminal")
		}
	}
	p.end(Epoch{Epoch: 1, Seconds: 0.5, Result: shown, Validation: &Result{Loss: 0.0001}})
	p = newProgress(&b, 0)
	p.begin(0, 10)
	p.end(Epoch{Seconds: 0.005, Result: shown})
	want := "Epoch 1/3 - 0.5s - 250ms/step - accuracy: 0.9100 - loss: 0.3123 - val_loss: 1.0000e-04\n" +
		"Evaluation - 5ms - 500µs/step - accuracy: 0.9100 - loss: 0.3123\n"
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	quiet := newProgress(nil, 3)
	quiet.begin(0, 2)
	quiet.due()
	quiet.end(Epoch{Epoch: 1})
	quiet.stop()
}

// TestProgressDue checks that the bar moves about ten times a second and looks at
// the clock rarely when batches are short.
func TestProgressDue(t *testing.T) {
	const all = 10 * time.Second
	for _, each := range []time.Duration{2 * time.Microsecond, 7 * time.Millisecond, 60 * time.Millisecond, 300 * time.Millisecond} {
		now := time.Unix(0, 0)
		p := terminal(io.Discard, 80)
		looks, moves, batches := 0, 0, int(all/each)
		p.clock = func() time.Time { looks++; return now }
		p.begin(0, 1<<30)
		looks = 0
		for range batches {
			now = now.Add(each)
			if p.due() {
				moves++
			}
		}
		least, most := int(all/(redraw+redraw/4+each)), int(all/max(redraw, each))+1
		if moves < least || moves > most {
			t.Errorf("batches of %v: %d moves in %v, want %d to %d", each, moves, all, least, most)
		}
		if want := min(batches, 5*moves+5); looks > want {
			t.Errorf("batches of %v: %d looks at the clock for %d batches, want %d at most", each, looks, batches, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{340 * time.Millisecond, "0.3s"},
		{12 * time.Second, "12s"},
		{125 * time.Second, "2m05s"},
		{2*time.Hour + 3*time.Minute, "2h03m"},
	} {
		if got := seconds(c.d); got != c.want {
			t.Errorf("seconds(%v): got %s, want %s", c.d, got, c.want)
		}
	}
}
