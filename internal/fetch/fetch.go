// Package fetch downloads files from mirrors. It resumes a file when a connection breaks or the
// server is silent, and reports what it does.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Fetcher gets files from mirrors. It stays with one that works.
type Fetcher struct {
	// Context stops a download when it is done.
	Context context.Context
	// Mirrors are the addresses that names of files follow, in the order in which to try them.
	Mirrors []string
	// Stall is how long a server may be silent, Pause how long to wait before a broken
	// connection is taken up again.
	Stall, Pause time.Duration

	client *http.Client
	report *report
	first  int // the mirror to try first
}

// New returns a Fetcher with usual times, which reports to w, if that is not nil, with a name
// before each line. On a terminal the reports are a line that changes.
func New(ctx context.Context, name string, w io.Writer, mirrors ...string) *Fetcher {
	return &Fetcher{Context: ctx, Mirrors: mirrors, Stall: 30 * time.Second, Pause: time.Second, report: newReport(name, w)}
}

// Tell reports a line.
func (d *Fetcher) Tell(format string, args ...any) { d.report.line(format, args...) }

// Close ends the connections to servers.
func (d *Fetcher) Close() {
	if d.client != nil {
		d.client.CloseIdleConnections()
	}
}

// Get has take read a file from the first mirror that has it and with which take does not fail:
// the address ends with the name and the suffix. It returns the errors of all mirrors, or the
// context's.
func (d *Fetcher) Get(name, suffix string, take func(r io.Reader) error) error {
	if d.client == nil {
		d.client = &http.Client{Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: min(d.Stall, 10*time.Second)}).DialContext,
			TLSHandshakeTimeout: min(d.Stall, 10*time.Second),
			ForceAttemptHTTP2:   true,
		}}
	}
	var tried []error
	for i := range d.Mirrors {
		at := (d.first + i) % len(d.Mirrors)
		url := strings.TrimSuffix(d.Mirrors[at], "/") + "/" + name + suffix
		n, err := d.from(url, name, take)
		if err == nil {
			d.first = at
			for _, err := range tried { // where all fail, the caller tells
				d.Tell("%s: %v", name, err)
			}
			d.Tell("%s: %s from %s", name, size(n), url)
			return nil
		}
		if d.Context.Err() != nil {
			return fmt.Errorf("%s: %w", url, context.Cause(d.Context))
		}
		tried = append(tried, fmt.Errorf("%s: %w", url, err))
	}
	return errors.Join(tried...)
}

// from has take read a file from url, and returns how many bytes it was.
func (d *Fetcher) from(url, name string, take func(r io.Reader) error) (n int64, err error) {
	b := &body{Fetcher: d, url: url, total: -1}
	defer b.close()
	d.report.start(name, url)
	defer d.report.clear()
	err = take(b)
	return b.off, err
}

// body reads the content of a URL. When the connection breaks it asks for the rest.
type body struct {
	*Fetcher
	url   string
	off   int64 // bytes read
	total int64 // bytes there are; -1: not known
	tag   string
	resp  io.ReadCloser

	timer  *time.Timer // cancels a connection that is silent
	cancel context.CancelCauseFunc
	breaks int   // without enough bytes between
	broken int64 // where the connection broke last
}

// A connection may break so often, or more if it brought enough bytes between.
const (
	maxBreaks = 3
	enough    = 1 << 18
)

var errStalled = errors.New("server is silent")

// Read reads on, over broken connections.
func (b *body) Read(p []byte) (int, error) {
	for {
		n, err := b.read(p)
		if n > 0 || err == nil || err == io.EOF {
			return n, err
		}
		b.close()
		if b.off-b.broken >= enough {
			b.breaks = 0
		}
		b.broken = b.off
		b.breaks++
		if b.off == 0 { // nothing to go on with: up to the next mirror
			return 0, err
		}
		if b.breaks > maxBreaks || errors.Is(err, errRefused) {
			return 0, fmt.Errorf("after %d bytes of the file: %w", b.off, err)
		}
		select {
		case <-b.Context.Done():
			return 0, context.Cause(b.Context)
		case <-time.After(b.Pause):
		}
	}
}

// read reads from the connection, which it opens first if necessary.
func (b *body) read(p []byte) (int, error) {
	if b.resp == nil {
		if err := b.open(); err != nil {
			return 0, err
		}
	}
	b.timer.Reset(b.Stall)
	n, err := b.resp.Read(p)
	b.off += int64(n)
	b.report.update(b.off, b.total)
	switch {
	case n > 0:
		return n, nil
	case err == io.EOF && b.total >= 0 && b.off < b.total:
		return 0, fmt.Errorf("connection closed, want %d bytes: %w", b.total, io.ErrUnexpectedEOF)
	}
	return 0, err
}

// errRefused is an answer that asking again will not change.
var errRefused = errors.New("refused")

// open asks for the URL from b.off on.
func (b *body) open() error {
	ctx, cancel := context.WithCancelCause(b.Context)
	b.cancel = cancel
	// The timer also ends a request that is not answered.
	b.timer = time.AfterFunc(b.Stall, func() { cancel(fmt.Errorf("%w for %v", errStalled, b.Stall)) })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", "identity") // the file is compressed, not its transport
	if b.off > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", b.off))
		if b.tag != "" {
			req.Header.Set("If-Range", b.tag)
		}
	}
	resp, err := b.client.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	b.resp = &causeReader{resp.Body, ctx}
	switch {
	case resp.StatusCode == http.StatusOK && b.off == 0:
		b.total = resp.ContentLength
		if tag := resp.Header.Get("ETag"); strings.HasPrefix(tag, `"`) { // a strong one
			b.tag = tag
		}
		return nil
	case resp.StatusCode == http.StatusOK: // all over again
		if n := resp.ContentLength; b.total >= 0 && n >= 0 && n != b.total {
			return fmt.Errorf("%w: the file changed from %d to %d bytes meanwhile", errRefused, b.total, resp.ContentLength)
		}
		return b.skip()
	case resp.StatusCode == http.StatusPartialContent && b.off > 0:
		if got, want := resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", b.off); !strings.HasPrefix(got, want) {
			return fmt.Errorf("%w: Content-Range: got %q, want %q", errRefused, got, want)
		}
		return nil
	}
	return fmt.Errorf("%w: %s", errRefused, resp.Status)
}

// skip discards the bytes up to b.off that a server sends again.
func (b *body) skip() error {
	var buf [1 << 14]byte
	for left := b.off; left > 0; {
		b.timer.Reset(b.Stall)
		n, err := b.resp.Read(buf[:min(left, int64(len(buf)))])
		if left -= int64(n); err != nil && left > 0 {
			return err
		}
	}
	return nil
}

func (b *body) close() {
	if b.timer != nil {
		b.timer.Stop()
		b.cancel(nil)
	}
	if b.resp != nil {
		b.resp.Close()
		b.resp = nil
	}
}

// causeReader gives the cause of a cancelled context as the error.
type causeReader struct {
	io.ReadCloser
	ctx context.Context
}

func (c *causeReader) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if cause := context.Cause(c.ctx); err != nil && cause != nil {
		err = cause
	}
	return n, err
}
