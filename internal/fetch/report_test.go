package fetch

import (
	"bytes"
	"testing"
	"time"
)

func TestReportOnATerminal(t *testing.T) {
	var b bytes.Buffer
	r := &report{of: "mnist", w: &b, live: true}
	r.start("a", "there")
	r.update(500, 10_000_000)
	r.update(600, 10_000_000) // too soon to show
	r.last = time.Time{}
	r.update(2_500_000, -1)
	r.clear()
	want := "\r\x1b[Kmnist: a: asking there" + "\r\x1b[Kmnist: a: 0 kB of 10.0 MB" + "\r\x1b[Kmnist: a: 2.5 MB" +
		"\r\x1b[K"
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReportNowhere(t *testing.T) {
	r := newReport("mnist", nil)
	r.start("a", "there")
	r.update(1, 2)
	r.clear()
	r.line("a")
	if r.live {
		t.Error("a report to nobody is live")
	}
}
