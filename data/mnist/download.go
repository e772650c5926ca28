package mnist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/tensor"
)

// downloader gets files from the mirrors. It stays with one that works.
type downloader struct {
	*loader
	client *http.Client
	report *report
	first  int // the mirror to try first
}

func (l *loader) downloader() *downloader {
	return &downloader{
		loader: l,
		report: newReport(l.progress),
		client: &http.Client{Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: min(l.stall, 10*time.Second)}).DialContext,
			TLSHandshakeTimeout: min(l.stall, 10*time.Second),
			ForceAttemptHTTP2:   true,
		}},
	}
}

func (d *downloader) close() { d.client.CloseIdleConnections() }

// get downloads f, which is not in the cache, from the first mirror that has it.
func (d *downloader) get(f file, cache string) (*tensor.Tensor, error) {
	hint := fmt.Sprintf("%s: not in the cache (%s); it may also lie in $GLIA_DATA/mnist or a directory of your choice", f.name, cache)
	if d.offline {
		return nil, fmt.Errorf("%w: %s: offline", ErrUnavailable, hint)
	}
	var tried []error
	for i := range d.mirrors {
		at := (d.first + i) % len(d.mirrors)
		url := strings.TrimSuffix(d.mirrors[at], "/") + "/" + f.name + ".gz"
		t, n, err := d.from(url, f)
		if err == nil {
			d.first = at
			for _, err := range tried { // where all fail, the caller tells
				d.report.line("mnist: %s: %v", f.name, err)
			}
			d.report.line("mnist: %s: %s from %s", f.name, size(n), url)
			return t, nil
		}
		if d.ctx.Err() != nil {
			return nil, fmt.Errorf("mnist: %s: %w", url, context.Cause(d.ctx))
		}
		tried = append(tried, fmt.Errorf("%s: %w", url, err))
	}
	return nil, fmt.Errorf("%w: %s:\n%w", ErrUnavailable, hint, errors.Join(tried...))
}

// from downloads f, and n bytes for it, from url.
func (d *downloader) from(url string, f file) (t *tensor.Tensor, n int64, err error) {
	b := &body{downloader: d, url: url, total: -1}
	defer b.close()
	d.report.start(f.name, url)
	defer d.report.clear()
	if t, err = idx.Read(b, limit); err != nil {
		return nil, b.off, err
	}
	if err := check(f, t); err != nil {
		return nil, b.off, err
	}
	return t, b.off, nil
}

// body reads the content of a URL. When the connection breaks it asks for the rest.
type body struct {
	*downloader
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
		case <-b.ctx.Done():
			return 0, context.Cause(b.ctx)
		case <-time.After(b.pause):
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
	b.timer.Reset(b.stall)
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
	ctx, cancel := context.WithCancelCause(b.ctx)
	b.cancel = cancel
	// The timer also ends a request that is not answered.
	b.timer = time.AfterFunc(b.stall, func() { cancel(fmt.Errorf("%w for %v", errStalled, b.stall)) })
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
		b.timer.Reset(b.stall)
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
