package mnist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// server serves the files of f with .gz, through handler if that is not nil.
type server struct {
	*httptest.Server
	content map[string][]byte
	mu      sync.Mutex
	ranges  []string // the Range headers that came, by request
}

type misbehave func(s *server, w http.ResponseWriter, r *http.Request)

func (f *fake) serve(t testing.TB, handler misbehave) *server {
	t.Helper()
	s := &server{content: map[string][]byte{}}
	for i, b := range f.plain {
		s.content["/"+f.files[i].name+".gz"] = zipped(t, b)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mu.Unlock()
		if handler != nil {
			handler(s, w, r)
		} else {
			s.good(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// requests returns the Range header of every request so far.
func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ranges)
}

// good answers as servers do, ranges included.
func (s *server) good(w http.ResponseWriter, r *http.Request) {
	b, ok := s.content[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", `"one"`)
	http.ServeContent(w, r, path.Base(r.URL.Path), time.Time{}, bytes.NewReader(b))
}

// cut serves n bytes of what the answer promises and closes the connection.
func cut(w http.ResponseWriter, b []byte, n int) {
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Write(b[:n])
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

// patience returns the option of how long a server may be silent: short where it is, longer
// than a busy machine lets a test wait elsewhere.
func patience(silent bool) Option {
	return func(l *loader) {
		l.stall = time.Minute
		if silent {
			l.stall = 400 * time.Millisecond
		}
	}
}

func TestDownload(t *testing.T) {
	f := newFake(t, 300, 20, 28)
	for _, c := range []struct {
		name    string
		handler misbehave
	}{
		{"well", nil},
		{"cut off, resumed", func(s *server, w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" && strings.Contains(r.URL.Path, "images") {
				b := s.content[r.URL.Path]
				w.Header().Set("ETag", `"one"`)
				cut(w, b, len(b)/2)
			}
			s.good(w, r)
		}},
		{"cut off, begun again", func(s *server, w http.ResponseWriter, r *http.Request) {
			b := s.content[r.URL.Path]
			if r.Header.Get("Range") == "" {
				cut(w, b, len(b)/3)
			}
			w.Write(b)
		}},
		{"cut off again and again", func(s *server, w http.ResponseWriter, r *http.Request) {
			b := s.content[r.URL.Path]
			var from int
			if h := r.Header.Get("Range"); h != "" {
				fmt.Sscanf(h, "bytes=%d-", &from)
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(b)-1, len(b)))
				w.Header().Set("Content-Length", strconv.Itoa(len(b)-from))
				w.WriteHeader(http.StatusPartialContent)
			}
			if part := len(b)/3 + 1; from+part < len(b) {
				if from == 0 {
					cut(w, b, part)
				}
				w.Write(b[from : from+part])
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}
			w.Write(b[from:])
		}},
		{"stalled, resumed", func(s *server, w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" && strings.Contains(r.URL.Path, "t10k-images") {
				b := s.content[r.URL.Path]
				w.Header().Set("ETag", `"one"`)
				w.Header().Set("Content-Length", strconv.Itoa(len(b)))
				w.Write(b[:len(b)/2])
				w.(http.Flusher).Flush()
				<-r.Context().Done()
				return
			}
			s.good(w, r)
		}},
		{"without Content-Length", func(s *server, w http.ResponseWriter, r *http.Request) {
			b := s.content[r.URL.Path]
			w.Write(b[:10])
			w.(http.Flusher).Flush()
			w.Write(b[10:])
		}},
		{"not compressed", func(s *server, w http.ResponseWriter, r *http.Request) {
			for i := range f.files {
				if strings.Contains(r.URL.Path, f.files[i].name) {
					w.Write(f.plain[i])
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := emptyCache(t)
			s := f.serve(t, c.handler)
			train, test, err := Load(f.options(Mirrors(s.URL+"/"), patience(strings.Contains(c.name, "stalled")))...)
			f.check(t, train, test, err)
			requests := s.requests()
			resumes := slices.ContainsFunc(requests, func(r string) bool { return r != "" && r != "bytes=0-" })
			if want := strings.Contains(c.name, "cut off") || strings.Contains(c.name, "stalled"); resumes != want {
				t.Errorf("ranges asked for: %q", requests)
			}
			// The second time everything is in the cache, as it came but for compression.
			train, test, err = Load(f.options(Offline())...)
			f.check(t, train, test, err)
			for i, file := range f.files {
				if got, err := os.ReadFile(filepath.Join(cache, file.name)); err != nil || !bytes.Equal(got, f.plain[i]) {
					t.Errorf("%s in the cache: %d bytes, %v; want %d", file.name, len(got), err, len(f.plain[i]))
				}
			}
			if names, _ := filepath.Glob(filepath.Join(cache, "*")); len(names) != 4 {
				t.Errorf("in the cache: %v, want four files", names)
			}
		})
	}
}

// A mirror that fails is left for the next.
func TestDownloadNextMirror(t *testing.T) {
	f := newFake(t, 60, 20, 28)
	for _, c := range []struct {
		name    string
		handler misbehave
		want    string // in the report
	}{
		{"fails", func(s *server, w http.ResponseWriter, r *http.Request) { http.Error(w, "no", 500) }, "500 Internal"},
		{"has nothing", func(s *server, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "404 Not Found"},
		{"says nothing", func(s *server, w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "silent for 400ms"},
		{"hangs up", func(s *server, w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		{"sends a page", func(s *server, w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>pay first</html>") }, "want 00 00 and a type"},
		{"sends other content", func(s *server, w http.ResponseWriter, r *http.Request) {
			w.Write(zipped(t, append(f.plain[trainImages][:len(f.plain[trainImages])-1:len(f.plain[trainImages])-1], 0)))
		}, "SHA-256"},
		{"changes the file", func(s *server, w http.ResponseWriter, r *http.Request) {
			b := s.content[r.URL.Path]
			if r.Header.Get("Range") == "" {
				cut(w, b, len(b)/2)
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(b)-1))
			w.Write(b[:len(b)-1])
		}, "changed"},
		{"resumes elsewhere", func(s *server, w http.ResponseWriter, r *http.Request) {
			b := s.content[r.URL.Path]
			if r.Header.Get("Range") == "" {
				cut(w, b, len(b)/2)
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 7-%d/%d", len(b)-1, len(b)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(b[7:])
		}, "Content-Range"},
		{"drips", func(s *server, w http.ResponseWriter, r *http.Request) {
			b := s.content[r.URL.Path]
			var from int
			if h := r.Header.Get("Range"); h != "" {
				fmt.Sscanf(h, "bytes=%d-", &from)
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(b)-1, len(b)))
				w.WriteHeader(http.StatusPartialContent)
			}
			w.Write(b[from : from+1])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, "after 4 bytes of the file"},
		{"sends without end", func(s *server, w http.ResponseWriter, r *http.Request) {
			w.Write(s.content[r.URL.Path])
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "gzip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			emptyCache(t)
			bad, good := f.serve(t, c.handler), f.serve(t, nil)
			var report bytes.Buffer
			patience := patience(strings.Contains(c.want, "silent"))
			train, test, err := Load(f.options(Mirrors(bad.URL, good.URL), Progress(&report), patience)...)
			f.check(t, train, test, err)
			if !strings.Contains(report.String(), c.want) || strings.Count(report.String(), "kB from "+good.URL) != 4 {
				t.Errorf("report: got\n%swant %q", report.String(), c.want)
			}
			if strings.ContainsAny(report.String(), "\r\x1b") {
				t.Errorf("report to no terminal holds control characters: %q", report.String())
			}
			// The bad mirror is asked no more.
			if n := len(good.requests()); n != 4 {
				t.Errorf("the good mirror got %d requests, want 4", n)
			}
		})
	}
}

func TestUnavailable(t *testing.T) {
	cache := emptyCache(t)
	f := newFake(t, 30, 20, 4)
	missing := f.serve(t, func(s *server, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	closed := f.serve(t, nil)
	closed.Close()
	var report bytes.Buffer
	_, _, err := Load(f.options(Mirrors(missing.URL, closed.URL), Progress(&report))...)
	if !errors.Is(err, ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	if report.Len() > 0 { // the error says it all
		t.Errorf("report: got %q, want none", report.String())
	}
	for _, want := range []string{cache, missing.URL + "/train-images-idx3-ubyte.gz", "404 Not Found", closed.URL, "refused"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if _, _, err = Load(f.options(Mirrors(missing.URL), Offline())...); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "offline") {
		t.Errorf("offline: got %v, want ErrUnavailable", err)
	}
	if n := len(missing.requests()); n != 1 {
		t.Errorf("%d requests, want 1: none offline", n)
	}
	if _, err := os.Stat(cache); err == nil {
		t.Errorf("%s was made for nothing", cache)
	}
}

func TestContext(t *testing.T) {
	emptyCache(t)
	f := newFake(t, 300, 20, 28)
	ctx, cancel := context.WithCancel(t.Context())
	s := f.serve(t, func(s *server, w http.ResponseWriter, r *http.Request) {
		b := s.content[r.URL.Path]
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		w.Write(b[:1000])
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	if _, _, err := Load(f.options(Mirrors(s.URL, s.URL), Context(ctx))...); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
		t.Errorf("cancelled: got %v, want context.Canceled", err)
	}
	if n := len(s.requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	if _, _, err := Load(f.options(Dir(t.TempDir()), Context(ctx))...); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: got %v, want context.Canceled", err)
	}
}

// A file in the cache that is not what it should be is downloaded again.
func TestCacheIsChecked(t *testing.T) {
	cache := emptyCache(t)
	f := newFake(t, 30, 20, 4)
	s := f.serve(t, nil)
	load := func() {
		t.Helper()
		train, test, err := Load(f.options(Mirrors(s.URL))...)
		f.check(t, train, test, err)
	}
	load()
	for i, damage := range []func(path string) error{
		func(path string) error { return os.Truncate(path, 100) },
		func(path string) error {
			b := bytes.Clone(f.plain[trainImages])
			b[len(b)-1] ^= 1
			return os.WriteFile(path, b, 0o644)
		},
		os.Remove,
	} {
		if err := damage(filepath.Join(cache, f.files[trainImages].name)); err != nil {
			t.Fatal(err)
		}
		load()
		if n := len(s.requests()); n != 5+i {
			t.Errorf("after damage %d: %d requests, want %d", i, n, 5+i)
		}
	}
	// What a killed process of this machine left goes, that of another machine's stays.
	labels := f.files[testLabels].name
	machine, _ := os.Hostname()
	own, other := fmt.Sprintf(".%08x-12-0.tmp", crc32.ChecksumIEEE([]byte(machine))), ".00000000-13-0.tmp"
	for _, name := range []string{own, other} {
		path := filepath.Join(cache, labels+name)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-2 * time.Hour) // where there are no locks, age decides
		if err := os.Chtimes(path, time.Time{}, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(cache, labels)); err != nil {
		t.Fatal(err)
	}
	load()
	if left, _ := filepath.Glob(filepath.Join(cache, "*.tmp")); len(left) != 1 || filepath.Base(left[0]) != labels+other {
		t.Errorf("left: %v, want the other machine's alone", left)
	}
}

// A cache that cannot be written costs the next download, not this one.
func TestCacheNotWritable(t *testing.T) {
	cache := emptyCache(t)
	if err := os.MkdirAll(filepath.Dir(filepath.Dir(cache)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(cache), nil, 0o644); err != nil { // a file in place of the directory
		t.Fatal(err)
	}
	f := newFake(t, 30, 20, 4)
	var report bytes.Buffer
	train, test, err := Load(f.options(Mirrors(f.serve(t, nil).URL), Progress(&report))...)
	f.check(t, train, test, err)
	if !strings.Contains(report.String(), "is not kept") {
		t.Errorf("report: got %q", report.String())
	}
}

// Several loads at once share one cache.
func TestConcurrentLoads(t *testing.T) {
	emptyCache(t)
	f := newFake(t, 200, 20, 28)
	var waiting atomic.Int32
	all := make(chan struct{})
	const loads = 4
	s := f.serve(t, func(s *server, w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "train-images") { // every load finds the cache empty
			if waiting.Add(1) == loads {
				close(all)
			}
			<-all
		}
		s.good(w, r)
	})
	var wg sync.WaitGroup
	for range loads {
		wg.Go(func() {
			train, test, err := Load(f.options(Mirrors(s.URL), patience(false))...)
			if err != nil {
				t.Error(err)
				return
			}
			f.check(t, train, test, nil)
		})
	}
	wg.Wait()
	train, test, err := Load(f.options(Offline())...)
	f.check(t, train, test, err)
}
