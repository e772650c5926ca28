package mnist

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

func TestReportOnATerminal(t *testing.T) {
	var b bytes.Buffer
	r := &report{w: &b, live: true}
	r.start("a")
	r.update(500, 10_000_000)
	r.update(600, 10_000_000) // too soon to show
	r.last = time.Time{}
	r.update(2_500_000, -1)
	r.end(2_500_000, "there", nil)
	r.end(0, "here", errors.New("no"))
	want := "\r\x1b[Kmnist: a: 0 kB of 10.0 MB" + "\r\x1b[Kmnist: a: 2.5 MB" +
		"\r\x1b[Kmnist: a: 2.5 MB from there\n" + "\r\x1b[Kmnist: a: here: no\n"
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReportNowhere(t *testing.T) {
	r := newReport(nil)
	r.start("a")
	r.update(1, 2)
	r.end(2, "there", nil)
	if r.live {
		t.Error("a report to nobody is live")
	}
}
