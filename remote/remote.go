// Package remote sends the numbers of a training to a server. It is apart from
// package glia so that programs without it do not link net/http.
package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/glia-ml/glia"
)

// Monitor returns a callback that sends the numbers of every epoch to a
// server: a POST of a form whose field "data" holds a JSON object of "epoch",
// counted from 0, loss, metrics and those of the validation. NaN and infinite
// numbers are null. It is Keras's RemoteMonitor, whose URL by default is
// http://localhost:9000/publish/epoch/end/.
//
// If the server is down, responds with an error, or not within [Timeout], one warning is
// logged and training continues. It is tried again, but takes no more than about a tenth
// of the time of the training.
//
// Options: [Field], [SendAsJSON], [Header], [Timeout], [Logger]. A string that is
// not a URL is an error of Fit before training.
func Monitor(url string, opts ...Option) glia.Callback {
	r := &monitor{url: url, form: "data", header: http.Header{}, timeout: 2 * time.Second, log: slog.Default()}
	for _, o := range opts {
		o.monitor(r)
	}
	return glia.Callback{Name: fmt.Sprintf("RemoteMonitor(%q)", url), Join: r.join, OnEpochEnd: r.epochEnd}
}

// Option is an option of [Monitor].
type Option interface{ monitor(*monitor) }

type (
	// Field is the name of the field of the form that [Monitor] sends.
	Field string
	// Timeout is the time that [Monitor] waits for a response; 2 seconds by default.
	Timeout time.Duration
)

// SendAsJSON makes [Monitor] send the JSON object itself instead of a form.
const SendAsJSON sendAsJSON = true

type sendAsJSON bool

// Header adds a header to the requests that [Monitor] sends.
func Header(key, value string) HeaderOption { return HeaderOption{key, value} }

// HeaderOption is the option that [Header] returns.
type HeaderOption struct{ key, value string }

// Logger makes [Monitor] warn through l instead of slog's default; nil is silence.
func Logger(l *slog.Logger) Logged { return Logged{l} }

// Logged is the option that [Logger] returns.
type Logged struct{ to *slog.Logger }

func (f Field) monitor(r *monitor)        { r.form = string(f) }
func (t Timeout) monitor(r *monitor)      { r.timeout = time.Duration(t) }
func (j sendAsJSON) monitor(r *monitor)   { r.json = bool(j) }
func (h HeaderOption) monitor(r *monitor) { r.header.Add(h.key, h.value) }
func (l Logged) monitor(r *monitor)       { r.log = l.to }

type monitor struct {
	url, form string
	json      bool
	header    http.Header
	timeout   time.Duration
	log       *slog.Logger
	warned    bool
	again     time.Time // not before, after a failure
}

// join checks the options.
func (r *monitor) join(*glia.Training) error {
	u, err := url.Parse(r.url)
	switch {
	case err != nil:
		return fmt.Errorf("remote: Monitor: %w", err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("remote: Monitor: %q: want a URL like http://localhost:9000/publish/epoch/end/", r.url)
	case r.timeout <= 0:
		return fmt.Errorf("remote: Monitor: Timeout(%v): want more than 0", r.timeout)
	}
	r.warned, r.again = false, time.Time{}
	return nil
}

func (r *monitor) epochEnd(_ *glia.Model, e glia.Epoch) error {
	start := time.Now()
	if start.Before(r.again) {
		return nil
	}
	err := r.send(e)
	if err == nil {
		return nil
	}
	const share = 10 // of the time that trying may take
	r.again = time.Now().Add(share * time.Since(start))
	if !r.warned && r.log != nil {
		r.log.Warn("the remote monitor does not take what it is sent; training goes on", "url", r.url, "epoch", e.Epoch, "err", err)
	}
	r.warned = true
	return nil
}

func (r *monitor) send(e glia.Epoch) error {
	body, err := json.Marshal(object(e))
	if err != nil {
		return err
	}
	kind := "application/json"
	if !r.json {
		body, kind = []byte(url.Values{r.form: {string(body)}}.Encode()), "application/x-www-form-urlencoded"
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	maps.Copy(req.Header, r.header)
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", kind)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	const most = 1 << 16 // read for the connection to be used again
	if _, err := io.CopyN(io.Discard, answer.Body, most); err != nil && err != io.EOF {
		return err
	}
	if answer.StatusCode >= 400 {
		return fmt.Errorf("got %s", answer.Status)
	}
	return nil
}

// object returns the numbers by name, nil for those that JSON does not have.
func object(e glia.Epoch) map[string]any {
	o := map[string]any{"epoch": e.Epoch - 1}
	finite := func(v float64) any {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	}
	add := func(prefix string, r glia.Result) {
		o[prefix+"loss"] = finite(r.Loss)
		for _, m := range r.Metrics {
			if m.Tensor == nil || m.Tensor.Shape().Rank() == 0 {
				o[prefix+m.Name] = finite(m.Value)
				continue
			}
			var all []any
			for _, v := range m.Tensor.Float64s() {
				all = append(all, finite(v))
			}
			o[prefix+m.Name] = all
		}
	}
	add("", e.Result)
	if e.Validation != nil {
		add("val_", *e.Validation)
	}
	return o
}
