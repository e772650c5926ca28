package remote_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/remote"
	"github.com/glia-ml/glia/tensor"
)

// train fits a model for some epochs and returns what the callback logged.
func train(t *testing.T, rate float64, epochs int, cb func(*slog.Logger) glia.Callback, more ...glia.Callback) (*glia.History, string) {
	t.Helper()
	m := glia.Sequential(nn.Input(2), nn.Dense(2, nn.Softmax))
	if err := m.Compile(optim.SGD(rate), loss.CategoricalCrossentropy(), metric.Accuracy(), metric.F1Score()); err != nil {
		t.Fatal(err)
	}
	x, y := tensor.New(tensor.Float32, 8, 2), tensor.New(tensor.Float32, 8, 2)
	for i := range 8 {
		tensor.Data[float32](x)[2*i] = float32(i)
		tensor.Data[float32](y)[2*i+i%2] = 1
	}
	ds, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	h, err := m.Fit(ds, glia.Epochs(epochs), glia.Validate(ds), glia.ValidationFreq(2),
		glia.Use(cb(slog.New(slog.NewTextHandler(&log, nil)))), glia.Use(more...))
	if err != nil {
		t.Fatal(err)
	}
	return h, log.String()
}

func TestMonitor(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		var got []map[string]any
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text := r.FormValue("numbers")
			if asJSON {
				b, _ := io.ReadAll(r.Body)
				text = string(b)
			}
			var o map[string]any
			if err := json.Unmarshal([]byte(text), &o); err != nil {
				t.Errorf("got %q: %v", text, err)
			}
			kind := map[bool]string{false: "application/x-www-form-urlencoded", true: "application/json"}[asJSON]
			if r.Method != "POST" || r.URL.Path != "/publish/epoch/end/" || r.Header.Get("Content-Type") != kind || r.Header.Get("X-Key") != "k" {
				t.Errorf("got %s %s with %v", r.Method, r.URL, r.Header)
			}
			got = append(got, o)
		}))
		defer server.Close()
		h, log := train(t, 0.1, 4, func(l *slog.Logger) glia.Callback {
			opts := []remote.Option{remote.Field("numbers"), remote.Header("X-Key", "k"), remote.Logger(l)}
			if asJSON {
				opts = append(opts, remote.SendAsJSON)
			}
			return remote.Monitor(server.URL+"/publish/epoch/end/", opts...)
		})
		if len(got) != 4 || log != "" {
			t.Fatalf("the server got %v; log %s", got, log)
		}
		for i, o := range got {
			e := h.Epochs[i]
			_, val := o["val_f1_score"].([]any)
			if o["epoch"] != float64(i) || o["loss"] != e.Loss || o["accuracy"] != e.Get("accuracy") || len(o["f1_score"].([]any)) != 2 || val != (i%2 == 1) {
				t.Errorf("the server got %v of %+v", o, e)
			}
			if val && o["val_loss"] != e.Validation.Loss {
				t.Errorf("the server got %v of %+v", o, e.Validation)
			}
		}
	}
}

// TestMonitorNaN sends null.
func TestMonitorNaN(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r.FormValue("data") }))
	defer server.Close()
	train(t, 1e38, 4, func(l *slog.Logger) glia.Callback { return remote.Monitor(server.URL, remote.Logger(l)) })
	if !strings.Contains(got, `"loss":null`) {
		t.Errorf("the server got %s, want a loss of null", got)
	}
}

// TestMonitorDown trains on with one warning, whatever the server does.
func TestMonitorDown(t *testing.T) {
	requests := 0
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Error(w, "full", http.StatusInsufficientStorage)
	}))
	defer refuses.Close()
	down := httptest.NewServer(nil)
	down.Close()
	release := make(chan bool)
	stalls := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-release }))
	defer stalls.Close()
	defer close(release)
	wait := glia.Callback{OnEpochEnd: func(*glia.Model, glia.Epoch) error { time.Sleep(emulator.Limit(2 * time.Millisecond)); return nil }}
	for name, c := range map[string]struct{ url, why string }{
		"down": {down.URL, "connection refused"}, "refuses": {refuses.URL, "507"}, "stalls": {stalls.URL, "deadline exceeded"},
	} {
		start := time.Now()
		h, log := train(t, 0.1, 40, func(l *slog.Logger) glia.Callback {
			return remote.Monitor(c.url, remote.Logger(l), remote.Timeout(100*time.Millisecond))
		}, wait)
		if len(h.Epochs) != 40 || strings.Count(log, "level=WARN") != 1 || name != "down" && !strings.Contains(log, c.why) {
			t.Errorf("%s: %d epochs, log %s", name, len(h.Epochs), log)
		}
		if took := time.Since(start); took > emulator.Limit(10*time.Second) {
			t.Errorf("%s: training took %v", name, took)
		}
	}
	if requests < 2 {
		t.Errorf("%d requests to a server that refuses, want it tried again", requests)
	}
}

func TestMonitorErrors(t *testing.T) {
	for url, want := range map[string]string{
		"localhost:9000": `want a URL like http`, "http://": "want a URL like", "ftp://x/": "want a URL like", "http://a b/": "invalid character",
	} {
		if err := remote.Monitor(url).Join(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", url, err, want)
		}
	}
	if err := remote.Monitor("http://localhost/", remote.Timeout(0)).Join(nil); err == nil || !strings.Contains(err.Error(), "Timeout(0s): want more than 0") {
		t.Errorf("no timeout: error %v", err)
	}
}
